"""Local venues over one small market."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pandas as pd
import pytest

from algotrade.simulation.market import MarketSettings
from algotrade.simulation.venue import LocalVenue, VenueSettings, WeightLimits

NO_LIMIT = WeightLimits(weight=10**9)

Start = Callable[..., LocalVenue]


@pytest.fixture(scope="session")
def market() -> pd.DataFrame:
    """Two symbols, 4,000 minutes from midnight."""
    settings = MarketSettings(symbols=("BTC/USDT", "XRP/USDT"), timeframe="1m", start="2024-01-01", candles=4_000)
    return VenueSettings.simulated(settings).candles


@pytest.fixture
def start(market: pd.DataFrame) -> Iterator[Start]:
    """Start venues that stop with the test."""
    with ExitStack() as stack:

        def started(candles: pd.DataFrame = market, **settings: Any) -> LocalVenue:
            return stack.enter_context(LocalVenue(VenueSettings(candles, **({"limits": NO_LIMIT} | settings))))

        yield started


@pytest.fixture
def venue(start: Start) -> LocalVenue:
    """A venue that stands still at the close of its last candle."""
    return start()


@pytest.fixture
def client(venue: LocalVenue) -> Any:
    """The real ccxt class, sent to the venue."""
    return venue.ccxt_client()
