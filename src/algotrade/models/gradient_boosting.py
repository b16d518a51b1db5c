"""Gradient-boosted trees (LightGBM), saved as LightGBM's own text."""

import math
import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass
from scipy.special import logit

from algotrade.domain.candles import FloatArray
from algotrade.errors import ModelError
from algotrade.models.base import MODELS, Model
from algotrade.models.configuration import STRICT
from algotrade.models.fast_booster import FastBooster
from algotrade.models.return_scale import ReturnScale
from algotrade.models.samples import Forecast, LabelledSamples, Samples, Targets

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
    balance : bool
        Whether rises and falls are given the same total weight in training.
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
    balance: bool = False
    num_threads: PositiveInt = 2
    seed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class _BoosterFit:
    booster: Any
    scale: ReturnScale
    log_odds_shift: float

    @cached_property
    def fast(self) -> FastBooster:
        return FastBooster(self.booster)


@MODELS.register("lightgbm")
@dataclass(frozen=True)
class LightGbm(Model):
    r"""Boosted trees on the last feature row, ended by the log loss on the early-stopping samples.

    The expected return is scaled on the early-stopping samples too, as ``ReturnScale`` tells. A missing feature is
    no value of its own: each split learns the side to which it goes. Trees grown on balanced classes speak of a world
    in which rises and falls are equally frequent; their probability :math:`q` is put back to the base rate
    :math:`\bar p` of the training rows by

    .. math:: \mathrm{logit}\,p = \mathrm{logit}\,q + \mathrm{logit}\,\bar p,

    which is exact for classes that were reweighted.

    References
    ----------
    .. [1] Ke, G. et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS.
    .. [2] Elkan, C. (2001). The foundations of cost-sensitive learning. IJCAI.
    """

    settings: LightGbmSettings = field(default_factory=LightGbmSettings)
    fitted: _BoosterFit | None = None

    name: ClassVar[str] = "lightgbm"
    settings_type: ClassVar[type[LightGbmSettings]] = LightGbmSettings

    def learn(self, training: LabelledSamples, early_stopping: LabelledSamples | None) -> Self:
        """Boost until the early-stopping samples no longer gain, or for ``max_rounds`` without them."""
        lightgbm = import_lightgbm()
        dataset = boosting_dataset(training, self.settings)
        shift = float(logit(training.targets.base_rate)) if self.settings.balance else 0.0
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
        probability = self._probability(booster, held_out.samples.last(), shift)
        scale = ReturnScale.fit(training.targets, probability, held_out.targets)
        return replace(self, fitted=_BoosterFit(booster, scale, shift))

    def predict(self, samples: Samples) -> Forecast:
        """Forecast from the last row of each sample; NaN is a missing value."""
        if self.fitted is None:
            raise self.not_fitted()
        probability = self._probability(self.fitted.booster, samples.last(), self.fitted.log_odds_shift)
        return Forecast(probability, self.fitted.scale.expected_return(probability))

    def predict_one(self, window: FloatArray) -> tuple[float, float]:
        """Forecast from the last row of one window, equal to ``predict`` and faster."""
        if self.fitted is None:
            raise self.not_fitted()
        probability = shifted(self.fitted.fast.predict(window[-1]), self.fitted.log_odds_shift)
        return probability, self.fitted.scale.slope * (probability - self.fitted.scale.base_rate)

    def importance(self) -> FloatArray:
        """Share of each feature in what the splits gained, in the order of the columns, shape ``(F,)``."""
        if self.fitted is None:
            raise self.not_fitted()
        gain = np.asarray(self.fitted.booster.feature_importance(importance_type="gain"), dtype=np.float64)
        return gain / gain.sum() if gain.any() else gain

    def contributions(self, samples: Samples) -> FloatArray:
        """What each column adds to the log odds of each sample, and last their bias, shape ``(n, F + 1)``.

        Each row sums to the log odds of the probability that ``predict`` gives: the values are Shapley's, by TreeSHAP.
        """
        if self.fitted is None:
            raise self.not_fitted()
        rows = samples.last()
        added = self.fitted.booster.predict(rows, pred_contrib=True, num_threads=self.settings.num_threads)
        added[:, -1] += self.fitted.log_odds_shift
        return np.asarray(added)

    def save(self, folder: Path) -> None:
        """Write the trees as LightGBM text."""
        if self.fitted is None:
            raise self.not_fitted()
        (folder / _TREES_FILE).write_text(self.fitted.booster.model_to_string())
        self.write_parameters(folder, scale=self.fitted.scale.to_json(), log_odds_shift=self.fitted.log_odds_shift)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        settings, content = cls.read_parameters(folder)
        path = folder / _TREES_FILE
        if not path.is_file():
            raise ModelError(f"{folder} holds no {_TREES_FILE}, the trees of a LightGBM model. Train the model again.")
        booster = import_lightgbm().Booster(model_str=path.read_text())
        fitted = _BoosterFit(booster, ReturnScale.from_json(content["scale"]), content["log_odds_shift"])
        return cls(settings, fitted)

    def _probability(self, booster: Any, rows: FloatArray, log_odds_shift: float) -> FloatArray:
        return np.asarray(shifted(booster.predict(rows, num_threads=self.settings.num_threads), log_odds_shift))


def shifted(probability: Any, log_odds_shift: float) -> Any:
    """Probabilities with other log odds; without a shift the very same.

    >>> float(shifted(0.5, float(logit(0.2))))
    0.2
    """
    if log_odds_shift == 0:
        return probability
    odds = math.exp(log_odds_shift) * probability
    return odds / (1 - probability + odds)


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
        weight=_weights(samples.targets, settings.balance),
        reference=reference,
        params=booster_parameters(settings),
        free_raw_data=False,
    )


def _weights(targets: Targets, balance: bool) -> FloatArray | None:
    """Weight of each sample; None, which is faster, if all are the same."""
    weight = targets.weight
    if balance and 0 < targets.base_rate < 1:
        weight = weight * np.where(targets.direction, 0.5 / targets.base_rate, 0.5 / (1 - targets.base_rate))
    return None if np.ptp(weight) == 0 else weight
