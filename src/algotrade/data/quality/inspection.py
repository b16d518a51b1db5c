"""The inspection: raw rows in; valid candles, quarantine and report out."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from algotrade.data.quality.conformity import CANDLE_COLUMNS, conformed
from algotrade.data.quality.duplicates import merge_duplicates
from algotrade.data.quality.faults import SET_ASIDE, Fault, FaultArray, row_faults
from algotrade.data.quality.plausibility import MAX_BAD_SHARE, SeriesEvidence, implausible
from algotrade.data.quality.report import REPORT_COUNTS, series_report
from algotrade.data.quality.series import SeriesRows
from algotrade.data.quality.spikes import spikes
from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import BadCandles

_CLOSE, _HIGH, _LOW = (VALUE_COLUMNS.index(name) for name in ("close", "high", "low"))


@dataclass(frozen=True)
class InspectedCandles:
    """Raw rows, told apart.

    Attributes
    ----------
    candles : DataFrame
        Valid candles in the contract's columns, unique, sorted by symbol and open time.
    quarantine : DataFrame
        Every row that is no candle, as it came, with its ``origin`` and the ``reason``.
    report : DataFrame
        One row a series: see `algotrade.data.quality.report.series_report`.
    """

    candles: pd.DataFrame
    quarantine: pd.DataFrame
    report: pd.DataFrame

    @property
    def totals(self) -> dict[str, int]:
        """The counts of the report summed over the series; of the gap lengths, the longest."""
        sums = {name: int(self.report[name].sum()) for name in REPORT_COUNTS}
        return {"series": len(self.report)} | sums | {"longest_gap_candles": int(self.report.longest_gap_candles.max())}


@dataclass(frozen=True)
class _Rows:
    """Raw rows in series and time order; ``numbers`` are their value columns, duplicates merged."""

    frame: pd.DataFrame
    series: IntArray
    time_ms: IntArray
    numbers: FloatArray
    faults: FaultArray

    @property
    def good(self) -> IntArray:
        return np.flatnonzero(self.faults == Fault.NONE)

    @property
    def quarantined(self) -> BoolArray:
        return ~np.isin(self.faults, SET_ASIDE)

    def marked(self, rows: IntArray, fault: Fault) -> "_Rows":
        faults = self.faults.copy()
        faults[rows] = fault
        return replace(self, faults=faults)


def inspect_candles(
    raw: pd.DataFrame, timeframe: Timeframe, *, max_bad_share: float = MAX_BAD_SHARE
) -> InspectedCandles:
    """Tell candles from rows that only look like them.

    Unsorted rows are sorted, copies merged, rows that break the contract quarantined, and all of it is
    counted in the report. Gaps are counted and left open.

    Parameters
    ----------
    raw : DataFrame
        Columns exchange, symbol, timeframe, open_time, open, high, low, close, volume; quote_volume, trades,
        taker_buy_volume and ``origin`` (the file that a row came from) where known. Any order.
    timeframe : Timeframe
        What every row must be a candle of.
    max_bad_share : float in [0, 1], default 0.05
        Share of bad rows above which a series is refused as a whole; ten rows are always tolerated.

    Raises
    ------
    NoCandles
        If there are no rows.
    BadCandles
        If columns are missing or hold no numbers or times, or a series cannot be a market.
    ConflictingCandles
        If two origins give different values for one candle.
    """
    rows, unsorted = _sorted(conformed(raw, timeframe), timeframe)
    rows = _with_spikes_marked(_with_duplicates_merged(rows))
    _refuse_what_is_no_market(rows, max_bad_share)
    good = rows.good
    counted = {
        "duplicates": _count_by_series(rows, rows.faults == Fault.COPY),
        "quarantined": _count_by_series(rows, rows.quarantined),
        "unsorted": unsorted,
    }
    candles = _candles(rows)
    report = series_report(SeriesRows(candles, rows.series[good], rows.time_ms[good], timeframe), counted)
    return InspectedCandles(candles, _quarantine(rows), report)


def _sorted(frame: pd.DataFrame, timeframe: Timeframe) -> tuple[_Rows, IntArray]:
    """The rows in series and time order, and how many of each series came before their elder."""
    series = np.asarray(frame.groupby(["symbol", "exchange"], sort=True).ngroup(), dtype=np.int64)
    time_ms = np.asarray(frame["open_time"].array.asi8, dtype=np.int64)
    by_series = np.argsort(series, kind="stable")
    grouped, times = series[by_series], time_ms[by_series]
    late = grouped[1:][(times[1:] < times[:-1]) & (grouped[1:] == grouped[:-1])]
    unsorted = np.bincount(late, minlength=int(series.max()) + 1).astype(np.int64)
    order = np.asarray(np.lexsort((time_ms, series)), dtype=np.int64)
    if (np.diff(order) != 1).any():
        frame, series, time_ms = frame.take(order).reset_index(drop=True), series[order], time_ms[order]
    numbers = frame[list(VALUE_COLUMNS)].to_numpy(dtype=np.float64)
    return _Rows(frame, series, time_ms, numbers, row_faults(time_ms, numbers, timeframe)), unsorted


def _with_duplicates_merged(rows: _Rows) -> _Rows:
    good = rows.good
    merged = merge_duplicates(rows.frame.take(good), rows.series[good], rows.time_ms[good])
    numbers = rows.numbers.copy()
    numbers[good] = merged.numbers
    rows = rows.marked(good[merged.copies], Fault.COPY).marked(good[merged.contradicted], Fault.CONTRADICTED)
    return replace(rows, numbers=numbers)


def _with_spikes_marked(rows: _Rows) -> _Rows:
    good = rows.good
    close, high = rows.numbers[good, _CLOSE], rows.numbers[good, _HIGH]
    return rows.marked(good[spikes(close, high, rows.series[good])], Fault.SPIKE)


def _refuse_what_is_no_market(rows: _Rows, max_bad_share: float) -> None:
    bounds = np.append(np.flatnonzero(np.diff(rows.series, prepend=-1)), len(rows.series))
    refusals = []
    for start, stop in pairwise(bounds):
        faults, values = rows.faults[start:stop], rows.numbers[start:stop]
        good = values[faults == Fault.NONE]
        reason = implausible(SeriesEvidence(faults, good[:, _HIGH], good[:, _LOW], good[:, _CLOSE]), max_bad_share)
        if reason:
            refusals.append(f"{_named(rows.frame.iloc[start:stop])} cannot be a market: {reason}.")
    if refusals:
        raise BadCandles(" ".join(refusals) + " Take the data out of the source, or get it again from the exchange.")


def _named(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    origins = [name for name in rows["origin"].unique() if name]
    files = f" ({', '.join(origins[:3])}{', …' if len(origins) > 3 else ''})" if origins else ""
    return f"{first['exchange']} {first['symbol']} {first['timeframe']}{files}"


def _count_by_series(rows: _Rows, where: BoolArray) -> IntArray:
    return np.bincount(rows.series[where], minlength=int(rows.series.max()) + 1).astype(np.int64)


def _candles(rows: _Rows) -> pd.DataFrame:
    good = rows.good
    keys = rows.frame[[*SERIES_COLUMNS, "open_time"]].take(good).reset_index(drop=True)
    numbers = pd.DataFrame(rows.numbers[good], columns=list(VALUE_COLUMNS))
    return pd.concat([keys, numbers], axis=1)[list(CANDLE_COLUMNS)]


def _quarantine(rows: _Rows) -> pd.DataFrame:
    bad = np.flatnonzero(rows.quarantined)
    reasons = [Fault(int(fault)).reason for fault in rows.faults[bad]]
    return rows.frame.take(bad).reset_index(drop=True).assign(reason=pd.Series(reasons, dtype="str"))
