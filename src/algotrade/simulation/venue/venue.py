"""The venue itself, apart from how it is reached: its market, its clock, its limits and its faults."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from algotrade.simulation.venue import refusals
from algotrade.simulation.venue.clock import VenueClock
from algotrade.simulation.venue.fault_schedule import FaultDesk
from algotrade.simulation.venue.instrument import TradedInstrument
from algotrade.simulation.venue.market import VenueMarket
from algotrade.simulation.venue.query import Query
from algotrade.simulation.venue.settings import VenueSettings
from algotrade.simulation.venue.weights import RequestWeights

_REMEMBERED_REQUESTS = 100_000

Body = bytes | list[bytes]
"""What is answered: JSON, or the rows of a JSON list."""


class Request(NamedTuple):
    """A request that reached the venue."""

    path: str
    query: Mapping[str, str]


class Venue:
    """Everything a route answers from.

    Attributes
    ----------
    settings : VenueSettings
    market : VenueMarket
    clock : VenueClock
    faults : FaultDesk
    weights : RequestWeights
    requests : deque of Request
        The latest ones, oldest first; refused ones count too.
    """

    def __init__(self, settings: VenueSettings) -> None:
        self.settings = settings
        self.market = VenueMarket(settings.candles, settings.trades_per_candle)
        self.clock = VenueClock(settings.start_ms, settings.speed, settings.clock_skew_ms)
        self.faults = FaultDesk(settings.faults)
        self.weights = RequestWeights(settings.limits)
        self.requests: deque[Request] = deque(maxlen=_REMEMBERED_REQUESTS)
        self._started = time.monotonic()

    def instrument(self, name: str) -> TradedInstrument:
        """Instrument by the exchange's name.

        Raises
        ------
        Refused
            If it is not listed.
        """
        if name not in self.market:
            raise refusals.invalid_symbol()
        return self.market[name]

    def admit(self, weight: int) -> tuple[refusals.Refused | None, dict[str, str]]:
        """Count a request; why it is refused, if it is, and the headers of its answer."""
        seconds = time.monotonic() - self._started
        allowance = self.weights.spend(weight, seconds)
        headers = {"X-MBX-USED-WEIGHT": str(allowance.used), "X-MBX-USED-WEIGHT-1M": str(allowance.used)}
        if allowance.status == 200:
            return None, headers
        headers["Retry-After"] = str(allowance.retry_after_seconds)
        until = self.clock.now() + 1_000 * allowance.retry_after_seconds
        return refusals.too_many_requests(allowance.status, self.weights.limits.weight, until), headers


@dataclass(frozen=True)
class Route:
    """A path of the REST interface: what it weighs and what it answers, given the venue, the query and the time."""

    path: str
    weight: Callable[[Query], int]
    answer: Callable[[Venue, Query, int], Body]
    method: str = "GET"
