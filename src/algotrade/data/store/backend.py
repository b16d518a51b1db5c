"""What the store needs of a database beyond the SQL that all of them understand."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pandas as pd
import sqlalchemy as sql

from algotrade.data.store.sqlite import SqliteBackend
from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import StoreError

Query = tuple[str, tuple[Any, ...]]


class Backend(Protocol):
    """One kind of database at one address; a connection lives as long as the block that asked for it."""

    def writing(self) -> AbstractContextManager[sql.Connection]:
        """One transaction that writes: all of it is kept, or after an error nothing."""

    def reading(self) -> AbstractContextManager[sql.Connection]:
        """Connection for small questions."""

    def put_candles(self, connection: sql.Connection, series: IntArray, time_ms: IntArray, numbers: FloatArray) -> int:
        """Insert or update candles in an open transaction; return how many rows were written.

        A row that already says the same is not written again. NaN is stored as NULL.
        """

    def fetch(self, queries: Sequence[Query]) -> list[pd.DataFrame]:
        """Answer of each query (its text and its parameters), all from one state of the database."""


def backend_of(url: str, lock_timeout_seconds: float) -> Backend:
    """Backend for a database URL.

    Raises
    ------
    StoreError
        If the URL cannot be read or names a database that the store does not know.
    """
    try:
        address = sql.make_url(url)
    except sql.exc.ArgumentError as error:
        raise StoreError(f"{url!r} is no database URL. Accepted is sqlite:///path/to/candles.db.") from error
    if address.get_backend_name() != "sqlite":
        raise StoreError(
            f"The candle store does not know {address.get_backend_name()} "
            f"({address.render_as_string()}). Accepted is sqlite:///path/to/candles.db."
        )
    return SqliteBackend(address, lock_timeout_seconds)
