"""What every other model has to beat: the base rate, and a straight line in logit space."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from pydantic import PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass
from scipy.special import expit

from algotrade.domain.candles import FloatArray
from algotrade.errors import ModelError
from algotrade.models.base import MODELS, Model
from algotrade.models.configuration import STRICT
from algotrade.models.return_scale import ReturnScale
from algotrade.models.samples import Forecast, LabelledSamples, Samples
from algotrade.models.standardisation import Standardiser


@settings_dataclass(frozen=True, config=STRICT)
class MajoritySettings:
    """The majority model has nothing to set."""


@MODELS.register("majority")
@dataclass(frozen=True)
class Majority(Model):
    """Every sample has the base rate of the training rows and an expected return of zero."""

    settings: MajoritySettings = field(default_factory=MajoritySettings)
    base_rate: float | None = None

    name: ClassVar[str] = "majority"
    settings_type: ClassVar[type[MajoritySettings]] = MajoritySettings

    def fit(self, training: LabelledSamples, early_stopping: LabelledSamples | None = None) -> Self:  # noqa: ARG002
        """Take the share of rises in the training rows."""
        return replace(self, base_rate=float(training.targets.direction.mean()))

    def predict(self, samples: Samples) -> Forecast:
        """Give every sample the base rate."""
        if self.base_rate is None:
            raise self.not_fitted()
        return Forecast(np.full(len(samples), self.base_rate), np.zeros(len(samples)))

    def save(self, folder: Path) -> None:
        """Write the base rate as JSON."""
        if self.base_rate is None:
            raise self.not_fitted()
        self.write_parameters(folder, base_rate=self.base_rate)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        settings, content = cls.read_parameters(folder)
        return cls(settings, content["base_rate"])


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
    standardiser: Standardiser
    coefficients: FloatArray
    intercept: float
    scale: ReturnScale

    def probability(self, rows: FloatArray) -> FloatArray:
        return np.asarray(expit(self.standardiser.transform(rows) @ self.coefficients + self.intercept))


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

    def fit(self, training: LabelledSamples, early_stopping: LabelledSamples | None = None) -> Self:
        """Fit coefficients and standardisation on the training rows."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # kept out of start-up

        if training.targets.direction.all() or not training.targets.direction.any():
            raise ModelError(
                f"All {len(training)} training samples went the same way; "
                "a classifier needs both. Train on more candles."
            )
        rows = training.samples.last()
        standardiser = Standardiser.fit(rows, self.settings.limit)
        regression = LogisticRegression(
            C=1 / (self.settings.penalty * len(training)), max_iter=self.settings.max_iterations
        ).fit(standardiser.transform(rows), training.targets.direction)
        held_out = early_stopping or training
        draft = _LogisticFit(standardiser, regression.coef_[0], float(regression.intercept_[0]), ReturnScale(0.5, 0.0))
        probability = draft.probability(held_out.samples.last())
        scale = ReturnScale.fit(training.targets, probability, held_out.targets)
        return replace(self, fitted=replace(draft, scale=scale))

    def predict(self, samples: Samples) -> Forecast:
        """Forecast from the last row of each sample."""
        if self.fitted is None:
            raise self.not_fitted()
        probability = self.fitted.probability(samples.last())
        return Forecast(probability, self.fitted.scale.expected_return(probability))

    def save(self, folder: Path) -> None:
        """Write coefficients and standardisation as JSON."""
        if self.fitted is None:
            raise self.not_fitted()
        self.write_parameters(
            folder,
            standardiser=self.fitted.standardiser.to_json(),
            coefficients=self.fitted.coefficients.tolist(),
            intercept=self.fitted.intercept,
            scale=self.fitted.scale.to_json(),
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        settings, content = cls.read_parameters(folder)
        fitted = _LogisticFit(
            Standardiser.from_json(content["standardiser"]),
            np.asarray(content["coefficients"]),
            content["intercept"],
            ReturnScale.from_json(content["scale"]),
        )
        return cls(settings, fitted)
