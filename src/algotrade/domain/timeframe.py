"""The length of a candle and the grid it lies on."""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from algotrade.errors import ConfigurationError

IntArray = npt.NDArray[np.int64]

_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
# The epoch was a Thursday; exchanges open their weekly candle on Monday.
_MONDAY_MS = 4 * 86_400_000
_YEAR_MS = 365.25 * 86_400_000


@dataclass(frozen=True, order=True)
class Timeframe:
    """A whole number of minutes, hours, days or weeks: ``1m``, ``4h``, ``1d``, ``1w``.

    Raises
    ------
    ConfigurationError
        If the name is not such a number.

    >>> Timeframe("4h").milliseconds
    14400000
    >>> Timeframe("1h").candles_per_year
    8766.0
    """

    name: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[1-9]\d{0,3}[mhdw]", self.name):
            raise ConfigurationError(
                f"Unknown timeframe {self.name!r}. Accepted is a number with m, h, d or w, "
                "as in 1m, 5m, 15m, 1h, 4h, 1d, 1w."
            )

    def __str__(self) -> str:
        return self.name

    @cached_property
    def milliseconds(self) -> int:
        """Length of a candle in milliseconds."""
        return int(self.name[:-1]) * _UNIT_MS[self.name[-1]]

    @property
    def candles_per_year(self) -> float:
        """Candles in 365.25 days of a market that never closes."""
        return _YEAR_MS / self.milliseconds

    @property
    def _origin(self) -> int:
        return _MONDAY_MS if self.name.endswith("w") else 0

    def off_grid(self, open_time_ms: IntArray) -> npt.NDArray[np.bool_]:
        """Tell which open times (ms since the epoch) no candle of this timeframe can have."""
        return np.asarray((open_time_ms - self._origin) % self.milliseconds != 0)

    def floor(self, time_ms: int) -> int:
        """Open time of the candle that contains ``time_ms`` (ms since the epoch).

        >>> Timeframe("1h").floor(3_600_001)
        3600000
        """
        return time_ms - (time_ms - self._origin) % self.milliseconds

    @classmethod
    def of_milliseconds(cls, milliseconds: int) -> "Timeframe":
        """Timeframe of the given length, in the largest unit that divides it.

        >>> Timeframe.of_milliseconds(7_200_000).name
        '2h'
        """
        for unit, length in reversed(_UNIT_MS.items()):
            if milliseconds >= length and milliseconds % length == 0:
                return cls(f"{milliseconds // length}{unit}")
        raise ConfigurationError(f"No timeframe is {milliseconds} ms long; the shortest is 1m (60000 ms).")
