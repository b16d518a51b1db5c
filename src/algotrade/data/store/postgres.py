"""PostgreSQL and TimescaleDB: the candle store of production."""

import functools
import logging
import os
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import sqlalchemy as sql

from algotrade.data.store.capabilities import Capabilities
from algotrade.data.store.copy_binary import encoded_candles
from algotrade.data.store.frames import CandleRows
from algotrade.data.store.migrations import LATEST, migrate, revision_of, run_again
from algotrade.data.store.postgres_errors import DATABASE_ERRORS, store_error
from algotrade.data.store.postgres_reader import PostgresReader
from algotrade.data.store.statements import column_names, on_conflict
from algotrade.data.store.tables import CANDLE
from algotrade.data.store.timescale import capabilities_of, licence_of, set_retention
from algotrade.domain.timeframe import IntArray

_FEW_ROWS = 2_000
_CONNECT_SECONDS = "10"
_CREATE_STAGING = "CREATE TEMP TABLE staging (LIKE {}) ON COMMIT DROP"
_LOCKS = 0x616C676F  # the class of our advisory locks among those of other programs: "algo"
_TYPES = {sql.Integer: "int4", sql.BigInteger: "int8", sql.Double: "float8", sql.Text: "text"}

logger = logging.getLogger(__name__)


