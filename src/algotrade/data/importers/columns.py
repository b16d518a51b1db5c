"""Cells of a file as times and numbers, or an error that names the cell."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import BadCandles

TIME_COLUMNS = ("open_time", "ts", "timestamp", "unix", "unix_timestamp", "date", "datetime", "time")
"""Names under which files keep the open time, the most telling first."""

# Seconds stay below 1e11 until the year 5138; the same bound in milliseconds is the year 1973.
_UNITS = ((1e11, 1_000), (1e14, 1), (1e17, 1 / 1_000), (np.inf, 1 / 1_000_000))


def epoch_milliseconds(stamps: IntArray) -> IntArray:
    """Milliseconds since the epoch from stamps in seconds, milli-, micro- or nanoseconds, each by its size.

    Binance writes microseconds since 2025, CryptoDataDownload mixes seconds and milliseconds in one file.

    >>> epoch_milliseconds(np.array([1_600_000_000, 1_600_000_000_000, 1_600_000_000_000_000])).tolist()
    [1600000000000, 1600000000000, 1600000000000]
    """
    size = np.abs(stamps)
    seconds, milliseconds, microseconds = (size < bound for bound, _ in _UNITS[:3])
    return np.select(
        [seconds, milliseconds, microseconds],
        [stamps * 1_000, stamps, stamps // 1_000],
        default=stamps // 1_000_000,
    ).astype(np.int64)


def times(column: pa.ChunkedArray, path: Path) -> IntArray:
    """Open times of a column, ms since the epoch: timestamps, epoch numbers of any unit, or ISO text in UTC.

    Raises
    ------
    BadCandles
        If a cell is empty or no time.
    """
    if column.null_count:
        raise BadCandles(f"{path.name}: row {_first(pc.is_null(column))} has no time. Repair or remove the row.")
    kind = column.type
    if pa.types.is_integer(kind):
        return epoch_milliseconds(column.to_numpy().astype(np.int64))
    if pa.types.is_floating(kind):
        return epoch_milliseconds(np.round(column.to_numpy()).astype(np.int64))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = _parsed_text(column, path)
    elif not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise BadCandles(
            f"{path.name}: its time column holds {kind}; accepted are timestamps, epoch numbers and ISO text."
        )
    # A naive stamp is taken for UTC, as every exchange means it.
    return np.asarray(column.cast(pa.timestamp("ms"), safe=False).cast(pa.int64()).to_numpy(), dtype=np.int64)


def numbers(column: pa.ChunkedArray, name: str, path: Path) -> FloatArray:
    """Column as float64, NaN where the cell is empty.

    Raises
    ------
    BadCandles
        If a cell holds something that is no number; row and text are named.
    """
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.equal(text, ""), None, text)
        is_number = pc.fill_null(
            pc.match_substring_regex(column, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^(?i:nan|[+-]?inf)$"), True
        )
        if not pc.all(is_number).as_py():
            row = _first(pc.invert(is_number))
            raise BadCandles(
                f"{path.name}: row {row} has {column[row - 1].as_py()!r} as {name}, which is no number. "
                "Repair or remove the row."
            )
    elif pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise BadCandles(f"{path.name}: column {name} holds {kind}; accepted are numbers.")
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _parsed_text(column: pa.ChunkedArray, path: Path) -> pa.ChunkedArray:
    try:
        return column.cast(pa.timestamp("us"))
    except pa.ArrowInvalid as error:
        raise BadCandles(f"{path.name}: {error}. Accepted are ISO times such as 2024-01-31 13:00:00.") from error


def _first(mask: pa.ChunkedArray) -> int:
    """Number of the first true row, counted from 1."""
    return int(np.argmax(mask.to_numpy(zero_copy_only=False) if isinstance(mask, pa.Array) else mask.to_numpy())) + 1
