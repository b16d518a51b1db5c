"""Stretches of consecutive candles that share a property."""

from typing import NamedTuple

import numpy as np

from algotrade.domain.candles import BoolArray
from algotrade.domain.timeframe import IntArray


class Runs(NamedTuple):
    """First and last row of each run, both included."""

    first: IntArray
    last: IntArray

    @property
    def length(self) -> IntArray:
        """Rows of each run."""
        return self.last - self.first + 1

    def longer_than(self, rows: int) -> "Runs":
        """Those of more than so many rows."""
        chosen = self.length > rows
        return Runs(self.first[chosen], self.last[chosen])


def runs(marked: BoolArray, adjacent: BoolArray) -> Runs:
    """Runs of marked rows, of which each follows the one before it.

    Parameters
    ----------
    marked : ndarray of bool, shape (n,)
    adjacent : ndarray of bool, shape (n,)
        Whether a row continues the row before it: same series, next candle. The first row's is ignored.

    >>> runs(np.array([True, True, False, True, True]), np.array([True, True, True, True, False]))
    Runs(first=array([0, 3, 4]), last=array([1, 3, 4]))
    """
    continues = np.zeros(len(marked), dtype=np.bool_)
    continues[1:] = marked[1:] & marked[:-1] & adjacent[1:]
    first = np.flatnonzero(marked & ~continues)
    followed = np.append(continues[1:], False)
    return Runs(first, np.flatnonzero(marked & ~followed))
