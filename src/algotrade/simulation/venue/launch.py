"""A venue from the command line, until it is told to stop."""

import json
import re
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pandas as pd

from algotrade.data.exchange.clients import URL_VARIABLE
from algotrade.data.importers import read_folder
from algotrade.data.quality import inspect_candles
from algotrade.data.store import CandleStore
from algotrade.domain.moment import utc_moment
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError
from algotrade.simulation.settings import DEFAULT_SYMBOLS
from algotrade.simulation.venue.fault_schedule import FaultSchedule
from algotrade.simulation.venue.local import LocalVenue
from algotrade.simulation.venue.settings import VenueSettings, live_market

_HOURS_AHEAD = 6.0


@dataclass(frozen=True)
class VenueOptions:
    """What the command takes; where neither ``path`` nor ``database`` is given, the market is simulated.

    Attributes
    ----------
    symbols : str, optional
        Separated by commas, in any notation.
    timeframe : str
        Of the base candles.
    path : Path, optional
        Folder of candle files to serve.
    database : str, optional
        URL of a candle store to serve; ``exchange`` says which of its exchanges.
    now : str, optional
        The venue's time at the start: by default the present for a simulated market, else the close of the last
        candle.
    history_days, seed
        Of the simulated market.
    faults : str, optional
        JSON, or the path of a file of it: a list of planned faults.
    fault_seed : int
        Of what the faults draw.
    """

    port: int = 8080
    speed: float = 1.0
    symbols: str | None = None
    timeframe: str = "1m"
    path: Path | None = None
    database: str | None = None
    exchange: str | None = None
    now: str | None = None
    history_days: float = 7.0
    seed: int = 7
    skew_ms: int = 0
    faults: str | None = None
    fault_seed: int = 0

    def settings(self) -> VenueSettings:
        """Settings of the venue.

        Raises
        ------
        AlgotradeError
            If a value is not accepted, or there are no candles.
        """
        shared: dict[str, Any] = {
            "port": self.port,
            "speed": self.speed,
            "clock_skew_ms": self.skew_ms,
            "faults": FaultSchedule.of(_plans(self.faults), self.fault_seed),
        }
        now = utc_moment(self.now)
        candles = self._stored()
        if candles is not None:
            return VenueSettings(candles, now=now, **shared)
        market = live_market(
            self._symbols or DEFAULT_SYMBOLS,
            self.timeframe,
            history_days=self.history_days,
            days_ahead=max(1.0, self.speed * _HOURS_AHEAD / 24),
            seed=self.seed,
            now=now,
        )
        return VenueSettings.simulated(market, now="present" if now is None else now, **shared)

    @property
    def _symbols(self) -> tuple[str, ...] | None:
        return tuple(unified_symbol(name) for name in re.split(r"[,+;\s]+", self.symbols or "") if name) or None

    def _stored(self) -> pd.DataFrame | None:
        """Candles of a folder or a store; None for a simulated market."""
        timeframe = Timeframe(self.timeframe)
        if self.path is not None and self.database is not None:
            raise ConfigurationError("venue: candles come from one place. Give a path or a database, not both.")
        if self.path is not None:
            raw = read_folder(self.path, timeframe, self._symbols, self.exchange).frame
            return inspect_candles(raw, timeframe).candles
        if self.database is not None:
            if self.exchange is None:
                raise ConfigurationError("venue: which exchange of the store? Name it, as in --exchange binance.")
            return CandleStore(self.database).read(self.exchange, timeframe, self._symbols)
        return None


def launch(options: VenueOptions, say: Callable[[str], None]) -> None:
    """Run a venue until the process is interrupted or terminated.

    Raises
    ------
    AlgotradeError
        If a value is not accepted, there are no candles, or the port is taken.
    """
    stop = threading.Event()

    def stopped(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stopped)
    with LocalVenue(options.settings()) as venue:
        say(f"A local venue with {', '.join(venue.symbols)} listens at {venue.url}; Ctrl-C stops it.")
        say(f"{URL_VARIABLE}={venue.url} kedro run --params 'source=exchange,exchange=binance,...' reads from it.")
        stop.wait()
    say(f"The venue has answered {len(venue.requests)} requests and stopped.")


def _plans(text: str | None) -> object:
    """What a JSON text or file holds; no plans if there is neither."""
    if text is None:
        return []
    inline = text.lstrip().startswith(("[", "{"))
    if not inline and not Path(text).is_file():
        raise ConfigurationError(f"venue: faults {text!r} is neither JSON nor a file of it.")
    try:
        return json.loads(text if inline else Path(text).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"venue: the faults are no JSON: {error}.") from error
