"""Local venues, and streams from them."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pytest

from algotrade.data.stream import CandleStream, ClosedCandle, RestCandles, StreamSettings
from algotrade.domain.candles import VALUE_COLUMNS
from algotrade.domain.timeframe import Timeframe
from algotrade.simulation.market import MarketSettings
from algotrade.simulation.venue import LocalVenue, VenueSettings, WeightLimits

T = TypeVar("T")

MINUTE = Timeframe("1m")
MINUTE_MS = 60_000
FIRST_MS = int(pd.Timestamp("2024-01-01", tz="UTC").value // 10**6)
SYMBOLS = ("BTC/USDT", "XRP/USDT")
HASTY = StreamSettings(grace_seconds=0.1, settle_seconds=0.05, silence_seconds=1.0, longest_pause_seconds=0.5)

Start = Callable[..., LocalVenue]


def minute(count: float) -> int:
    """So many minutes after the first candle, ms since the epoch."""
    return FIRST_MS + round(count * MINUTE_MS)


def moment(count: float) -> pd.Timestamp:
    """The same as an aware time."""
    return pd.Timestamp(minute(count), unit="ms", tz="UTC")


def run(test: Awaitable[T], seconds: float = 30) -> T:
    """Result of a test's coroutine, which has to come in time."""

    async def bounded() -> T:
        return await asyncio.wait_for(test, seconds)

    return asyncio.run(bounded())


def stream_from(venue: LocalVenue, settings: StreamSettings = HASTY, **options: Any) -> CandleStream:
    """A stream of the two symbols through the real ccxt and ccxt.pro classes."""
    rest = RestCandles.of("binance", MINUTE, venue.ccxt_client())
    chosen = {"symbols": SYMBOLS, "make_client": venue.ccxt_pro_client, "rest": rest} | options
    return CandleStream("binance", timeframe=MINUTE, settings=settings, **chosen)


async def take(stream: CandleStream, count: int) -> list[ClosedCandle]:
    """The next candles of a stream, until there are so many of each symbol."""
    taken: list[ClosedCandle] = []
    counts: Counter[str] = Counter()
    while min(counts[symbol] for symbol in stream.symbols) < count:
        taken.append(await anext(stream))
        counts[taken[-1].symbol] += 1
    return taken


def assert_true(candles: list[ClosedCandle], venue: LocalVenue, first: int, count: int) -> None:
    """Each symbol's candles are exactly the venue's, each once, in order."""
    for symbol in venue.symbols:
        mine = [candle for candle in candles if candle.symbol == symbol][:count]
        truth = venue.candles(symbol, "1m")
        start = int(np.searchsorted(truth.open_time, minute(first)))
        assert [(candle.open_time_ms - FIRST_MS) // MINUTE_MS for candle in mine] == [
            (time - FIRST_MS) // MINUTE_MS for time in truth.open_time[start : start + count]
        ]
        values = np.array([candle.numbers for candle in mine])
        expected = np.column_stack([getattr(truth, name)[start : start + count] for name in VALUE_COLUMNS])
        np.testing.assert_allclose(values, expected, rtol=1e-12)


@pytest.fixture(scope="session")
def live_market_candles() -> pd.DataFrame:
    """Two symbols, 1,500 minutes from midnight."""
    settings = MarketSettings(symbols=SYMBOLS, timeframe="1m", start="2024-01-01", candles=1_500)
    return VenueSettings.simulated(settings).candles


@pytest.fixture
def start(live_market_candles: pd.DataFrame) -> Iterator[Start]:
    """Start venues at minute 100, standing still, that stop with the test."""
    with ExitStack() as stack:

        def started(candles: pd.DataFrame = live_market_candles, **settings: Any) -> LocalVenue:
            defaults = {"limits": WeightLimits(weight=10**9), "now": moment(100)}
            return stack.enter_context(LocalVenue(VenueSettings(candles, **(defaults | settings))))

        yield started


@pytest.fixture
def venue(start: Start) -> LocalVenue:
    """A venue that stands still at minute 100, with a future ahead."""
    return start()
