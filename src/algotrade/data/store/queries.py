"""The store's questions, in SQL that every database understands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sql

from algotrade.data.store.frames import NULL, CandleRows
from algotrade.data.store.tables import CANDLE, SERIES
from algotrade.domain.candles import OPTIONAL_COLUMNS, SERIES_COLUMNS, VALUE_COLUMNS
from algotrade.domain.timeframe import IntArray
from algotrade.errors import ConfigurationError

_ALWAYS_MS = 2**62


def series_ids(connection: sql.Connection, keys: Sequence[tuple[str, str, str]]) -> IntArray:
    """Number of each series, given out to those that are new."""
    query = sql.select(SERIES.c.series_id, *(SERIES.c[name] for name in SERIES_COLUMNS))
    known = {tuple(row[1:]): int(row[0]) for row in connection.execute(query)}
    new = [dict(zip(SERIES_COLUMNS, key, strict=True)) for key in keys if key not in known]
    if new:
        connection.execute(sql.insert(SERIES), new)
        known = {tuple(row[1:]): int(row[0]) for row in connection.execute(query)}
    return np.array([known[key] for key in keys], dtype=np.int64)


def count_candles(connection: sql.Connection, ids: IntArray, rows: CandleRows) -> int:
    """How many candles are stored within the spans of the given rows."""
    count = sql.select(sql.func.count()).select_from(CANDLE)
    total = 0
    for series_id, (first, last) in zip(ids.tolist(), rows.bounds, strict=True):
        span = CANDLE.c.open_time.between(int(rows.time_ms[first]), int(rows.time_ms[last]))
        total += connection.execute(count.where(CANDLE.c.series_id == series_id, span)).scalar_one()
    return total


def candle_query(series_id: int, bounds: tuple[int, int], columns: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    """Text and parameters that ask for the candles of a series, oldest first, with `NULL` for unknown numbers."""
    names = [f"coalesce({name}, {NULL}) AS {name}" if name in OPTIONAL_COLUMNS else name for name in columns]
    text = (
        f"SELECT {', '.join(['open_time', *names])} FROM candle "  # noqa: S608  # only names from the schema
        "WHERE series_id = ? AND open_time >= ? AND open_time < ? ORDER BY open_time"
    )
    return text, (series_id, *bounds)


def chosen_columns(columns: Sequence[str] | None) -> tuple[str, ...]:
    """The value columns to read, all by default.

    Raises
    ------
    ConfigurationError
        If one is unknown.
    """
    if columns is None:
        return VALUE_COLUMNS
    unknown = sorted(set(columns) - set(VALUE_COLUMNS))
    if unknown:
        raise ConfigurationError(f"Unknown candle columns {', '.join(unknown)}. Known are {', '.join(VALUE_COLUMNS)}.")
    return tuple(columns)


def epoch_bounds(start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """First open time and the open time before which to stop, ms since the epoch; open where None.

    Raises
    ------
    ConfigurationError
        If a time has no time zone.
    """
    return _milliseconds(start, -_ALWAYS_MS), _milliseconds(end, _ALWAYS_MS)


def _milliseconds(time: datetime | None, default: int) -> int:
    if time is None:
        return default
    if time.tzinfo is None:
        raise ConfigurationError(f"The time {time} has no time zone. Give aware times, as in 2024-01-31T00:00:00Z.")
    return round(time.timestamp() * 1_000)
