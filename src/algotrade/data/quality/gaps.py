"""The candles that are not there, and why, where the reason is known."""

import numpy as np
import pandas as pd

from algotrade.data.quality.series import SeriesRows
from algotrade.domain.candles import SERIES_COLUMNS, from_milliseconds

GAP_COLUMNS = (*SERIES_COLUMNS, "start", "end", "candles", "reason")


def gaps(rows: SeriesRows, holes: pd.DataFrame) -> pd.DataFrame:
    """One row a gap, sorted by series and time.

    Parameters
    ----------
    rows : SeriesRows
    holes : DataFrame
        Spans that the exchanges themselves do not have (``CandleStore.holes``): exchange, symbol, start, end, reason.

    Returns
    -------
    DataFrame
        Columns ``GAP_COLUMNS``: ``start`` is the first missing open time, ``end`` the open time of the candle
        after the gap, ``reason`` that of a known hole that covers some of it, else empty.
    """
    missing = rows.missing_before
    after = np.flatnonzero(missing)
    end_ms = rows.time_ms[after]
    found = rows.keys(after).assign(
        start=from_milliseconds(end_ms - missing[after] * rows.timeframe.milliseconds),
        end=from_milliseconds(end_ms),
        candles=missing[after],
        reason=pd.Series([""] * len(after), dtype="str"),
    )
    for hole in holes.to_dict("records"):
        same = (found["exchange"] == hole["exchange"]) & (found["symbol"] == hole["symbol"])
        touched = same & (found["start"] < hole["end"]) & (found["end"] > hole["start"])
        found.loc[touched, "reason"] = hole["reason"]
    return found[list(GAP_COLUMNS)]
