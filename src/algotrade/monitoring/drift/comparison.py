"""The newest window against the reference: every statistic beside its threshold, and one verdict."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.errors import FeatureError, TooFewCandles
from algotrade.monitoring.drift.observations import Observations
from algotrade.monitoring.drift.reference import Group, Reference, correlations
from algotrade.monitoring.drift.statistics import MEASURES, counts_of, of_feature

Scalar = TypeVar("Scalar", bound=np.generic)


class Pair(NamedTuple):
    """Two features and their correlation, then and now."""

    first: str
    second: str
    reference: float
    current: float


@dataclass(frozen=True)
class Comparison:
    """A window against a reference.

    Attributes
    ----------
    reference : Reference
    current : Observations
        The window, thinned as the reference is.
    missing : ndarray of shape ``(features, 2)``
        Share of missing values, then and now.
    statistics : ndarray
        In the order of the reference's calibration.
    mean_shift : ndarray of shape ``(groups,)``
        Share of each joint statistic's square that moved means account for; the rest are correlations.
    pairs : tuple of Pair or None
        Of each group the two features whose correlation has changed most.
    """

    reference: Reference
    current: Observations
    missing: FloatArray
    statistics: FloatArray
    mean_shift: FloatArray
    pairs: tuple[Pair | None, ...]

    @cached_property
    def z(self) -> FloatArray:
        """How unusual each statistic is."""
        return self.reference.calibration.unusualness(self.statistics)

    @property
    def extreme(self) -> float:
        """The largest ``z``: what the verdict is about."""
        return float(self.z.max())

    @property
    def p_value(self) -> float:
        """Of the whole report."""
        return float(self.reference.calibration.p_values(np.array([self.extreme]))[0])

    @property
    def detected(self) -> bool:
        """Whether any statistic exceeds its threshold."""
        return self.extreme > self.reference.calibration.bound

    def by_feature(self, statistics: "npt.NDArray[Scalar]") -> "npt.NDArray[Scalar]":
        """The part of an array of all statistics that is about features, shape ``(measures, features)``."""
        return statistics[: len(MEASURES) * self._features].reshape(len(MEASURES), -1)

    def by_group(self, statistics: "npt.NDArray[Scalar]") -> "npt.NDArray[Scalar]":
        """The part of an array of all statistics that is about groups."""
        return statistics[len(MEASURES) * self._features :]

    @property
    def exceeding(self) -> BoolArray:
        """Which statistics exceed their thresholds."""
        return np.asarray(self.z > self.reference.calibration.bound)

    @property
    def drifted(self) -> BoolArray:
        """Which features exceed a threshold by themselves."""
        return np.asarray(self.by_feature(self.exceeding).any(axis=0), dtype=np.bool_)

    @property
    def excess(self) -> FloatArray:
        """Each statistic over its threshold: above 1 where it exceeds it."""
        return np.asarray(self.statistics / self.reference.calibration.thresholds)

    @property
    def known_candles(self) -> int:
        """Candles of the window that the model has seen in training."""
        settings, newest = self.reference.settings, int(self.current.candle[-1])
        return max(0, min(self.reference.last - (newest - settings.current_candles), settings.current_candles))

    @property
    def _features(self) -> int:
        return len(self.reference.origin.names)


def compare(reference: Reference, observations: Observations) -> Comparison:
    """The newest ``current_candles`` of the observations against a reference.

    Raises
    ------
    FeatureError
        If the features are of another number.
    TooFewCandles
        If the window holds less than half of its candles.
    """
    _require_columns(reference, observations)
    window = observations.newest(reference.settings.current_candles)
    _require_candles(reference, window)
    current = window.thinned(reference.share)
    counts = [counts_of(grid, column) for grid, column in zip(reference.grids, current.features.T, strict=True)]
    singles = [
        of_feature(grid, then, now, np.asarray(grid.beyond(column).mean()))
        for grid, then, now, column in zip(reference.grids, reference.counts, counts, current.features.T, strict=True)
    ]
    scores = reference.scores(current)
    joint = [_joint(group, scores) for group in reference.groups]
    return Comparison(
        reference=reference,
        current=current,
        missing=np.array([[_share(then), _share(now)] for then, now in zip(reference.counts, counts, strict=True)]),
        statistics=np.concatenate([np.stack(singles, axis=1).ravel(), [size for size, _ in joint]]),
        mean_shift=np.array([share for _, share in joint]),
        pairs=_changed_pairs(reference, scores),
    )


def _joint(group: Group, scores: FloatArray) -> tuple[float, float]:
    """The joint statistic of a window, and the share of its square that means account for."""
    if not len(group.pairs):
        return 0.0, 0.0
    numbers = group.pairs.numbers(group.pairs.sums(scores, np.array([0, len(scores)])))[0]
    squares = ((numbers - group.whole) / group.scale) ** 2
    total = float(squares.sum())
    return float(np.sqrt(squares.mean())), float(squares[: len(group.pairs)].sum() / total) if total else 0.0


def _changed_pairs(reference: Reference, scores: FloatArray) -> tuple[Pair | None, ...]:
    now = correlations(scores)
    change = np.triu(np.abs(now - reference.correlation), k=1)
    return tuple(_most_changed(reference, now, change, name) for name in reference.origin.groups)


def _most_changed(reference: Reference, now: FloatArray, change: FloatArray, group: str) -> Pair | None:
    members = np.array(reference.origin.members(group))
    own = change[np.ix_(members, members)]
    if len(members) < 2 or not own.any():
        return None
    one, other = (int(members[place]) for place in np.unravel_index(own.argmax(), own.shape))
    names = reference.origin.names
    return Pair(names[one], names[other], float(reference.correlation[one, other]), float(now[one, other]))


def _share(counts: FloatArray) -> float:
    return float(counts[-1] / max(counts.sum(), 1))


def _require_columns(reference: Reference, observations: Observations) -> None:
    expected, found = len(reference.origin.names), observations.features.shape[1]
    if expected != found:
        raise FeatureError(f"drift: the reference knows {expected} features, the rows have {found}.")


def _require_candles(reference: Reference, window: Observations) -> None:
    settings, found = reference.settings, len(np.unique(window.candle))
    if 2 * found < settings.current_candles:
        raise TooFewCandles(
            f"drift: of the newest {settings.current_candles} candles only {found} are there, less than half. "
            "Run ingestion and feature_engineering on more candles, or lower drift.current_candles."
        )
