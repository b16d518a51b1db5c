"""Values of the last candle alone, by the functions that compute all history."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from algotrade.domain.candles import Candles, FloatArray, Panel
from algotrade.domain.timeframe import IntArray
from algotrade.features.base import Computation, Feature

# Features that look back about as far share a window: more windows would compute what they share more often.
_BOUNDS = (1, 200)


@dataclass(frozen=True)
class Group:
    """Features that are computed from the same number of candles.

    Attributes
    ----------
    count : int
        Candles.
    places : ndarray of int64
        Of the features in their set.
    lookbacks : ndarray of int64
    calls : tuple of (function, window)
    """

    count: int
    places: IntArray
    lookbacks: IntArray
    calls: tuple[tuple[Computation, int | None], ...]

    @classmethod
    def of(cls, members: Sequence[tuple[int, Feature]]) -> "Group":
        """Group of features with their places."""
        lookbacks = np.array([feature.lookback for _, feature in members])
        calls = tuple((feature.function, feature.window) for _, feature in members)
        return cls(int(lookbacks.max()), np.array([place for place, _ in members]), lookbacks, calls)

    def last(self, market: Candles | Panel) -> FloatArray:
        """Last value of each feature, shape ``(features,)`` or ``(features, symbols)``; NaN where not known."""
        latest = market if len(market) <= self.count else market[-self.count :]
        values = np.array([(of(latest) if window is None else of(latest, window))[-1] for of, window in self.calls])
        values[~np.isfinite(values)] = np.nan
        values[self.lookbacks > len(latest)] = np.nan
        return values


def by_lookback(members: Sequence[tuple[int, Feature]]) -> list[Group]:
    """Groups of features with their places, the shortest memories first."""
    edges = np.searchsorted(_BOUNDS, [feature.lookback for _, feature in members])
    parts = [[each for each, edge in zip(members, edges, strict=True) if edge == part] for part in np.unique(edges)]
    return [Group.of(part) for part in parts]
