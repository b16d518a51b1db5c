"""What turns a model's probability into one that means what it says: a value, never a falling function.

A calibrator is learned from what a model said of rows that it had not seen, and from what came of them. Which rows
those may be is for :mod:`algotrade.validation.calibrating` to say.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from pydantic import NonNegativeFloat
from pydantic.dataclasses import dataclass as settings_dataclass
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, logit

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.errors import ModelError
from algotrade.models.configuration import STRICT
from algotrade.models.intervals import ReturnInterval

Method = Literal["platt", "isotonic", "none"]
_SMALLEST_PROBABILITY = 1e-6
_SMALLEST_SLOPE, _LARGEST_SLOPE = 0.05, 20.0


@settings_dataclass(frozen=True, config=STRICT)
class CalibrationSettings:
    """How probabilities are calibrated.

    Attributes
    ----------
    method : {"platt", "isotonic", "none"}
        A straight line in log odds, a staircase, or nothing.
    caution : float
        Of the line: how far it has to be from doing nothing, in variances of its estimate, before anything is done.
    intercept : bool
        Whether the line may move the mean of all forecasts, too. The base rate that was seen is a poor guide to the
        next one.
    """

    method: Method = "platt"
    caution: NonNegativeFloat = 1.0
    intercept: bool = False


class Calibrator(Protocol):
    """From a probability to a probability; order is kept, though ties may arise."""

    kind: ClassVar[str]

    def apply(self, probability: FloatArray) -> FloatArray:
        """Calibrated probabilities, shape ``(n,)``; NaN stays NaN."""

    def apply_one(self, probability: float) -> float:
        """The same of one probability, to the last bit, and faster."""

    def to_json(self) -> dict[str, Any]:
        """Numbers as JSON keeps them."""


@dataclass(frozen=True)
class Identity:
    """A probability stays as it is."""

    kind: ClassVar[str] = "none"

    def apply(self, probability: FloatArray) -> FloatArray:
        """The same probabilities."""
        return probability

    def apply_one(self, probability: float) -> float:
        """The same probability."""
        return probability

    def to_json(self) -> dict[str, Any]:
        """Nothing but the kind."""
        return {"kind": self.kind}


@dataclass(frozen=True)
class Platt:
    r"""A straight line in log odds.

    .. math:: \mathrm{logit}\, q = a + b\, \mathrm{logit}\, p, \qquad b > 0

    A slope below one takes back overconfidence; an intercept moves a base rate that has drifted.

    Attributes
    ----------
    slope, intercept : float

    References
    ----------
    .. [1] Platt, J. (1999). Probabilistic outputs for support vector machines.
    .. [2] Kull, M., Silva Filho, T. and Flach, P. (2017). Beta calibration. AISTATS (why a map must be able to be
       the identity).

    >>> Platt(slope=0.5, intercept=0.0).apply_one(0.9)
    0.75
    """

    slope: float
    intercept: float

    kind: ClassVar[str] = "platt"

    def __post_init__(self) -> None:
        if not (self.slope > 0 and np.isfinite([self.slope, self.intercept]).all()):
            raise ModelError(
                f"A calibrator has the slope {self.slope} and the intercept {self.intercept}; the slope must be above "
                "zero and both finite, or it would turn forecasts around. Train the model again."
            )

    def apply(self, probability: FloatArray) -> FloatArray:
        """Calibrated probabilities, shape ``(n,)``."""
        safe = np.clip(probability, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY)
        return np.asarray(expit(self.intercept + self.slope * logit(safe)))

    def apply_one(self, probability: float) -> float:
        """The same of one probability."""
        safe = min(max(probability, _SMALLEST_PROBABILITY), 1 - _SMALLEST_PROBABILITY)
        return float(expit(self.intercept + self.slope * logit(safe)))

    def to_json(self) -> dict[str, Any]:
        """Slope and intercept."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class Isotonic:
    """The rising staircase nearest to what happened, joined by straight lines.

    Attributes
    ----------
    given, observed : tuple of float
        Corners, two or more: a mean forecast of each step and how often prices rose on it; the first strictly
        increasing, the second not decreasing.

    References
    ----------
    .. [1] Zadrozny, B. and Elkan, C. (2002). Transforming classifier scores into accurate multiclass probability
       estimates. KDD.
    """

    given: tuple[float, ...]
    observed: tuple[float, ...]

    kind: ClassVar[str] = "isotonic"

    def __post_init__(self) -> None:
        rising = bool((np.diff(self.given) > 0).all() and (np.diff(self.observed) >= 0).all())
        if len(self.given) < 2 or len(self.given) != len(self.observed) or not rising:
            raise ModelError(
                f"A staircase of {len(self.given)} steps falls, lacks a value for some, or is but one step. "
                "Train the model again."
            )

    def apply(self, probability: FloatArray) -> FloatArray:
        """Calibrated probabilities, shape ``(n,)``."""
        return np.asarray(np.interp(probability, self.given, self.observed))

    def apply_one(self, probability: float) -> float:
        """The same of one probability."""
        return float(np.interp(probability, self.given, self.observed))

    def to_json(self) -> dict[str, Any]:
        """The corners."""
        return {"kind": self.kind, "given": list(self.given), "observed": list(self.observed)}


