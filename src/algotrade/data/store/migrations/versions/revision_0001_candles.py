"""Series, candles and the quarantine.

Stores that are older than the migrations have these tables already.
"""

import sqlalchemy as sql
from alembic import op

revision = "0001"
down_revision = None

_REQUIRED = ("open", "high", "low", "close", "volume")
_OPTIONAL = ("quote_volume", "trades", "taker_buy_volume")
_SERIES = ("exchange", "symbol", "timeframe")


def upgrade() -> None:
    """Create the tables that are not there."""
    op.create_table(
        "series",
        sql.Column("series_id", sql.Integer, primary_key=True),
        *(sql.Column(name, sql.Text, nullable=False) for name in _SERIES),
        sql.UniqueConstraint(*_SERIES),
        if_not_exists=True,
    )
    op.create_table(
        "candle",
        sql.Column("series_id", sql.Integer, primary_key=True, autoincrement=False),
        sql.Column("open_time", sql.BigInteger, primary_key=True, autoincrement=False),
        *(sql.Column(name, sql.Double, nullable=False) for name in _REQUIRED),
        *(sql.Column(name, sql.Double) for name in _OPTIONAL),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "quarantine",
        sql.Column("digest", sql.Text, primary_key=True),
        *(sql.Column(name, sql.Text, nullable=False) for name in _SERIES),
        sql.Column("open_time", sql.BigInteger),
        *(sql.Column(name, sql.Double) for name in (*_REQUIRED, *_OPTIONAL)),
        sql.Column("origin", sql.Text, nullable=False),
        sql.Column("reason", sql.Text, nullable=False),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("quarantine", "candle", "series"):
        op.drop_table(table)