class PostgresBackend:
    """One database of a PostgreSQL server, written by COPY and read in bulk through ADBC."""

    def __init__(self, address: sql.URL, lock_timeout_seconds: float) -> None:
        defaults = {"connect_timeout": _CONNECT_SECONDS, "application_name": "algotrade"}
        self._named = address
        self._address = address.update_query_dict(defaults | dict(address.query))
        self._timeout_ms = max(1, int(lock_timeout_seconds * 1_000))
        self._engine = sql.create_engine(
            self._address.set(drivername="postgresql+psycopg"),
            pool_size=2,
            pool_pre_ping=True,
            # Each statement sees what was committed before it: a transaction that waited for a lock must.
            isolation_level="READ COMMITTED",
            hide_parameters=True,
        )
        self._reader = PostgresReader(self._address)
        self._capabilities: Capabilities | None = None
        self._process = os.getpid()
        self._preparing = threading.Lock()

    @contextmanager
    def writing(self) -> Iterator[sql.Connection]:
        """One transaction; it gives up when it waits for another one for too long."""
        self._prepare()
        with self._transaction() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sql.Connection]:
        """Connection to a database whose tables exist."""
        self._prepare()
        with self._transaction() as connection:
            yield connection

    def lock(self, connection: sql.Connection, names: Iterable[str]) -> None:
        """Advisory locks of this transaction, in an order that all writers keep."""
        for number in sorted({zlib.crc32(name.encode()) - 2**31 for name in names}):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCKS}, {number})")

    def put_candles(self, connection: sql.Connection, rows: CandleRows, ids: IntArray, stored: IntArray) -> int:
        """Copy what is new for sure; upsert the rest, in bulk through a staging table."""
        series = ids[rows.group]
        new = (stored == 0)[rows.group]
        written = 0
        if new.any():
            written += self._copy(connection, "candle", (series[new], rows.time_ms[new], rows.numbers[new]))
        rest = (series[~new], rows.time_ms[~new], rows.numbers[~new])
        if 0 < len(rest[0]) <= _FEW_ROWS:
            numbers = rest[2].T.astype(object)
            numbers[np.isnan(rest[2].T)] = None
            written += self.put_rows(connection, CANDLE, [rest[0].tolist(), rest[1].tolist(), *numbers.tolist()])
        elif len(rest[0]):
            connection.exec_driver_sql(_CREATE_STAGING.format(CANDLE.name))
            self._copy(connection, "staging", rest)
            written += connection.exec_driver_sql(_upsert_staged(CANDLE)).rowcount
        return written

    def put_rows(self, connection: sql.Connection, table: sql.Table, columns: Sequence[list[Any]]) -> int:
        """Send a few rows as one array a column, many by COPY through a staging table."""
        if len(columns[0]) <= _FEW_ROWS:
            return connection.exec_driver_sql(_upsert_arrays(table), tuple(columns)).rowcount
        connection.exec_driver_sql(_CREATE_STAGING.format(table.name))
        with self._copying(connection, table, "staging") as copy:
            copy.set_types([_TYPES[type(column.type)] for column in table.columns])
            for row in zip(*columns, strict=True):
                copy.write_row(row)
        return connection.exec_driver_sql(_upsert_staged(table)).rowcount

    def fetch(self, queries: Sequence[str]) -> list[pa.Table]:
        """Answers through ADBC and Arrow, in one read transaction."""
        self._prepare()
        with self._explained():
            return self._reader.fetch(queries)

    def migrate(self) -> None:
        """Migrate; let TimescaleDB have the tables if it was enabled since."""
        with self._transaction() as connection:
            self.lock(connection, ["migrations"])
            migrate(connection)
            found = capabilities_of(connection)
            if licence_of(connection) is not None and found.missing:
                run_again(connection, "0003")
                found = capabilities_of(connection)
        self._capabilities = found

    def capabilities(self) -> Capabilities:
        """As found at the first use."""
        self._prepare()
        assert self._capabilities is not None
        return self._capabilities

    def set_retention(self, days: int | None) -> None:
        """Set, change or remove TimescaleDB's retention policy."""
        with self.writing() as connection:
            set_retention(connection, days)

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""
        self._engine.dispose()
        self._reader.close()

    def _prepare(self) -> None:
        """Migrate a database that needs it, and say once what it lacks."""
        if self._process != os.getpid():
            # A forked child must not speak on its parent's connections.
            self._engine.dispose(close=False)
            self._reader = PostgresReader(self._address)
            self._process = os.getpid()
        with self._preparing:
            if self._capabilities is not None:
                return
            with self._transaction() as connection:
                if revision_of(connection) == LATEST:
                    self._capabilities = capabilities_of(connection)
            if self._capabilities is None:
                self.migrate()
        _tell_once(self._capabilities.notice if self._capabilities is not None else "")

    @contextmanager
    def _transaction(self) -> Iterator[sql.Connection]:
        with self._explained(), self._engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {self._timeout_ms}")
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DATABASE_ERRORS as error:
            raise store_error(self._named, error) from error

    def _copy(self, connection: sql.Connection, target: str, columns: tuple[Any, Any, Any]) -> int:
        """Copy candles given as arrays; return how many."""
        with self._copying(connection, CANDLE, target) as copy:
            for part in encoded_candles(*columns):
                copy.write(part)
        return len(columns[0])

    @contextmanager
    def _copying(self, connection: sql.Connection, table: sql.Table, target: str) -> Iterator[psycopg.Copy]:
        """A COPY on the connection and in the transaction of SQLAlchemy."""
        driver = connection.connection.driver_connection
        assert driver is not None
        names = ", ".join(column_names(table))
        with driver.cursor() as cursor, cursor.copy(f"COPY {target} ({names}) FROM STDIN (FORMAT binary)") as copy:
            yield copy


@functools.cache
def _tell_once(notice: str) -> None:
    if notice:
        logger.warning("%s", notice)


def _upsert_arrays(table: sql.Table) -> str:
    arrays = ", ".join(f"%s::{_TYPES[type(column.type)]}[]" for column in table.columns)
    return _upsert(table, f"SELECT * FROM unnest({arrays})")  # noqa: S608


def _upsert_staged(table: sql.Table) -> str:
    return _upsert(table, f"SELECT {', '.join(column_names(table))} FROM staging")  # noqa: S608


def _upsert(table: sql.Table, rows: str) -> str:
    names = ", ".join(column_names(table))
    return f"INSERT INTO {table.name} ({names}) {rows} {on_conflict(table, differs='IS DISTINCT FROM')}"
