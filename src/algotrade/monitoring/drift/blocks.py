"""Windows of the reference itself: each is compared with the rest of it to learn what is usual."""

from dataclasses import dataclass

import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.monitoring.drift.settings import DriftSettings


@dataclass(frozen=True)
class Blocks:
    """Windows of contiguous time, all symbols together, in even steps over the reference.

    Nothing is shuffled, so a window is as autocorrelated, and its symbols are as correlated, as the newest window
    is. One that lies mostly in a gap is left out. The windows overlap; :attr:`independent` counts those that fit one
    after another.

    Attributes
    ----------
    bounds : ndarray of int64
        Candles at which windows, or the embargo beside them, begin or end: increasing.
    segment : ndarray of int64, shape ``(n,)``
        Segment between two bounds of each row of the reference.
    starts : ndarray of int64, shape ``(draws,)``
        First candle of each window.
    length : int
        Candles of a window.
    embargo : int
    independent : float
        Windows that fit into the reference one after another.
    """

    bounds: IntArray
    segment: IntArray
    starts: IntArray
    length: int
    embargo: int
    independent: float

    @classmethod
    def over(cls, candle: IntArray, settings: DriftSettings) -> "Blocks":
        """Windows over the rows of a reference, which must be longer than one of them."""
        length = settings.current_candles
        first, end = int(candle[0]), int(candle[-1]) + 1
        starts = np.unique(np.linspace(first, end - length, settings.draws).round().astype(np.int64))
        rows = np.searchsorted(candle, starts + length) - np.searchsorted(candle, starts)
        starts = starts[2 * rows >= np.median(rows)]
        edges = [starts, starts + length, starts - settings.embargo, starts + length + settings.embargo]
        bounds = np.unique(np.clip(np.concatenate([*edges, [first]]), first, end))
        segment = np.searchsorted(bounds, candle, side="right") - 1
        return cls(bounds, segment, starts, length, settings.embargo, (end - first) / length)

    @property
    def edges(self) -> IntArray:
        """Rows at which the segments begin and end, shape ``(segments + 1,)``."""
        return np.searchsorted(self.segment, np.arange(len(self.bounds) + 1))

    @property
    def apart(self) -> BoolArray:
        """Which windows share no candle, shape ``(draws, draws)``."""
        return np.asarray(np.abs(self.starts[:, None] - self.starts[None, :]) >= self.length)

    def sums(self, by_segment: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sums over each window, and over what lies outside of it and its embargo.

        Parameters
        ----------
        by_segment : ndarray of shape ``(segments, ...)``

        Returns
        -------
        window, rest : ndarray of shape ``(draws, ...)``
        """
        running = np.concatenate([np.zeros_like(by_segment[:1]), np.cumsum(by_segment, axis=0)])
        window = self._between(running, self.starts, self.starts + self.length)
        near = self._between(running, self.starts - self.embargo, self.starts + self.length + self.embargo)
        return window, running[-1] - near

    def by_segment(self, cell: IntArray, cells: int) -> FloatArray:
        """Rows of each segment in each cell, shape ``(segments, cells)``."""
        flat = np.bincount(self.segment * cells + cell, minlength=len(self.bounds) * cells)
        return flat.reshape(len(self.bounds), cells).astype(np.float64)

    def _between(self, running: FloatArray, start: IntArray, end: IntArray) -> FloatArray:
        low, high = (np.searchsorted(self.bounds, np.maximum(edge, self.bounds[0])) for edge in (start, end))
        last = len(running) - 1
        return np.asarray(running[np.minimum(high, last)] - running[np.minimum(low, last)])
