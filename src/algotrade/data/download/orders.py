"""What is to be downloaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError


class Mode(StrEnum):
    """Which candles of a span are asked for.

    ``INCREMENTAL``: what is missing, at both ends and in between, from what is stored or ``start`` up to now.
    ``BACKFILL``: the same, and ``start`` has to be said.
    ``REPAIR``: what is missing between the first and the last stored candle.
    ``REFRESH``: the latest ones again, stored or not.
    """

    INCREMENTAL = "incremental"
    BACKFILL = "backfill"
    REPAIR = "repair"
    REFRESH = "refresh"


@dataclass(frozen=True)
class DownloadOrder:
    """Series to download, all of them of one timeframe.

    Parameters
    ----------
    exchanges : sequence of str
        ccxt's names.
    symbols : sequence of str
        In any notation; each is asked of every exchange that lists it.
    timeframe : Timeframe
    mode : Mode
    start, end : datetime, optional
        First open time, and the open time before which to stop; aware. By default the first stored one, and the
        newest that has closed.
    last : int, default 500
        How many of the latest candles a refresh asks for.
    force : bool, default False
        Whether known holes of the exchange are asked for once more.
    workers : int, default 4
        Series of one exchange that are downloaded at the same time.
    """

    exchanges: Sequence[str]
    symbols: Sequence[str]
    timeframe: Timeframe
    mode: Mode = Mode.INCREMENTAL
    start: datetime | None = None
    end: datetime | None = None
    last: int = 500
    force: bool = False
    workers: int = 4

    def __post_init__(self) -> None:
        if not self.exchanges:
            raise ConfigurationError("Which exchange? Name one that ccxt knows, or several, as in binance+kraken.")
        if self.mode is Mode.BACKFILL and self.start is None:
            raise ConfigurationError("A backfill needs its first day, as in start=2024-01-01.")
        if self.last < 1 or self.workers < 1:
            raise ConfigurationError(f"last is {self.last}, workers {self.workers}; accepted is 1 or more.")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ConfigurationError(f"The span ends at {self.end}, not after its start at {self.start}.")
