"""What an exchange tells of an instrument besides its candles: funding rates, trades, the top of the book."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sql

from algotrade.data.store.backend import Backend
from algotrade.data.store.queries import Span, count_rows, numbers_of
from algotrade.data.store.tables import BOOK_TOP, FUNDING_RATE, INSTRUMENT, TRADE
from algotrade.data.store.upsert_count import UpsertCount
from algotrade.domain.candles import from_milliseconds, to_milliseconds
from algotrade.domain.symbol import unified_symbol
from algotrade.errors import BadCandles

_KEYS = ("exchange", "symbol")


@dataclass(frozen=True)
class RecordKind:
    """One kind of record, and what its numbers must satisfy.

    Attributes
    ----------
    name : str
        As it should read in an error.
    table : Table
    positive, not_negative : tuple of str
        Columns that must be above zero, and at or above it.
    """

    name: str
    table: sql.Table
    positive: tuple[str, ...] = ()
    not_negative: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the frame: exchange, symbol, time, and what the kind knows."""
        return (*_KEYS, *[column.name for column in self.table.columns][1:])

    @property
    def key(self) -> list[str]:
        """Columns that identify a record."""
        return [*_KEYS, *[column.name for column in self.table.primary_key][1:]]

    @property
    def texts(self) -> tuple[str, ...]:
        """Columns of words."""
        return tuple(column.name for column in self.table.columns if isinstance(column.type, sql.Text))

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns of numbers."""
        return tuple(column.name for column in self.table.columns if isinstance(column.type, sql.Double))


FUNDING_RATES = RecordKind("funding rates", FUNDING_RATE)
TRADES = RecordKind("trades", TRADE, positive=("price", "amount"))
BOOK_TOPS = RecordKind("tops of the book", BOOK_TOP, positive=("bid", "ask"), not_negative=("bid_size", "ask_size"))


def add_records(backend: Backend, kind: RecordKind, records: pd.DataFrame) -> UpsertCount:
    """Store records, each once; where one is there already, the new values win.

    Raises
    ------
    BadCandles
        If a column is missing, a number impossible, or a record is there twice with different values.
    """
    if records.empty:
        return UpsertCount(0, 0, 0)
    frame = _checked(kind, records)
    groups = frame.groupby(list(_KEYS), sort=True)
    keys = list(groups["time"].min().index)
    spans = list(zip(groups["time"].min(), groups["time"].max(), strict=True))
    with backend.writing() as connection:
        backend.lock(connection, {f"instrument {exchange}" for exchange, _ in keys})
        ids = numbers_of(connection, INSTRUMENT, keys)
        before = count_rows(connection, kind.table, ids, spans).sum()
        values = frame[list(kind.columns[len(_KEYS) :])].astype(object).where(frame.notna(), None)
        written = backend.put_rows(
            connection,
            kind.table,
            [ids[groups.ngroup().to_numpy()].tolist(), *(values[name].tolist() for name in values)],
        )
        new = int(count_rows(connection, kind.table, ids, spans).sum() - before)
    return UpsertCount(new, written - new, len(frame) - written)


def read_records(
    backend: Backend, kind: RecordKind, exchange: str, symbols: Sequence[str] | None, span: Span
) -> pd.DataFrame:
    """Records of an exchange within a span, sorted by symbol and time; empty where there are none."""
    table = kind.table
    query = sql.select(INSTRUMENT.c.instrument_id, INSTRUMENT.c.symbol).where(INSTRUMENT.c.exchange == exchange)
    with backend.reading() as connection:
        known = {str(symbol): int(number) for number, symbol in connection.execute(query)}
    wanted = known if symbols is None else {unified_symbol(symbol) for symbol in symbols}
    stored = {symbol: known[symbol] for symbol in sorted(wanted) if symbol in known}
    order = ", ".join(column.name for column in table.primary_key)
    names = ", ".join(_selected(column) for column in list(table.columns)[1:])
    tables = backend.fetch(
        [
            f"SELECT {names} FROM {table.name} WHERE instrument_id = {number} "  # noqa: S608
            f"AND time >= {span[0]} AND time < {span[1]} ORDER BY {order}"
            for number in stored.values()
        ]
    )
    return _frame(kind, exchange, list(stored), [table.to_pandas() for table in tables])


def _selected(column: "sql.Column[Any]") -> str:
    # The driver takes a column's type from its first rows, which may all be NULL.
    return f"coalesce({column.name}, '') AS {column.name}" if column.nullable else column.name


def _frame(kind: RecordKind, exchange: str, symbols: Sequence[str], answers: Sequence[pd.DataFrame]) -> pd.DataFrame:
    names = kind.columns[len(_KEYS) :]
    rows = pd.concat([pd.DataFrame(columns=list(names)), *answers]) if not answers else pd.concat(answers)
    frame = pd.DataFrame(
        {"exchange": exchange, "symbol": np.repeat(np.array(symbols, dtype=object), [len(rows) for rows in answers])}
    ).astype("str")
    for name in names:
        values = rows[name].reset_index(drop=True)
        if name in kind.texts:
            frame[name] = values.astype("str").replace("", None)
        elif name in kind.numbers:
            frame[name] = values.astype("float64")
        else:
            frame[name] = from_milliseconds(values.to_numpy(dtype=np.int64))
    return frame


def _checked(kind: RecordKind, records: pd.DataFrame) -> pd.DataFrame:
    """The records in the columns of their kind, times in milliseconds, each once."""
    optional = {column.name for column in kind.table.columns if column.nullable}
    absent = [name for name in kind.columns if name not in records and name not in optional]
    if absent:
        raise BadCandles(f"{kind.name} to store lack {', '.join(absent)}; found are {', '.join(records.columns)}.")
    frame = records.reindex(columns=list(kind.columns)).reset_index(drop=True)
    required = frame.drop(columns=list(optional))
    if required.isna().to_numpy().any():
        name = required.columns[required.isna().any()][0]
        raise BadCandles(f"Some {kind.name} to store have no {name}. Leave out those that are not whole.")
    frame = frame.assign(
        exchange=frame["exchange"].astype("str"),
        symbol=frame["symbol"].map({name: unified_symbol(name) for name in frame["symbol"].unique()}),
        time=to_milliseconds(frame["time"]),
        **{name: frame[name].astype("float64") for name in kind.numbers},
    )
    _refuse_impossible(kind, frame)
    frame = frame.drop_duplicates(ignore_index=True)
    if frame.duplicated(kind.key).any():
        raise BadCandles(f"Some {kind.name} to store are there twice with different values. Keep one of them.")
    return frame


def _refuse_impossible(kind: RecordKind, frame: pd.DataFrame) -> None:
    for name in kind.numbers:
        lowest = np.nextafter(0, 1) if name in kind.positive else 0.0 if name in kind.not_negative else -np.inf
        wrong = ~np.isfinite(frame[name]) | (frame[name] < lowest)
        if wrong.any():
            found = frame.loc[wrong, name].iloc[0]
            raise BadCandles(f"{int(wrong.sum())} {kind.name} to store have an impossible {name}, first {found}.")
