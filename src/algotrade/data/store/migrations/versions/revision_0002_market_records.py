"""Funding rates, trades, tops of the book, known holes, and rows released from quarantine."""

import sqlalchemy as sql
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables; mark quarantined rows that were released."""
    op.add_column("quarantine", sql.Column("released_at", sql.BigInteger))
    op.create_table(
        "hole",
        sql.Column("series_id", sql.Integer, primary_key=True, autoincrement=False),
        sql.Column("start_time", sql.BigInteger, primary_key=True, autoincrement=False),
        sql.Column("end_time", sql.BigInteger, nullable=False),
        sql.Column("reason", sql.Text, nullable=False),
        sql.Column("noticed_at", sql.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "instrument",
        sql.Column("instrument_id", sql.Integer, primary_key=True),
        sql.Column("exchange", sql.Text, nullable=False),
        sql.Column("symbol", sql.Text, nullable=False),
        sql.UniqueConstraint("exchange", "symbol"),
    )
    _create_record_table("funding_rate", sql.Column("rate", sql.Double, nullable=False))
    _create_record_table(
        "trade",
        sql.Column("trade_id", sql.Text, primary_key=True),
        sql.Column("price", sql.Double, nullable=False),
        sql.Column("amount", sql.Double, nullable=False),
        sql.Column("side", sql.Text),
    )
    sides = ("bid", "bid_size", "ask", "ask_size")
    _create_record_table("book_top", *(sql.Column(name, sql.Double, nullable=False) for name in sides))


def downgrade() -> None:
    """Drop the tables and the mark."""
    for table in ("book_top", "trade", "funding_rate", "instrument", "hole"):
        op.drop_table(table)
    op.drop_column("quarantine", "released_at")


def _create_record_table(name: str, *columns: "sql.Column[object]") -> None:
    op.create_table(
        name,
        sql.Column("instrument_id", sql.Integer, primary_key=True, autoincrement=False),
        sql.Column("time", sql.BigInteger, primary_key=True, autoincrement=False),
        *columns,
        sqlite_with_rowid=False,
    )
