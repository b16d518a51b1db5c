"""The base rate: what every other model has to beat."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.models.base import MODELS, Model
from algotrade.models.configuration import STRICT
from algotrade.models.samples import Forecast, LabelledSamples, Samples


@settings_dataclass(frozen=True, config=STRICT)
class MajoritySettings:
    """The majority model has nothing to set."""


@MODELS.register("majority")
@dataclass(frozen=True)
class Majority(Model):
    """Every sample has the weighted base rate of the training rows and an expected return of zero."""

    settings: MajoritySettings = field(default_factory=MajoritySettings)
    base_rate: float | None = None

    name: ClassVar[str] = "majority"
    settings_type: ClassVar[type[MajoritySettings]] = MajoritySettings
    prepared: ClassVar[bool] = False

    def learn(self, training: LabelledSamples, early_stopping: LabelledSamples | None) -> Self:  # noqa: ARG002
        """Take the share of rises in the training rows."""
        return replace(self, base_rate=training.targets.base_rate)

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