@dataclass(frozen=True)
class Calibration:
    """What is done to what a model says before anyone hears it.

    Attributes
    ----------
    calibrator : Calibrator
        Of its probability.
    interval : ReturnInterval, optional
        Around its expected return.
    """

    calibrator: Calibrator = field(default_factory=Identity)
    interval: ReturnInterval | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether probabilities stay as they are and no interval is known."""
        return self.interval is None and isinstance(self.calibrator, Identity)

    def to_json(self) -> dict[str, Any]:
        """Both as JSON keeps them."""
        interval = None if self.interval is None else self.interval.to_json()
        return {"calibrator": self.calibrator.to_json(), "interval": interval}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Calibration":
        """Inverse of ``to_json``.

        Raises
        ------
        ModelError
            If the content is not that of a calibration.
        """
        interval = content.get("interval")
        return cls(
            calibrator_from_json(content.get("calibrator") or {}),
            None if interval is None else ReturnInterval.from_json(interval),
        )


def fit_calibrator(
    settings: CalibrationSettings, probability: FloatArray, direction: BoolArray, labels: int
) -> Calibrator:
    """Calibrator of what a model said of rows it had not seen.

    The rows count as ``labels`` independent ones: labels that overlap and symbols that move together say less than
    their number. That decides whether a line that is off is a finding or noise; see :func:`garrote`.

    Parameters
    ----------
    settings : CalibrationSettings
    probability : ndarray, shape ``(n,)``
    direction : ndarray of bool, shape ``(n,)``
    labels : int
        Labels that follow each other in the span of the rows.

    Returns
    -------
    Calibrator
        The identity where there is nothing to learn (no row, one direction only, or a forecast that never changes)
        and where nothing was found that stands out from noise.
    """
    if settings.method == "none" or not _teaches(probability, direction):
        return Identity()
    if settings.method == "isotonic":
        return _fit_isotonic(probability, direction, labels)
    return _fit_platt(settings, probability, direction, labels)


def calibrator_from_json(content: dict[str, Any]) -> Calibrator:
    """Inverse of ``to_json``.

    Raises
    ------
    ModelError
        If the content is not that of a calibrator.
    """
    kind = content.get("kind")
    try:
        if kind == Identity.kind:
            return Identity()
        if kind == Platt.kind:
            return Platt(float(content["slope"]), float(content["intercept"]))
        if kind == Isotonic.kind:
            return Isotonic(tuple(map(float, content["given"])), tuple(map(float, content["observed"])))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"A calibrator of kind {kind} cannot be read ({error}). Train the model again.") from error
    raise ModelError(
        f"There is no calibrator of kind {kind!r}; known are platt, isotonic and none. "
        "Train the model again with this version."
    )


def _teaches(probability: FloatArray, direction: BoolArray) -> bool:
    return len(direction) > 1 and bool(direction.any()) and not direction.all() and bool(np.ptp(probability) > 0)


def _fit_platt(settings: CalibrationSettings, probability: FloatArray, direction: BoolArray, labels: int) -> Calibrator:
    """Line through the log odds, turned about their mean: how sure a model is changes, not what it expects of all."""
    odds = logit(np.clip(probability, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY))
    mean, sign = float(odds.mean()), np.where(direction, 1.0, -1.0)
    design, identity = np.column_stack([odds - mean, np.ones(len(odds))]), np.array([1.0, mean])

    def loss_and_gradient(line: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (design @ line)
        return float(np.logaddexp(0, -margin).mean()), -(sign * expit(-margin)) @ design / len(sign)

    bounds = [(_SMALLEST_SLOPE, _LARGEST_SLOPE), (None, None)]
    line = minimize(loss_and_gradient, identity, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12}).x
    said = expit(design @ line)
    information = design.T @ (design * (said * (1 - said))[:, None]) * (labels / len(odds))
    off = garrote(line - identity, np.diag(np.linalg.pinv(information)), settings.caution)
    slope, level = 1 + float(off[0]), float(off[1]) if settings.intercept else 0.0
    return Identity() if slope == 1 and level == 0 else Platt(slope, mean + level - slope * mean)


def garrote(estimate: FloatArray, variance: FloatArray, caution: float) -> FloatArray:
    r"""Estimates drawn to zero, those within :math:`\sqrt{c}` standard errors of it all the way.

    .. math:: \hat\theta \, \max(0, 1 - c\, s^2 / \hat\theta^2)

    So noise alone changes little, and a clear finding is kept nearly whole.

    Parameters
    ----------
    estimate, variance : ndarray, shape ``(k,)``
    caution : float

    References
    ----------
    .. [1] Breiman, L. (1995). Better subset regression using the nonnegative garrote. Technometrics 37.

    >>> garrote(np.array([0.5, 2.0]), np.array([1.0, 1.0]), caution=1.0).tolist()
    [0.0, 1.5]
    """
    square = estimate**2
    share = np.divide(caution * variance, square, out=np.ones_like(square), where=square > 0)
    return np.asarray(estimate * np.maximum(0.0, 1 - share))


def _fit_isotonic(probability: FloatArray, direction: BoolArray, labels: int) -> Calibrator:
    values, place = np.unique(probability, return_inverse=True)
    weights = np.bincount(place).astype(np.float64)
    fitted = isotonic_regression(np.bincount(place, weights=direction) / weights, weights=weights)
    starts, ends = fitted.blocks[:-1], fitted.blocks[1:]
    if len(starts) == 1:
        # One step for all would forget which forecast was the higher one.
        return Identity()
    totals = np.add.reduceat(weights, starts)
    given = np.add.reduceat(values * weights, starts) / totals
    # Never certain: a step on which everything rose has still seen no more than so many labels.
    observed = np.clip(fitted.x[ends - 1], 1 / (labels + 2), 1 - 1 / (labels + 2))
    return Isotonic(tuple(given.tolist()), tuple(observed.tolist()))
