"""``algotrade venue`` and ``algotrade stream``, each in a process of its own, as a demo has them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests
from click.testing import CliRunner
from tests.data.stream.conftest import FIRST_MS, MINUTE, MINUTE_MS, Start, minute, moment
from tests.serving import free_port

from algotrade.cli import cli
from algotrade.data.exchange.clients import URL_VARIABLE, exchange_name
from algotrade.data.store import CandleStore
from algotrade.domain.candles import VALUE_COLUMNS, to_milliseconds
from algotrade.simulation.venue import DroppedSocket, LocalVenue, MissingEvent, NoAnswer

PATIENCE_SECONDS = 60


@contextmanager
def streaming(url: str, folder: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A stream of the two symbols from that address, which is gone afterwards."""
    command = [sys.executable, "-m", "algotrade", "stream", "--symbols", "BTCUSDT,XRP/USDT", "--timeframe", "1m"]
    environment = {**os.environ, URL_VARIABLE: url, "ALGOTRADE_DATA": str(folder)}
    process = subprocess.Popen(
        [*command, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def store_in(folder: Path) -> CandleStore:
    return CandleStore(f"sqlite:///{folder / '02_intermediate' / 'candles.db'}")


def stored(folder: Path, venue: LocalVenue) -> pd.DataFrame:
    return store_in(folder).read(exchange_name("binance", venue.url), MINUTE)


def wait_for_candles(folder: Path, count: int) -> None:
    """Return when the store has so many."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if (folder / "02_intermediate").exists() and store_in(folder).series()["rows"].sum() >= count:
            return
        time.sleep(0.05)
    pytest.fail(f"the stream has not stored {count} candles")


def assert_equals_the_truth(folder: Path, venue: LocalVenue) -> None:
    """What is stored has no hole and is the venue's."""
    for symbol, rows in stored(folder, venue).groupby("symbol"):
        truth = venue.closed_candles(str(symbol), "1m")
        times = to_milliseconds(rows["open_time"])
        assert (np.diff(times) == MINUTE_MS).all()
        mine = np.searchsorted(truth.open_time, times)
        np.testing.assert_array_equal(truth.open_time[mine], times)
        for name in VALUE_COLUMNS:
            np.testing.assert_allclose(rows[name], getattr(truth, name)[mine], rtol=1e-12)


@pytest.fixture
def busy(start: Start) -> LocalVenue:
    """A venue at four minutes a second."""
    return start(now=moment(100.5), speed=240)


def test_so_many_candles_are_stored_and_the_stream_stops(busy: LocalVenue, tmp_path: Path) -> None:
    with streaming(busy.url, tmp_path, "--candles", "10") as process:
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0, output
    assert "10 candles were delivered; the stream has stopped." in output
    assert "Freshness in store: 8 candles, p50 " in output
    assert len(stored(tmp_path, busy)) == 10
    assert_equals_the_truth(tmp_path, busy)


def test_each_candle_is_stored_before_the_next_one_closes(start: Start, tmp_path: Path) -> None:
    venue = start(now=moment(101) - pd.Timedelta("1ms"))
    with streaming(venue.url, tmp_path, "--candles", "8"):
        while not len(venue._streams or ()):
            time.sleep(0.02)
        time.sleep(0.2)
        for closed in range(1, 5):
            venue.clock.set(minute(100 + closed))
            wait_for_candles(tmp_path, 2 * closed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_it_leaves_everything_whole(busy: LocalVenue, tmp_path: Path, number: int) -> None:
    busy.inject(DroppedSocket(1001), after=20, probability=0.05)
    busy.inject(MissingEvent(), probability=0.1)
    with streaming(busy.url, tmp_path) as process:
        wait_for_candles(tmp_path, 6)
        process.send_signal(number)
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0, output
    assert "candles were delivered; the stream has stopped." in output
    assert "Traceback" not in output
    assert_equals_the_truth(tmp_path, busy)


def test_an_exchange_that_does_not_answer_keeps_nobody_from_stopping(busy: LocalVenue, tmp_path: Path) -> None:
    with streaming(busy.url, tmp_path) as process:
        wait_for_candles(tmp_path, 2)
        busy.inject(NoAnswer())
        busy.drop_sockets(None)
        while not any(isinstance(fault, NoAnswer) for _, fault in busy.faults.struck()):
            time.sleep(0.02)
        process.terminate()
        output, _ = process.communicate(timeout=20)

    assert process.returncode == 0, output
    assert_equals_the_truth(tmp_path, busy)


def test_killed_and_started_again_it_goes_on_where_the_store_ends(busy: LocalVenue, tmp_path: Path) -> None:
    with streaming(busy.url, tmp_path) as process:
        wait_for_candles(tmp_path, 6)
        process.kill()
        process.wait()

    with streaming(busy.url, tmp_path, "--candles", "12") as process:
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0, output
    assert_equals_the_truth(tmp_path, busy)
    counts = stored(tmp_path, busy).groupby("symbol")["open_time"].agg(["count", "min"])
    assert ((counts["min"] - pd.Timestamp(FIRST_MS, unit="ms", tz="UTC")).dt.total_seconds() >= 6_000).all()


def test_metrics_are_shown_while_it_runs(busy: LocalVenue, tmp_path: Path) -> None:
    port = free_port()
    with streaming(busy.url, tmp_path, "--metrics-port", str(port)):
        wait_for_candles(tmp_path, 4)
        time.sleep(0.2)
        shown = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text

    figures = dict(line.rsplit(" ", 1) for line in shown.splitlines() if not line.startswith("#"))
    assert float(figures['algotrade_stream_candles_total{origin="stream"}']) >= 2
    assert float(figures['algotrade_stream_freshness_seconds_count{sink="store"}']) >= 2
    assert float(figures["algotrade_stream_connections_total"]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--symbols", "NOPE/USDT"], "Error: binance does not list NOPE/USDT"),
        (["--symbols", "BTC/USDT", "--timeframe", "7m"], "Error: binance has no 7m candles"),
        (["--symbols", "BTC/USDT", "--timeframe", "soon"], "Error: Unknown timeframe 'soon'"),
        (["--symbols", "BTC/USDT", "--exchange", "binanc"], "Error: ccxt knows no exchange 'binanc'"),
        ([], "Error: No symbols to stream. Name at least one"),
        (["--bundle", "nowhere"], "Error: nowhere holds no manifest.json"),
    ],
)
def test_mistakes_are_one_message(start: Start, tmp_path: Path, monkeypatch, arguments: list, message: str) -> None:
    monkeypatch.setenv(URL_VARIABLE, start().url)
    monkeypatch.setenv("ALGOTRADE_DATA", str(tmp_path))

    result = CliRunner().invoke(cli, ["stream", *arguments])

    assert result.exit_code == 1
    assert message in result.output
