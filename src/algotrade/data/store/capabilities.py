"""What the database at hand can do, and what a user does without."""

from dataclasses import dataclass

OLDEST_TIMESCALEDB = (2, 20)
"""Since when columnstore, hypertables and policies are written as the migrations write them."""


@dataclass(frozen=True)
class Capabilities:
    """What the store found in its database.

    Attributes
    ----------
    database : str
        ``SQLite`` or ``PostgreSQL``.
    version : str
    timescaledb : str or None
        Version of the extension, if it is enabled in this database and recent enough.
    hypertables, columnstore, continuous_aggregates, retention : bool

    >>> Capabilities("PostgreSQL", "18.4").missing
    ('hypertables', 'columnstore compression', 'continuous aggregates', 'a retention policy')
    >>> Capabilities("SQLite", "3.40.1").notice
    ''
    """

    database: str
    version: str
    timescaledb: str | None = None
    hypertables: bool = False
    columnstore: bool = False
    continuous_aggregates: bool = False
    retention: bool = False

    @property
    def missing(self) -> tuple[str, ...]:
        """What TimescaleDB would add, in words."""
        parts = {
            "hypertables": self.hypertables,
            "columnstore compression": self.columnstore,
            "continuous aggregates": self.continuous_aggregates,
            "a retention policy": self.retention,
        }
        return tuple(name for name, there in parts.items() if not there)

    @property
    def notice(self) -> str:
        """One sentence for a server that lacks something, empty where all is well."""
        if self.database == "SQLite" or not self.missing:
            return ""
        oldest = ".".join(map(str, OLDEST_TIMESCALEDB))
        what = (
            f"TimescaleDB {self.timescaledb}" if self.timescaledb else f"PostgreSQL {self.version} without TimescaleDB"
        )
        return (
            f"The candle store is on {what}: it does everything, but lacks {', '.join(self.missing)}. "
            f"For these enable TimescaleDB {oldest} or newer with the Timescale licence in this database "
            "(CREATE EXTENSION timescaledb) and call CandleStore.migrate()."
        )
