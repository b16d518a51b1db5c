"""Bulk reads from SQLite through ADBC and Arrow, on two connections that see the same state of the file."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from adbc_driver_sqlite import dbapi

_FETCH_ROWS = 65_536
_CONNECTIONS = 2
_WORTH_IT = 4
_TRIES = 5


class SqliteReader:
    """Answers questions about one file; no connection outlives its use."""

    def __init__(self, path: Path, timeout_seconds: float) -> None:
        self._path = path
        self._timeout_ms = int(timeout_seconds * 1_000)

    def fetch(self, queries: Sequence[str]) -> list[pa.Table]:
        """Answer of each query, all from one state of the database.

        A few queries are asked one after the other. With more, two connections share them: SQLite spends its
        time on decoding rows, and the driver leaves Python alone meanwhile.
        """
        with self._same_state(_CONNECTIONS if len(queries) >= _WORTH_IT else 1) as cursors:
            shares = [queries[place :: len(cursors)] for place in range(len(cursors))]
            if len(cursors) == 1:
                return _answers(cursors[0], shares[0])
            with ThreadPoolExecutor(len(cursors)) as pool:
                answered = list(pool.map(_answers, cursors, shares))
        return [answered[place % len(answered)][place // len(answered)] for place in range(len(queries))]

    @contextmanager
    def _same_state(self, count: int) -> Iterator[list[Any]]:
        """Cursors in read transactions on the same state: so many, or one where writers never pause."""
        with ExitStack() as stack:
            cursors = [stack.enter_context(self._cursor()) for _ in range(count)]
            if count > 1:
                watcher = stack.enter_context(self._cursor())
                if not any(_began_together(watcher, cursors) for _ in range(_TRIES)):
                    cursors = cursors[:1]
            if len(cursors) == 1:
                cursors[0].execute("BEGIN")
            yield cursors

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        with closing(dbapi.connect(str(self._path), autocommit=True)) as connection, connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {self._timeout_ms}")
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _FETCH_ROWS})
            yield cursor


def _began_together(watcher: Any, cursors: Sequence[Any]) -> bool:
    """Begin a read transaction on each cursor; undo it if anyone has written meanwhile."""
    before = _version(watcher)
    for cursor in cursors:
        cursor.execute("BEGIN")
        # A transaction sees the state of its first look at the file.
        _scalar(cursor, "SELECT count(*) FROM sqlite_master")
    together = _version(watcher) == before
    if not together:
        for cursor in cursors:
            cursor.execute("ROLLBACK")
    return together


def _version(watcher: Any) -> int:
    """A number that another connection's commit changes."""
    return _scalar(watcher, "PRAGMA data_version")


def _scalar(cursor: Any, text: str) -> int:
    cursor.execute(text)
    return int(cursor.fetchone()[0])


def _answers(cursor: Any, queries: Sequence[str]) -> list[pa.Table]:
    answers = []
    for text in queries:
        cursor.execute(text)
        answers.append(cursor.fetch_arrow_table())
    return answers
