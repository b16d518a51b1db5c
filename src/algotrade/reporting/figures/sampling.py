"""Fewer points that draw the same line."""

from itertools import pairwise

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray

MOST_POINTS = 1_500
"""More points than a screen has columns only make the page heavy."""


def extreme_positions(values: FloatArray, limit: int = MOST_POINTS) -> IntArray:
    """Positions of at most ``limit`` points that keep both ends and the low and high of every stretch.

    So a drawn series has the same maximum, minimum and worst drawdown as the whole one.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Without NaN.
    limit : int
        At least 4.

    >>> extreme_positions(np.array([0.0, 1.0, 9.0, 1.0, 0.0, 1.0, 2.0]), limit=4).tolist()
    [0, 2, 6]
    """
    n = len(values)
    if n <= limit:
        return np.arange(n, dtype=np.int64)
    edges = np.linspace(0, n, (limit - 2) // 2 + 1).astype(np.int64)
    kept = [0, n - 1]
    for start, stop in pairwise(edges):
        kept += [start + int(values[start:stop].argmin()), start + int(values[start:stop].argmax())]
    return np.unique(np.array(kept, dtype=np.int64))


def thinned(series: "pd.Series[float]", limit: int = MOST_POINTS) -> "pd.Series[float]":
    """The series without missing values, at the points that matter to its line."""
    present = series.dropna()
    return present.iloc[extreme_positions(np.asarray(present, dtype=np.float64), limit)]


def time_labels(times: pd.Index) -> list[str]:
    """Times to the minute as plotly reads them, UTC; a third of the size of ISO 8601 with its zone."""
    return list(pd.DatetimeIndex(times).strftime("%Y-%m-%d %H:%M"))
