"""Spans of a series that the exchange itself does not have, remembered with their reason."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import sqlalchemy as sql

from algotrade.data.store.backend import Backend
from algotrade.data.store.queries import Span, numbers_of
from algotrade.data.store.tables import HOLE, SERIES
from algotrade.domain.candles import SERIES_COLUMNS, from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles

COLUMNS = (*SERIES_COLUMNS, "start", "end", "reason", "noticed_at")
_TIMES = {"start": "start_time", "end": "end_time", "noticed_at": "noticed_at"}


def add_holes(backend: Backend, holes: pd.DataFrame) -> int:
    """Remember holes, each once; return how many were new or have another end or reason than before.

    When a hole was first noticed stays as it was.
    """
    if holes.empty:
        return 0
    frame = _checked(holes)
    unique = frame[list(SERIES_COLUMNS)].drop_duplicates()
    keys = [(str(exchange), str(symbol), str(timeframe)) for exchange, symbol, timeframe in unique.to_numpy()]
    with backend.writing() as connection:
        backend.lock(connection, {f"{exchange} {timeframe}" for exchange, _, timeframe in keys})
        ids = dict(zip(keys, numbers_of(connection, SERIES, keys).tolist(), strict=True))
        frame = frame.assign(series_id=[ids[tuple(key)] for key in frame[list(SERIES_COLUMNS)].to_numpy()])
        query = sql.select(HOLE).where(HOLE.c.series_id.in_(sorted(ids.values())))
        noticed = {(row.series_id, row.start_time): row.noticed_at for row in connection.execute(query)}
        frame["noticed_at"] = [
            noticed.get((row.series_id, row.start_time), row.noticed_at) for row in frame.itertuples(index=False)
        ]
        return backend.put_rows(connection, HOLE, [frame[column.name].tolist() for column in HOLE.columns])


def read_holes(
    backend: Backend, exchange: str, timeframe: Timeframe, symbols: Sequence[str] | None, span: Span
) -> pd.DataFrame:
    """Holes that lie in a span or reach into it, sorted by symbol and start."""
    names = [HOLE.c[column] for column in ("start_time", "end_time", "reason", "noticed_at")]
    query = (
        sql.select(SERIES.c.exchange, SERIES.c.symbol, SERIES.c.timeframe, *names)
        .join_from(SERIES, HOLE, SERIES.c.series_id == HOLE.c.series_id)
        .where(_of_series(exchange, timeframe, symbols), HOLE.c.end_time > span[0], HOLE.c.start_time < span[1])
    )
    with backend.reading() as connection:
        rows = connection.execute(query).all()
    frame = pd.DataFrame(sorted(map(tuple, rows)), columns=list(COLUMNS))
    frame = frame.astype(dict.fromkeys((*SERIES_COLUMNS, "reason"), "str"))
    return frame.assign(**{name: from_milliseconds(frame[name].to_numpy(np.int64)) for name in _TIMES})


def forget_holes(
    backend: Backend, exchange: str, timeframe: Timeframe, symbols: Sequence[str] | None, span: Span
) -> int:
    """Forget holes that lie in a span or reach into it, so that they are asked for again; return how many."""
    series = sql.select(SERIES.c.series_id).where(_of_series(exchange, timeframe, symbols))
    statement = sql.delete(HOLE).where(
        HOLE.c.series_id.in_(series), HOLE.c.end_time > span[0], HOLE.c.start_time < span[1]
    )
    with backend.writing() as connection:
        return connection.execute(statement).rowcount


def _of_series(exchange: str, timeframe: Timeframe, symbols: Sequence[str] | None) -> "sql.ColumnElement[bool]":
    chosen = sql.true() if symbols is None else SERIES.c.symbol.in_(list(symbols))
    return sql.and_(SERIES.c.exchange == exchange, SERIES.c.timeframe == timeframe.name, chosen)


def _checked(holes: pd.DataFrame) -> pd.DataFrame:
    absent = [name for name in COLUMNS if name not in holes and name != "noticed_at"]
    if absent:
        raise BadCandles(f"Holes to remember lack {', '.join(absent)}; found are {', '.join(holes.columns)}.")
    frame = holes.reset_index(drop=True)
    if "noticed_at" not in frame:
        frame = frame.assign(noticed_at=pd.Timestamp.now("UTC").floor("ms"))
    frame = frame.assign(**{column: to_milliseconds(frame[name]) for name, column in _TIMES.items()})
    if (frame["end_time"] <= frame["start_time"]).any():
        raise BadCandles("A hole to remember ends before it starts. Its end is the open time of the candle after it.")
    return frame.drop_duplicates([*SERIES_COLUMNS, "start_time"], keep="last", ignore_index=True)
