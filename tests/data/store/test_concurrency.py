"""Writers at the same time count truly; a process that is killed leaves whole states."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import pytest

from algotrade.data.store import CandleStore, UpsertCount
from algotrade.domain.candles import to_milliseconds
from algotrade.domain.timeframe import Timeframe

HOUR = Timeframe("1h")
WRITER = """
import sys
import pandas as pd
from algotrade.data.store import CandleStore

store, candles = CandleStore(sys.argv[1]), pd.read_parquet(sys.argv[2])
volume = int(sys.argv[3])
print("ready", flush=True)
while True:
    store.upsert(candles.assign(volume=float(volume)))
    print(volume, flush=True)
    volume += 1
"""


def test_writers_of_the_same_candles_count_each_once(url, make_candles):
    candles = make_candles(rows=5_000)
    CandleStore(url).migrate()
    counts: list[UpsertCount] = []
    barrier = threading.Barrier(3)

    def write() -> None:
        store = CandleStore(url)
        barrier.wait()
        counts.append(store.upsert(candles))

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(counts, UpsertCount(0, 0, 0)) == UpsertCount(5_000, 0, 10_000)


@contextmanager
def writer(url: str, parquet: str, volume: int) -> Iterator["subprocess.Popen[str]"]:
    """A process that stores the candles again and again, each time with the next volume."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, url, parquet, str(volume)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def kill_writers(url: str, candles: pd.DataFrame, parquet: str, rounds: int) -> None:
    random.seed(20240131)
    store, volume = CandleStore(url), 1
    candles.to_parquet(parquet)
    for _ in range(rounds):
        with writer(url, parquet, volume) as process:
            assert process.stdout.readline() == "ready\n"
            acknowledged = int(process.stdout.readline())
            time.sleep(random.uniform(0.0, 0.6))
            os.kill(process.pid, signal.SIGKILL)
            acknowledged = max([acknowledged, *(int(line) for line in process.stdout.read().split())])

        stored = store.read("binance", HOUR)
        # The last one may have been committed without its writer living to tell.
        assert set(stored["volume"]) in ({acknowledged}, {acknowledged + 1})
        volume = acknowledged + 2
    # A killed writer's lock dies with it.
    assert store.upsert(candles.assign(volume=float(volume))) == UpsertCount(0, len(candles), 0)
    assert store.read("binance", HOUR)["open_time"].tolist() == candles["open_time"].tolist()


def test_a_killed_writer_leaves_whole_states(url, make_candles, tmp_path):
    kill_writers(url, make_candles(rows=40_000), str(tmp_path / "candles.parquet"), rounds=2)


@pytest.mark.slow
def test_many_killed_writers_leave_whole_states(url, make_candles, tmp_path):
    kill_writers(url, make_candles(rows=250_000), str(tmp_path / "candles.parquet"), rounds=15)


def test_a_forked_child_does_not_speak_on_the_connections_of_its_parent(store, candles):
    store.upsert(candles)
    expected = to_milliseconds(store.read("binance", HOUR)["open_time"]).sum()

    child = os.fork()
    if child == 0:
        answer = to_milliseconds(store.read("binance", HOUR)["open_time"]).sum()
        os._exit(0 if answer == expected else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert to_milliseconds(store.read("binance", HOUR)["open_time"]).sum() == expected
    assert store.upsert(candles).unchanged == len(candles)
