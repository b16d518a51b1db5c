"""What every model is: it fits, forecasts, saves itself natively and loads again."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

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
    equal samples give equal forecasts on one machine.

    Attributes
    ----------
    settings : frozen dataclass of type ``settings_type``
    name : str
        Under which ``MODELS`` has it.
    """

    settings: Any

    name: ClassVar[str]
    settings_type: ClassVar[type[Any]]

    @property
    def history(self) -> int:
        """Feature rows needed for one prediction."""
        return 1

    @abstractmethod
    def fit(self, training: LabelledSamples, early_stopping: LabelledSamples | None = None) -> Self:
        """Fitted copy of the model.

        Parameters
        ----------
        training : LabelledSamples
            All that the parameters, and everything that standardises or imputes, are learned from.
        early_stopping : LabelledSamples, optional
            Later, purged samples: they end iterative fits and turn probabilities into expected returns.

        Raises
        ------
        ModelError
            If the samples cannot be learned from.
        """

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
