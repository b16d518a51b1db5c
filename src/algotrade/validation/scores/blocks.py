"""Time cut into stretches that are nearly independent, and drawn again with replacement."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray, to_milliseconds
from algotrade.domain.timeframe import IntArray

DRAWS = 1_000
"""Resamplings behind an interval: enough for a standard error that is right to two or three per cent."""
FEWEST_BLOCKS = 8
"""With fewer nearly independent stretches no interval is given."""

_LABELS_PER_BLOCK = 10
_WANTED_BLOCKS = 12
_CELLS_PER_BLOCK = 10
_MOST_CELLS = 1_500


@dataclass(frozen=True)
class TimeBlocks:
    """Stretches of time of one length, ten labels long, fewer where that leaves less than twelve, never less than one.

    Labels of neighbouring rows share price moves and so do the symbols of one moment: rows are not independent,
    stretches of time that are longer than a label nearly are. How long a label is, is read off ``known_at``.

    Attributes
    ----------
    open_time : ndarray of int64, shape ``(n,)``
        Of each row, milliseconds since the epoch.
    length : int
        Of a block, milliseconds.
    """

    open_time: IntArray
    length: int

    @classmethod
    def of(cls, predictions: pd.DataFrame) -> "TimeBlocks":
        """Blocks for the rows of a frame with ``open_time`` and ``known_at``."""
        return cls.of_times(to_milliseconds(predictions["open_time"]), to_milliseconds(predictions["known_at"]))

    @classmethod
    def of_times(cls, open_time: IntArray, known_at: IntArray) -> "TimeBlocks":
        """Blocks for rows of these times, milliseconds since the epoch, shape ``(n,)`` each."""
        if len(open_time) == 0:
            return cls(open_time, 1)
        label = max(int((known_at - open_time).max()), 1)
        span = int(np.ptp(open_time)) + 1
        return cls(open_time, label * min(max(span // (label * _WANTED_BLOCKS), 1), _LABELS_PER_BLOCK))

    @cached_property
    def block_of(self) -> IntArray:
        """Block of each row, shape ``(n,)``."""
        return self._stretch_of(self.length)

    @cached_property
    def count(self) -> int:
        """Blocks that hold a row."""
        return len(np.unique(self.block_of))

    def resampled(self, draws: int = DRAWS, seed: int = 0) -> "Resampling":
        """Draws of as many moments as there are, in runs of a block's length that may begin in any of its cells."""
        if len(self.open_time) == 0:
            return Resampling(np.zeros(0, dtype=np.int64), np.ones((draws, 1)), 0)
        blocks = int(np.ptp(self.open_time)) // self.length + 1
        per_block = int(np.clip(_MOST_CELLS // blocks, 1, _CELLS_PER_BLOCK))
        cell_of = self._stretch_of(-(-self.length // per_block))
        counts = _circular_block_counts(int(cell_of.max()) + 1, per_block, draws, seed)
        return Resampling(cell_of, counts, self.count)

    def _stretch_of(self, length: int) -> IntArray:
        start = self.open_time.min() if len(self.open_time) else 0
        return np.asarray((self.open_time - start) // length, dtype=np.int64)


@dataclass(frozen=True)
class Resampling:
    """How often each draw of the circular block bootstrap holds each cell, the finest stretch of time it moves.

    All rows of a cell, so all symbols of a moment, stay together.

    Attributes
    ----------
    cell_of : ndarray of int64, shape ``(n,)``
        Cell of each row.
    counts : ndarray of float64, shape ``(draws, cells)``
    blocks : int
        Nearly independent stretches of time that hold a row.

    References
    ----------
    .. [1] Politis, D. and Romano, J. (1992). A circular block-resampling procedure for stationary data.
    .. [2] Lahiri, S. (1999). Theoretical comparisons of block bootstrap methods. Annals of Statistics 27.
    """

    cell_of: IntArray
    counts: FloatArray
    blocks: int

    def cell_sums(self, values: FloatArray) -> FloatArray:
        """Sums over the rows of each cell, shape ``(cells,)``, of ``values`` of shape ``(n,)``."""
        return np.bincount(self.cell_of, weights=values, minlength=self.counts.shape[1]).astype(np.float64, copy=False)

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over the rows of each draw, shape ``(draws,)`` or ``(draws, m)``, of ``(n,)`` or ``(n, m)`` values."""
        if values.ndim == 1:
            return np.asarray(self.counts @ self.cell_sums(values))
        return np.asarray(self.counts @ np.stack([self.cell_sums(column) for column in values.T], axis=1))

    def means(self, values: FloatArray) -> FloatArray:
        """Mean over the rows of each draw, shape ``(draws,)``; NaN where a draw holds no row."""
        return ratio(self.sums(values), self.sums(np.ones(len(values))))


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient, NaN where the denominator is zero or unknown."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(above), np.nan), where=np.nan_to_num(below) > 0))


def _circular_block_counts(cells: int, run: int, draws: int, seed: int) -> FloatArray:
    """How often each cell is in each draw, shape ``(draws, cells)``; every draw holds ``cells`` of them."""
    run = min(run, cells)
    starts = np.random.default_rng(seed).integers(0, cells, (draws, -(-cells // run)))
    ends = starts + run
    ends[:, -1] -= starts.shape[1] * run - cells
    rows = np.arange(draws)[:, None]
    edges = np.zeros((draws, cells + run + 1))
    np.add.at(edges, (rows, starts), 1.0)
    np.add.at(edges, (rows, ends), -1.0)
    covered = np.cumsum(edges, axis=1)
    counts = covered[:, :cells]
    # What runs beyond the end goes on at the beginning.
    counts[:, : run + 1] += covered[:, cells : cells + run + 1][:, : counts.shape[1]]
    return counts
