"""Why a row is in quarantine, and how it becomes a candle after all."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sql

from algotrade.data.quality.faults import Fault, row_faults
from algotrade.data.store.backend import Backend
from algotrade.data.store.frames import CandleRows
from algotrade.data.store.quarantine import quarantine_frame
from algotrade.data.store.tables import CANDLE, QUARANTINE, SERIES
from algotrade.data.store.upsert_count import UpsertCount
from algotrade.data.store.upserting import upsert_rows
from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError

_NEIGHBOURS = ("previous_close", "stored_close", "next_open")


def explain_rows(backend: Backend, ids: Sequence[str] | None) -> pd.DataFrame:
    """Quarantined rows with their stored neighbours and what stands against a release."""
    with backend.reading() as connection:
        rows = quarantine_frame(connection, *_named(ids))
        _refuse_unknown(rows, ids)
        neighbours = [_neighbours(connection, row) for row in rows.to_dict("records")]
    beside = pd.DataFrame(neighbours, columns=list(_NEIGHBOURS), dtype="float64")
    return rows.assign(obstacle=obstacles(rows), **{name: beside[name] for name in _NEIGHBOURS})


def release_rows(backend: Backend, ids: Sequence[str] | None, reason: str | None) -> UpsertCount:
    """Make candles of quarantined rows and mark them as released, all of them or none."""
    if ids is None and reason is None:
        raise ConfigurationError("Say which rows to release: their row_id, or a reason as the quarantine states it.")
    of_reason = () if reason is None else (QUARANTINE.c.reason == reason,)
    with backend.writing() as connection:
        rows = quarantine_frame(connection, *_named(ids), *of_reason)
        _refuse_unknown(rows, ids)
        rows = rows[rows["released_at"].isna()]
        if rows.empty:
            return UpsertCount(0, 0, 0)
        _refuse_obstacles(rows)
        count = upsert_rows(backend, connection, CandleRows.of_frame(rows))
        now_ms = int(pd.Timestamp.now("UTC").timestamp() * 1_000)
        released = sql.update(QUARANTINE).where(QUARANTINE.c.digest.in_(rows["row_id"].tolist()))
        connection.execute(released.values(released_at=now_ms))
    return count


def obstacles(rows: pd.DataFrame) -> list[str]:
    """What keeps each row from being a candle, in words; empty where nothing does."""
    faults = []
    for row in rows.to_dict("records"):
        try:
            timeframe = Timeframe(str(row["timeframe"]))
        except ConfigurationError as error:
            faults.append(str(error))
            continue
        values = np.array([[row[name] for name in VALUE_COLUMNS]], dtype=np.float64)
        time_ms = to_milliseconds(pd.DatetimeIndex([row["open_time"]]))
        faults.append(Fault(int(row_faults(time_ms, values, timeframe)[0])).reason)
    return faults


def _named(ids: Sequence[str] | None) -> "tuple[sql.ColumnElement[bool], ...]":
    return () if ids is None else (QUARANTINE.c.digest.in_(list(ids)),)


def _refuse_unknown(rows: pd.DataFrame, ids: Sequence[str] | None) -> None:
    unknown = sorted(set(ids or ()) - set(rows["row_id"]))
    if unknown:
        raise ConfigurationError(
            f"The quarantine has no row {', '.join(unknown[:3])}. CandleStore.quarantine() lists each with its row_id."
        )


def _refuse_obstacles(rows: pd.DataFrame) -> None:
    found = [(row_id, obstacle) for row_id, obstacle in zip(rows["row_id"], obstacles(rows), strict=True) if obstacle]
    if found:
        raise BadCandles(
            f"{len(found)} of {len(rows)} rows cannot be candles, first {found[0][0]}: {found[0][1]}. "
            "Nothing was released; name only rows without an obstacle (CandleStore.explain_quarantined())."
        )


def _neighbours(connection: sql.Connection, row: dict[Hashable, Any]) -> tuple[float | None, ...]:
    """Close before, close at and open after the time of a row, as stored."""
    if pd.isna(row["open_time"]):
        return (None, None, None)
    time_ms = int(to_milliseconds(pd.DatetimeIndex([row["open_time"]]))[0])
    of_series = sql.and_(*(SERIES.c[name] == row[name] for name in SERIES_COLUMNS))
    candles = sql.select(CANDLE.c.close, CANDLE.c.open).join_from(
        CANDLE, SERIES, CANDLE.c.series_id == SERIES.c.series_id
    )
    before = candles.where(of_series, CANDLE.c.open_time < time_ms).order_by(CANDLE.c.open_time.desc()).limit(1)
    after = candles.where(of_series, CANDLE.c.open_time > time_ms).order_by(CANDLE.c.open_time).limit(1)
    at = candles.where(of_series, CANDLE.c.open_time == time_ms)
    answers = [connection.execute(query).first() for query in (before, at, after)]
    places = (0, 0, 1)
    return tuple(
        None if answer is None else float(answer[place]) for answer, place in zip(answers, places, strict=True)
    )
