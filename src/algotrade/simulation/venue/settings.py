"""What a local venue is made of."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import pandas as pd

from algotrade.domain.candles import from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError
from algotrade.simulation.market import MarketSettings, simulate_market
from algotrade.simulation.settings import DEFAULT_SYMBOLS
from algotrade.simulation.venue.fault_schedule import FaultSchedule
from algotrade.simulation.venue.listing import on_exchange_grid
from algotrade.simulation.venue.market import end_of
from algotrade.simulation.venue.weights import WeightLimits


@dataclass(frozen=True, eq=False)
class VenueSettings:
    """A venue over a market that is known from its first candle to its last.

    Parameters
    ----------
    candles : DataFrame
        Long candle frame of one exchange and one timeframe; prices and volumes are served as they are, with
        eight decimals. Longer candles are made of these, shorter ones are not offered.
    now : datetime or "present", optional
        The venue's time when it starts; by default the close of the last candle. What lies after it comes as
        the venue's clock goes on.
    speed : float, default 0
        Venue seconds in a real second: 0 stands still, 1 is real time, 60 a minute in a second.
    clock_skew_ms : int, default 0
        How far the venue's clock is ahead of ``now``.
    port : int, default 0
        On 127.0.0.1; 0 takes a free one.
    limits : WeightLimits
    faults : FaultSchedule
    trades_per_candle : int, default 16
        Aggregated trades in a candle, at most.
    ping_seconds, longest_connection_seconds : float
        Of websockets: how often the venue pings, and after how long it closes the connection.
    messages_per_second : int, default 5
        How many a websocket may send before it is closed.
    """

    candles: pd.DataFrame
    now: datetime | Literal["present"] | None = None
    speed: float = 0.0
    clock_skew_ms: int = 0
    port: int = 0
    limits: WeightLimits = field(default_factory=WeightLimits)
    faults: FaultSchedule = field(default_factory=FaultSchedule)
    trades_per_candle: int = 16
    ping_seconds: float = 20.0
    longest_connection_seconds: float = 86_400.0
    messages_per_second: int = 5

    def __post_init__(self) -> None:
        if self.candles.empty:
            raise ConfigurationError("venue: there are no candles to serve. Give it at least one.")
        if isinstance(self.now, datetime) and self.now.tzinfo is None:
            raise ConfigurationError(f"venue: now {self.now} has no time zone. Give an aware time.")
        if self.trades_per_candle < 9:
            raise ConfigurationError(
                f"venue: trades_per_candle is {self.trades_per_candle}; accepted is 9 or more: fewer cannot tell "
                "every candle."
            )

    @property
    def start_ms(self) -> int:
        """Venue time of a start at this moment, without its skew."""
        if self.now is None:
            return end_of(self.candles)
        if self.now == "present":
            return time.time_ns() // 1_000_000
        return int(to_milliseconds(pd.DatetimeIndex([self.now]))[0])

    @classmethod
    def simulated(cls, market: MarketSettings | None = None, **settings: Any) -> "VenueSettings":
        """Venue over a simulated market, with prices on a tick and volumes on a lot."""
        return cls(on_exchange_grid(simulate_market(market or MarketSettings())), **settings)


def live_market(
    symbols: tuple[str, ...] = DEFAULT_SYMBOLS,
    timeframe: str = "1m",
    *,
    history_days: float = 7.0,
    days_ahead: float = 1.0,
    seed: int = 7,
    now: datetime | None = None,
) -> MarketSettings:
    """A simulated market around this moment: so many days of history, and so many still to come."""
    length = Timeframe(timeframe).milliseconds
    moment = pd.Timestamp(now) if now is not None else pd.Timestamp.now("UTC")
    running = Timeframe(timeframe).floor(int(to_milliseconds(pd.DatetimeIndex([moment]))[0]))
    past, future = (max(1, round(days * 86_400_000 / length)) for days in (history_days, days_ahead))
    start = from_milliseconds([running - past * length])[0]
    return MarketSettings(symbols, timeframe, start=start.isoformat(), candles=past + future, seed=seed)
