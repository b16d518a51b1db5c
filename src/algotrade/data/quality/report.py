"""The quality report: one row a series, in figures."""

import numpy as np
import pandas as pd

from algotrade.data.quality.spikes import jumps
from algotrade.domain.candles import SERIES_COLUMNS, to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe

REPORT_COUNTS = (
    "rows",
    "duplicates",
    "gaps",
    "missing_candles",
    "longest_gap_candles",
    "quarantined",
    "suspicious_jumps",
    "zero_volume",
    "unsorted",
)
REPORT_COLUMNS = (*SERIES_COLUMNS, "start", "end", *REPORT_COUNTS)


def series_report(
    candles: pd.DataFrame, series: IntArray, timeframe: Timeframe, counted: dict[str, IntArray]
) -> pd.DataFrame:
    """Describe every series of valid candles.

    Parameters
    ----------
    candles : DataFrame
        Valid candles, sorted by series and open time.
    series : ndarray of int64, shape (n,)
        Number of the series of each candle, from 0 without holes.
    timeframe : Timeframe
    counted : dict of str to ndarray of int64, shape (number of series,)
        What only the raw rows could tell: duplicates, quarantined, unsorted.

    Returns
    -------
    DataFrame
        Columns ``REPORT_COLUMNS``; ``longest_gap_candles`` counts the candles missing in the longest gap,
        ``suspicious_jumps`` the candles kept although their close jumped by half or more.
    """
    first = np.flatnonzero(np.diff(series, prepend=-1))
    last = np.append(first[1:], len(series)) - 1
    time_ms = to_milliseconds(candles["open_time"])
    missing = np.zeros(len(series), dtype=np.int64)
    missing[1:] = np.diff(time_ms) // timeframe.milliseconds - 1
    missing[first] = 0
    jumped = jumps(candles["close"].to_numpy(), series)
    figures = {
        "start": candles["open_time"].array[first],
        "end": candles["open_time"].array[last],
        "rows": last - first + 1,
        "gaps": np.add.reduceat(missing > 0, first, dtype=np.int64),
        "missing_candles": np.add.reduceat(missing, first),
        "longest_gap_candles": np.maximum.reduceat(missing, first),
        "suspicious_jumps": np.add.reduceat(jumped, first, dtype=np.int64),
        "zero_volume": np.add.reduceat(candles["volume"].to_numpy() == 0, first, dtype=np.int64),
        **counted,
    }
    keys = candles.loc[candles.index[first], list(SERIES_COLUMNS)].reset_index(drop=True)
    return keys.assign(**figures)[list(REPORT_COLUMNS)]
