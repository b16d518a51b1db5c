"""Candles a second from an exchange into the store, through ccxt, and how that grows from 1 to 100 symbols.

The exchange is a local venue in a process of its own, so the figures are those of this program and of the machine it
shares with the venue. A real exchange allows fewer requests: Binance 50 pages (50,000 candles) a second.
"""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import pandas as pd
from measure import Benchmark, Figure

from algotrade.data.download import DownloadOrder, download
from algotrade.data.exchange import ExchangeGateway
from algotrade.data.exchange.clients import spot_client
from algotrade.data.store import CandleStore
from algotrade.domain.timeframe import Timeframe

MINUTE = Timeframe("1m")
START = pd.Timestamp("2024-01-01", tz="UTC")
START_MS = int(START.timestamp() * 1_000)
ROWS = 10_000
SYMBOLS = tuple(f"C{number:02d}/USDT" for number in range(100))
ROUNDS = 3
WORKERS = 4


def serve(port: Connection) -> None:
    """Run a venue of 100 symbols with the candles of one market until the other side hangs up."""
    from algotrade.simulation.market import MarketSettings
    from algotrade.simulation.venue import LocalVenue, VenueSettings, WeightLimits

    one = MarketSettings(symbols=("BTC/USDT",), timeframe="1m", start="2024-01-01", candles=ROWS + 1)
    candles = VenueSettings.simulated(one).candles
    everything = pd.concat([candles.assign(symbol=symbol) for symbol in SYMBOLS], ignore_index=True)
    now = START + pd.Timedelta(minutes=ROWS + 0.5)
    with LocalVenue(VenueSettings(everything, now=now, limits=WeightLimits(10**9))) as venue:
        client = venue.ccxt_client()
        client.load_markets()
        for symbol in SYMBOLS:
            # The venue prints a candle when it is first asked for; that is not to be measured.
            for since in range(START_MS, START_MS + ROWS * 60_000, 60_000_000):
                client.publicGetKlines(
                    {"symbol": client.market(symbol)["id"], "interval": "1m", "startTime": since, "limit": 1_000}
                )
        port.send(venue.url)
        port.recv()


@contextmanager
def venue() -> Iterator[str]:
    """Address of a venue in another process."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there,))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        process.join()


def gateway_at(url: str, *, paced: bool = False) -> Callable[[str, Callable[[float], None]], ExchangeGateway]:
    def made(exchange: str, sleep: Callable[[float], None]) -> ExchangeGateway:
        gateway = ExchangeGateway(exchange, base_url=url, sleep=sleep)
        if not paced:
            gateway._pace.take = lambda _: None
        return gateway

    return made


def median_rate(action: Callable[[], int], rounds: int = ROUNDS) -> float:
    """Median of the candles a second of some repetitions."""
    rates = []
    for _ in range(rounds):
        start = time.perf_counter()
        candles = action()
        rates.append(candles / (time.perf_counter() - start))
    return statistics.median(rates)


def measure_ccxt(bench: Benchmark, url: str) -> Figure:
    """What ccxt alone does: its own candles, page by page, kept as lists."""
    client = spot_client("binance", url)
    client.enableRateLimit = False
    client.load_markets()

    def fetched() -> int:
        rows, since = 0, START_MS
        while rows < ROWS:
            page = client.fetch_ohlcv(SYMBOLS[0], "1m", since=since, limit=1_000)
            rows, since = rows + len(page), page[-1][0] + 60_000
        return rows

    return bench.add("ccxt fetch_ohlcv, one symbol, not stored", median_rate(fetched), "candles/s")


def measure_gateway(bench: Benchmark, url: str, baseline: Figure) -> None:
    gateway = gateway_at(url)("binance", time.sleep)
    gateway.accepted(SYMBOLS[:1], MINUTE)
    rate = median_rate(lambda: len(gateway.fetch_candles(SYMBOLS[:1], MINUTE, START)))
    bench.add("gateway, one symbol, settled, not stored", rate, "candles/s", baseline)


def measure_downloads(bench: Benchmark, url: str, folder: str) -> None:
    first: Figure | None = None
    for count in (1, 2, 4, 10, 30, 100):
        order = DownloadOrder(["binance"], SYMBOLS[:count], MINUTE, start=START, workers=WORKERS)
        stores = iter(range(ROUNDS))

        def downloaded(order: DownloadOrder = order, stores: Iterator[int] = stores) -> int:
            store = CandleStore(f"sqlite:///{folder}/{len(order.symbols)}-{next(stores)}.db")
            return download(store, order, gateway_at(url)).count.new

        rate = median_rate(downloaded, ROUNDS if count < 100 else 1)
        figure = bench.add(f"download into SQLite, {count} symbols, {WORKERS} workers", rate, "candles/s", first)
        first = first or figure


def measure_nothing_new(bench: Benchmark, url: str, folder: str) -> None:
    """A run that finds everything there."""
    store = CandleStore(f"sqlite:///{folder}/100-0.db")
    order = DownloadOrder(["binance"], SYMBOLS, MINUTE, start=START, workers=WORKERS)
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        download(store, order, gateway_at(url))
        seconds.append(time.perf_counter() - start)
    bench.add("run over 100 complete series of 10,000", 1_000 * statistics.median(seconds), "ms")


def measure_pace(bench: Benchmark, url: str, folder: str) -> None:
    """The same within Binance's limits, as a user has it."""
    order = DownloadOrder(["binance"], SYMBOLS[:10], MINUTE, start=START, workers=WORKERS)

    def downloaded() -> int:
        store = CandleStore(f"sqlite:///{folder}/paced.db")
        return download(store, order, gateway_at(url, paced=True)).count.new

    rate = median_rate(downloaded, 1)
    allowed = Figure("Binance's limit of 50 pages a second", 50_000.0, "candles/s")
    bench.add("download at Binance's pace, 10 symbols", rate, "candles/s", allowed)


def main() -> None:
    bench = Benchmark("ingestion")
    with tempfile.TemporaryDirectory() as folder, venue() as url:
        baseline = measure_ccxt(bench, url)
        measure_gateway(bench, url, baseline)
        measure_downloads(bench, url, folder)
        measure_nothing_new(bench, url, folder)
        measure_pace(bench, url, folder)
    bench.write()


if __name__ == "__main__":
    main()
