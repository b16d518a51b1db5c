r"""Thresholds that hold their false-alarm rate over many statistics of autocorrelated, correlated features.

Every statistic :math:`x_j` of a window is put on one scale: how many times the usual it is, in units of how much
its measure varies around the usual,

.. math:: z_j = \frac{x_j / u_j - 1}{v_m},

with :math:`u_j` the mean of the same statistic over windows of the reference, each compared with the rest of it, and
:math:`v_m` the coefficient of variation of the measure (one for all features: estimated by feature, from as few windows
as there are, it would be the noise that decides). A report alarms when the largest of all :math:`z_j` is larger than
those of nearly all windows of the reference. The maximum carries whatever dependence there is between statistics,
features, symbols and times, so no assumption about it is made, and one bound keeps the chance that *any* statistic
alarms without cause.

A window of the reference is judged by the usual of those windows that share no candle with it, as the
newest window is: judged by its own, it would look more usual than it is.

References
----------
.. [1] Westfall, P. and Young, S. (1993). Resampling-Based Multiple Testing. Wiley. (The single-step maximum.)
.. [2] Politis, D. and Romano, J. (1994). Large sample confidence regions based on subsamples under minimal
   assumptions. Annals of Statistics 22. (Overlapping blocks of a stationary series.)
.. [3] Vovk, V., Gammerman, A. and Shafer, G. (2005). Algorithmic Learning in a Random World. Springer. (The rank of
   the newest among earlier ones as a p-value.)
"""

import math
from dataclasses import dataclass

import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import TooFewCandles
from algotrade.monitoring.drift.blocks import Blocks
from algotrade.monitoring.drift.settings import DriftSettings

_LEAST_SPREAD = 0.1
"""What never varied in the reference may vary by a tenth."""


@dataclass(frozen=True)
class Scale:
    """How the statistics are made comparable before anything is learned about them.

    Attributes
    ----------
    measure : ndarray of int, shape ``(statistics,)``
        Which of the measures each statistic is.
    power : ndarray of shape ``(statistics,)``
        What it is raised to: the root of a statistic that grows with the square of a difference.
    offset : ndarray of shape ``(statistics,)``
        A size that matters to nobody, added then: the usual is never nothing.
    """

    measure: IntArray
    power: FloatArray
    offset: FloatArray

    def apply(self, statistics: FloatArray) -> FloatArray:
        """Comparable sizes of statistics, any shape that ends in ``(statistics,)``."""
        return np.asarray(statistics**self.power + self.offset)

    def undo(self, sizes: FloatArray) -> FloatArray:
        """Statistics of comparable sizes."""
        return np.asarray(np.maximum(sizes - self.offset, 0.0) ** (1 / self.power))


@dataclass(frozen=True)
class Calibration:
    """What is usual, learned from the reference.

    Attributes
    ----------
    scale : Scale
    usual : ndarray of shape ``(statistics,)``
        Mean size of each statistic.
    spread : ndarray of shape ``(statistics,)``
        Coefficient of variation of its measure.
    extremes : ndarray of shape ``(draws,)``
        The largest ``z`` of each window of the reference.
    starts : ndarray of int64, shape ``(draws,)``
        First candle of each.
    independent : float
        Windows that fit into the reference one after another.
    level : float
    """

    scale: Scale
    usual: FloatArray
    spread: FloatArray
    extremes: FloatArray
    starts: IntArray
    independent: float
    level: float

    @classmethod
    def of(cls, drawn: FloatArray, scale: Scale, blocks: Blocks, level: float) -> "Calibration":
        """Calibration from the statistics of the windows of a reference, shape ``(draws, statistics)``."""
        sizes = scale.apply(drawn)
        usual, spread = _usual(sizes, np.ones((1, len(sizes)), dtype=np.bool_), scale.measure)
        others, spread_of_others = _usual(sizes, blocks.apart, scale.measure)
        return cls(
            scale=scale,
            usual=usual[0],
            spread=spread[0],
            extremes=((sizes / others - 1) / spread_of_others).max(axis=1),
            starts=blocks.starts,
            independent=blocks.independent,
            level=level,
        )

    @property
    def bound(self) -> float:
        """The ``z`` that no statistic exceeds but in ``level`` of all windows."""
        spared = math.floor(self.level * (len(self.extremes) + 1) - 1 + 1e-9)
        return float(np.sort(self.extremes)[::-1][spared])

    @property
    def thresholds(self) -> FloatArray:
        """What each statistic may not exceed, in its own unit."""
        return self.scale.undo((1 + self.bound * self.spread) * self.usual)

    def unusualness(self, statistics: FloatArray) -> FloatArray:
        """``z`` of the statistics of a window, any shape that ends in ``(statistics,)``."""
        return np.asarray((self.scale.apply(statistics) / self.usual - 1) / self.spread)

    def p_values(self, z: FloatArray) -> FloatArray:
        """Chance that the largest of all statistics of an unchanged market is at least ``z``, by its rank.

        At most ``level`` exactly where ``z`` exceeds :attr:`bound`. One below ``1 / independent`` says no more than
        that nothing in the reference was like it.
        """
        as_large = (self.extremes[:, None] >= z.ravel()[None, :]).sum(axis=0).reshape(z.shape)
        return np.asarray((as_large + 1) / (len(self.extremes) + 1))


def require_enough_windows(span: int, settings: DriftSettings) -> None:
    """Refuse a reference of so few windows that none of them is as rare as the level.

    Raises
    ------
    TooFewCandles
    """
    needed = math.ceil(1 / settings.level - 1 - 1e-9)
    longest = span // needed
    if settings.current_candles > longest:
        raise TooFewCandles(
            f"drift: the reference spans {span:,} candles, {span / settings.current_candles:.1f} windows of "
            f"{settings.current_candles}; an alarm at a level of {settings.level:g} takes {needed}. "
            f"Set drift.current_candles to {longest} or less, raise drift.level, or train on a longer history."
        )


def _usual(sizes: FloatArray, members: BoolArray, measure: IntArray) -> tuple[FloatArray, FloatArray]:
    """Mean size, and the variation of its measure, over the member windows of each row of ``members``."""
    weights = members / members.sum(axis=1, keepdims=True)
    mean = weights @ sizes
    variation = np.maximum(weights @ sizes**2 / mean**2 - 1, 0.0)
    pooled = [variation[:, measure == each].mean(axis=1) for each in range(int(measure.max()) + 1)]
    return mean, np.sqrt(np.stack(pooled, axis=1) + _LEAST_SPREAD**2)[:, measure]
