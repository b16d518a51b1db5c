"""What is stored comes back; storing again changes nothing; a failure leaves no trace."""

import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sql

from algotrade.data.schema import CandleSchema
from algotrade.data.store import CandleStore, UpsertCount
from algotrade.data.store.frames import CandleRows
from algotrade.data.store.sqlite import SqliteBackend
from algotrade.domain.candles import from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError, NoCandles, StoreError

HOUR = Timeframe("1h")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some" / "folder" / "candles.db"


@pytest.fixture
def store(path: Path) -> CandleStore:
    return CandleStore(f"sqlite:///{path}")


@pytest.fixture
def candles(make_candles) -> pd.DataFrame:
    return pd.concat([make_candles("BTC/USDT"), make_candles("ETH/USDT", seed=2, rows=30)], ignore_index=True)


class TestUpsert:
    def test_nothing_is_touched_before_the_first_use(self, store, path):
        assert not path.parent.exists()
        store.series()
        assert path.exists()

    def test_new_unchanged_and_changed_candles_are_counted(self, store, candles):
        assert store.upsert(candles) == UpsertCount(new=78, changed=0, unchanged=0)
        assert store.upsert(candles) == UpsertCount(new=0, changed=0, unchanged=78)
        later = candles.copy()
        later.loc[[3, 60], "close"] += 0.01
        later.loc[50, "trades"] = np.nan
        assert store.upsert(later) == UpsertCount(new=0, changed=3, unchanged=75)
        pd.testing.assert_frame_equal(store.read("binance", HOUR), later)

    def test_new_candles_beside_known_ones(self, store, make_candles):
        candles = make_candles(rows=100)
        store.upsert(candles.iloc[::2])

        assert store.upsert(candles) == UpsertCount(new=50, changed=0, unchanged=50)

    def test_unknown_numbers_are_null_and_equal_to_each_other(self, store, candles, path):
        bare = candles.drop(columns=["trades", "taker_buy_volume"]).assign(quote_volume=np.nan)

        assert store.upsert(bare).new == 78
        assert store.upsert(bare) == UpsertCount(0, 0, 78)
        with sqlite3.connect(path) as connection:
            (nulls,) = connection.execute(
                "SELECT count(*) FROM candle WHERE trades IS NULL AND quote_volume IS NULL"
            ).fetchone()
        assert nulls == 78

    def test_order_does_not_matter(self, store, candles):
        store.upsert(candles.sample(frac=1, random_state=4))

        pd.testing.assert_frame_equal(store.read("binance", HOUR), candles)

    def test_no_rows_are_no_work(self, store, candles, path):
        assert store.upsert(candles.head(0)) == UpsertCount(0, 0, 0)
        assert not path.exists()

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda candles: pd.concat([candles, candles.head(1)]), "there twice"),
            (lambda candles: candles.assign(volume=np.nan), "lack a price or the volume"),
            (lambda candles: candles.drop(columns="close"), "lack close"),
        ],
    )
    def test_frames_that_break_the_contract_are_refused(self, spoil, said, store, candles, path):
        with pytest.raises(BadCandles, match=said):
            store.upsert(spoil(candles))
        assert not path.exists()

    def test_a_failure_half_way_leaves_nothing(self, store, candles, monkeypatch):
        store.upsert(candles.head(10))
        put = SqliteBackend.put_candles

        def put_and_fail(self: SqliteBackend, connection: sql.Connection, *arrays: np.ndarray) -> int:
            put(self, connection, *arrays)
            raise KeyboardInterrupt

        monkeypatch.setattr(SqliteBackend, "put_candles", put_and_fail)
        with pytest.raises(KeyboardInterrupt):
            store.upsert(candles.assign(close=candles["high"]))
        monkeypatch.undo()

        pd.testing.assert_frame_equal(store.read("binance", HOUR), candles.head(10))
        assert len(store.series()) == 1

    def test_exchanges_and_timeframes_are_kept_apart(self, store, make_candles):
        store.upsert(make_candles())
        store.upsert(make_candles(timeframe="4h", seed=1))
        store.upsert(make_candles(seed=2).assign(exchange="kraken"))

        assert store.series()[["exchange", "timeframe"]].to_numpy().tolist() == [
            ["binance", "1h"],
            ["binance", "4h"],
            ["kraken", "1h"],
        ]
        pd.testing.assert_frame_equal(store.read("kraken", HOUR), make_candles(seed=2).assign(exchange="kraken"))


