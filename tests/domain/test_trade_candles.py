"""Candles made of trades add up, to the last digit."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algotrade.domain.candles import Candles
from algotrade.domain.resampling import resample
from algotrade.domain.timeframe import Timeframe
from algotrade.domain.trade_candles import Trades, trade_candles
from algotrade.errors import BadCandles

MINUTE, FIVE = Timeframe("1m"), Timeframe("5m")
NAMES = ("open_time", "open", "high", "low", "close", "volume", "quote_volume", "trades", "taker_buy_volume")


Row = tuple[int, int, int, bool, int]


def of_rows(rows: list[Row]) -> Trades:
    """Trades of (time in ms, price in cents, amount in hundred-thousandths, taker bought, count)."""
    time_ms, price, amount, bought, count = (np.array(column) for column in zip(*rows, strict=True))
    return Trades(time_ms, price / 100, amount / 1e5, bought.astype(bool), count)


one = st.tuples(
    st.integers(0, 20 * 60_000), st.integers(1, 10**8), st.integers(1, 10**12), st.booleans(), st.integers(1, 50)
)
rows = st.lists(one, min_size=1, max_size=60).map(lambda found: sorted(found, key=lambda row: row[0]))
some = rows.map(of_rows)


def written(value: float) -> Fraction:
    return Fraction(repr(value))


@given(some)
def test_a_candle_is_what_its_trades_are(trades: Trades) -> None:
    candles = trade_candles(trades, MINUTE)

    opened = trades.time_ms // 60_000 * 60_000
    assert candles.open_time.tolist() == sorted(set(opened.tolist()))
    for k, start in enumerate(candles.open_time):
        mine = np.flatnonzero(opened == start)
        prices, amounts = trades.price[mine], trades.amount[mine]
        assert (candles.open[k], candles.close[k]) == (prices[0], prices[-1])
        assert (candles.high[k], candles.low[k]) == (prices.max(), prices.min())
        assert candles.volume[k] == float(sum(map(written, amounts.tolist())))
        pairs = zip(prices.tolist(), amounts.tolist(), strict=True)
        assert candles.quote_volume[k] == float(sum(written(p) * written(a) for p, a in pairs))
        assert candles.trades[k] == trades.count[mine].sum()
        assert candles.taker_buy_volume[k] == float(sum(map(written, amounts[trades.taker_bought[mine]].tolist())))


@given(some)
def test_longer_candles_of_trades_are_those_of_the_shorter_ones(trades: Trades) -> None:
    long = trade_candles(trades, FIVE)
    joined = resample(trade_candles(trades, MINUTE), MINUTE, FIVE, incomplete=True)

    for name in NAMES:
        np.testing.assert_allclose(getattr(long, name), getattr(joined, name), rtol=1e-12)


@given(rows, st.data())
def test_a_trade_in_two_parts_makes_the_same_candle(whole: list[Row], data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(whole) - 1))
    time_ms, price, amount, bought, count = whole[k]
    part = data.draw(st.integers(1, amount))
    parts = [(time_ms, price, each, bought, count) for each in (part, amount + 1 - part)]
    enlarged = [*whole[:k], (time_ms, price, amount + 1, bought, 2 * count), *whole[k + 1 :]]

    ours = trade_candles(of_rows([*whole[:k], *parts, *whole[k + 1 :]]), MINUTE)
    theirs = trade_candles(of_rows(enlarged), MINUTE)

    for name in NAMES:
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


@given(some)
def test_quiet_candles_fill_the_span_and_change_nothing_else(trades: Trades) -> None:
    bare, filled = (trade_candles(trades, MINUTE, quiet_candles=quiet) for quiet in (False, True))

    assert (np.diff(filled.open_time) == 60_000).all()
    traded = np.isin(filled.open_time, bare.open_time)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(filled, name)[traded], getattr(bare, name))
    quiet = Candles(*(getattr(filled, name)[~traded] for name in NAMES))
    assert not quiet.volume.any()
    assert (quiet.open == quiet.close).all()
    before = np.searchsorted(bare.open_time, quiet.open_time) - 1
    assert (quiet.close == bare.close[before]).all()


def test_no_trades_are_no_candles() -> None:
    nothing = Trades(*(np.empty(0, dtype=kind) for kind in (np.int64, float, float, bool, np.int64)))

    assert not len(trade_candles(nothing, MINUTE, quiet_candles=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time_ms": np.array([60_000, 0])}, "in the order in which they happened"),
        ({"price": np.array([1.0, 0.0])}, "impossible price, first 0"),
        ({"amount": np.array([np.nan, 1.0])}, "impossible amount"),
        ({"count": np.array([1, 0])}, "impossible count"),
    ],
)
def test_impossible_trades_are_refused(change: dict, message: str) -> None:
    trades = of_rows([(0, 100, 5, True, 1), (1, 100, 5, True, 1)])

    with pytest.raises(BadCandles, match=message):
        trade_candles(replace(trades, **change), MINUTE)
