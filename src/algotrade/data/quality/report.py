"""The quality report: one row a series, in figures."""

import numpy as np
import pandas as pd

from algotrade.data.quality.series import SeriesRows
from algotrade.data.quality.spikes import jumps
from algotrade.domain.candles import SERIES_COLUMNS
from algotrade.domain.timeframe import IntArray

RAW_COUNTS = ("duplicates", "quarantined", "unsorted")
"""What only the raw rows could tell."""
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


def series_report(rows: SeriesRows, counted: dict[str, IntArray]) -> pd.DataFrame:
    """Describe every series of valid candles.

    Parameters
    ----------
    rows : SeriesRows
    counted : dict of str to ndarray of int64, shape (number of series,)
        ``RAW_COUNTS``.

    Returns
    -------
    DataFrame
        Columns ``REPORT_COLUMNS``; ``longest_gap_candles`` counts the candles missing in the longest gap,
        ``suspicious_jumps`` the candles kept although their close jumped by half or more.
    """
    first = rows.first
    last = np.append(first[1:], len(rows.number)) - 1
    open_time, missing = rows.candles["open_time"].array, rows.missing_before
    jumped = jumps(rows.candles["close"].to_numpy(), rows.number)
    figures = {
        "start": open_time[first],
        "end": open_time[last],
        "rows": last - first + 1,
        "gaps": np.add.reduceat(missing > 0, first, dtype=np.int64),
        "missing_candles": np.add.reduceat(missing, first),
        "longest_gap_candles": np.maximum.reduceat(missing, first),
        "suspicious_jumps": np.add.reduceat(jumped, first, dtype=np.int64),
        "zero_volume": np.add.reduceat(rows.candles["volume"].to_numpy() == 0, first, dtype=np.int64),
        **counted,
    }
    return rows.keys(first).assign(**figures)[list(REPORT_COLUMNS)]
