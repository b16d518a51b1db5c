"""A local venue to download from, and stores to download into."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from algotrade.data.download import DownloadOrder, DownloadReport, download
from algotrade.data.exchange import ExchangeGateway, Patience
from algotrade.data.store import CandleStore
from algotrade.domain.candles import VALUE_COLUMNS, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.simulation.market import MarketSettings
from algotrade.simulation.venue import LocalVenue, VenueSettings, WeightLimits

MINUTE = Timeframe("1m")
STEP = MINUTE.milliseconds
START = pd.Timestamp("2024-01-01", tz="UTC")
START_MS = int(START.value // 10**6)
NO_LIMIT = WeightLimits(weight=10**9)
QUICK = Patience(attempts=4, first_pause_seconds=0.0, failures_until_rest=50, rest_seconds=0.1)
SYMBOLS = ("BTC/USDT", "XRP/USDT")

Serve = Callable[..., LocalVenue]
Fetch = Callable[..., DownloadReport]


def minute(count: float) -> pd.Timestamp:
    """So many minutes after the first candle."""
    return START + pd.Timedelta(minutes=count)


@pytest.fixture(scope="session")
def market() -> pd.DataFrame:
    """Two symbols, 4,000 minutes, and one more that is forming at the venue."""
    settings = MarketSettings(symbols=SYMBOLS, timeframe="1m", start="2024-01-01", candles=4_001)
    return VenueSettings.simulated(settings).candles


@pytest.fixture
def serve(market: pd.DataFrame) -> Iterator[Serve]:
    """Start venues that stop with the test."""
    with ExitStack() as stack:

        def served(candles: pd.DataFrame = market, **settings: Any) -> LocalVenue:
            chosen = {"limits": NO_LIMIT, "now": minute(4_000.5)} | settings
            return stack.enter_context(LocalVenue(VenueSettings(candles, **chosen)))

        yield served


@pytest.fixture
def venue(serve: Serve) -> LocalVenue:
    """A venue that stands still half a minute after the close of the candle before its last."""
    return serve()


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(f"sqlite:///{tmp_path}/candles.db")


@pytest.fixture
def fetch(store: CandleStore, venue: LocalVenue) -> Fetch:
    """Download from the venue into the store: ``fetch(mode=..., start=...)``."""

    def fetched(into: CandleStore = store, at: LocalVenue = venue, **order: Any) -> DownloadReport:
        return download(into, order_of(**order), gateway_at(at))

    return fetched


def order_of(**order: Any) -> DownloadOrder:
    """Order of the market's series, from its start on."""
    return DownloadOrder(**{"exchanges": ["binance"], "symbols": SYMBOLS, "timeframe": MINUTE, "start": START} | order)


def gateway_at(venue: LocalVenue, patience: Patience = QUICK) -> Callable[..., ExchangeGateway]:
    """Gateways to the venue, without its exchange's pace."""

    def made(exchange: str, sleep: Callable[[float], None]) -> ExchangeGateway:
        gateway = ExchangeGateway(exchange, base_url=venue.url, patience=patience, clock_seconds=1.0, sleep=sleep)
        gateway._pace.take = lambda interval_seconds: None
        return gateway

    return made


def name_of(venue: LocalVenue, exchange: str = "binance") -> str:
    return f"{exchange}@{venue.url.removeprefix('http://')}"


def klines(venue: LocalVenue) -> list[dict[str, str]]:
    """Queries for candles that reached the venue."""
    return [dict(request.query) for request in venue.requests if request.path.endswith("/klines")]


def assert_stored_is_true(
    store: CandleStore, venue: LocalVenue, exchange: str = "binance", symbols: tuple[str, ...] = SYMBOLS
) -> None:
    """The store holds every closed candle of the venue, once and to the digit, and no other."""
    stored = store.read(name_of(venue, exchange), MINUTE, symbols)
    for symbol in symbols:
        rows, truth = stored[stored["symbol"] == symbol], venue.closed_candles(symbol, "1m")
        assert np.array_equal(to_milliseconds(rows["open_time"]), truth.open_time), symbol
        for column in VALUE_COLUMNS:
            assert np.array_equal(rows[column].to_numpy(), getattr(truth, column)), (symbol, column)


def times_of(store: CandleStore, venue: LocalVenue, symbol: str = "BTC/USDT") -> list[int]:
    """Minutes of the stored candles."""
    times = to_milliseconds(store.read(name_of(venue), MINUTE, [symbol], columns=["close"])["open_time"])
    return ((times - START_MS) // STEP).tolist()


def known_holes(store: CandleStore, venue: LocalVenue, symbol: str = "BTC/USDT") -> list[tuple[int, int]]:
    """Remembered holes, in minutes."""
    holes = store.holes(name_of(venue), MINUTE, [symbol])
    pairs = zip(to_milliseconds(holes["start"]), to_milliseconds(holes["end"]), strict=True)
    return [(int(start - START_MS) // STEP, int(end - START_MS) // STEP) for start, end in pairs]
