"""The falls of an account, one by one."""

import numpy as np
import pandas as pd

from algotrade.domain import performance

DRAWDOWN_COLUMNS = ("peak_time", "valley_time", "end_time", "depth", "days", "status")


def drawdown_table(equity: pd.Series, initial_equity: float, most: int = 10) -> pd.DataFrame:
    """The deepest drawdowns, deepest first.

    Parameters
    ----------
    equity : Series
        Indexed by close time.
    initial_equity : float
        Before the first row; a fall from it began at the first close.
    most : int
        Rows of the table.

    Returns
    -------
    DataFrame
        ``peak_time``, ``valley_time``, ``end_time`` (of recovery, or the last row), ``depth`` (positive fraction),
        ``days`` (from peak to end) and ``status`` ("recovered" or "active"); empty where nothing was ever lost.
    """
    depth = performance.drawdowns(equity, initial_equity)
    under = np.concatenate([[False], depth > 0.0, [False]])
    starts, ends = np.flatnonzero(~under[:-1] & under[1:]), np.flatnonzero(under[:-1] & ~under[1:])
    time = pd.DatetimeIndex(equity.index)
    valleys = np.array([first + int(depth[first:last].argmax()) for first, last in zip(starts, ends, strict=True)], int)
    order = np.argsort(-depth[valleys], kind="stable")[:most]
    peaks, last_rows = np.maximum(starts[order] - 1, 0), np.minimum(ends[order], len(depth) - 1)
    return pd.DataFrame(
        {
            "peak_time": time[peaks],
            "valley_time": time[valleys[order]],
            "end_time": time[last_rows],
            "depth": depth[valleys[order]],
            "days": np.asarray((time[last_rows] - time[peaks]) / pd.Timedelta(1, unit="D"), dtype=np.float64),
            "status": np.where(ends[order] < len(depth), "recovered", "active"),
        },
        columns=list(DRAWDOWN_COLUMNS),
    )
