"""A closed candle on its way, and the frame that sinks take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from algotrade.data.quality.faults import Fault, row_faults
from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, from_milliseconds
from algotrade.domain.timeframe import Timeframe

STREAM = "stream"
REST = "rest"


@dataclass(frozen=True)
class ClosedCandle:
    """One candle that has closed.

    Attributes
    ----------
    symbol : str
    open_time_ms : int
    numbers : tuple of float
        The value columns of a candle in their order; NaN where the exchange does not tell.
    origin : str
        ``stream`` or ``rest``: how it came.
    fault : Fault
        What is wrong with it, where the exchange insists on it.
    closed_at : float
        When it closed, as an instant of this machine's monotonic clock (seconds), as far as the exchange's clock is
        known; NaN before it is known.
    """

    symbol: str
    open_time_ms: int
    numbers: tuple[float, ...]
    origin: str
    fault: Fault = Fault.NONE
    closed_at: float = math.nan


def fault_of(open_time_ms: int, values: Sequence[float], timeframe: Timeframe) -> Fault:
    """What is wrong with a candle seen by itself."""
    faults = row_faults(np.array([open_time_ms]), np.array([values], dtype=np.float64), timeframe)
    return Fault(int(faults[0]))


def frame_of(candles: Sequence[ClosedCandle], exchange: str, timeframe: Timeframe) -> pd.DataFrame:
    """Long candle frame of candles, with the ``origin`` of each; in their order."""
    numbers = np.array([candle.numbers for candle in candles], dtype=np.float64).reshape(-1, len(VALUE_COLUMNS))
    frame = pd.DataFrame(numbers, columns=list(VALUE_COLUMNS)).assign(
        exchange=exchange,
        symbol=[candle.symbol for candle in candles],
        timeframe=timeframe.name,
        open_time=from_milliseconds([candle.open_time_ms for candle in candles]),
        origin=[candle.origin for candle in candles],
    )
    return frame[[*SERIES_COLUMNS, "open_time", *VALUE_COLUMNS, "origin"]]
