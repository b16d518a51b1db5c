"""A straight line through the returns themselves."""

import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from pydantic import PositiveFloat
from pydantic.dataclasses import dataclass as settings_dataclass
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from algotrade.domain.candles import FloatArray
from algotrade.models.base import MODELS, Model
from algotrade.models.configuration import STRICT
from algotrade.models.linear_score import LinearScore
from algotrade.models.return_scale import ReturnScale
from algotrade.models.samples import Forecast, LabelledSamples, Samples, Targets
from algotrade.models.standardisation import Standardiser

_LOGIT_OF_NORMAL = 4 / math.sqrt(2 * math.pi)
_STEEPEST = 10.0
_SMALLEST_SPREAD = 1e-12


@settings_dataclass(frozen=True, config=STRICT)
class RidgeSettings:
    """Settings of the ridge regression.

    Attributes
    ----------
    penalty : float
        Weight of the squared norm of the coefficients against the mean squared error; features have unit scale.
    limit : float
        Standardised features are cut at this absolute value.
    """

    penalty: PositiveFloat = 0.1
    limit: PositiveFloat = 5.0


@dataclass(frozen=True)
class _Link:
    r"""From a score to a probability.

    .. math:: \mathrm{logit}\,p = \mathrm{logit}\,\bar p + b\,(s - \bar s)

    with :math:`\bar p, \bar s` the base rate and the mean score of the training rows. If returns were normal with
    the deviation :math:`\sigma` about their score, :math:`b` would be :math:`b_0 = 4 / (\sqrt{2 \pi} \sigma)` to first
    order. That is its prior, give or take 100 %, with the deviation about their mean for :math:`\sigma`: little less in
    any market, and not fooled by a score that fits a few rows too well. Held-out rows move it by their log loss, never
    below zero.
    """

    base_rate: float
    mean_score: float
    slope: float

    @classmethod
    def fit(cls, training: Targets, fitted: FloatArray, held_out: Targets, score: FloatArray) -> "_Link":
        """Link of scores ``fitted`` to the training rows and given to the held-out rows."""
        mean_score = float(np.average(fitted, weights=training.weight))
        mean_target = np.average(training.target, weights=training.weight)
        spread = math.sqrt(float(np.average((training.target - mean_target) ** 2, weights=training.weight)))
        prior, base = _LOGIT_OF_NORMAL / max(spread, _SMALLEST_SPREAD), float(logit(training.base_rate))
        sign, deviation = np.where(held_out.direction, 1.0, -1.0), score - mean_score

        def loss(share: float) -> float:
            misfit = np.logaddexp(0.0, -sign * (base + share * prior * deviation))
            return float(held_out.weight @ misfit) + (share - 1) ** 2 / 2

        found = minimize_scalar(loss, bounds=(0.0, _STEEPEST), method="bounded", options={"xatol": 1e-6})
        return cls(training.base_rate, mean_score, float(found.x) * prior)

    def probability(self, score: FloatArray) -> FloatArray:
        return np.asarray(expit(logit(self.base_rate) + self.slope * (score - self.mean_score)))


@dataclass(frozen=True)
class _RidgeFit:
    score: LinearScore
    link: _Link
    scale: ReturnScale


@MODELS.register("ridge")
@dataclass(frozen=True)
class Ridge(Model):
    """Ridge regression of the target on standardised features; its score made a probability on held-out rows.

    The early-stopping samples say how steep the probability is in the score and scale the expected return. A missing
    feature counts as the median of the training rows.

    References
    ----------
    .. [1] Hoerl, A., Kennard, R. (1970). Ridge regression: biased estimation for nonorthogonal problems.
    .. [2] Platt, J. (1999). Probabilistic outputs for support vector machines.
    """

    settings: RidgeSettings = field(default_factory=RidgeSettings)
    fitted: _RidgeFit | None = None

    name: ClassVar[str] = "ridge"
    settings_type: ClassVar[type[RidgeSettings]] = RidgeSettings

    def learn(self, training: LabelledSamples, early_stopping: LabelledSamples | None) -> Self:
        """Fit coefficients and standardisation on the training rows, the link to probabilities on later ones."""
        from sklearn.linear_model import Ridge as RidgeRegression  # noqa: PLC0415  # kept out of start-up

        rows, targets = training.samples.last(), training.targets
        standardiser = Standardiser.fit(rows, self.settings.limit)
        standardised = standardiser.transform(rows)
        regression = RidgeRegression(alpha=self.settings.penalty * float(targets.weight.sum()), solver="cholesky").fit(
            standardised, targets.target, sample_weight=targets.weight
        )
        score = LinearScore(standardiser, regression.coef_, float(regression.intercept_))
        held_out = early_stopping or training
        held_out_score = score(held_out.samples.last())
        link = _Link.fit(targets, score(rows), held_out.targets, held_out_score)
        probability = link.probability(held_out_score)
        scale = ReturnScale.fit(targets, probability, held_out.targets)
        return replace(self, fitted=_RidgeFit(score, link, scale))

    def predict(self, samples: Samples) -> Forecast:
        """Forecast from the last row of each sample."""
        if self.fitted is None:
            raise self.not_fitted()
        probability = self.fitted.link.probability(self.fitted.score(samples.last()))
        return Forecast(probability, self.fitted.scale.expected_return(probability))

    def save(self, folder: Path) -> None:
        """Write coefficients, standardisation and link as JSON."""
        if self.fitted is None:
            raise self.not_fitted()
        self.write_parameters(
            folder,
            score=self.fitted.score.to_json(),
            link=asdict(self.fitted.link),
            scale=self.fitted.scale.to_json(),
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        settings, content = cls.read_parameters(folder)
        score, scale = LinearScore.from_json(content["score"]), ReturnScale.from_json(content["scale"])
        return cls(settings, _RidgeFit(score, _Link(**content["link"]), scale))
