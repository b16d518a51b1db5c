"""What is stored comes back; storing again changes nothing; a failure leaves no trace."""

import threading

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sql

from algotrade.data.schema import CandleSchema
from algotrade.data.store import CandleStore, UpsertCount
from algotrade.data.store.frames import CandleRows
from algotrade.domain.candles import from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError, NoCandles, StoreError

HOUR = Timeframe("1h")


class TestUpsert:
    def test_new_unchanged_and_changed_candles_are_counted(self, store, candles):
        assert store.upsert(candles) == UpsertCount(new=78, changed=0, unchanged=0)
        assert store.upsert(candles) == UpsertCount(new=0, changed=0, unchanged=78)
        later = candles.copy()
        later.loc[[3, 60], "close"] += 0.01
        later.loc[50, "trades"] = 7.0
        assert store.upsert(later) == UpsertCount(new=0, changed=3, unchanged=75)
        pd.testing.assert_frame_equal(store.read("binance", HOUR), later)

    def test_new_candles_beside_known_ones(self, store, make_candles):
        candles = make_candles(rows=100)
        store.upsert(candles.iloc[::2])

        assert store.upsert(candles) == UpsertCount(new=50, changed=0, unchanged=50)

    def test_unknown_numbers_come_back_as_such_and_are_equal_to_each_other(self, store, candles):
        bare = candles.drop(columns=["trades", "taker_buy_volume"]).assign(quote_volume=np.nan)

        assert store.upsert(bare).new == 78
        assert store.upsert(bare) == UpsertCount(0, 0, 78)
        assert store.read("binance", HOUR)[["quote_volume", "trades", "taker_buy_volume"]].isna().all(axis=None)

    def test_a_known_number_stays_known(self, store, candles):
        patchy = candles.copy()
        patchy.loc[::3, "trades"] = np.nan
        patchy.loc[1::5, ["quote_volume", "taker_buy_volume"]] = np.nan
        store.upsert(candles)

        assert store.upsert(patchy) == UpsertCount(0, 0, 78)
        assert store.upsert(patchy.assign(close=patchy["high"])) == UpsertCount(0, 78, 0)
        pd.testing.assert_frame_equal(store.read("binance", HOUR), candles.assign(close=candles["high"]))

    def test_an_unknown_number_becomes_known(self, store, candles):
        patchy = candles.copy()
        patchy.loc[::3, "trades"] = np.nan
        store.upsert(patchy)
        pd.testing.assert_frame_equal(store.read("binance", HOUR), patchy)

        assert store.upsert(candles) == UpsertCount(0, 26, 52)
        pd.testing.assert_frame_equal(store.read("binance", HOUR), candles)

    def test_thousands_of_candles_that_are_partly_known(self, store, make_candles):
        candles = make_candles(rows=9_000)
        candles.loc[::7, "trades"] = np.nan
        store.upsert(candles.iloc[::2])
        later = candles.assign(close=candles["close"].where(candles.index % 10 > 0, candles["high"]))
        changed = int((later["close"] != candles["close"])[::2].sum())

        assert store.upsert(later) == UpsertCount(4_500, changed, 4_500 - changed)
        pd.testing.assert_frame_equal(store.read("binance", HOUR), later)

    def test_order_does_not_matter(self, store, candles):
        store.upsert(candles.sample(frac=1, random_state=4))

        pd.testing.assert_frame_equal(store.read("binance", HOUR), candles)

    def test_no_rows_are_no_work(self, store, candles):
        assert store.upsert(candles.head(0)) == UpsertCount(0, 0, 0)

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda candles: pd.concat([candles, candles.head(1)]), "there twice"),
            (lambda candles: candles.assign(volume=np.nan), "lack a price or the volume"),
            (lambda candles: candles.drop(columns="close"), "lack close"),
        ],
    )
    def test_frames_that_break_the_contract_are_refused(self, spoil, said, store, candles):
        with pytest.raises(BadCandles, match=said):
            store.upsert(spoil(candles))
        assert store.series().empty

    def test_a_failure_half_way_leaves_nothing(self, store, candles, monkeypatch):
        store.upsert(candles.head(10))
        backend = type(store._backend)
        put = backend.put_candles

        def put_and_fail(self, connection: sql.Connection, *arrays: object) -> int:
            put(self, connection, *arrays)
            raise KeyboardInterrupt

        monkeypatch.setattr(backend, "put_candles", put_and_fail)
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


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("candles.db", "is no database URL"),
        ("who:secret@host", r"'\*\*\*@host' is no database URL"),
        ("mysql://user:secret@host/db", r"does not know mysql \(mysql://user:\*\*\*@host/db\)"),
        ("sqlite://", "needs a file, not memory"),
    ],
)
def test_urls_that_are_refused(url, said):
    with pytest.raises(StoreError, match=said):
        CandleStore(url)


def test_threads_that_write_and_read_at_once_see_whole_states(store, make_candles):
    candles = pd.concat([make_candles(f"C{n}/USDT", rows=60, seed=n) for n in range(8)], ignore_index=True)
    store.upsert(candles.assign(volume=0.0))
    states: list[set[float]] = []

    def write() -> None:
        for volume in range(1, 25):
            store.upsert(candles.assign(volume=float(volume)))

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        states.append(set(store.read("binance", HOUR, columns=["volume"])["volume"]))
    writer.join()

    assert len(states) > 3
    assert {len(state) for state in states} == {1}
    assert set(store.read("binance", HOUR)["volume"]) == {24.0}


def test_rows_are_put_in_the_order_of_the_key(candles):
    rows = CandleRows.of_frame(candles.sample(frac=1, random_state=5))

    assert rows.keys == [("binance", "BTC/USDT", "1h"), ("binance", "ETH/USDT", "1h")]
    assert rows.bounds == [(0, 47), (48, 77)]
    assert from_milliseconds(rows.time_ms).tolist() == candles["open_time"].tolist()


def test_hundreds_of_thousands_of_candles(store, make_candles):
    candles = pd.concat([make_candles(f"C{i}/USDT", rows=50_000, seed=i) for i in range(6)], ignore_index=True)
    assert store.upsert(candles).new == 300_000
    assert len(store.read("binance", HOUR)) == 300_000
