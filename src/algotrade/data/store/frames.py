"""Between the long candle frame and the rows of the tables."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from algotrade.domain.candles import (
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
    SERIES_COLUMNS,
    VALUE_COLUMNS,
    FloatArray,
    from_milliseconds,
    to_milliseconds,
)
from algotrade.domain.timeframe import IntArray
from algotrade.errors import BadCandles

NULL = -1.0
"""Stands for NULL in an optional column on its way out of the database.

Optional numbers are never negative, so nothing else can be -1. It is needed because the driver takes a
column's type from its first rows, and a column that begins with NULLs has none.
"""


@dataclass(frozen=True)
class CandleRows:
    """A candle frame as arrays, in the order of the table's key.

    Attributes
    ----------
    keys : list of (exchange, symbol, timeframe)
    group : ndarray of int64, shape (n,)
        Place of each row's key in ``keys``, ascending.
    time_ms : ndarray of int64, shape (n,)
    numbers : ndarray of shape (n, 8)
        The value columns; NaN where an optional one is unknown.
    """

    keys: list[tuple[str, str, str]]
    group: IntArray
    time_ms: IntArray
    numbers: FloatArray

    @classmethod
    def of_frame(cls, candles: pd.DataFrame) -> "CandleRows":
        """Rows of a long candle frame with at least one candle.

        Raises
        ------
        BadCandles
            If a column is missing, a required number is missing, or a candle is there twice.
        """
        missing = [name for name in (*SERIES_COLUMNS, *REQUIRED_COLUMNS) if name not in candles]
        if missing:
            raise BadCandles(f"Candles to store lack {', '.join(missing)}; found are {', '.join(candles.columns)}.")
        keys = candles[list(SERIES_COLUMNS)].astype("str")
        group = np.asarray(keys.groupby(list(SERIES_COLUMNS), sort=True).ngroup(), dtype=np.int64)
        time_ms, numbers = to_milliseconds(candles["open_time"]), _numbers(candles)
        order = np.lexsort((time_ms, group))
        group, time_ms, numbers = group[order], time_ms[order], numbers[order]
        if ((np.diff(group) == 0) & (np.diff(time_ms) == 0)).any():
            raise BadCandles("Some candles to store are there twice. Inspect them first (algotrade.data.quality).")
        unique = keys.drop_duplicates().sort_values(list(SERIES_COLUMNS))
        return cls(list(unique.itertuples(index=False, name=None)), group, time_ms, numbers)

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """First and last row of each key."""
        first = np.flatnonzero(np.diff(self.group, prepend=-1))
        last = np.append(first[1:], len(self.group)) - 1
        return list(zip(first.tolist(), last.tolist(), strict=True))


def _numbers(candles: pd.DataFrame) -> FloatArray:
    numbers = np.full((len(candles), len(VALUE_COLUMNS)), np.nan)
    for place, name in enumerate(VALUE_COLUMNS):
        if name in candles:
            numbers[:, place] = candles[name].to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(numbers[:, : -len(OPTIONAL_COLUMNS)]).any():
        raise BadCandles(
            "Some candles to store lack a price or the volume. Inspect them first (algotrade.data.quality)."
        )
    return numbers


def long_frame(
    series: tuple[str, str], symbols: Sequence[str], answers: Sequence[pa.Table], columns: Sequence[str]
) -> pd.DataFrame:
    """Long candle frame of one exchange and timeframe from the rows of each symbol.

    Parameters
    ----------
    series : (exchange, timeframe)
    symbols : sequence of str
    answers : sequence of Table
        ``open_time`` in milliseconds and the value columns of each symbol, ``NULL`` where there is no value.
    columns : sequence of str
        The value columns.
    """
    counts = [answer.num_rows for answer in answers]
    total = sum(counts)
    # One block for all numbers: the frame takes it as it is.
    numbers = np.empty((len(columns), total))
    for name, row in zip(columns, numbers, strict=True):
        _fill(row, answers, name)
        if name in OPTIONAL_COLUMNS:
            row[row == NULL] = np.nan
    times_ms = np.empty(total, dtype=np.int64)
    _fill(times_ms, answers, "open_time")
    frame = pd.DataFrame(numbers.T, columns=list(columns), copy=False)
    frame.insert(0, "exchange", _repeated([series[0]], [total]))
    frame.insert(1, "symbol", _repeated(symbols, counts))
    frame.insert(2, "timeframe", _repeated([series[1]], [total]))
    frame.insert(3, "open_time", from_milliseconds(times_ms))
    return frame


def _fill(target: "FloatArray | IntArray", answers: Sequence[pa.Table], name: str) -> None:
    start = 0
    for answer in answers:
        for chunk in answer.column(name).chunks if answer.num_rows else ():
            target[start : start + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
            start += len(chunk)


def _repeated(names: Sequence[str], counts: Sequence[int]) -> "pd.Series[str]":
    """Each name as often as its count says, as one column of text."""
    texts = [name.encode() for name in names]
    lengths = np.repeat(np.array([len(text) for text in texts], dtype=np.int64), counts)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    data = b"".join(text * count for text, count in zip(texts, counts, strict=True))
    column = pa.LargeStringArray.from_buffers(len(lengths), pa.py_buffer(offsets), pa.py_buffer(data))
    return pd.Series(column.to_pandas(), dtype="str")
