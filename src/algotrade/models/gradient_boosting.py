"""Gradient-boosted trees (LightGBM), saved as LightGBM's own text."""

import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import FloatArray
from algotrade.errors import ModelError
from algotrade.models.base import MODELS, Model
from algotrade.models.configuration import STRICT
from algotrade.models.fast_booster import FastBooster
from algotrade.models.return_scale import ReturnScale
from algotrade.models.samples import Forecast, LabelledSamples, Samples

_TREES_FILE = "trees.txt"
Share = Annotated[float, Field(gt=0, le=1)]


@settings_dataclass(frozen=True, config=STRICT)
class LightGbmSettings:
    """Settings of the boosted trees; the names are LightGBM's where it has one.

    The defaults are small, slow and penalised trees: returns hold little signal and much noise.

    Attributes
    ----------
    max_rounds : int
        Trees at most; early stopping usually ends sooner.
    patience : int
        Rounds without a better log loss on the early-stopping samples before boosting ends.
    num_threads : int
        Set it to the free cores: more of them spin in OpenMP on a busy machine.
    """

    num_leaves: Annotated[int, Field(ge=2)] = 15
    learning_rate: Share = 0.03
    min_data_in_leaf: PositiveInt = 200
    feature_fraction: Share = 0.6
    bagging_fraction: Share = 0.7
    lambda_l2: NonNegativeFloat = 10.0
    max_bin: Annotated[int, Field(ge=2)] = 255
    max_rounds: PositiveInt = 400
    patience: PositiveInt = 30
    num_threads: PositiveInt = 2
    seed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class _BoosterFit:
    booster: Any
    scale: ReturnScale

    @cached_property
    def fast(self) -> FastBooster:
        return FastBooster(self.booster)


@MODELS.register("lightgbm")
@dataclass(frozen=True)
class LightGbm(Model):
    """Boosted trees on the last feature row, ended by the log loss on the early-stopping samples.

    The expected return is scaled on the early-stopping samples too, as ``ReturnScale`` tells.

    References
    ----------
    .. [1] Ke, G. et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS.
    """

    settings: LightGbmSettings = field(default_factory=LightGbmSettings)
    fitted: _BoosterFit | None = None

    name: ClassVar[str] = "lightgbm"
    settings_type: ClassVar[type[LightGbmSettings]] = LightGbmSettings

    def fit(self, training: LabelledSamples, early_stopping: LabelledSamples | None = None) -> Self:
        """Boost until the early-stopping samples no longer gain, or for ``max_rounds`` without them."""
        lightgbm = import_lightgbm()
        dataset = boosting_dataset(training, self.settings)
        held_out = early_stopping or training
        booster = lightgbm.train(
            booster_parameters(self.settings),
            dataset,
            num_boost_round=self.settings.max_rounds,
            valid_sets=[boosting_dataset(early_stopping, self.settings, dataset)] if early_stopping else None,
            callbacks=[lightgbm.early_stopping(self.settings.patience, verbose=False)] if early_stopping else None,
        )
        # Through its own text the fitted model is the one that will be loaded, and lets go of its training rows.
        booster = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=booster.best_iteration))
        probability = self._probability(booster, held_out.samples.last())
        scale = ReturnScale.fit(training.targets, probability, held_out.targets)
        return replace(self, fitted=_BoosterFit(booster, scale))

    def predict(self, samples: Samples) -> Forecast:
        """Forecast from the last row of each sample; NaN is a missing value."""
        if self.fitted is None:
            raise self.not_fitted()
        probability = self._probability(self.fitted.booster, samples.last())
        return Forecast(probability, self.fitted.scale.expected_return(probability))

    def predict_one(self, window: FloatArray) -> tuple[float, float]:
        """Forecast from the last row of one window, equal to ``predict`` and faster."""
        if self.fitted is None:
            raise self.not_fitted()
        probability = self.fitted.fast.predict(window[-1])
        return probability, self.fitted.scale.slope * (probability - self.fitted.scale.base_rate)

    def importance(self) -> FloatArray:
        """Share of each feature in what the splits gained, in the order of the columns, shape ``(F,)``."""
        if self.fitted is None:
            raise self.not_fitted()
        gain = np.asarray(self.fitted.booster.feature_importance(importance_type="gain"), dtype=np.float64)
        return gain / gain.sum() if gain.any() else gain

    def save(self, folder: Path) -> None:
        """Write the trees as LightGBM text."""
        if self.fitted is None:
            raise self.not_fitted()
        (folder / _TREES_FILE).write_text(self.fitted.booster.model_to_string())
        self.write_parameters(folder, scale=self.fitted.scale.to_json())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        settings, content = cls.read_parameters(folder)
        path = folder / _TREES_FILE
        if not path.is_file():
            raise ModelError(f"{folder} holds no {_TREES_FILE}, the trees of a LightGBM model. Train the model again.")
        booster = import_lightgbm().Booster(model_str=path.read_text())
        return cls(settings, _BoosterFit(booster, ReturnScale.from_json(content["scale"])))

    def _probability(self, booster: Any, rows: FloatArray) -> FloatArray:
        return np.asarray(booster.predict(rows, num_threads=self.settings.num_threads))


def import_lightgbm() -> Any:
    """The lightgbm package, imported so that its idle threads sleep instead of spinning."""
    # OpenMP reads this when it is loaded; a value from outside wins.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import lightgbm  # noqa: PLC0415  # kept out of start-up

    return lightgbm


def booster_parameters(settings: LightGbmSettings) -> dict[str, Any]:
    """Parameters of ``lightgbm.train`` that make boosting a function of settings and samples alone."""
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "num_leaves": settings.num_leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.min_data_in_leaf,
        "feature_fraction": settings.feature_fraction,
        "bagging_fraction": settings.bagging_fraction,
        "bagging_freq": 1,
        "lambda_l2": settings.lambda_l2,
        "max_bin": settings.max_bin,
        "num_threads": settings.num_threads,
        "seed": settings.seed,
        "deterministic": True,
        "force_col_wise": True,
        "feature_pre_filter": False,
        "verbosity": -1,
    }


def boosting_dataset(samples: LabelledSamples, settings: LightGbmSettings, reference: Any | None = None) -> Any:
    """Binned dataset that many boosters can share as long as ``max_bin`` stays.

    Parameters
    ----------
    samples : LabelledSamples
    settings : LightGbmSettings
    reference : lightgbm.Dataset, optional
        Training dataset whose bins are used; needed for early-stopping samples.
    """
    return import_lightgbm().Dataset(
        samples.samples.last(),
        label=samples.targets.direction.astype(np.float64),
        reference=reference,
        params=booster_parameters(settings),
        free_raw_data=False,
    )
