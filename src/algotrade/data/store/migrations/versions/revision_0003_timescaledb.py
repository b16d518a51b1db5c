"""Hypertables, columnstore and continuous aggregates, where TimescaleDB is enabled in the database.

Everything here can be run again: the store does so when the extension was enabled after this revision.
"""

from alembic import op

from algotrade.data.store.timescale import licence_of

revision = "0003"
down_revision = "0002"

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_CHUNK_MS = 30 * _DAY_MS
# Upserts into the columnstore must decompress: keep this longer than exchanges correct their candles.
_COMPRESS_AFTER_MS = 45 * _DAY_MS
_HYPERTABLES = (
    ("candle", "open_time", "series_id"),
    ("trade", "time", "instrument_id"),
    ("book_top", "time", "instrument_id"),
)
_AGGREGATES = (("candle_1h", "candle", _HOUR_MS, "count(*)"), ("candle_1d", "candle_1h", _DAY_MS, "sum(candles)"))


def upgrade() -> None:
    """Turn the large tables into hypertables; add what the licence allows."""
    if op.get_bind().dialect.name != "postgresql":
        return
    licence = licence_of(op.get_bind())
    if licence is None:
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION algotrade_now_ms() RETURNS bigint LANGUAGE sql STABLE "
        "AS 'SELECT (extract(epoch FROM now()) * 1000)::bigint'"
    )
    for table, time, segment in _HYPERTABLES:
        op.execute(
            f"SELECT create_hypertable('{table}', by_range('{time}', {_CHUNK_MS}::bigint), "
            "if_not_exists => true, migrate_data => true, create_default_indexes => false)"
        )
        op.execute(f"SELECT set_integer_now_func('{table}', 'algotrade_now_ms', replace_if_exists => true)")
        if licence == "timescale":
            _add_columnstore(table, time, segment)
    if licence == "timescale":
        for aggregate in _AGGREGATES:
            _add_aggregate(*aggregate)


def downgrade() -> None:
    """Drop the aggregates; a hypertable stays one, it answers the same questions."""
    if op.get_bind().dialect.name == "postgresql" and licence_of(op.get_bind()) == "timescale":
        for name, *_ in reversed(_AGGREGATES):
            op.execute(f"DROP MATERIALIZED VIEW IF EXISTS {name}")


def _add_columnstore(table: str, time: str, segment: str) -> None:
    order = f"{time}, trade_id" if table == "trade" else time
    op.execute(
        f"ALTER TABLE {table} SET (timescaledb.enable_columnstore = true, "
        f"timescaledb.segmentby = '{segment}', timescaledb.orderby = '{order}')"
    )
    op.execute(f"CALL add_columnstore_policy('{table}', after => {_COMPRESS_AFTER_MS}::bigint, if_not_exists => true)")


def _add_aggregate(name: str, source: str, length_ms: int, count: str) -> None:
    sums = ", ".join(f"sum({column}) AS {column}" for column in ("quote_volume", "trades", "taker_buy_volume"))
    op.execute(
        f"CREATE MATERIALIZED VIEW IF NOT EXISTS {name} "  # noqa: S608 - names from this module
        "WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS "
        f"SELECT series_id, time_bucket({length_ms}::bigint, open_time) AS open_time, "
        "first(open, open_time) AS open, max(high) AS high, min(low) AS low, last(close, open_time) AS close, "
        f"sum(volume) AS volume, {sums}, {count} AS candles FROM {source} GROUP BY 1, 2 WITH NO DATA"
    )
    op.execute(
        f"SELECT add_continuous_aggregate_policy('{name}', start_offset => NULL, end_offset => {length_ms}::bigint, "
        "schedule_interval => interval '30 minutes', if_not_exists => true)"
    )
