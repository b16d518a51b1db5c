"""A straight line in logit space."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

from pydantic import PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass
from scipy.special import expit

from algotrade.models.base import MODELS, Model
from algotrade.models.configuration import STRICT
from algotrade.models.linear_score import LinearScore
from algotrade.models.return_scale import ReturnScale
from algotrade.models.samples import Forecast, LabelledSamples, Samples
from algotrade.models.standardisation import Standardiser


@settings_dataclass(frozen=True, config=STRICT)
class LogisticSettings:
    """Settings of the logistic regression.

    Attributes
    ----------
    penalty : float
        Weight of half the squared norm of the coefficients against the mean log loss.
    max_iterations : int
    limit : float
        Standardised features are cut at this absolute value.
    """

    penalty: PositiveFloat = 1e-3
    max_iterations: PositiveInt = 200
    limit: PositiveFloat = 5.0


@dataclass(frozen=True)
class _LogisticFit:
    score: LinearScore
    scale: ReturnScale


@MODELS.register("logistic")
@dataclass(frozen=True)
class Logistic(Model):
    """Logistic regression on standardised features, gaps filled with the median of the training rows.

    The early-stopping samples only scale the expected return.
    """

    settings: LogisticSettings = field(default_factory=LogisticSettings)
    fitted: _LogisticFit | None = None

    name: ClassVar[str] = "logistic"
    settings_type: ClassVar[type[LogisticSettings]] = LogisticSettings

    def learn(self, training: LabelledSamples, early_stopping: LabelledSamples | None) -> Self:
        """Fit coefficients and standardisation on the training rows."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # kept out of start-up

        rows, targets = training.samples.last(), training.targets
        standardiser = Standardiser.fit(rows, self.settings.limit)
        regression = LogisticRegression(
            C=1 / (self.settings.penalty * float(targets.weight.sum())), max_iter=self.settings.max_iterations
        ).fit(standardiser.transform(rows), targets.direction, sample_weight=targets.weight)
        score = LinearScore(standardiser, regression.coef_[0], float(regression.intercept_[0]))
        held_out = early_stopping or training
        scale = ReturnScale.fit(targets, expit(score(held_out.samples.last())), held_out.targets)
        return replace(self, fitted=_LogisticFit(score, scale))

    def predict(self, samples: Samples) -> Forecast:
        """Forecast from the last row of each sample."""
        if self.fitted is None:
            raise self.not_fitted()
        probability = expit(self.fitted.score(samples.last()))
        return Forecast(probability, self.fitted.scale.expected_return(probability))

    def save(self, folder: Path) -> None:
        """Write coefficients and standardisation as JSON."""
        if self.fitted is None:
            raise self.not_fitted()
        self.write_parameters(folder, score=self.fitted.score.to_json(), scale=self.fitted.scale.to_json())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        settings, content = cls.read_parameters(folder)
        score, scale = LinearScore.from_json(content["score"]), ReturnScale.from_json(content["scale"])
        return cls(settings, _LogisticFit(score, scale))
