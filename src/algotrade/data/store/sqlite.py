"""SQLite in WAL mode: the embedded candle store."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import adbc_driver_manager
import pyarrow as pa
import sqlalchemy as sql
from sqlalchemy.pool import NullPool

from algotrade.data.store.capabilities import Capabilities
from algotrade.data.store.frames import CandleRows
from algotrade.data.store.migrations import LATEST, migrate, revision_of
from algotrade.data.store.sqlite_reader import SqliteReader
from algotrade.data.store.statements import column_names, on_conflict
from algotrade.data.store.tables import CANDLE
from algotrade.domain.timeframe import IntArray
from algotrade.errors import StoreError

_CHUNK_ROWS = 100_000
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
        self._reader = SqliteReader(self._path, lock_timeout_seconds)
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
            if revision_of(connection) != LATEST:
                migrate(connection)
            yield connection
            # After an error this line is not reached, and closing the connection rolls back.
            connection.exec_driver_sql("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sql.Connection]:
        """Connection to a store whose tables exist."""
        with self._connected() as connection:
            if revision_of(connection) != LATEST:
                self.migrate()
            yield connection

    def lock(self, connection: sql.Connection, names: Iterable[str]) -> None:
        """Nothing to do: a transaction that writes to SQLite is alone."""

    def put_candles(self, connection: sql.Connection, rows: CandleRows, ids: IntArray, stored: IntArray) -> int:  # noqa: ARG002
        """Insert or update; SQLite stores NaN as NULL."""
        columns = [ids[rows.group].tolist(), rows.time_ms.tolist(), *rows.numbers.T.tolist()]
        return self.put_rows(connection, CANDLE, columns)

    def put_rows(self, connection: sql.Connection, table: sql.Table, columns: Sequence[list[Any]]) -> int:
        """Insert or update, one prepared statement for all rows."""
        names = column_names(table)
        text = (
            f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "  # noqa: S608
            f"{on_conflict(table, differs='IS NOT')}"
        )
        written = 0
        for start in range(0, len(columns[0]), _CHUNK_ROWS):
            chunk = zip(*(column[start : start + _CHUNK_ROWS] for column in columns), strict=True)
            written += connection.exec_driver_sql(text, list(chunk)).rowcount
        return written

    def fetch(self, queries: Sequence[str]) -> list[pa.Table]:
        """Answers through ADBC and Arrow, in one read transaction."""
        with self.reading():
            pass
        with _ONE_LIBRARY_AT_A_TIME, self._explained():
            return self._reader.fetch(queries)

    def migrate(self) -> None:
        """Bring the file to the latest schema."""
        with self.writing():
            pass

    def capabilities(self) -> Capabilities:
        """The same for every file."""
        return Capabilities("SQLite", sqlite3.sqlite_version)

    def set_retention(self, days: int | None) -> None:  # noqa: ARG002
        """Refuse: SQLite drops nothing by itself."""
        raise StoreError("SQLite has no retention policy; it belongs to TimescaleDB (a postgresql:// URL).")

    def close(self) -> None:
        """Nothing to do: no connection outlives its use."""

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


def _configure(connection: Any, _record: object) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode = WAL")
        # WAL with NORMAL keeps the file whole in any crash; a power cut can lose the last transactions.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")


def _advice(cause: str) -> str:
    if "locked" in cause or "busy" in cause:
        return "Another process is writing to it; wait for it to finish, or stop it."
    if "not a database" in cause or "malformed" in cause:
        return "The file is something else or damaged; name another path, or restore it from a copy."
    return "Check that the path is a file in a folder that can be written to, and that the disk is not full."
