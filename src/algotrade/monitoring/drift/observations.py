"""Feature rows of several symbols, their times counted in candles."""

from dataclasses import dataclass

import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Observations:
    """Feature rows sorted by time, all symbols of a time together.

    Attributes
    ----------
    candle : ndarray of int64, shape ``(n,)``
        Number of the row's candle: its open time over the timeframe. Never decreasing.
    features : ndarray of float, shape ``(n, features)``
        NaN where a feature is not defined.
    """

    candle: IntArray
    features: FloatArray

    def __len__(self) -> int:
        return len(self.candle)

    def __getitem__(self, rows: "slice | BoolArray") -> "Observations":
        return Observations(self.candle[rows], self.features[rows])

    @property
    def span(self) -> int:
        """Candles from the first to the last, gaps counted."""
        return int(self.candle[-1] - self.candle[0]) + 1 if len(self) else 0

    def between(self, first: int, last: int) -> "Observations":
        """Rows of the candles from ``first`` to ``last``, both included."""
        low, high = np.searchsorted(self.candle, [first, last + 1])
        return self[low:high]

    def newest(self, candles: int) -> "Observations":
        """Rows of the last so many candles of the time grid."""
        return self.between(int(self.candle[-1]) - candles + 1, int(self.candle[-1])) if len(self) else self

    def thinned(self, share: float) -> "Observations":
        """A share of the candles, each with all its symbols.

        Which candles are kept is a hash of their number: the same ones in every window that holds them, and of no
        hour of the day or day of the week in particular.
        """
        return self[kept(self.candle, share)]


def kept(candle: IntArray, share: float) -> BoolArray:
    """Which candles a sample of a share of them holds, shape of ``candle``.

    >>> bool(kept(np.arange(10), 1.0).all()), round(float(kept(np.arange(100_000), 0.25).mean()), 2)
    (True, 0.25)
    """
    if share >= 1.0:
        return np.ones(candle.shape, dtype=np.bool_)
    mixed = candle.astype(np.uint64) * _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((mixed ^ (mixed >> np.uint64(31))) < np.uint64(int(share * 2**64)), dtype=np.bool_)
