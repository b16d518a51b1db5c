"""What one set of settings loses on one inner fold: the log loss of a model fitted as in the walk."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import logit

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.models.base import build_model
from algotrade.models.configuration import parse_settings
from algotrade.models.gradient_boosting import (
    LightGbmSettings,
    booster_parameters,
    boosting_dataset,
    import_lightgbm,
    shifted,
)
from algotrade.validation.tuning.inner import InnerFold

Loss = Callable[[Mapping[str, Any], int], float]
"""Settings of the model and position of the inner fold to the mean log loss on its test rows."""


def loss_of(family: str, settings: Mapping[str, Any], folds: Sequence[InnerFold]) -> Loss:
    """The loss of a family on these folds.

    Parameters
    ----------
    family : str
    settings : mapping
        As configured; what all trials share is made from them once.
    folds : sequence of InnerFold
    """
    return boosted_loss(settings, folds) if family == "lightgbm" else fitted_loss(family, folds)


def fitted_loss(family: str, folds: Sequence[InnerFold]) -> Loss:
    """A model built, fitted with early stopping and asked about the test rows, for every trial anew."""

    def loss(settings: Mapping[str, Any], position: int) -> float:
        fold = folds[position]
        fitted = build_model(family, settings).fit(fold.training, fold.early_stopping)
        return log_loss(fitted.predict(fold.tested.samples).probability, fold.tested.targets.direction)

    return loss


def boosted_loss(settings: Mapping[str, Any], folds: Sequence[InnerFold]) -> Loss:
    """The same for boosted trees, on rows that are gathered, prepared and binned once for all trials."""
    base = parse_settings(LightGbmSettings, settings, "model lightgbm")
    binned = []
    for fold in folds:
        learned = fold.training.counting()
        training = boosting_dataset(learned, base)
        held_out = boosting_dataset(fold.early_stopping.counting(), base, training)
        shift = float(logit(learned.targets.base_rate)) if base.balance else 0.0
        binned.append((training, held_out, shift, fold.tested.samples.last(), fold.tested.targets.direction))

    def loss(settings: Mapping[str, Any], position: int) -> float:
        lightgbm, options = import_lightgbm(), parse_settings(LightGbmSettings, settings, "model lightgbm")
        training, held_out, shift, rows, direction = binned[position]
        booster = lightgbm.train(
            booster_parameters(options),
            training,
            num_boost_round=options.max_rounds,
            valid_sets=[held_out],
            callbacks=[lightgbm.early_stopping(options.patience, verbose=False)],
        )
        probability = booster.predict(rows, num_iteration=booster.best_iteration, num_threads=options.num_threads)
        return log_loss(shifted(np.asarray(probability), shift), direction)

    return loss


def log_loss(probability: FloatArray, direction: BoolArray) -> float:
    """Mean log loss, every row counting the same; finite for probabilities of zero and one.

    >>> round(log_loss(np.array([0.5, 0.5]), np.array([True, False])), 4)
    0.6931
    """
    said = np.clip(np.where(direction, probability, 1 - probability), 1e-12, 1)
    return float(-np.log(said).mean())
