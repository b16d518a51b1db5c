"""A small SQLite file that several runs write to."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd

from algotrade.errors import StoreError, StoreUnavailable

_SECONDS_OF_PATIENCE = 60.0
_KEYS_AT_ONCE = 500


@contextmanager
def connected(path: Path, tables: Sequence[str], what: str) -> Iterator[sqlite3.Connection]:
    """Connection to the file, made with its tables if it is not there; processes that write at once wait.

    Parameters
    ----------
    path : Path
    tables : sequence of str
        ``CREATE TABLE IF NOT EXISTS`` statements.
    what : str
        What the file is, for messages.

    Raises
    ------
    StoreError
        If the file is something else; StoreUnavailable where trying again may work.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(path, timeout=_SECONDS_OF_PATIENCE, isolation_level=None)) as connection:
            for table in tables:
                connection.execute(table)
            yield connection
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(
            f"{path}, {what}, cannot be used now: {error}. Wait for the runs that write it, and look whether the "
            "folder can be written."
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path} cannot be read as {what}: {error}. Bring it back from a copy, or move it away: what it held is "
            "then forgotten."
        ) from error


def add_rows(connection: sqlite3.Connection, rows: Mapping[str, pd.DataFrame]) -> None:
    """Add the rows, by table, whose primary key is not there yet, in one transaction; nothing that is there changes."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for table, own in rows.items():
            values = own.astype(object).where(own.notna(), None).itertuples(index=False, name=None)
            names, marks = ", ".join(own.columns), ", ".join("?" * len(own.columns))
            statement = f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - ours
            connection.executemany(statement, values)


def read_rows(connection: sqlite3.Connection, table: str, keys: Sequence[str] | None = None) -> pd.DataFrame:
    """All rows, or those whose ``key`` is among the given ones."""
    query = f"SELECT * FROM {table}"  # noqa: S608 - a name of ours
    cursor = connection.execute(f"{query} LIMIT 0")
    columns = [column[0] for column in cursor.description]
    if keys is None:
        return pd.DataFrame(connection.execute(query).fetchall(), columns=columns)
    rows: list[tuple[object, ...]] = []
    for first in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[first : first + _KEYS_AT_ONCE]
        rows += connection.execute(f"{query} WHERE key IN ({', '.join('?' * len(some))})", some)
    return pd.DataFrame(rows, columns=columns)
