"""TimescaleDB in this very database: is it there, what may it do, how long does it keep candles."""

import sqlalchemy as sql

from algotrade.data.store.capabilities import OLDEST_TIMESCALEDB, Capabilities
from algotrade.errors import StoreError

_DAY_MS = 86_400_000
_CHUNK_MS = 30 * _DAY_MS
_AGGREGATES = {"candle_1h": 3_600_000, "candle_1d": _DAY_MS}
_HYPERTABLES = ("candle", "trade", "book_top")


def licence_of(connection: sql.Connection) -> str | None:
    """``timescale`` or ``apache``; None where the extension is not enabled in this database or too old.

    That a server has the extension among its files says nothing about the database.
    """
    version, licence = _extension(connection)
    if version is None or _numbers(version) < OLDEST_TIMESCALEDB:
        return None
    return licence


def capabilities_of(connection: sql.Connection) -> Capabilities:
    """What a migrated PostgreSQL database can do."""
    server = str(connection.exec_driver_sql("SHOW server_version").scalar_one()).split(maxsplit=1)[0]
    if licence_of(connection) is None:
        return Capabilities("PostgreSQL", server)
    hypertables = _names(connection, "SELECT hypertable_name FROM timescaledb_information.hypertables")
    aggregates = _names(connection, "SELECT view_name FROM timescaledb_information.continuous_aggregates")
    compressed = _names(
        connection, "SELECT hypertable_name FROM timescaledb_information.hypertables WHERE compression_enabled"
    )
    return Capabilities(
        "PostgreSQL",
        server,
        _extension(connection)[0],
        hypertables=hypertables.issuperset(_HYPERTABLES),
        columnstore=compressed.issuperset(_HYPERTABLES),
        continuous_aggregates=aggregates.issuperset(_AGGREGATES),
        retention=licence_of(connection) == "timescale",
    )


def set_retention(connection: sql.Connection, days: int | None) -> None:
    """Have TimescaleDB drop candles older than ``days``, a chunk at a time; None keeps them all.

    The aggregates keep what they have: their policies no longer look further back than the candles reach.

    Raises
    ------
    StoreError
        If the database has no TimescaleDB with retention policies.
    """
    capabilities = capabilities_of(connection)
    if not (capabilities.retention and capabilities.hypertables):
        raise StoreError(f"No retention policy can be set. {capabilities.notice}")
    connection.exec_driver_sql("SELECT remove_retention_policy('candle', if_exists => true)")
    if days is not None:
        _refuse_short(days)
        connection.exec_driver_sql(f"SELECT add_retention_policy('candle', drop_after => {days * _DAY_MS}::bigint)")
    start = "NULL" if days is None else f"{days * _DAY_MS - _CHUNK_MS}::bigint"
    for name, length_ms in _AGGREGATES.items():
        connection.exec_driver_sql(f"SELECT remove_continuous_aggregate_policy('{name}', if_exists => true)")
        connection.exec_driver_sql(
            f"SELECT add_continuous_aggregate_policy('{name}', start_offset => {start}, "
            f"end_offset => {length_ms}::bigint, schedule_interval => interval '30 minutes')"
        )


def _refuse_short(days: int) -> None:
    if days * _DAY_MS < 3 * _CHUNK_MS:
        raise StoreError(f"A retention of {days} days is too short; accepted are {3 * _CHUNK_MS // _DAY_MS} or more.")


def _extension(connection: sql.Connection) -> tuple[str | None, str | None]:
    row = connection.exec_driver_sql(
        "SELECT extversion, current_setting('timescaledb.license', true) "
        "FROM pg_extension WHERE extname = 'timescaledb'"
    ).one_or_none()
    return (str(row[0]), str(row[1])) if row is not None else (None, None)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".")[:2])


def _names(connection: sql.Connection, query: str) -> set[str]:
    return {str(name) for name in connection.exec_driver_sql(query).scalars()}
