"""What every model is: it fits, forecasts, saves itself natively and loads again."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.errors import ModelError
from algotrade.models.configuration import parse_settings
from algotrade.models.samples import Forecast, LabelledSamples, Samples
from algotrade.registry import Registry

_PARAMETERS_FILE = "parameters.json"


@dataclass(frozen=True)
class Model(ABC):
    """A forecaster of the forward return of each sample; a value, fitted or not.

    ``fit`` returns a new, fitted model and leaves its own unchanged. Equal settings (seed included) and
    equal samples give equal files on one machine.

    Attributes
    ----------
    settings : frozen dataclass of type ``settings_type``
        Its fields ``seed`` and ``horizon``, if it has them, are those of the run unless configured otherwise.
    name : str
        Under which ``MODELS`` has it.
    prepared : bool
        Whether it sees features as the run's preparation leaves them; a model that looks for a column by its
        name sees the raw ones.
    """

    settings: Any

    name: ClassVar[str]
    settings_type: ClassVar[type[Any]]
    prepared: ClassVar[bool] = True

    @property
    def history(self) -> int:
        """Feature rows needed for one prediction."""
        return 1

    def fit(self, training: LabelledSamples, early_stopping: LabelledSamples | None = None) -> Self:
        """Fitted copy of the model; a sample of weight zero is as if it were not there.

        Parameters
        ----------
        training : LabelledSamples
            All that the parameters, and everything that standardises or imputes, are learned from.
        early_stopping : LabelledSamples, optional
            Later, purged samples: they end iterative fits and turn probabilities into expected returns.

        Raises
        ------
        ModelError
            If the training samples cannot be learned from: there is none, or all went the same way, or a
            weight is negative or missing.
        """
        learned, held_out = _counting(training), _counting(early_stopping) if early_stopping is not None else None
        rises = int(learned.targets.direction.sum())
        if rises in {0, len(learned)}:
            raise ModelError(
                f"{rises} of {len(learned)} training samples that count rose, so all went the same way; model "
                f"{self.name} needs both directions. Train on more candles."
            )
        return self.learn(learned, held_out)

    @abstractmethod
    def learn(self, training: LabelledSamples, early_stopping: LabelledSamples | None) -> Self:
        """What ``fit`` does with samples that were checked: all count, and some rose and some did not."""

    @abstractmethod
    def predict(self, samples: Samples) -> Forecast:
        """Forecast of each sample, in order; missing features (NaN) are accepted.

        Raises
        ------
        ModelError
            If the model was not fitted.
        """

    def predict_one(self, window: FloatArray) -> tuple[float, float]:
        """Probability and expected log return after one window of shape ``(history, F)``."""
        forecast = self.predict(Samples.of_windows(window[None]))
        return float(forecast.probability[0]), float(forecast.expected_return[0])

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the fitted model into an existing, empty folder, in native formats and without pickle."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Model that forecasts exactly as the one that was saved in ``folder``.

        Raises
        ------
        ModelError
            If the folder does not hold such a model.
        """

    def not_fitted(self) -> ModelError:
        """Error to raise when a forecast or a save is asked of an unfitted model."""
        return ModelError(f"Model {self.name} was not fitted. Use the model that `fit` returns.")

    def write_parameters(self, folder: Path, **parameters: Any) -> None:
        """Write settings and learned numbers as JSON, in which floats survive exactly."""
        content = {"model": self.name, "settings": asdict(self.settings), **parameters}
        (folder / _PARAMETERS_FILE).write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")

    @classmethod
    def read_parameters(cls, folder: Path) -> tuple[Any, dict[str, Any]]:
        """Settings and learned numbers that ``write_parameters`` left in ``folder``.

        Raises
        ------
        ModelError
            If there are none, or they belong to another model.
        """
        path = folder / _PARAMETERS_FILE
        if not path.is_file():
            raise ModelError(f"{folder} holds no {_PARAMETERS_FILE}; a saved model has one. Train the model again.")
        content = json.loads(path.read_text())
        if content.pop("model", None) != cls.name:
            raise ModelError(f"{path} does not belong to a model of kind {cls.name}. Load it by its own kind.")
        return parse_settings(cls.settings_type, content.pop("settings"), f"saved model {cls.name}"), content


def _counting(samples: LabelledSamples) -> LabelledSamples:
    weight = samples.targets.weight
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise ModelError(
            f"{int((~(weight >= 0) | np.isinf(weight)).sum())} of {len(weight)} sample weights are negative, infinite "
            "or missing; a weight is a number from zero upward. Compute the labels again."
        )
    return samples.counting()


MODELS: Registry[type[Model]] = Registry("model", package="algotrade.models")
"""The models, by name."""


def build_model(name: str, settings: Mapping[str, Any] | None = None) -> Model:
    """Unfitted model ``name`` with its settings from the configuration.

    Raises
    ------
    ConfigurationError
        If the name or a setting is not known, or a value is not accepted.

    >>> build_model("majority").history
    1
    """
    kind = MODELS[name]
    return kind(parse_settings(kind.settings_type, settings or {}, f"model {name}"))


def longest_history(models: Mapping[str, Mapping[str, Any]]) -> int:
    """Feature rows that the neediest of several configured models wants for one prediction.

    Samples made for this history suit all of them, so that they are fitted and scored on the same rows.

    Parameters
    ----------
    models : mapping of str to mapping
        Settings by model name.
    """
    return max((build_model(name, settings).history for name, settings in models.items()), default=1)
