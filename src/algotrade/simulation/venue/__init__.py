"""An exchange on this machine: Binance's Spot market data from a known market, with faults on demand."""

from algotrade.simulation.venue.fault_schedule import FaultDesk, FaultSchedule, Planned
from algotrade.simulation.venue.faults import (
    ClockSkew,
    ConnectionReset,
    CutAnswer,
    DroppedSocket,
    DuplicatedEvent,
    DuplicatedRows,
    Fault,
    JunkBody,
    LateEvent,
    MissingEvent,
    MissingRows,
    NoAnswer,
    RateLimited,
    ReorderedEvent,
    ServerError,
    ShuffledRows,
    SlowAnswer,
    TruncatedBody,
)
from algotrade.simulation.venue.local import LocalVenue
from algotrade.simulation.venue.settings import VenueSettings, live_market
from algotrade.simulation.venue.weights import WeightLimits

__all__ = [
    "ClockSkew",
    "ConnectionReset",
    "CutAnswer",
    "DroppedSocket",
    "DuplicatedEvent",
    "DuplicatedRows",
    "Fault",
    "FaultDesk",
    "FaultSchedule",
    "JunkBody",
    "LateEvent",
    "LocalVenue",
    "MissingEvent",
    "MissingRows",
    "NoAnswer",
    "Planned",
    "RateLimited",
    "ReorderedEvent",
    "ServerError",
    "ShuffledRows",
    "SlowAnswer",
    "TruncatedBody",
    "VenueSettings",
    "WeightLimits",
    "live_market",
]
