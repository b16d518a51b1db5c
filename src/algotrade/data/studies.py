"""The database that keeps the trials of a search: a file of SQLite, or a PostgreSQL that several machines share."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import URL
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from algotrade.errors import ConfigurationError, StoreError, StoreUnavailable

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
_SECONDS_BETWEEN_HEARTBEATS = 60
_SECONDS_OF_PATIENCE = 60
"""Before a locked file is given up."""


@contextmanager
def study_storage(url: str | None) -> Iterator[Any]:
    """Optuna's storage at this URL, made if it is not there; ``None``, which is memory, without one.

    A worker that is killed stops sending heartbeats; what it had begun is then taken over by others.

    Raises
    ------
    ConfigurationError
        If the URL is not one of SQLite or PostgreSQL.
    StoreUnavailable
        If the database does not answer, now or later. What it has is kept.
    StoreError
        If it is none, or one of another version of Optuna.
    """
    if url is None:
        yield None
        return
    parsed = _parsed(url)
    name = parsed.render_as_string(hide_password=True)
    import optuna  # noqa: PLC0415  # kept out of start-up

    try:
        storage = _opened(parsed)
        try:
            yield storage
        finally:
            storage.remove_session()
            storage.engine.dispose()
    except (OperationalError, optuna.exceptions.StorageInternalError) as error:
        raise StoreUnavailable(
            f"The database of the search, {name}, does not answer: {_reason(error)}. Trials that have ended are kept "
            "there. Start it, or name another as training.tuning.storage_url; the search goes on where it was."
        ) from error
    except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
        raise StoreError(
            f"The database of the search, {name}, cannot be used: {_reason(error)}. "
            "Name another as training.tuning.storage_url."
        ) from error


def _parsed(url: str) -> URL:
    try:
        parsed = sql.make_url(url)
    except ArgumentError as error:
        raise ConfigurationError(
            "training.tuning.storage_url is no URL of a database. Give sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST/DATABASE, or null to keep the trials in memory."
        ) from error
    kind = parsed.get_backend_name()
    if kind not in _DRIVERS:
        raise ConfigurationError(
            f"training.tuning.storage_url begins with {parsed.drivername}. Known are: {', '.join(sorted(_DRIVERS))}."
        )
    return parsed.set(drivername=_DRIVERS[kind])


def _opened(url: URL) -> Any:
    """The storage; several workers that make the same tables at once get in each other's way, and try again."""
    import optuna  # noqa: PLC0415  # kept out of start-up

    options: dict[str, Any] = {"connect_args": {"timeout": _SECONDS_OF_PATIENCE}}
    if url.get_backend_name() == "sqlite":
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    else:
        options = {"connect_args": {"connect_timeout": 10}, "pool_pre_ping": True}
    retrying = Retrying(
        retry=retry_if_exception_type((IntegrityError, ProgrammingError)),
        stop=stop_after_attempt(5),
        wait=wait_random(0.1, 0.5),
        reraise=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # heartbeats are called that
        return retrying(
            optuna.storages.RDBStorage,
            url.render_as_string(hide_password=False),
            engine_kwargs=options,
            heartbeat_interval=_SECONDS_BETWEEN_HEARTBEATS,
        )


def _reason(error: BaseException) -> str:
    while not isinstance(error, DBAPIError) and error.__cause__ is not None:
        error = error.__cause__
    said = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(said).split()) or type(said).__name__
