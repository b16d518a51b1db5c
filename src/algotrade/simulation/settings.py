"""What a simulated market is made of, checked at the door."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from algotrade.domain.candles import to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import ConfigurationError

DEFAULT_SYMBOLS = (
    "BTC/USDT",
    "ETH/USDT",
    "SOL/USDT",
    "BNB/USDT",
    "XRP/USDT",
    "ADA/USDT",
    "DOGE/USDT",
    "LINK/USDT",
)
STRONGEST_SIGNAL = 0.3


@dataclass(frozen=True)
class MarketSettings:
    """A market of several instruments over one span of time, reproducible from these few values.

    Parameters
    ----------
    symbols : sequence of str
        The first one is the market leader.
    timeframe : str
    start : str
        Open time of the first candle; UTC unless it says otherwise; on the timeframe's grid.
    candles : int
        Candles of each symbol.
    seed : int
        The same settings give the same market.
    signal : float in [0, 0.3]
        Correlation of the true conditional mean with the return of the next candle; at 0 no
        direction can be predicted from anything that can be observed.

    Raises
    ------
    ConfigurationError
        If a value is not accepted; the message says which are.
    """

    symbols: tuple[str, ...] = DEFAULT_SYMBOLS
    timeframe: str = "1h"
    start: str = "2023-01-01"
    candles: int = 9_000
    seed: int = 7
    signal: float = 0.14

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbols", tuple(self.symbols))
        if not self.symbols or len(set(self.symbols)) != len(self.symbols):
            raise ConfigurationError(
                f"simulation: symbols is {list(self.symbols)!r}; accepted is at least one symbol, each only once."
            )
        _whole_number("candles", self.candles, at_least=2)
        _whole_number("seed", self.seed, at_least=0)
        if not isinstance(self.signal, int | float) or not 0 <= self.signal <= STRONGEST_SIGNAL:
            raise ConfigurationError(
                f"simulation: signal is {self.signal!r}; accepted is a correlation from 0 (nothing to find) "
                f"to {STRONGEST_SIGNAL}."
            )
        if Timeframe(self.timeframe).off_grid(np.array([self._start_ms()])).any():
            raise ConfigurationError(
                f"simulation: start {self.start!r} is not on the {self.timeframe} grid; "
                "give the open time of a candle, as in 2023-01-02."
            )

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> "MarketSettings":
        """Settings from a section of the configuration; what it leaves out keeps its default.

        Raises
        ------
        ConfigurationError
            If a key is unknown or a value is not accepted.

        >>> MarketSettings.of({"signl": 0.1})
        Traceback (most recent call last):
        algotrade.errors.ConfigurationError: simulation: unknown signl. Known are: symbols, timeframe, start, \
candles, seed, signal.
        """
        known = [field.name for field in fields(cls)]
        unknown = [key for key in parameters if key not in known]
        if unknown:
            raise ConfigurationError(f"simulation: unknown {', '.join(unknown)}. Known are: {', '.join(known)}.")
        return cls(**parameters)

    @property
    def open_time(self) -> IntArray:
        """Open times in milliseconds since the epoch, shape ``(candles,)``."""
        step = Timeframe(self.timeframe).milliseconds
        return self._start_ms() + step * np.arange(self.candles, dtype=np.int64)

    def _start_ms(self) -> int:
        try:
            start = pd.Timestamp(self.start)
        except (ValueError, TypeError) as error:
            raise ConfigurationError(
                f"simulation: start {self.start!r} is not a date; accepted is one like 2023-01-01 or 2023-01-01T12:00."
            ) from error
        aware = start.tz_localize("UTC") if start.tzinfo is None else start.tz_convert("UTC")
        return int(to_milliseconds(pd.DatetimeIndex([aware]))[0])


def _whole_number(name: str, value: object, at_least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < at_least:
        raise ConfigurationError(f"simulation: {name} is {value!r}; accepted is a whole number of at least {at_least}.")
