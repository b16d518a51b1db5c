"""Where each series of a long candle frame begins and ends."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from algotrade.domain.candles import SERIES_COLUMNS, BoolArray, to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe


@dataclass(frozen=True)
class SeriesRows:
    """Valid candles of one timeframe, told apart by series.

    Attributes
    ----------
    candles : DataFrame
        Long candle frame, each series in one piece, oldest first.
    number : ndarray of int64, shape (n,)
        Number of the series of each row, from 0 without holes, ascending.
    time_ms : ndarray of int64, shape (n,)
    timeframe : Timeframe
    """

    candles: pd.DataFrame
    number: IntArray
    time_ms: IntArray
    timeframe: Timeframe

    @classmethod
    def of_frame(cls, candles: pd.DataFrame, timeframe: Timeframe) -> "SeriesRows":
        """Series of valid candles that are sorted by series and open time."""
        number = np.asarray(candles.groupby(["exchange", "symbol"], sort=False).ngroup(), dtype=np.int64)
        return cls(candles, number, to_milliseconds(candles["open_time"]), timeframe)

    @property
    def first(self) -> IntArray:
        """First row of each series."""
        return np.flatnonzero(np.diff(self.number, prepend=-1))

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """First row of each series, and the one after its last."""
        return list(pairwise([*self.first.tolist(), len(self.number)]))

    @property
    def missing_before(self) -> IntArray:
        """Candles that are missing between each row and the one before it; 0 where a series begins."""
        missing = np.zeros(len(self.number), dtype=np.int64)
        missing[1:] = np.diff(self.time_ms) // self.timeframe.milliseconds - 1
        missing[self.first] = 0
        return missing

    @property
    def follows(self) -> BoolArray:
        """Whether a row is the next candle after the row before it."""
        follows: BoolArray = self.missing_before == 0
        follows[self.first] = False
        return follows

    def keys(self, places: IntArray) -> pd.DataFrame:
        """Exchange, symbol and timeframe of the rows at these places."""
        return self.candles[list(SERIES_COLUMNS)].take(places).reset_index(drop=True)
