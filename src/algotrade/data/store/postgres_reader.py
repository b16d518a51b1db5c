"""Bulk reads from PostgreSQL: a binary COPY, turned into Arrow columns by ADBC."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import adbc_driver_manager
import pyarrow as pa
import sqlalchemy as sql
from adbc_driver_postgresql import dbapi


class PostgresReader:
    """A connection that is kept, since opening one costs ADBC a tenth of a second; threads take turns."""

    def __init__(self, address: sql.URL) -> None:
        self._uri = address.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: Any = None
        self._turn = threading.Lock()

    def fetch(self, queries: Sequence[str]) -> list[pa.Table]:
        """Answer of each query, all from one state of the database."""
        with self._turn:
            kept = self._connection is not None
            try:
                return self._answers(queries)
            except adbc_driver_manager.Error:
                # The server may have been restarted since the last question.
                if not kept:
                    raise
            return self._answers(queries)

    def close(self) -> None:
        """Close the connection; the next question opens a new one."""
        with self._turn:
            self._drop()

    def _answers(self, queries: Sequence[str]) -> list[pa.Table]:
        with self._snapshot() as cursor:
            return [_answer(cursor, text) for text in queries]

    @contextmanager
    def _snapshot(self) -> Iterator[Any]:
        if self._connection is None:
            self._connection = dbapi.connect(self._uri, autocommit=True)
        whole = False
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                yield cursor
                cursor.execute("COMMIT")
            whole = True
        finally:
            if not whole:
                self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _answer(cursor: Any, text: str) -> pa.Table:
    cursor.execute(text)
    return cursor.fetch_arrow_table()
