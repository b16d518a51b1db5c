"""SQL text that is the same on every database but for a word."""

from collections.abc import Sequence

import sqlalchemy as sql

from algotrade.domain.candles import OPTIONAL_COLUMNS


def on_conflict(table: sql.Table, *, differs: str) -> str:
    """Clause that lets the new values of a known row win, and writes nothing where they say the same.

    A candle's optional number that is known stays known: NULL does not overwrite it.

    Parameters
    ----------
    table : Table
    differs : str
        How the database compares values that may be NULL: ``IS NOT`` or ``IS DISTINCT FROM``.
    """
    key = [column.name for column in table.primary_key]
    new = {column.name: _new_value(table.name, column.name) for column in table.columns if column.name not in key}
    updates = ", ".join(f"{name} = {value}" for name, value in new.items())
    changed = " OR ".join(f"{table.name}.{name} {differs} {value}" for name, value in new.items())
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {updates} WHERE {changed}"


def _new_value(table: str, name: str) -> str:
    if name in OPTIONAL_COLUMNS:
        return f"coalesce(excluded.{name}, {table}.{name})"
    return f"excluded.{name}"


def column_names(table: sql.Table) -> Sequence[str]:
    """The columns of a table in its order."""
    return [column.name for column in table.columns]
