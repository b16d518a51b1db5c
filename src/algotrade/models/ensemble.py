"""Several models, one forecast."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import NonNegativeFloat
from pydantic.dataclasses import dataclass as settings_dataclass
from scipy.special import expit, logit

from algotrade.domain.candles import FloatArray
from algotrade.errors import ConfigurationError
from algotrade.models.base import MODELS, Model, build_model, longest_history
from algotrade.models.configuration import STRICT
from algotrade.models.samples import Forecast, LabelledSamples, Samples

_SMALLEST_PROBABILITY = 1e-6


@settings_dataclass(frozen=True, config=STRICT)
class EnsembleSettings:
    """Settings of the ensemble.

    Attributes
    ----------
    members : mapping of str to mapping
        Settings of each member by its name among the models.
    weights : mapping of str to float
        Of each member, learned from out-of-fold predictions; equal if there are none. Those of a blend need not
        sum to one, it divides them by their sum.
    method : {"blend", "stack"}
        Whether the forecast is a mean of the members', or a logistic regression on theirs.
    intercept : float
        Log odds that a stack adds, learned with its weights.
    penalty : float
        Weight of half the squared norm of a stack's weights against the mean log loss, when they are learned.

    Raises
    ------
    ConfigurationError
        If there is no member, a member is an ensemble itself, or the weights do not belong to the members.
    """

    members: dict[str, dict[str, Any]] = field(default_factory=lambda: {"lightgbm": {}, "lstm": {}})
    weights: dict[str, NonNegativeFloat] = field(default_factory=dict)
    method: Literal["blend", "stack"] = "blend"
    intercept: float = 0.0
    penalty: NonNegativeFloat = 1e-4

    def __post_init__(self) -> None:
        if not self.members or "ensemble" in self.members:
            raise ConfigurationError(
                f"The ensemble has the members {sorted(self.members)}. It takes one or more other models, "
                "such as lightgbm and lstm."
            )
        nothing = self.method == "blend" and sum(self.weights.values()) <= 0
        if self.weights and (set(self.weights) != set(self.members) or nothing):
            raise ConfigurationError(
                f"The ensemble has the weights {dict(self.weights)} for the members {sorted(self.members)}. "
                "Give one weight for each member, at least one of a blend above zero, or none at all."
            )
        if self.method == "blend" and self.intercept != 0:
            raise ConfigurationError(
                f"The ensemble has the intercept {self.intercept}, but a blend has none. "
                "Remove it, or set `method` to stack."
            )


@MODELS.register("ensemble")
@dataclass(frozen=True)
class Ensemble(Model):
    r"""Its members' log odds weighted and added up, and their expected returns with the same weights.

    .. math:: \mathrm{logit}\,p = a + \sum_k w_k\,\mathrm{logit}\,p_k, \qquad E[r] = \sum_k w_k\,E_k[r]

    In a blend :math:`a = 0` and the weights sum to one. In a stack they are what a logistic regression has found: with
    weights of zero the forecast is the base rate, in :math:`a`, and with more than one in all it is bolder than its
    members. Weights come from outside, from out-of-fold predictions; ``fit`` fits the members only.

    References
    ----------
    .. [1] Wolpert, D. (1992). Stacked generalization. Neural Networks 5(2).
    .. [2] Breiman, L. (1996). Stacked regressions. Machine Learning 24. (Why no weight is negative.)
    """

    settings: EnsembleSettings = field(default_factory=EnsembleSettings)
    members: tuple[Model, ...] = ()

    name: ClassVar[str] = "ensemble"
    settings_type: ClassVar[type[EnsembleSettings]] = EnsembleSettings

    @property
    def history(self) -> int:
        """Feature rows that the neediest member needs."""
        return longest_history(self.settings.members)

    @property
    def weights(self) -> FloatArray:
        """Weight of each member, in the order of ``members`` once fitted, shape ``(members,)``."""
        names = [member.name for member in self.members] or list(self.settings.members)
        if not self.settings.weights:
            return np.full(len(names), 1 / len(names))
        given = np.array([self.settings.weights[name] for name in names])
        return given if self.settings.method == "stack" else np.asarray(given / given.sum())

    def learn(self, training: LabelledSamples, early_stopping: LabelledSamples | None) -> Self:
        """Fit every member on the same samples."""
        members = tuple(
            build_model(name, settings).fit(training, early_stopping)
            for name, settings in self.settings.members.items()
        )
        return replace(self, members=members)

    def predict(self, samples: Samples) -> Forecast:
        """Blend what the members forecast."""
        if not self.members:
            raise self.not_fitted()
        forecasts = [member.predict(samples) for member in self.members]
        return Forecast(
            combine(
                np.stack([forecast.probability for forecast in forecasts], axis=1),
                self.weights,
                self.settings.intercept,
            ),
            np.stack([forecast.expected_return for forecast in forecasts], axis=1) @ self.weights,
        )

    def predict_one(self, window: FloatArray) -> tuple[float, float]:
        """Blend what the members forecast of one window, each by its own fast path."""
        if not self.members:
            raise self.not_fitted()
        pairs = np.array([member.predict_one(window[len(window) - member.history :]) for member in self.members])
        probability = combine(pairs[None, :, 0], self.weights, self.settings.intercept)
        return float(probability[0]), float(pairs[:, 1] @ self.weights)

    def save(self, folder: Path) -> None:
        """Write every member into a sub-folder of its name."""
        if not self.members:
            raise self.not_fitted()
        for member in self.members:
            (folder / member.name).mkdir()
            member.save(folder / member.name)
        self.write_parameters(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        settings, _ = cls.read_parameters(folder)
        return cls(settings, tuple(MODELS[name].load(folder / name) for name in settings.members))


def logits(probability: FloatArray) -> FloatArray:
    """Log odds, finite also for probabilities of zero and one."""
    return np.asarray(logit(np.clip(probability, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY)))


def combine(probabilities: FloatArray, weights: FloatArray, intercept: float = 0.0) -> FloatArray:
    """Probability of weighted log odds of ``(n, members)`` probabilities, shape ``(n,)``.

    >>> combine(np.array([[0.8, 0.2]]), np.array([0.5, 0.5])).round(3).tolist()
    [0.5]
    """
    return np.asarray(expit(logits(probabilities) @ weights + intercept))
