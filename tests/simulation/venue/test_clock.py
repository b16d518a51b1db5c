"""The venue's clock: standing still, accelerated, set, skewed."""

import time
from typing import Any

import pytest
from tests.simulation.venue.conftest import Start
from tests.simulation.venue.minutes import MINUTE_MS, minute, moment

from algotrade.errors import ConfigurationError
from algotrade.simulation.venue import LocalVenue, VenueSettings, live_market
from algotrade.simulation.venue.clock import VenueClock


def test_standing_still() -> None:
    clock = VenueClock(1_000, speed=0)

    time.sleep(0.01)
    assert clock.now() == 1_000
    clock.advance(500)
    assert clock.now() == 1_500
    clock.set(7)
    assert clock.now() == 7


@pytest.mark.parametrize("speed", [1, 60, 3_600])
def test_accelerated(speed: float) -> None:
    clock, begun = VenueClock(0, speed), time.monotonic()

    time.sleep(0.05)
    before = clock.now()
    elapsed = time.monotonic() - begun
    assert 50 * speed <= before <= elapsed * 1_000 * speed
    clock.run(0)
    held = clock.now()
    time.sleep(0.01)
    assert clock.now() == held >= before


def test_skewed() -> None:
    clock = VenueClock(1_000, speed=0, skew_ms=250)

    assert clock.now() == 1_250
    clock.skew_ms = -100
    assert clock.now() == 900
    clock.set(5_000)
    assert clock.now() == 5_000
    clock.run(0)
    assert clock.now() == 5_000


@pytest.mark.parametrize("speed", [-1, float("inf"), float("nan")])
def test_no_clock_runs_backwards(speed: float) -> None:
    with pytest.raises(ConfigurationError, match="speed"):
        VenueClock(0, speed)


def test_candles_close_by_an_accelerated_clock(start: Start) -> None:
    venue = start(now=moment(100), speed=600)
    client: Any = venue.ccxt_client()
    client.load_markets()

    seen, begun = set(), time.monotonic()
    while time.monotonic() - begun < 0.6:
        earliest = venue.clock.now() // MINUTE_MS
        *closed, _ = client.fetch_ohlcv("BTC/USDT", "1m", limit=3)
        latest = venue.clock.now() // MINUTE_MS
        assert earliest - 1 <= closed[-1][0] / MINUTE_MS <= latest - 1
        seen.add(closed[-1][0])

    assert len(seen) > 2


def test_a_skewed_venue(start: Start) -> None:
    venue = start(now=moment(100), clock_skew_ms=-5_000)

    assert venue.ccxt_client().fetch_time() == minute(100) - 5_000
    assert venue.ccxt_client().fetch_ohlcv("BTC/USDT", "1m")[-1][0] == minute(99)


def test_a_live_market_has_a_past_and_a_future() -> None:
    settings = live_market(("BTC/USDT",), history_days=0.1, days_ahead=0.05)
    venue = LocalVenue(VenueSettings.simulated(settings, now="present"))

    assert len(venue.closed_candles("BTC/USDT", "1m")) == pytest.approx(144, abs=1)
    assert len(venue.candles("BTC/USDT", "1m")) == 144 + 72
    assert venue.clock.now() == pytest.approx(time.time() * 1_000, abs=1_000)


def test_a_naive_time_is_refused(market: Any) -> None:
    with pytest.raises(ConfigurationError, match="no time zone"):
        VenueSettings(market, now=moment(1).replace(tzinfo=None))
