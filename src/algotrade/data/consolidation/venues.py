"""The candles of one instrument on several venues, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from algotrade.domain.candles import VALUE_COLUMNS, BoolArray, FloatArray, to_milliseconds
from algotrade.domain.timeframe import IntArray


@dataclass(frozen=True)
class Venues:
    """Aligned candles of one instrument.

    Attributes
    ----------
    names : tuple of str, length ``venues``
        In alphabetical order, so that the order of the rows cannot matter.
    open_time : ndarray of int64, shape ``(n,)``
        Every open time (ms since the epoch) at which at least one venue has a candle.
    numbers : ndarray, shape ``(venues, 8, n)``
        The value columns of a candle; NaN where a venue has none.
    """

    names: tuple[str, ...]
    open_time: IntArray
    numbers: FloatArray

    @property
    def prices(self) -> FloatArray:
        """Open, high, low and close, shape ``(venues, 4, n)``."""
        return self.numbers[:, :4]

    @property
    def volume(self) -> FloatArray:
        """Shape ``(venues, n)``."""
        return self.numbers[:, 4]

    @property
    def present(self) -> BoolArray:
        """Where a venue has a candle, shape ``(venues, n)``."""
        return ~np.isnan(self.numbers[:, 3])

    @classmethod
    def of_frame(cls, candles: pd.DataFrame) -> "Venues":
        """Venues of the valid candles of one symbol, each venue's candles unique."""
        codes, names = candles["exchange"].factorize(sort=True)
        time_ms = to_milliseconds(candles["open_time"])
        rows = [_oldest_first(np.flatnonzero(codes == venue), time_ms) for venue in range(len(names))]
        open_time = _united([time_ms[own] for own in rows])
        # A venue that has every candle needs no look-up.
        places = [
            slice(None) if len(own) == len(open_time) else np.searchsorted(open_time, time_ms[own]) for own in rows
        ]
        numbers = np.full((len(names), len(VALUE_COLUMNS), len(open_time)), np.nan)
        for column, name in enumerate(VALUE_COLUMNS):
            if name not in candles:
                continue
            values = candles[name].to_numpy(dtype=np.float64, na_value=np.nan)
            for venue, own in enumerate(rows):
                numbers[venue, column, places[venue]] = values[own]
        return cls(tuple(str(name) for name in names), open_time, numbers)


def _oldest_first(rows: IntArray, time_ms: IntArray) -> IntArray:
    times = time_ms[rows]
    return rows if (np.diff(times) > 0).all() else rows[np.argsort(times, kind="stable")]


def _united(times: Sequence[IntArray]) -> IntArray:
    """Every time that is in one of them, ascending."""
    # Several runs that ascend already: what a stable sort is good at.
    together = np.sort(np.concatenate(times), kind="stable")
    return together[np.diff(together, prepend=together[0] - 1) > 0]
