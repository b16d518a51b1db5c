"""A fresh store on each database: SQLite, PostgreSQL, and TimescaleDB where one is named."""

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from tests.postgres import execute, new_database, postgres_server, postgres_url  # noqa: F401 - fixtures

from algotrade.data.store import CandleStore
from algotrade.data.store.tables import METADATA

TIMESCALE = "ALGOTRADE_TEST_TIMESCALE_URL"
DATABASES = ["sqlite", "postgresql", *(["timescaledb"] if os.environ.get(TIMESCALE) else [])]


@pytest.fixture
def timescale_url() -> Iterator[str]:
    """URL of an empty database with the extension."""
    server = os.environ.get(TIMESCALE)
    if not server:
        pytest.skip(f"no TimescaleDB: set {TIMESCALE} to the URL of a server on which databases may be created")
    with new_database(server) as url:
        execute(url, "CREATE EXTENSION IF NOT EXISTS timescaledb")
        yield url


@pytest.fixture(scope="session")
def migrated_url(postgres_server: str) -> Iterator[str]:  # noqa: F811
    """URL of a PostgreSQL database with the tables."""
    with new_database(postgres_server) as url:
        CandleStore(url).migrate()
        yield url


@pytest.fixture
def empty_url(migrated_url: str) -> str:
    """The same with nothing in the tables; emptying them is faster than making a database."""
    execute(migrated_url, f"TRUNCATE {', '.join(METADATA.tables)} RESTART IDENTITY")
    return migrated_url


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    return str(request.param)


@pytest.fixture
def url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """URL of a database without candles."""
    if database == "sqlite":
        return f"sqlite:///{tmp_path}/some/folder/candles.db"
    fixture = {"postgresql": "empty_url", "timescaledb": "timescale_url"}[database]
    return str(request.getfixturevalue(fixture))


@pytest.fixture
def store(url: str) -> Iterator[CandleStore]:
    return CandleStore(url)


@pytest.fixture
def candles(make_candles) -> pd.DataFrame:
    return pd.concat([make_candles("BTC/USDT"), make_candles("ETH/USDT", seed=2, rows=30)], ignore_index=True)
