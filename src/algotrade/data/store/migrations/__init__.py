"""The steps that bring a database of any age to the schema, run by alembic.

A table is versioned here; what TimescaleDB makes of the tables is in the last revision, which does nothing
where the extension is absent and can be run again when it has come later.
"""

import logging
import threading
from pathlib import Path

import sqlalchemy as sql

from algotrade.errors import StoreError

LATEST = "0003"
"""The revision that this version of the package reads and writes."""

# Alembic keeps the migration that runs in a global variable.
_ONE_AT_A_TIME = threading.Lock()
_FOLDER = Path(__file__).parent
_KNOWN = tuple(f"{number:04d}" for number in range(1, int(LATEST) + 1))


def revision_of(connection: sql.Connection) -> str | None:
    """Revision of the database; None if it has never been migrated.

    Raises
    ------
    StoreError
        If a newer version of the package has migrated it.
    """
    if not sql.inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if revision is not None and revision not in _KNOWN:
        raise StoreError(
            f"The database has the schema of a newer algotrade (revision {revision}; this one knows up to {LATEST}). "
            "Update algotrade, or name another database."
        )
    return revision


def migrate(connection: sql.Connection) -> None:
    """Bring the database of an open transaction to the latest revision."""
    # Alembic is slow to import and needed once in the life of a database.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    with _ONE_AT_A_TIME:
        command.upgrade(config, LATEST)


def run_again(connection: sql.Connection, revision: str) -> None:
    """Run the upgrade of a revision that may be run twice, without changing the revision of the database."""
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from alembic.operations import Operations  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    script = ScriptDirectory(str(_FOLDER)).get_revision(revision)
    with Operations.context(MigrationContext.configure(connection)):
        script.module.upgrade()
