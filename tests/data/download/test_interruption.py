"""A download that is killed, or whose database goes away, loses nothing that was stored, and the next one ends it."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest
from tests.data.download.conftest import (
    MINUTE,
    START,
    SYMBOLS,
    assert_stored_is_true,
    gateway_at,
    klines,
    minute,
    name_of,
    order_of,
)
from tests.postgres import WheelServer, new_database, wheel_server

from algotrade.data.download import download
from algotrade.data.store import CandleStore
from algotrade.data.store.postgres import PostgresBackend
from algotrade.domain.candles import VALUE_COLUMNS, to_milliseconds
from algotrade.errors import NoCandles, StoreUnavailable
from algotrade.simulation.market import MarketSettings
from algotrade.simulation.venue import LocalVenue, RateLimited, VenueSettings, WeightLimits

MANY = ("ADA/USDT", "BTC/USDT", "ETH/USDT", "XRP/USDT")
DOWNLOAD = """
import signal, sys
from algotrade.data.exchange.pace import Pace
from algotrade.data.download import DownloadOrder, download
from algotrade.data.store import CandleStore
from algotrade.domain.timeframe import Timeframe
import ccxt, pandas as pd

# A shell without a terminal has background jobs ignore Ctrl-C, and their children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
Pace.take = lambda self, seconds: None
order = DownloadOrder(["binance"], sys.argv[2].split(), Timeframe("1m"), start=pd.Timestamp(sys.argv[3]))
print("ready", flush=True)
print(download(CandleStore(sys.argv[1]), order), flush=True)
"""


@pytest.fixture(scope="module")
def large_venue() -> Iterator[LocalVenue]:
    """200,000 candles."""
    market = MarketSettings(symbols=MANY, timeframe="1m", start="2024-01-01", candles=50_001)
    settings = VenueSettings.simulated(market, now=minute(50_000.5), limits=WeightLimits(10**9))
    with LocalVenue(settings) as venue:
        yield venue


def start_download(venue: LocalVenue, url: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", DOWNLOAD, url, " ".join(MANY), START.isoformat()]
    environment = {**os.environ, "ALGOTRADE_EXCHANGE_URL": venue.url}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def stored_rows(store: CandleStore, venue: LocalVenue) -> int:
    """How many candles are stored, each of them as the venue has it."""
    try:
        stored = store.read(name_of(venue), MINUTE)
    except NoCandles:
        return 0
    for symbol, rows in stored.groupby("symbol"):
        truth, times = venue.closed_candles(str(symbol), "1m"), to_milliseconds(rows["open_time"])
        assert (np.diff(times) > 0).all()
        places = np.searchsorted(truth.open_time, times)
        for column in VALUE_COLUMNS:
            assert np.array_equal(rows[column].to_numpy(), getattr(truth, column)[places])
    return len(stored)


def kill_downloads(venue: LocalVenue, url: str, kills: int) -> None:
    """Kill a download of 200,000 candles so many times while it works, then let it come to its end."""
    store, rows, asked = CandleStore(url), [0], len(klines(venue))
    moments = random.Random(20240131)
    while len(rows) <= kills:
        # So many answers after its start, which is some batches, or in the middle of one.
        enough = len(klines(venue)) + moments.randint(10, 180 // kills)
        process = start_download(venue, url)
        try:
            assert process.stdout.readline() == "ready\n"
            while len(klines(venue)) < enough:
                assert process.poll() is None, "the download was over before it could be killed"
                time.sleep(0.002)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
        rows.append(stored_rows(store, venue))
        assert rows[-1] >= rows[-2]
    assert 0 < rows[-1] < 200_000

    process = start_download(venue, url)
    said = process.communicate(timeout=120)[0]

    assert process.returncode == 0
    assert f"4 series: {200_000 - rows[-1]:,} new candles, 0 changed" in said
    assert_stored_is_true(store, venue, symbols=MANY)
    # What was stored is not asked for again: a killed one loses the batches that were on their way.
    assert len(klines(venue)) - asked < 200 + kills * 40


def test_a_killed_download_goes_on_where_it_ended(large_venue, tmp_path):
    kill_downloads(large_venue, f"sqlite:///{tmp_path}/candles.db", kills=3)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_download_that_is_killed_again_and_again(large_venue, tmp_path, database):
    for number in range(5):
        if database == "sqlite":
            kill_downloads(large_venue, f"sqlite:///{tmp_path}/{number}.db", kills=6)
            continue
        with wheel_server(safe=True) as server, new_database(server.url) as url:
            kill_downloads(large_venue, url, kills=6)


@pytest.fixture(scope="module")
def server() -> Iterator[WheelServer]:
    with wheel_server() as server:
        yield server


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_database_that_goes_away_while_it_is_written(server, serve, market, monkeypatch, moment):
    """Before or after the rows of a batch were sent, and before they were committed."""
    venue = serve(market)
    write, writes = PostgresBackend.put_candles, []

    def interrupted(self, *arguments):
        writes.append(moment)
        if len(writes) == 2 and moment == "before":
            server.stop()
        written = write(self, *arguments)
        if len(writes) == 2 and moment == "after":
            server.stop()
        return written

    with new_database(server.url) as url:
        store = CandleStore(url)
        store.migrate()
        monkeypatch.setattr("algotrade.data.download.batches.BATCH_ROWS", 1_000)
        monkeypatch.setattr(PostgresBackend, "put_candles", interrupted)
        try:
            with pytest.raises(StoreUnavailable, match=r"does not answer: .*Nothing is half-written") as caught:
                download(store, order_of(workers=1), gateway_at(venue))
            assert "password" not in str(caught.value)
        finally:
            server.start()
        monkeypatch.setattr(PostgresBackend, "put_candles", write)
        store.close()
        assert len(store.read(name_of(venue), MINUTE)) == 1_000
        asked = len(klines(venue))

        report = download(store, order_of(), gateway_at(venue))

        assert_stored_is_true(store, venue)
        assert report.count.new == 7_000
        assert len(klines(venue)) - asked == 9
        store.close()


def test_ctrl_c_ends_it_at_once_and_what_was_stored_stays(serve, market, tmp_path):
    """Also while it waits as long as the exchange asked for."""
    venue = serve(market)
    venue.inject(RateLimited(retry_after_seconds=100), on="klines", after=2)
    url = f"sqlite:///{tmp_path}/candles.db"
    process = subprocess.Popen(
        [sys.executable, "-c", DOWNLOAD, url, " ".join(SYMBOLS), START.isoformat()],
        env={**os.environ, "ALGOTRADE_EXCHANGE_URL": venue.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    while len(klines(venue)) < 3:
        time.sleep(0.02)
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGINT)

    assert process.wait(60) != 0
    process.stdout.close()
