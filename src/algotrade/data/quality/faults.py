"""The reasons for which a row goes to quarantine, and the checks that need no other row."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray, Timeframe

FaultArray = npt.NDArray[np.int8]

MISSING_TIME_MS = np.iinfo(np.int64).min
"""How pandas writes "no time" as an integer."""


class Fault(IntEnum):
    """Why a row is not one more candle; the earlier fault is named when a row has several."""

    NONE = 0
    COPY = -1
    NO_TIME = 1
    OFF_GRID = 2
    NOT_FINITE = 3
    NOT_POSITIVE = 4
    NEGATIVE_VOLUME = 5
    BAD_OPTIONAL = 6
    LOW_ABOVE_BODY = 7
    HIGH_BELOW_BODY = 8
    CONTRADICTED = 9
    SPIKE = 10

    @property
    def reason(self) -> str:
        """The fault in words, as the quarantine states it."""
        return _REASONS[self]


_REASONS = {
    Fault.NONE: "",
    Fault.COPY: "a copy of the row before it",
    Fault.NO_TIME: "open_time is missing",
    Fault.OFF_GRID: "open_time is not a multiple of the timeframe",
    Fault.NOT_FINITE: "a price or the volume is missing or not finite",
    Fault.NOT_POSITIVE: "a price is not positive",
    Fault.NEGATIVE_VOLUME: "the volume is negative",
    Fault.BAD_OPTIONAL: "quote_volume, trades or taker_buy_volume is negative or infinite",
    Fault.LOW_ABOVE_BODY: "low is above open or close",
    Fault.HIGH_BELOW_BODY: "high is below open or close",
    Fault.CONTRADICTED: "another row of the same origin has this open_time and other values",
    Fault.SPIKE: "the price leaves its neighbours by an order of magnitude and is back at once",
}


def fault_name(reason: str) -> str:
    """Short name of a reason, fit for a key of the metrics: ``spike``; ``other`` where it is none of ours.

    >>> fault_name("the volume is negative")
    'negative_volume'
    """
    return next((fault.name.lower() for fault, words in _REASONS.items() if words == reason), "other")


SET_ASIDE = (Fault.NONE, Fault.COPY)
"""What is not quarantined: candles, and copies of candles, of which nothing is lost."""


def row_faults(time_ms: IntArray, values: FloatArray, timeframe: Timeframe) -> FaultArray:
    """First fault of each row seen by itself, shape ``(n,)``.

    Parameters
    ----------
    time_ms : ndarray of int64, shape (n,)
        Open times, ``MISSING_TIME_MS`` where there is none.
    values : ndarray of shape (n, 8)
        The value columns of a candle in their order; the last three may be NaN.
    timeframe : Timeframe

    >>> row = [[10.0, 12.0, 9.0, 11.0, 5.0, np.nan, np.nan, np.nan]]
    >>> row_faults(np.array([3_600_001]), np.array(row), Timeframe("1h")).tolist() == [Fault.OFF_GRID]
    True
    """
    opens, highs, lows, closes, volumes = values[:, :5].T
    optional = values[:, 5:]
    # A NaN compares as false everywhere below: it is a fault only where a number is required.
    checks = {
        Fault.NO_TIME: time_ms == MISSING_TIME_MS,
        Fault.OFF_GRID: timeframe.off_grid(time_ms),
        Fault.NOT_FINITE: ~np.isfinite(values[:, :5]).all(axis=1),
        Fault.NOT_POSITIVE: (values[:, :4] <= 0).any(axis=1),
        Fault.NEGATIVE_VOLUME: volumes < 0,
        Fault.BAD_OPTIONAL: ((optional < 0) | np.isinf(optional)).any(axis=1),
        Fault.LOW_ABOVE_BODY: lows > np.minimum(opens, closes),
        Fault.HIGH_BELOW_BODY: highs < np.maximum(opens, closes),
    }
    return np.select(list(checks.values()), list(checks), default=Fault.NONE).astype(np.int8)