class TestRead:
    @pytest.fixture(autouse=True)
    def _stored(self, store, candles):
        store.upsert(candles)

    def test_what_comes_back_keeps_the_contract(self, store):
        CandleSchema.validate(store.read("binance", HOUR))

    def test_symbols_in_any_notation(self, store):
        assert store.read("binance", HOUR, ["ETHUSDT"])["symbol"].unique().tolist() == ["ETH/USDT"]

    def test_start_is_included_and_end_is_not(self, store, candles):
        times = candles["open_time"]

        read = store.read("binance", HOUR, ["BTC/USDT"], start=times[5], end=times[9])

        assert read["open_time"].tolist() == times[5:9].tolist()

    def test_a_span_without_candles_is_empty_with_the_right_columns(self, store, candles):
        read = store.read("binance", HOUR, end=pd.Timestamp("2001-01-01", tz="UTC"))

        pd.testing.assert_frame_equal(read, candles.head(0), check_index_type=False)

    def test_columns(self, store, candles):
        read = store.read("binance", HOUR, columns=["close", "trades"])

        assert list(read) == ["exchange", "symbol", "timeframe", "open_time", "close", "trades"]
        assert read["trades"].tolist() == candles["trades"].tolist()

    def test_numbers_unknown_at_first_and_known_later(self, store, make_candles):
        # The driver guesses a column's type from its first rows; here they are all NULL.
        candles = make_candles("SOL/USDT", rows=3_000)
        candles.loc[:2_000, "taker_buy_volume"] = np.nan
        store.upsert(candles)

        pd.testing.assert_frame_equal(store.read("binance", HOUR, ["SOL/USDT"]), candles)

    def test_a_series_that_is_not_there(self, store):
        with pytest.raises(
            NoCandles, match=r"no 1h candles of DOGE/USDT from binance\. Stored are: binance BTC/USDT 1h, "
        ):
            store.read("binance", HOUR, ["BTC/USDT", "DOGE/USDT"])
        with pytest.raises(NoCandles, match="no 4h candles of any symbol from binance"):
            store.read("binance", Timeframe("4h"))

    def test_an_unknown_column(self, store):
        with pytest.raises(ConfigurationError, match=r"Unknown candle columns vwap\. Known are open"):
            store.read("binance", HOUR, columns=["vwap"])

    def test_a_naive_time(self, store):
        with pytest.raises(ConfigurationError, match="no time zone"):
            store.read("binance", HOUR, start=pd.Timestamp("2024-01-01"))


def test_series_says_what_is_stored(store, candles):
    assert store.series().empty
    store.upsert(candles)

    series = store.series()

    assert list(series) == ["exchange", "symbol", "timeframe", "rows", "start", "end"]
    assert series["rows"].tolist() == [48, 30]
    assert series["start"].tolist() == [candles["open_time"].min()] * 2
    assert series["end"].tolist() == [candles["open_time"][47], candles["open_time"].iloc[-1]]


