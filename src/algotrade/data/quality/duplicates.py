"""The same candle twice: merged where the copies agree, never chosen between where they do not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from algotrade.domain.candles import OPTIONAL_COLUMNS, VALUE_COLUMNS, BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import ConflictingCandles

_PRICE_TOLERANCE = 1e-9
# Sources round the quote volume to different decimals; that is no disagreement about the candle.
_OPTIONAL_TOLERANCE = 1e-6


@dataclass(frozen=True)
class MergedDuplicates:
    """Which of the rows stay.

    Attributes
    ----------
    numbers : ndarray of shape (n, 8)
        The value columns, a kept row's missing optional ones taken from its copies.
    copies : ndarray of bool, shape (n,)
        Rows that repeat the kept row before them and can go.
    contradicted : ndarray of bool, shape (n,)
        Rows of one origin that say different things about one candle: none can be trusted.
    """

    numbers: FloatArray
    copies: BoolArray
    contradicted: BoolArray


def merge_duplicates(rows: pd.DataFrame, series: IntArray, time_ms: IntArray) -> MergedDuplicates:
    """Merge the rows that repeat a candle.

    Parameters
    ----------
    rows : DataFrame
        Candles with the series, value and ``origin`` columns, sorted by series and open time.
    series, time_ms : ndarray of int64, shape (n,)
        Number of the series and open time of each row.

    Raises
    ------
    ConflictingCandles
        If rows of two origins give different values for one candle; both are named.
    """
    values = rows[list(VALUE_COLUMNS)].to_numpy(dtype=np.float64)
    repeats = np.zeros(len(rows), dtype=np.bool_)
    repeats[1:] = (series[1:] == series[:-1]) & (time_ms[1:] == time_ms[:-1])
    if not repeats.any():
        return MergedDuplicates(values, repeats, np.zeros_like(repeats))
    group = np.cumsum(~repeats) - 1
    first = np.flatnonzero(~repeats)[group]
    differs = ~_agree(values, values[first])
    origin = rows["origin"].to_numpy(dtype=object)
    conflicts = np.flatnonzero(differs & (origin != origin[first]))
    if len(conflicts):
        raise ConflictingCandles(_conflict(rows, int(first[conflicts[0]]), int(conflicts[0]), len(conflicts)))
    contradicted = np.isin(group, group[differs])
    return MergedDuplicates(_completed(values, group, repeats), repeats & ~contradicted, contradicted)


def _agree(values: FloatArray, others: FloatArray) -> BoolArray:
    required = np.isclose(values[:, :5], others[:, :5], rtol=_PRICE_TOLERANCE, atol=0.0).all(axis=1)
    optional, other = values[:, 5:], others[:, 5:]
    unknown = np.isnan(optional) | np.isnan(other)
    close = np.isclose(optional, other, rtol=_OPTIONAL_TOLERANCE, atol=0.0)
    return np.asarray(required & (unknown | close).all(axis=1))


def _completed(values: FloatArray, group: IntArray, repeats: BoolArray) -> FloatArray:
    """The values with each first row's missing optional numbers filled from its copies."""
    involved = np.isin(group, group[repeats])
    optional = pd.DataFrame(values[involved, 5:], columns=list(OPTIONAL_COLUMNS))
    completed = values.copy()
    completed[involved & ~repeats, 5:] = optional.groupby(group[involved]).first().to_numpy()
    return completed


def _conflict(rows: pd.DataFrame, one: int, other: int, count: int) -> str:
    left, right = rows.iloc[one], rows.iloc[other]
    columns = [
        name
        for name in VALUE_COLUMNS
        if left[name] != right[name] and not (np.isnan(left[name]) or np.isnan(right[name]))
    ]
    said = [", ".join(f"{name} {float(row[name])!r}" for name in columns) for row in (left, right)]
    return (
        f"Two sources disagree about the {left['exchange']} {left['symbol']} {left['timeframe']} candle of "
        f"{left['open_time']:%Y-%m-%d %H:%M} UTC: {left['origin']} has {said[0]}; {right['origin']} has {said[1]} "
        f"({count:,} candles differ in all). Keep the file you trust and take the other one out of the folder."
    )
