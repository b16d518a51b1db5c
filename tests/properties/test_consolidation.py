"""Laws of the consolidated series, whatever the exchanges say."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from algotrade.data.consolidation import ConsolidationSettings, consolidate
from algotrade.data.schema import CandleSchema
from algotrade.domain.candles import VALUE_COLUMNS, from_milliseconds
from algotrade.domain.timeframe import Timeframe

HOUR = Timeframe("1h")
PRICES = ["open", "high", "low", "close"]
LAWS = settings(max_examples=60, deadline=None)
NUMBERS = list(VALUE_COLUMNS)


def venue(name: str, rows: int, seed: int, noise: float) -> pd.DataFrame:
    """An exchange's view of one market, with holes, thin hours and sometimes a wild price."""
    market = np.random.default_rng(1).normal(0, 0.01, 200)[:rows]
    rng = np.random.default_rng(seed)
    wild = np.where(rng.random(rows) < 0.1, rng.normal(0, 0.2, rows), 0.0)
    close = 100.0 * np.exp(np.cumsum(market) + rng.normal(0, noise, rows) + wild)
    opens = close * np.exp(rng.normal(0, 0.002, rows))
    frame = pd.DataFrame(
        {
            "exchange": name,
            "symbol": "BTC/USDT",
            "timeframe": "1h",
            "open_time": from_milliseconds(HOUR.milliseconds * np.arange(rows)),
            "open": opens,
            "high": np.maximum(opens, close) * np.exp(rng.uniform(0, 0.002, rows)),
            "low": np.minimum(opens, close) * np.exp(-rng.uniform(0, 0.002, rows)),
            "close": close,
            "volume": np.where(rng.random(rows) < 0.2, 0.0, rng.lognormal(0, 2, rows)),
            "quote_volume": rng.lognormal(3, 1, rows),
            "trades": np.where(rng.random(rows) < 0.2, np.nan, rng.integers(0, 99, rows)),
            "taker_buy_volume": np.nan,
        }
    )
    return frame[rng.random(rows) > 0.2]


@st.composite
def markets(draw: st.DrawFn) -> pd.DataFrame:
    """Candles of one to five exchanges."""
    rows, count = draw(st.integers(5, 60)), draw(st.integers(1, 5))
    seeds = draw(st.lists(st.integers(0, 10_000), min_size=count, max_size=count, unique=True))
    noise = draw(st.sampled_from([0.0, 1e-4, 3e-3]))
    frame = pd.concat([venue(f"x{place}", rows, seed, noise) for place, seed in enumerate(seeds)])
    return frame if len(frame) else venue("x0", 30, 1, noise)


def kept_venues(candles: pd.DataFrame, left_out: pd.DataFrame) -> pd.DataFrame:
    """The candles of the exchanges that were not left out of them."""
    out = pd.Series(False, index=range(len(candles)))
    rows = candles.reset_index(drop=True)
    for span in left_out.itertuples():
        within = (rows["open_time"] >= span.start) & (rows["open_time"] < span.end)
        out |= (rows["exchange"] == span.exchange) & within
    return rows[~out]


@LAWS
@given(markets())
def test_every_candle_keeps_the_contract(candles):
    CandleSchema.validate(consolidate(candles, HOUR).candles)


@LAWS
@given(markets())
def test_prices_lie_between_those_of_the_kept_exchanges_and_activity_is_theirs(candles):
    found = consolidate(candles, HOUR)
    kept = kept_venues(candles, found.left_out).groupby("open_time")
    made = found.candles.set_index("open_time")
    assert made.index.equals(pd.DatetimeIndex(kept["low"].min().index))
    for name in PRICES:
        assert (made[name] >= kept[name].min()).all()
        assert (made[name] <= kept[name].max()).all()
    np.testing.assert_allclose(made["volume"], kept["volume"].sum())
    np.testing.assert_allclose(made["trades"], kept["trades"].agg(lambda trades: trades.sum(skipna=False)))
    assert made["taker_buy_volume"].isna().all()


@LAWS
@given(markets())
def test_a_candle_of_one_exchange_is_that_candle(candles):
    found = consolidate(candles, HOUR).candles.set_index("open_time")[NUMBERS]
    alone = candles[~candles["open_time"].duplicated(keep=False)].set_index("open_time")[NUMBERS].sort_index()

    pd.testing.assert_frame_equal(found.loc[alone.index], alone)


@LAWS
@given(markets(), st.integers(0, 99))
def test_neither_the_order_of_the_rows_nor_that_of_the_exchanges_matters(candles, seed):
    one = consolidate(candles, HOUR)
    other = consolidate(candles.sample(frac=1, random_state=seed), HOUR)

    pd.testing.assert_frame_equal(one.candles, other.candles, check_exact=True)
    pd.testing.assert_frame_equal(one.divergence, other.divergence)


@LAWS
@given(markets(), st.integers(1, 59))
def test_no_candle_knows_of_another_time(candles, until):
    bound = candles["open_time"].min() + pd.Timedelta(hours=until)
    past = candles[candles["open_time"] < bound]
    whole = consolidate(candles, HOUR).candles

    known = consolidate(past, HOUR, exchanges=sorted(candles["exchange"].unique())).candles

    expected = whole[whole["open_time"] < bound].reset_index(drop=True)
    pd.testing.assert_frame_equal(known, expected, check_exact=True)


@LAWS
@given(st.integers(3, 5), st.integers(0, 9_999), st.floats(0.02, 5.0), st.booleans())
def test_an_exchange_far_from_agreeing_ones_is_removed(count, seed, distance, upward):
    rows = 40
    base = venue("x0", rows, 5, 0.0)
    rng = np.random.default_rng(seed)
    others = []
    for place in range(count):
        prices = base[PRICES].mul(np.exp(rng.normal(0, 1e-5, len(base))), axis=0)
        others.append(base.assign(exchange=f"x{place}", **prices))
    agreeing = pd.concat(others)
    factor = np.exp(distance if upward else -distance)
    liar = base.assign(exchange="liar", **base[PRICES] * factor, volume=base["volume"] * 1_000)

    found = consolidate(pd.concat([agreeing, liar]), HOUR)
    honest = consolidate(agreeing, HOUR).candles

    pd.testing.assert_frame_equal(found.candles[NUMBERS], honest[NUMBERS])
    assert found.divergence.set_index("exchange")["left_out"].to_dict() == {
        "liar": len(base), **{f"x{place}": 0 for place in range(count)}
    }  # fmt: skip


@LAWS
@given(markets(), st.integers(2, 4))
def test_fewer_exchanges_than_asked_for_make_no_candle(candles, least):
    found = consolidate(candles, HOUR, ConsolidationSettings(min_venues=least))
    count = kept_venues(candles, found.left_out)["open_time"].value_counts()

    assert set(found.candles["open_time"]) == set(count[count >= least].index)
