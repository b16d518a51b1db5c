"""Longer candles are made of every shorter one that they span, and of nothing else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algotrade.domain.candles import VALUE_COLUMNS, Candles, from_milliseconds
from algotrade.domain.resampling import candles_of, parts, resample, resample_frame
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError

MINUTE, FIVE, HOUR = Timeframe("1m"), Timeframe("5m"), Timeframe("1h")


def candles(times: list[int], seed: int = 0) -> Candles:
    """Valid candles at these minutes since the epoch."""
    rng = np.random.default_rng(seed)
    prices = np.sort(rng.uniform(1, 2, (4, len(times))), axis=0)
    low, first, second, high = prices
    up = rng.random(len(times)) < 0.5
    volumes = rng.uniform(0, 9, (4, len(times)))
    opened, closed = np.where(up, first, second), np.where(up, second, first)
    return Candles(60_000 * np.array(times, dtype=np.int64), opened, high, low, closed, *volumes)


minutes = st.lists(st.integers(0, 300), min_size=1, max_size=120, unique=True).map(sorted)


@given(minutes)
def test_every_candle_is_that_of_its_parts(times: list[int]) -> None:
    short = candles(times)
    long = resample(short, MINUTE, FIVE, incomplete=True)

    assert long.open_time.tolist() == sorted({300_000 * (time // 5) for time in times})
    for k, opened in enumerate(long.open_time):
        rows = np.flatnonzero(short.open_time // 300_000 * 300_000 == opened)
        assert (long.open[k], long.close[k]) == (short.open[rows[0]], short.close[rows[-1]])
        assert (long.high[k], long.low[k]) == (short.high[rows].max(), short.low[rows].min())
        for name in ("volume", "quote_volume", "trades", "taker_buy_volume"):
            assert getattr(long, name)[k] == pytest.approx(getattr(short, name)[rows].sum())


@given(minutes)
def test_only_complete_candles_by_default(times: list[int]) -> None:
    complete = resample(candles(times), MINUTE, FIVE)

    whole = {time // 5 for time in times if {time // 5 * 5 + k for k in range(5)} <= set(times)}
    assert complete.open_time.tolist() == sorted(300_000 * five for five in whole)


@given(minutes)
def test_in_two_steps_as_in_one(times: list[int]) -> None:
    short = candles(times)
    twice = resample(resample(short, MINUTE, FIVE, incomplete=True), FIVE, HOUR, incomplete=True)
    once = resample(short, MINUTE, HOUR, incomplete=True)

    for name in ("open_time", *VALUE_COLUMNS):
        assert getattr(twice, name) == pytest.approx(getattr(once, name))


def test_what_is_unknown_stays_unknown() -> None:
    short = candles(list(range(10)))
    short.trades[7] = np.nan

    assert np.isnan(resample(short, MINUTE, FIVE).trades).tolist() == [False, True]


def test_a_week_begins_on_monday() -> None:
    days = Candles(86_400_000 * np.arange(20), *(np.ones(20) for _ in range(8)))

    weeks = from_milliseconds(resample(days, Timeframe("1d"), Timeframe("1w")).open_time)
    assert weeks.day_name().tolist() == ["Monday", "Monday"]


@pytest.mark.parametrize(("source", "target"), [("5m", "1m"), ("2m", "5m"), ("7d", "1w"), ("1w", "10d")])
def test_grids_that_do_not_meet(source: str, target: str) -> None:
    with pytest.raises(ConfigurationError, match=f"Candles of {target} cannot be made of candles of {source}"):
        parts(Timeframe(source), Timeframe(target))


@pytest.mark.parametrize(("times", "message"), [([2, 1], "in order"), ([1, 1], "each once")])
def test_disorder_is_refused(times: list[int], message: str) -> None:
    with pytest.raises(BadCandles, match=message):
        resample(candles(times), MINUTE, FIVE)
    with pytest.raises(BadCandles, match="not on the 5m grid"):
        resample(candles([1]), FIVE, HOUR)


def test_nothing_comes_of_nothing() -> None:
    assert len(resample(candles([]), MINUTE, HOUR)) == 0


class TestFrames:
    def test_each_series_for_itself(self) -> None:
        one, other = candles(list(range(10)), seed=1), candles(list(range(5, 20)), seed=2)
        frame = pd.concat([_frame(one, "BTC/USDT"), _frame(other, "ETH/USDT")]).sample(frac=1, random_state=1)

        long = resample_frame(frame, MINUTE, FIVE)

        assert list(long) == ["exchange", "symbol", "timeframe", "open_time", *VALUE_COLUMNS]
        assert long["timeframe"].unique().tolist() == ["5m"]
        assert long.groupby("symbol").size().to_dict() == {"BTC/USDT": 2, "ETH/USDT": 3}
        made = candles_of(long[long["symbol"] == "ETH/USDT"])
        expected = resample(other, MINUTE, FIVE)
        assert all(
            np.array_equal(getattr(made, name), getattr(expected, name)) for name in ("open_time", *VALUE_COLUMNS)
        )

    def test_a_frame_of_one_series_without_its_keys(self) -> None:
        frame = _frame(candles(list(range(10))), "BTC/USDT")[["open_time", "open", "high", "low", "close", "volume"]]

        long = resample_frame(frame, MINUTE, FIVE, incomplete=True)
        assert list(long) == ["open_time", "open", "high", "low", "close", "volume"]
        assert len(long) == 2

    def test_an_empty_frame(self) -> None:
        assert resample_frame(_frame(candles([]), "BTC/USDT"), MINUTE, FIVE).empty


def _frame(candles: Candles, symbol: str) -> pd.DataFrame:
    values = {name: getattr(candles, name) for name in VALUE_COLUMNS}
    keys = {"exchange": "binance", "symbol": symbol, "timeframe": "1m"}
    frame = pd.DataFrame({"open_time": from_milliseconds(candles.open_time), **values}).assign(**keys)
    return frame[["exchange", "symbol", "timeframe", "open_time", *VALUE_COLUMNS]]
