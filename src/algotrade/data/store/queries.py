"""The store's questions, in SQL that every database understands.

Their parameters are whole numbers and names of the schema only, and are written into the text: so
PostgreSQL can send the answer as one binary COPY.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import sqlalchemy as sql

from algotrade.data.store.frames import NULL, CandleRows
from algotrade.data.store.tables import CANDLE, SERIES
from algotrade.domain.candles import OPTIONAL_COLUMNS, VALUE_COLUMNS
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import ConfigurationError

Span = tuple[int, int]
"""A first time, and the time before which to stop, in milliseconds since the epoch."""

ALWAYS: Span = (-(2**62), 2**62)


@dataclass(frozen=True)
class StoredSeries:
    """A series that has candles, and the open times of its first and last one."""

    series_id: int
    symbol: str
    first_ms: int
    last_ms: int


def numbers_of(connection: sql.Connection, table: sql.Table, keys: Sequence[tuple[str, ...]]) -> IntArray:
    """Number of each series or instrument, given out to those that are new."""
    number, *names = table.columns
    query = sql.select(number, *names)
    known = {tuple(row[1:]): int(row[0]) for row in connection.execute(query)}
    new = [dict(zip((name.name for name in names), key, strict=True)) for key in keys if key not in known]
    if new:
        connection.execute(sql.insert(table), new)
        known = {tuple(row[1:]): int(row[0]) for row in connection.execute(query)}
    return np.array([known[key] for key in keys], dtype=np.int64)


def count_candles(connection: sql.Connection, ids: IntArray, rows: CandleRows) -> IntArray:
    """How many candles are stored within the span of each key of the given rows."""
    return count_rows(connection, CANDLE, ids, [(rows.time_ms[a], rows.time_ms[b]) for a, b in rows.bounds])


def count_rows(
    connection: sql.Connection, table: sql.Table, ids: IntArray, spans: Sequence[tuple[int, int]]
) -> IntArray:
    """How many rows of a table lie between the two times, both included, of each number."""
    number, time, *_ = (column.name for column in table.columns)
    values = ", ".join(f"({one}, {first}, {last})" for one, (first, last) in zip(ids.tolist(), spans, strict=True))
    # Counted one by one, so that no planner is tempted to scan the table.
    text = (
        f"SELECT (SELECT count(*) FROM {table.name} WHERE {number} = span.column1 "  # noqa: S608
        f"AND {time} BETWEEN span.column2 AND span.column3) FROM (VALUES {values}) AS span"
    )
    return np.array(connection.exec_driver_sql(text).scalars().all(), dtype=np.int64)


def stored_series(connection: sql.Connection, exchange: str, timeframe: Timeframe) -> dict[str, StoredSeries]:
    """The series of an exchange and timeframe that have candles, by symbol in alphabetical order."""
    of_series = CANDLE.c.series_id == SERIES.c.series_id
    first = sql.select(sql.func.min(CANDLE.c.open_time)).where(of_series).scalar_subquery()
    last = sql.select(sql.func.max(CANDLE.c.open_time)).where(of_series).scalar_subquery()
    query = sql.select(SERIES.c.series_id, SERIES.c.symbol, first, last).where(
        SERIES.c.exchange == exchange, SERIES.c.timeframe == timeframe.name
    )
    rows = sorted((row for row in connection.execute(query) if row[2] is not None), key=lambda row: str(row[1]))
    return {row[1]: StoredSeries(int(row[0]), str(row[1]), int(row[2]), int(row[3])) for row in rows}


def candle_query(series_id: int, span: Span, columns: Sequence[str]) -> str:
    """Ask for the candles of a series, oldest first, with `NULL` for unknown numbers."""
    names = [f"coalesce({name}, {NULL}) AS {name}" if name in OPTIONAL_COLUMNS else name for name in columns]
    return (
        f"SELECT {', '.join(['open_time', *names])} FROM candle "  # noqa: S608
        f"WHERE series_id = {series_id} AND open_time >= {span[0]} AND open_time < {span[1]} ORDER BY open_time"
    )


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


def span_of(start: datetime | None, end: datetime | None) -> Span:
    """First time and the time before which to stop, ms since the epoch; open where None.

    Raises
    ------
    ConfigurationError
        If a time has no time zone.
    """
    return _milliseconds(start, ALWAYS[0]), _milliseconds(end, ALWAYS[1])


def _milliseconds(time: datetime | None, default: int) -> int:
    if time is None:
        return default
    if time.tzinfo is None:
        raise ConfigurationError(f"The time {time} has no time zone. Give aware times, as in 2024-01-31T00:00:00Z.")
    return round(time.timestamp() * 1_000)
