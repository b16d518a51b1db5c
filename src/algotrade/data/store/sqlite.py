"""SQLite in WAL mode: the embedded candle store."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import adbc_driver_manager
import pandas as pd
import sqlalchemy as sql
from adbc_driver_sqlite import dbapi
from sqlalchemy.pool import NullPool

from algotrade.data.store.tables import CANDLE, METADATA
from algotrade.domain.candles import VALUE_COLUMNS, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import StoreError

_CHUNK_ROWS = 100_000
_FETCH_ROWS = 65_536
_CACHE_KIB = 200_000

# Python and ADBC bring a SQLite each. Two of them in one process must never hold one file open at the same
# time: when one closes the file, the operating system drops the locks of the other.
# https://www.sqlite.org/howtocorrupt.html, "Multiple copies of SQLite linked into the same application"
_ONE_LIBRARY_AT_A_TIME = threading.RLock()


class SqliteBackend:
    """One SQLite file, written through SQLAlchemy and read in bulk through ADBC."""

    def __init__(self, address: sql.URL, lock_timeout_seconds: float) -> None:
        if address.database in {None, "", ":memory:"}:
            raise StoreError("The candle store needs a file, not memory. Accepted is sqlite:///path/to/candles.db.")
        self._path = Path(str(address.database))
        self._timeout = lock_timeout_seconds
        self._engine = sql.create_engine(
            address,
            # No pool: an idle connection would hold the file open between two uses.
            poolclass=NullPool,
            connect_args={"timeout": lock_timeout_seconds, "isolation_level": None},
        )
        sql.event.listen(self._engine, "connect", _configure)

    @contextmanager
    def writing(self) -> Iterator[sql.Connection]:
        """One transaction that holds the write lock from its start."""
        with self._connected() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            if not _has_tables(connection):
                METADATA.create_all(connection)
            yield connection
            # After an error this line is not reached, and closing the connection rolls back.
            connection.exec_driver_sql("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sql.Connection]:
        """Connection to a store whose tables exist."""
        with self._connected() as connection:
            if not _has_tables(connection):
                with self.writing():
                    pass
            yield connection

    def put_candles(self, connection: sql.Connection, series: IntArray, time_ms: IntArray, numbers: FloatArray) -> int:
        """Insert or update; SQLite stores NaN as NULL and compares NULLs by IS."""
        written = 0
        for start in range(0, len(series), _CHUNK_ROWS):
            rows = slice(start, start + _CHUNK_ROWS)
            columns = (series[rows].tolist(), time_ms[rows].tolist(), *numbers[rows].T.tolist())
            written += connection.exec_driver_sql(_UPSERT, list(zip(*columns, strict=True))).rowcount
        return written

    def fetch(self, queries: Sequence[tuple[str, tuple[Any, ...]]]) -> list[pd.DataFrame]:
        """Answers through ADBC and Arrow, in one read transaction."""
        with self.reading():
            pass
        with _ONE_LIBRARY_AT_A_TIME, self._explained(), dbapi.connect(str(self._path)) as connection:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {int(self._timeout * 1_000)}")
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _FETCH_ROWS})
            return [_answer(cursor, text, parameters) for text, parameters in queries]

    @contextmanager
    def _connected(self) -> Iterator[sql.Connection]:
        with _ONE_LIBRARY_AT_A_TIME, self._explained():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._engine.connect() as connection:
                yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn a database's errors into one that says what to do."""
        try:
            yield
        except (sql.exc.DBAPIError, sqlite3.Error, adbc_driver_manager.Error, OSError) as error:
            cause = str(getattr(error, "orig", error))
            raise StoreError(f"The candle store {self._path} cannot be used: {cause}. {_advice(cause)}") from error


def _has_tables(connection: sql.Connection) -> bool:
    return bool(connection.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE name = 'quarantine'").scalar())


def _configure(connection: Any, _record: object) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode = WAL")
        # WAL with NORMAL keeps the file whole in any crash; a power cut can lose the last transactions.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")


def _answer(cursor: Any, text: str, parameters: tuple[Any, ...]) -> pd.DataFrame:
    cursor.execute(text, parameters)
    return cursor.fetch_arrow_table().to_pandas()  # type: ignore[no-any-return]


def _advice(cause: str) -> str:
    if "locked" in cause or "busy" in cause:
        return "Another process is writing to it; wait for it to finish, or stop it."
    if "not a database" in cause or "malformed" in cause:
        return "The file is something else or damaged; name another path, or restore it from a copy."
    return "Check that the path is a file in a folder that can be written to, and that the disk is not full."


def _upsert_statement() -> str:
    names = [column.name for column in CANDLE.columns]
    updates = ", ".join(f"{name} = excluded.{name}" for name in VALUE_COLUMNS)
    changed = " OR ".join(f"candle.{name} IS NOT excluded.{name}" for name in VALUE_COLUMNS)
    return (
        f"INSERT INTO candle ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "  # noqa: S608
        f"ON CONFLICT (series_id, open_time) DO UPDATE SET {updates} WHERE {changed}"
    )


_UPSERT = _upsert_statement()
