"""Rows that are no candles: filed once with their reason, listed, and filtered."""

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sql

from algotrade.data.store.backend import Backend
from algotrade.data.store.tables import QUARANTINE
from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, from_milliseconds

_TEXT = (*SERIES_COLUMNS, "origin", "reason")
_FILED = tuple(column.name for column in QUARANTINE.columns if column.name not in {"digest", "released_at"})


def add_quarantine(backend: Backend, rows: pd.DataFrame) -> int:
    """File rows, each once; return how many of them are new."""
    if rows.empty:
        return 0
    records = _records(rows)
    with backend.writing() as connection:
        backend.lock(connection, ["quarantine"])
        known = set(connection.execute(sql.select(QUARANTINE.c.digest)).scalars())
        new = [record for digest, record in records.items() if digest not in known]
        if new:
            connection.execute(sql.insert(QUARANTINE), new)
    return len(new)


def read_quarantine(backend: Backend, *conditions: "sql.ColumnElement[bool]") -> pd.DataFrame:
    """Rows that meet every condition, sorted by series and open time."""
    with backend.reading() as connection:
        return quarantine_frame(connection, *conditions)


def quarantine_frame(connection: sql.Connection, *conditions: "sql.ColumnElement[bool]") -> pd.DataFrame:
    """The same within an open transaction."""
    rows = connection.execute(sql.select(QUARANTINE).where(sql.true(), *conditions)).all()
    frame = pd.DataFrame(rows, columns=[column.name for column in QUARANTINE.columns])
    # Sorted here, since databases sort words each in their own way.
    frame = frame.sort_values([*SERIES_COLUMNS, "open_time", "digest"], na_position="first", ignore_index=True)
    types: dict[str, Any] = dict.fromkeys((*_TEXT, "digest"), "str") | dict.fromkeys(VALUE_COLUMNS, "float64")
    times = {name: _times(frame[name]) for name in ("open_time", "released_at")}
    frame = frame.assign(**times).astype(types)
    return frame[[*_FILED, "digest", "released_at"]].rename(columns={"digest": "row_id"})


def _times(milliseconds: "pd.Series[Any]") -> pd.DatetimeIndex:
    return from_milliseconds(milliseconds.astype("Int64").to_numpy(dtype=np.int64, na_value=pd.NaT.value))


def _records(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Records of the rows by their digest; what a row lacks is None."""
    text: dict[str, Any] = dict.fromkeys(_TEXT, "str")
    frame = rows.reindex(columns=list(_FILED)).astype(text)
    frame[list(_TEXT)] = frame[list(_TEXT)].fillna("")
    times = [None if pd.isna(time) else round(time.timestamp() * 1_000) for time in frame["open_time"]]
    numbers = frame[list(VALUE_COLUMNS)].to_numpy(dtype=np.float64, na_value=np.nan)
    records = {}
    for words, time, values in zip(frame[list(_TEXT)].itertuples(index=False), times, numbers.tolist(), strict=True):
        record = dict(zip(_TEXT, words, strict=True)) | {"open_time": time}
        # NaN is what is missing; unequal to itself, it would make every digest and every row a new one.
        record |= {name: None if np.isnan(value) else value for name, value in zip(VALUE_COLUMNS, values, strict=True)}
        digest = hashlib.sha256(repr(sorted(record.items())).encode()).hexdigest()
        records[digest] = record | {"digest": digest}
    return records
