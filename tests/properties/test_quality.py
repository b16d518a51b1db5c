"""Laws of the inspection, whatever the rows."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from algotrade.data.quality import inspect_candles
from algotrade.data.quality.faults import Fault, row_faults
from algotrade.data.schema import CandleSchema
from algotrade.domain.candles import VALUE_COLUMNS, from_milliseconds
from algotrade.domain.timeframe import Timeframe

HOUR = Timeframe("1h")
HOUR_MS = HOUR.milliseconds
LAWS = settings(max_examples=40, deadline=None)

SPOILS = (None, "open_time", "negative", "nan", "inf", "crossed", "twin", "copy")


def market(rows: int, seed: int, symbol: str) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.01, rows)))
    opens = np.concatenate([[100.0], close])[:rows]
    times = HOUR_MS * np.sort(rng.choice(3 * rows, rows, replace=False))
    frame = pd.DataFrame({"open_time": from_milliseconds(times), "open": opens, "close": close, "volume": 1.0})
    frame["high"], frame["low"] = frame[["open", "close"]].max(axis=1), frame[["open", "close"]].min(axis=1)
    keys = {"exchange": "x", "symbol": symbol, "timeframe": "1h", "origin": f"{symbol}.csv"}
    return frame.assign(quote_volume=np.nan, trades=3.0, taker_buy_volume=np.nan, **keys)


def spoiled(row: pd.DataFrame, how: str | None) -> pd.DataFrame:
    """The rows that stand where a good row stood."""
    if how is None:
        return row
    if how == "copy":
        return pd.concat([row, row])
    if how == "twin":
        return pd.concat([row, row.assign(volume=2.0)])
    changes = {
        "open_time": {"open_time": row["open_time"] + pd.Timedelta(milliseconds=1)},
        "negative": {"low": -1.0},
        "nan": {"volume": np.nan},
        "inf": {"high": np.inf},
        "crossed": {"high": row["low"] / 2},
    }
    return row.assign(**changes[how])


@st.composite
def raw_candles(draw: st.DrawFn) -> pd.DataFrame:
    """Two series with some rows spoiled, in any order."""
    series = []
    for symbol in ("A/B", "C/D"):
        rows = market(draw(st.integers(15, 40)), draw(st.integers(0, 99)), symbol)
        spoils = draw(st.lists(st.sampled_from(SPOILS), max_size=7))
        series += [spoiled(rows.iloc[[place]], how) for place, how in enumerate(spoils)] + [rows.iloc[len(spoils) :]]
    frame = pd.concat(series, ignore_index=True)
    return frame.sample(frac=1, random_state=draw(st.integers(0, 99)), ignore_index=True)


@LAWS
@given(raw_candles())
def test_no_row_is_lost(raw):
    inspected = inspect_candles(raw, HOUR, max_bad_share=1.0)

    assert len(inspected.candles) + len(inspected.quarantine) + inspected.totals["duplicates"] == len(raw)
    assert inspected.totals["rows"] == len(inspected.candles)
    assert inspected.totals["quarantined"] == len(inspected.quarantine)
    assert (inspected.quarantine["reason"] != "").all()


@LAWS
@given(raw_candles())
def test_what_passes_keeps_the_contract_and_passes_again(raw):
    candles = inspect_candles(raw, HOUR, max_bad_share=1.0).candles

    CandleSchema.validate(candles)
    again = inspect_candles(candles, HOUR)
    pd.testing.assert_frame_equal(again.candles, candles)
    assert again.quarantine.empty


@LAWS
@given(raw_candles(), st.integers(0, 99))
def test_the_order_of_the_rows_does_not_matter(raw, seed):
    one = inspect_candles(raw, HOUR, max_bad_share=1.0)
    other = inspect_candles(raw.sample(frac=1, random_state=seed), HOUR, max_bad_share=1.0)

    pd.testing.assert_frame_equal(one.candles, other.candles)
    pd.testing.assert_frame_equal(one.report.drop(columns="unsorted"), other.report.drop(columns="unsorted"))


@LAWS
@given(raw_candles())
def test_gaps_account_for_every_missing_candle(raw):
    report = inspect_candles(raw, HOUR, max_bad_share=1.0).report

    grid = (report["end"] - report["start"]) // pd.Timedelta(hours=1) + 1
    assert (report["rows"] + report["missing_candles"] == grid).all()
    assert (report["longest_gap_candles"] <= report["missing_candles"]).all()


number = st.floats(allow_nan=True, allow_infinity=True, width=32)


@LAWS
@given(st.lists(st.tuples(*[number] * len(VALUE_COLUMNS)), min_size=1, max_size=20), st.integers(-(10**6), 10**6))
def test_a_row_without_fault_is_a_candle_by_the_contracts_words(rows, hour):
    values = np.array(rows, dtype=np.float64)
    times = np.full(len(values), hour * HOUR_MS, dtype=np.int64)

    faults = row_faults(times, values, HOUR)

    for fault, (opens, high, low, close, volume, *optional) in zip(faults, values.tolist(), strict=True):
        is_candle = (
            np.isfinite([opens, high, low, close, volume]).all()
            and 0 < low <= min(opens, close)
            and max(opens, close) <= high
            and volume >= 0
            and all(np.isnan(value) or 0 <= value < np.inf for value in optional)
        )
        assert (fault == Fault.NONE) == is_candle
