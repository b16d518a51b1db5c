"""One feature's distribution as counts between the quantiles of its reference.

Everything that compares two distributions of one feature is computed from such counts, for the newest window
and for all windows of the reference alike: once counted, comparing costs nothing.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray

CELLS = 200
"""Quantiles of the reference at which distributions are compared: differences below half a percent are not seen."""
_UNSEEN = 0.001
"""Share by which every bin of the stability index is taken to be fuller than it is, so that none is empty."""
_FURTHEST_SCORE = 3.0


@dataclass(frozen=True)
class Grid:
    """The quantiles of one feature in the reference, and how its values are counted between them.

    Cell ``k`` holds the values in ``(edges[k - 1], edges[k]]``; the first and the last cell are open. A value that
    makes up more than a quantile has a cell of its own, so a constant has three: below, there and above.

    Attributes
    ----------
    edges : ndarray of shape ``(cells - 1,)``
        Increasing; empty for a feature without a value.
    bins : ndarray of int, shape ``(cells,)``
        Bin of the stability index that each cell belongs to.
    scale : float
        Standard deviation in the reference; 1 for a constant.
    """

    edges: FloatArray
    bins: IntArray
    scale: float

    @classmethod
    def of(cls, values: FloatArray, bins: int) -> "Grid":
        """Grid of a feature from its values in the reference, NaN left out."""
        finite = values[np.isfinite(values)]
        if not len(finite):
            return cls(np.empty(0), np.zeros(1, dtype=np.int64), 1.0)
        quantiles = np.quantile(finite, np.linspace(0.0, 1.0, CELLS + 1))
        atoms = np.unique(quantiles[1:][np.diff(quantiles) == 0])
        alone = np.concatenate([atoms, np.nextafter(atoms, -np.inf)])
        edges = np.unique(np.concatenate([quantiles, alone]))
        inner = quantiles[np.linspace(0, CELLS, bins + 1).round().astype(np.int64)[1:-1]]
        bounds = np.unique(np.concatenate([inner, alone]))
        deviation = float(finite.std())
        return cls(
            edges=edges,
            bins=np.searchsorted(bounds, np.append(edges, np.inf)),
            scale=deviation if deviation > 1e-12 * float(np.abs(finite).max()) else 1.0,
        )

    @property
    def cells(self) -> int:
        """Cells, the open ones included."""
        return len(self.edges) + 1

    @cached_property
    def widths(self) -> FloatArray:
        """Distance between neighbouring edges, shape ``(cells - 2,)``."""
        return np.diff(self.edges)

    def cell_of(self, values: FloatArray) -> IntArray:
        """Cell of each value, shape of ``values``; ``cells`` for NaN."""
        cell = np.searchsorted(self.edges, values)
        cell[np.isnan(values)] = self.cells
        return np.asarray(cell, dtype=np.int64)

    def beyond(self, values: FloatArray) -> FloatArray:
        """How far each value lies outside of the reference, NaN as 0."""
        if not len(self.edges):
            return np.zeros(values.shape)
        outside = np.maximum(values - self.edges[-1], 0.0) + np.maximum(self.edges[0] - values, 0.0)
        return np.asarray(np.nan_to_num(outside))

    def stability(self, reference: FloatArray, window: FloatArray) -> FloatArray:
        r"""Population stability index of windows against references, from counts of shape ``(..., cells)``.

        .. math:: \sum_b (p_b - q_b) \ln \frac{p_b}{q_b}

        over the bins, each of which is a thousandth fuller than it is, so that none is empty. Like the other two
        statistics it is 0 where there is nothing to compare, for one side has no value at all.

        References
        ----------
        .. [1] Siddiqi, N. (2006). Credit Risk Scorecards. Wiley.
        """
        p, q = (self._bin_shares(counts) for counts in (window, reference))
        return np.asarray(((p - q) * np.log(p / q)).sum(axis=-1) * _comparable(reference, window))

    def kolmogorov_smirnov(self, reference: FloatArray, window: FloatArray) -> FloatArray:
        r"""Largest distance of the two distribution functions at the edges: 0 if equal, 1 if apart.

        .. math:: \max_x |F(x) - G(x)|
        """
        distance = _distance(reference, window)
        return np.asarray(distance.max(axis=-1, initial=0.0))

    def wasserstein(self, reference: FloatArray, window: FloatArray, beyond: FloatArray) -> FloatArray:
        r"""How far values had to move on average to turn one distribution into the other, in standard deviations.

        .. math:: \frac{1}{\sigma} \int |F(x) - G(x)| \, dx

        Parameters
        ----------
        reference, window : ndarray of shape ``(..., cells)``
        beyond : ndarray of shape ``(...)``
            Mean of :meth:`beyond` over the window.

        References
        ----------
        .. [1] Vallender, S. (1974). Calculation of the Wasserstein distance between distributions on the line.
        """
        distance = _distance(reference, window)
        inside = (distance[..., 1:] + distance[..., :-1]) / 2 @ self.widths
        return np.asarray((inside + beyond) / self.scale)

    def scores(self, reference: FloatArray) -> FloatArray:
        """Normal score of each cell by its middle rank in the reference, and 0 for NaN, shape ``(cells + 1,)``."""
        counted = reference.sum()
        if not counted:
            return np.zeros(self.cells + 1)
        middle = (np.cumsum(reference) - reference / 2) / counted
        score = np.clip(ndtri(np.clip(middle, 1e-9, 1 - 1e-9)), -_FURTHEST_SCORE, _FURTHEST_SCORE)
        return np.append(score, 0.0)

    def _bin_shares(self, counts: FloatArray) -> FloatArray:
        firsts = np.flatnonzero(np.diff(self.bins, prepend=-1))
        filled = np.add.reduceat(counts, firsts, axis=-1)
        shares = filled / np.maximum(filled.sum(axis=-1, keepdims=True), 1)
        return np.asarray((shares + _UNSEEN) / (1 + _UNSEEN * len(firsts)))


def _distance(reference: FloatArray, window: FloatArray) -> FloatArray:
    """Distance of two distribution functions at the edges."""
    first, second = (
        np.cumsum(counts, axis=-1)[..., :-1] / np.maximum(counts.sum(axis=-1, keepdims=True), 1)
        for counts in (reference, window)
    )
    return np.asarray(np.abs(first - second) * _comparable(reference, window)[..., None])


def _comparable(reference: FloatArray, window: FloatArray) -> BoolArray:
    """Whether both sides have a value."""
    return np.asarray((reference.sum(axis=-1) > 0) & (window.sum(axis=-1) > 0))
