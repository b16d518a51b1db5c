"""The relational schema, the same on every database.

Times are milliseconds since the epoch; numbers are float8; a candle's optional numbers may be NULL.
The migrations bring a database to it (`algotrade.data.store.migrations`).
"""

import sqlalchemy as sql

from algotrade.domain.candles import OPTIONAL_COLUMNS, VALUE_COLUMNS

METADATA = sql.MetaData()


def _key(name: str, kind: type[sql.Integer] = sql.Integer) -> "sql.Column[int]":
    return sql.Column(name, kind, primary_key=True, autoincrement=False)


SERIES = sql.Table(
    "series",
    METADATA,
    sql.Column("series_id", sql.Integer, primary_key=True),
    sql.Column("exchange", sql.Text, nullable=False),
    sql.Column("symbol", sql.Text, nullable=False),
    sql.Column("timeframe", sql.Text, nullable=False),
    sql.UniqueConstraint("exchange", "symbol", "timeframe"),
)
"""What three text keys a short integer stands for: a third of the size and three times the speed."""

CANDLE = sql.Table(
    "candle",
    METADATA,
    # No foreign key: PostgreSQL would check it row by row and be half as fast. Only the store hands out numbers.
    _key("series_id"),
    _key("open_time", sql.BigInteger),
    *(sql.Column(name, sql.Double, nullable=name in OPTIONAL_COLUMNS) for name in VALUE_COLUMNS),
    # The candles lie in the order of their key: a series is read as one stretch of the file.
    sqlite_with_rowid=False,
)

QUARANTINE = sql.Table(
    "quarantine",
    METADATA,
    sql.Column("digest", sql.Text, primary_key=True),
    sql.Column("exchange", sql.Text, nullable=False),
    sql.Column("symbol", sql.Text, nullable=False),
    sql.Column("timeframe", sql.Text, nullable=False),
    sql.Column("open_time", sql.BigInteger),
    *(sql.Column(name, sql.Double) for name in VALUE_COLUMNS),
    sql.Column("origin", sql.Text, nullable=False),
    sql.Column("reason", sql.Text, nullable=False),
    sql.Column("released_at", sql.BigInteger),
    sqlite_with_rowid=False,
)
"""Rows that are no candles; the digest of a row keeps it from being filed twice."""

HOLE = sql.Table(
    "hole",
    METADATA,
    _key("series_id"),
    _key("start_time", sql.BigInteger),
    sql.Column("end_time", sql.BigInteger, nullable=False),
    sql.Column("reason", sql.Text, nullable=False),
    sql.Column("noticed_at", sql.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Spans of a series that the exchange itself does not have, so that nobody asks again and again."""

INSTRUMENT = sql.Table(
    "instrument",
    METADATA,
    sql.Column("instrument_id", sql.Integer, primary_key=True),
    sql.Column("exchange", sql.Text, nullable=False),
    sql.Column("symbol", sql.Text, nullable=False),
    sql.UniqueConstraint("exchange", "symbol"),
)

FUNDING_RATE = sql.Table(
    "funding_rate",
    METADATA,
    _key("instrument_id"),
    _key("time", sql.BigInteger),
    sql.Column("rate", sql.Double, nullable=False),
    sqlite_with_rowid=False,
)

TRADE = sql.Table(
    "trade",
    METADATA,
    _key("instrument_id"),
    _key("time", sql.BigInteger),
    sql.Column("trade_id", sql.Text, primary_key=True),
    sql.Column("price", sql.Double, nullable=False),
    sql.Column("amount", sql.Double, nullable=False),
    sql.Column("side", sql.Text),
    sqlite_with_rowid=False,
)

BOOK_TOP = sql.Table(
    "book_top",
    METADATA,
    _key("instrument_id"),
    _key("time", sql.BigInteger),
    *(sql.Column(name, sql.Double, nullable=False) for name in ("bid", "bid_size", "ask", "ask_size")),
    sqlite_with_rowid=False,
)
