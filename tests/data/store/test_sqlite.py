"""What only a file can do: be absent, be old, be something else, be locked."""

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from adbc_driver_sqlite import dbapi

from algotrade.data.store import CandleStore, UpsertCount, sqlite_reader
from algotrade.data.store.tables import CANDLE, METADATA, QUARANTINE, SERIES
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import StoreError

HOUR = Timeframe("1h")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some" / "folder" / "candles.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def test_nothing_is_touched_before_the_first_use(store, path):
    assert not path.parent.exists()
    store.series()
    assert path.exists()


def test_what_is_refused_or_empty_touches_nothing(store, path, candles):
    store.upsert(candles.head(0))
    assert not path.exists()


def test_unknown_numbers_are_null(store, candles, path):
    store.upsert(candles.drop(columns=["trades"]).assign(quote_volume=np.nan))

    with sqlite3.connect(path) as connection:
        (nulls,) = connection.execute(
            "SELECT count(*) FROM candle WHERE trades IS NULL AND quote_volume IS NULL"
        ).fetchone()
    assert nulls == 78


def test_a_store_from_before_the_migrations_is_taken_over(store, candles, path):
    path.parent.mkdir(parents=True)
    columns = ", ".join(f"{column.name}" for column in CANDLE.columns)
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "CREATE TABLE series (series_id INTEGER PRIMARY KEY, exchange TEXT, symbol TEXT, timeframe TEXT);"
            f"CREATE TABLE candle ({columns}, PRIMARY KEY (series_id, open_time)) WITHOUT ROWID;"
            f"CREATE TABLE quarantine ({', '.join(column.name for column in list(QUARANTINE.columns)[:-1])});"
            "INSERT INTO series VALUES (1, 'binance', 'BTC/USDT', '1h');"
            "INSERT INTO candle VALUES (1, 1699920000000, 1.0, 2.0, 0.5, 1.5, 3.0, NULL, NULL, NULL);"
        )

    assert store.read("binance", HOUR)["close"].tolist() == [1.5]
    assert store.upsert(candles) == UpsertCount(77, 1, 0)
    assert store.quarantine().empty
    assert {SERIES.name, *METADATA.tables} <= tables_of(path)


def test_the_capabilities_are_no_reason_for_a_notice(store):
    assert store.capabilities.database == "SQLite"
    assert store.capabilities.notice == ""
    with pytest.raises(StoreError, match="SQLite has no retention policy"):
        store.set_retention(365)


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "notes.db").write_text("these are not candles " * 100)

    with pytest.raises(StoreError, match=r"notes\.db cannot be used: file is not a database.*name another path"):
        CandleStore(f"sqlite:///{tmp_path}/notes.db").series()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match=r"file/candles\.db cannot be used"):
        CandleStore(f"sqlite:///{tmp_path}/file/candles.db").series()


def test_a_path_that_is_a_folder(tmp_path):
    with pytest.raises(StoreError, match="unable to open"):
        CandleStore(f"sqlite:///{tmp_path}").series()


def test_a_locked_database(path, store, candles):
    store.upsert(candles)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = CandleStore(f"sqlite:///{path}", lock_timeout_seconds=0.05)

    with pytest.raises(StoreError, match=r"locked.*wait for it to finish"):
        impatient.upsert(candles)
    # Readers do not wait for a writer.
    pd.testing.assert_frame_equal(impatient.read("binance", HOUR), candles)
    other.close()


@pytest.mark.parametrize("writes", [1, 3, 1_000])
def test_two_connections_that_share_a_read_see_one_state(path, store, make_candles, monkeypatch, writes):
    candles = pd.concat([make_candles(f"C{n}/USDT", rows=5, seed=n) for n in range(8)], ignore_index=True)
    store.upsert(candles.assign(volume=0.0))
    left = iter(range(writes))
    look = sqlite_reader._scalar

    def look_and_let_another_write(cursor: Any, text: str) -> int:
        answer = look(cursor, text)
        if "sqlite_master" in text and next(left, None) is not None:
            with dbapi.connect(str(path), autocommit=True) as other:
                other.cursor().execute("UPDATE candle SET volume = volume + 1")
        return answer

    monkeypatch.setattr(sqlite_reader, "_scalar", look_and_let_another_write)

    read = store.read("binance", HOUR)

    assert len(set(read["volume"])) == 1
    pd.testing.assert_frame_equal(read.drop(columns="volume"), candles.drop(columns="volume"))


def tables_of(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
