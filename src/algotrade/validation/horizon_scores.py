"""Every horizon of a model of several, judged out of fold."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from algotrade.models.multi_horizon import MultiHorizon
from algotrade.models.preparation import Preparation
from algotrade.models.samples import Targets
from algotrade.validation.folds import Fold
from algotrade.validation.scores import model_scores
from algotrade.validation.training_data import TrainingData
from algotrade.validation.training_rows import TrainingSettings, rows_tested
from algotrade.validation.walk_forward import predictions_of


def horizon_predictions(
    models: Sequence[MultiHorizon],
    data: TrainingData,
    folds: Sequence[Fold],
    preparations: Sequence[Preparation],
    training: TrainingSettings | None = None,
) -> dict[int, pd.DataFrame]:
    """Out-of-fold predictions over each horizon, by its number of candles, the main one first.

    Parameters
    ----------
    models : sequence of MultiHorizon
        The fitted model of each fold, as ``walk_forward`` leaves them.
    data : TrainingData
    folds : sequence of Fold
    preparations : sequence of Preparation
        Of each fold.
    training : TrainingSettings, optional
        Those of the walk.

    Returns
    -------
    dict of int to DataFrame
        As ``WalkForward.predictions``, the forward return being that of the horizon.
    """
    parts: dict[int, list[pd.DataFrame]] = {}
    for model, fold, preparation in zip(models, folds, preparations, strict=True):
        tested = data.take(rows_tested(data, fold, training or TrainingSettings()))
        targets = tested.labelled.targets
        for horizon, forecast in model.predict_horizons(preparation.of(tested.labelled.samples)).items():
            returns = targets.further.get(horizon, targets.forward_return)
            labelled = replace(tested.labelled, targets=Targets.of_returns(returns))
            own = replace(tested, labelled=labelled)
            parts.setdefault(horizon, []).append(predictions_of(model.name, fold, own, forecast))
    return {horizon: pd.concat(frames, ignore_index=True) for horizon, frames in parts.items()}


def horizon_scores(predictions: dict[int, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Scores by horizon (its candles as text, as JSON wants it), as ``model_scores`` gives them."""
    return {
        str(horizon): next(iter(model_scores(frame).values())) for horizon, frame in predictions.items() if len(frame)
    }