class TestQuarantine:
    @pytest.fixture
    def bad(self, candles) -> pd.DataFrame:
        rows = candles.head(3).assign(origin="file.csv", reason="low is above open or close")
        rows.loc[0, "open_time"] = pd.NaT
        rows.loc[1, "high"] = np.inf
        return rows

    def test_rows_come_back_once_however_often_they_are_filed(self, store, bad):
        assert store.quarantine().empty
        assert store.add_quarantine(bad) == 3
        assert store.add_quarantine(bad) == 0
        assert store.add_quarantine(bad.assign(reason="another")) == 3

        filed = store.quarantine()
        first = filed[filed["reason"] == "low is above open or close"].reset_index(drop=True)
        pd.testing.assert_frame_equal(first, bad, check_column_type=False)

    def test_one_frame_with_a_row_twice(self, store, bad):
        assert store.add_quarantine(pd.concat([bad, bad])) == 3

    def test_no_rows(self, store, bad):
        assert store.add_quarantine(bad.head(0)) == 0

    def test_the_dtypes_are_those_of_candles_even_if_empty(self, store, bad):
        assert store.quarantine().dtypes.to_dict() == bad.dtypes.to_dict()


class TestUnusableDatabases:
    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("candles.db", "is no database URL"),
            ("mysql://user:secret@host/db", r"does not know mysql \(mysql://user:\*\*\*@host/db\)"),
            ("sqlite://", "needs a file, not memory"),
        ],
    )
    def test_urls(self, url, said):
        with pytest.raises(StoreError, match=said):
            CandleStore(url)

    def test_a_file_that_is_no_database(self, tmp_path):
        (tmp_path / "notes.db").write_text("these are not candles " * 100)

        with pytest.raises(StoreError, match=r"notes\.db cannot be used: file is not a database.*name another path"):
            CandleStore(f"sqlite:///{tmp_path}/notes.db").series()

    def test_a_folder_that_cannot_be_made(self, tmp_path):
        (tmp_path / "file").write_text("")

        with pytest.raises(StoreError, match=r"file/candles\.db cannot be used"):
            CandleStore(f"sqlite:///{tmp_path}/file/candles.db").series()

    def test_a_path_that_is_a_folder(self, tmp_path):
        with pytest.raises(StoreError, match="unable to open"):
            CandleStore(f"sqlite:///{tmp_path}").series()

    def test_a_locked_database(self, path, store, candles):
        store.upsert(candles)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        impatient = CandleStore(f"sqlite:///{path}", lock_timeout_seconds=0.05)

        with pytest.raises(StoreError, match=r"locked.*wait for it to finish"):
            impatient.upsert(candles)
        # Readers do not wait for a writer.
        pd.testing.assert_frame_equal(impatient.read("binance", HOUR), candles)
        other.close()


def test_threads_that_write_and_read_at_once_see_whole_states(store, make_candles):
    candles = make_candles(rows=500)
    store.upsert(candles.assign(volume=0.0))
    torn: list[int] = []

    def write() -> None:
        for volume in range(1, 15):
            store.upsert(candles.assign(volume=float(volume)))

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        torn.append(store.read("binance", HOUR, columns=["volume"])["volume"].nunique() - 1)
    writer.join()

    assert torn
    assert not any(torn)
    assert store.read("binance", HOUR)["volume"].unique().tolist() == [14.0]


def test_rows_are_put_in_the_order_of_the_key(candles):
    rows = CandleRows.of_frame(candles.sample(frac=1, random_state=5))

    assert rows.keys == [("binance", "BTC/USDT", "1h"), ("binance", "ETH/USDT", "1h")]
    assert rows.bounds == [(0, 47), (48, 77)]
    assert from_milliseconds(rows.time_ms).tolist() == candles["open_time"].tolist()


def test_hundreds_of_thousands_of_candles_take_seconds(store, make_candles):
    candles = pd.concat([make_candles(f"C{i}/USDT", rows=50_000, seed=i) for i in range(6)], ignore_index=True)
    times = []
    for action in (lambda: store.upsert(candles), lambda: store.read("binance", HOUR)):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)

    # Roomy bounds of a loaded machine; a quiet one takes a fourth.
    assert times[0] < 8
    assert times[1] < 3
