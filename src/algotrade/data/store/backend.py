"""What the store needs of a database beyond the SQL that all of them understand."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pyarrow as pa
import sqlalchemy as sql

from algotrade.data.store.capabilities import Capabilities
from algotrade.data.store.frames import CandleRows
from algotrade.data.store.sqlite import SqliteBackend
from algotrade.domain.timeframe import IntArray
from algotrade.errors import StoreError

_ACCEPTED = "Accepted are sqlite:///path/to/candles.db and postgresql://user:password@host:5432/database."


class Backend(Protocol):
    """One kind of database at one address; a connection lives as long as the block that asked for it."""

    def writing(self) -> AbstractContextManager[sql.Connection]:
        """One transaction that writes: all of it is kept, or after an error nothing."""

    def reading(self) -> AbstractContextManager[sql.Connection]:
        """Connection for small questions."""

    def lock(self, connection: sql.Connection, names: Iterable[str]) -> None:
        """Wait until no other transaction holds one of the names; hold them until this one ends."""

    def put_candles(self, connection: sql.Connection, rows: CandleRows, ids: IntArray, stored: IntArray) -> int:
        """Insert or update candles in an open transaction; return how many rows were written.

        Parameters
        ----------
        connection : Connection
        rows : CandleRows
        ids, stored : ndarray of int64
            Number of each key of the rows, and how many candles it already has within its span.

        Notes
        -----
        A row that already says the same is not written again. NaN is stored as NULL, and overwrites nothing.
        """

    def put_rows(self, connection: sql.Connection, table: sql.Table, columns: Sequence[list[Any]]) -> int:
        """The same for rows of any table, given as its columns."""

    def fetch(self, queries: Sequence[str]) -> list[pa.Table]:
        """Answer of each query, all from one state of the database."""

    def migrate(self) -> None:
        """Bring the schema up to date."""

    def capabilities(self) -> Capabilities:
        """What the database can do."""

    def set_retention(self, days: int | None) -> None:
        """Let the database drop candles older than this, or never."""

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""


def backend_of(url: str, lock_timeout_seconds: float) -> Backend:
    """Backend for a database URL.

    Raises
    ------
    StoreError
        If the URL cannot be read or names a database that the store does not know.
    """
    try:
        address = sql.make_url(url)
    except (sql.exc.ArgumentError, ValueError) as error:
        # What cannot be read may hold a password all the same.
        shown = url if "@" not in url else f"***@{url.rpartition('@')[2]}"
        raise StoreError(f"{shown!r} is no database URL. {_ACCEPTED}") from error
    name = address.get_backend_name()
    if name == "sqlite":
        return SqliteBackend(address, lock_timeout_seconds)
    if name in {"postgresql", "postgres", "timescaledb"}:
        from algotrade.data.store.postgres import PostgresBackend  # noqa: PLC0415 - nothing else needs its drivers

        return PostgresBackend(address, lock_timeout_seconds)
    raise StoreError(f"The candle store does not know {name} ({address.render_as_string()}). {_ACCEPTED}")
