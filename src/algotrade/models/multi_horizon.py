"""One model for several horizons: a fit of its family for each, on the same samples."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import FloatArray
from algotrade.errors import ConfigurationError, ModelError
from algotrade.models.base import MODELS, Model, build_model
from algotrade.models.configuration import STRICT
from algotrade.models.samples import Forecast, LabelledSamples, Samples, Targets

_NAME = "multi_horizon"


@settings_dataclass(frozen=True, config=STRICT)
class MultiHorizonSettings:
    """Settings of the model of several horizons.

    Attributes
    ----------
    family : str
        Name among the models of what is fitted for each horizon.
    settings : mapping
        Of the family, the same for each horizon.
    horizon : int
        Candles of the main horizon, the one of ``predict``; in a run, those that a forecast looks ahead.

    Raises
    ------
    ConfigurationError
        If the family or one of its settings is not known, or it is this model itself or one that looks for columns
        by their names.
    """

    family: str = "lightgbm"
    settings: dict[str, Any] = field(default_factory=dict)
    horizon: PositiveInt = 8

    def __post_init__(self) -> None:
        if self.family == _NAME or not MODELS[self.family].prepared:
            possible = [name for name, kind in MODELS.items() if kind.prepared and name != _NAME]
            raise ConfigurationError(
                f"A model of several horizons cannot be made of {self.family!r}. Its family is one of "
                f"{', '.join(possible)}."
            )
        build_model(self.family, self.settings)


@MODELS.register(_NAME)
@dataclass(frozen=True)
class MultiHorizon(Model):
    """Forecasts over the main horizon, and by ``predict_horizons`` over every further one that the samples tell of.

    Each horizon has its own fit of the family: its trees end and its network stops when *its* held-out loss says so.
    The samples tell of further horizons by ``targets.further`` (``training.further_horizons`` in a run, where all
    labels are then purged by the longest). Without any it is its family, for the main horizon.
    """

    settings: MultiHorizonSettings = field(default_factory=MultiHorizonSettings)
    members: tuple[tuple[int, Model], ...] = ()

    name: ClassVar[str] = _NAME
    settings_type: ClassVar[type[MultiHorizonSettings]] = MultiHorizonSettings

    @property
    def history(self) -> int:
        """Feature rows that the family needs."""
        return self._family.history

    @property
    def horizons(self) -> tuple[int, ...]:
        """Horizons that the fitted model forecasts, in candles, the main one first."""
        return tuple(horizon for horizon, _ in self.members)

    def learn(self, training: LabelledSamples, early_stopping: LabelledSamples | None) -> Self:
        """Fit the family for each horizon."""
        main, family = self.settings.horizon, self._family
        members = [(main, family.fit(training, early_stopping))]
        for horizon in sorted(training.targets.further.keys() - {main}):
            held_out = _over(early_stopping, horizon) if early_stopping is not None else None
            members.append((horizon, family.fit(_over(training, horizon), held_out)))
        return replace(self, members=tuple(members))

    def predict(self, samples: Samples) -> Forecast:
        """Forecast over the main horizon."""
        return self._main.predict(samples)

    def predict_horizons(self, samples: Samples) -> dict[int, Forecast]:
        """Forecast over each horizon, by its number of candles, the main one first.

        Raises
        ------
        ModelError
            If the model was not fitted.
        """
        if not self.members:
            raise self.not_fitted()
        return {horizon: member.predict(samples) for horizon, member in self.members}

    def predict_one(self, window: FloatArray) -> tuple[float, float]:
        """Forecast over the main horizon after one window, by the family's fast path."""
        return self._main.predict_one(window)

    def save(self, folder: Path) -> None:
        """Write the fit of each horizon into a sub-folder of its number."""
        if not self.members:
            raise self.not_fitted()
        for horizon, member in self.members:
            (folder / str(horizon)).mkdir()
            member.save(folder / str(horizon))
        self.write_parameters(folder, horizons=list(self.horizons))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        settings, content = cls.read_parameters(folder)
        kind = MODELS[settings.family]
        return cls(settings, tuple((horizon, kind.load(folder / str(horizon))) for horizon in content["horizons"]))

    @property
    def _family(self) -> Model:
        return build_model(self.settings.family, self.settings.settings)

    @property
    def _main(self) -> Model:
        if not self.members:
            raise self.not_fitted()
        return self.members[0][1]


def _over(labelled: LabelledSamples, horizon: int) -> LabelledSamples:
    """The samples with what came of them over another horizon."""
    targets = labelled.targets
    if horizon not in targets.further:
        raise ModelError(
            f"The early-stopping samples do not tell of the horizon {horizon}, only of {sorted(targets.further)}. "
            "Take both parts from the same labels."
        )
    return LabelledSamples(labelled.samples, Targets.of_returns(targets.further[horizon], targets.weight))
