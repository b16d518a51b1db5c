"""Every database, of whatever age, comes to the one schema, and to no other."""

import threading

import pandas as pd
import pytest
import sqlalchemy as sql
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from algotrade.data.store import CandleStore, migrations
from algotrade.data.store.tables import METADATA
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import StoreError

HOUR = Timeframe("1h")


@pytest.fixture
def url(request, tmp_path, database) -> str:
    """A database without tables."""
    if database == "sqlite":
        return f"sqlite:///{tmp_path}/candles.db"
    return request.getfixturevalue({"postgresql": "postgres_url", "timescaledb": "timescale_url"}[database])


def connected(store: CandleStore):
    return store._backend.writing()


def alembic_config(connection: sql.Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", migrations.__path__[0])
    return config


def test_the_migrations_end_where_the_package_reads():
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.LATEST]


def test_the_migrated_schema_is_the_declared_one(store):
    with connected(store) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
    # Indexes that TimescaleDB keeps for itself are its own affair.
    assert [difference for difference in differences if difference[0] != "remove_index"] == []


def test_there_and_back_again(store, url, candles):
    store.upsert(candles)
    with connected(store) as connection:
        command.downgrade(alembic_config(connection), "0001")
        assert not sql.inspect(connection).has_table("trade")

    # The next use finds an older schema and brings it up to date, candles and all.
    again = CandleStore(url)
    pd.testing.assert_frame_equal(again.read("binance", HOUR), candles)
    assert again.trades("binance").empty


def test_migrating_again_changes_nothing(store, candles):
    store.upsert(candles)
    store.migrate()
    store.migrate()
    pd.testing.assert_frame_equal(store.read("binance", HOUR), candles)


def test_a_schema_of_the_future_is_left_alone(store, url):
    with connected(store) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StoreError, match=r"newer algotrade \(revision 9999; this one knows up to"):
        CandleStore(url).series()


def test_many_at_once_migrate_once(url, candles):
    stores = [CandleStore(url) for _ in range(4)]
    errors: list[Exception] = []

    def use(store: CandleStore) -> None:
        try:
            store.upsert(candles)
        except StoreError as error:
            errors.append(error)

    threads = [threading.Thread(target=use, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    pd.testing.assert_frame_equal(stores[0].read("binance", HOUR), candles)
