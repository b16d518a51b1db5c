"""Candles as PostgreSQL's binary COPY reads them, encoded by numpy.

A row is fixed in width but for its NULLs, which have a length of -1 and no value. Rows that lack the same
numbers have the same width; a frame has one or two such patterns, each encoded as one array.

References
----------
.. [1] PostgreSQL documentation, COPY, "Binary Format".
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from algotrade.domain.candles import OPTIONAL_COLUMNS, VALUE_COLUMNS, BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

_CHUNK_ROWS = 50_000
_FIELDS = 2 + len(VALUE_COLUMNS)
_REQUIRED = len(VALUE_COLUMNS) - len(OPTIONAL_COLUMNS)
_ABSENT = 0xFFFF_FFFF


def encoded_candles(series: IntArray, time_ms: IntArray, numbers: FloatArray) -> Iterator[bytes]:
    """The whole message for ``COPY candle FROM STDIN (FORMAT binary)``, in pieces of a few megabytes.

    Parameters
    ----------
    series, time_ms : ndarray of int64, shape (n,)
    numbers : ndarray of shape (n, 8)
        The value columns; NaN becomes NULL.

    >>> message = b"".join(encoded_candles(np.array([1]), np.array([0]), np.ones((1, 8))))
    >>> len(message) - len(HEADER) - len(TRAILER)
    118
    """
    yield HEADER
    unknown = np.isnan(numbers[:, _REQUIRED:])
    patterns = unknown @ (1 << np.arange(unknown.shape[1]))
    for pattern in np.unique(patterns):
        rows = np.flatnonzero(patterns == pattern)
        for start in range(0, len(rows), _CHUNK_ROWS):
            chunk = rows[start : start + _CHUNK_ROWS]
            yield _encoded(series[chunk], time_ms[chunk], numbers[chunk], unknown[chunk[0]])
    yield TRAILER


def _encoded(series: IntArray, time_ms: IntArray, numbers: FloatArray, unknown: BoolArray) -> bytes:
    absent = [False] * _REQUIRED + unknown.tolist()
    records = np.empty(len(series), dtype=_row_type(absent))
    records["fields"] = _FIELDS
    for name, size, values in (("series_id", 4, series), ("open_time", 8, time_ms)):
        records[f"{name}_size"], records[name] = size, values
    for place, (name, missing) in enumerate(zip(VALUE_COLUMNS, absent, strict=True)):
        records[f"{name}_size"] = _ABSENT if missing else 8
        if not missing:
            records[name] = numbers[:, place]
    return records.tobytes()


def _row_type(absent: Sequence[bool]) -> npt.DTypeLike:
    fields = [("fields", ">i2"), ("series_id_size", ">i4"), ("series_id", ">i4"), ("open_time_size", ">i4")]
    fields.append(("open_time", ">i8"))
    for name, missing in zip(VALUE_COLUMNS, absent, strict=True):
        fields.append((f"{name}_size", ">u4"))
        if not missing:
            fields.append((name, ">f8"))
    return np.dtype(fields)
