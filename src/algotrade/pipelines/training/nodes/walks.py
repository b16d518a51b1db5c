"""Every model walked forward, and the blend of them."""

from typing import Any

import pandas as pd

from algotrade.models.base import Model, build_model
from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import BASELINES, TrainingParameters
from algotrade.pipelines.training.nodes.artefacts import folds_of
from algotrade.validation.blending import blend_out_of_fold
from algotrade.validation.preparing import Preparations
from algotrade.validation.training_data import TrainingData
from algotrade.validation.walk_forward import WalkForward, walk_forward


def walk_baselines(
    data: TrainingData, folds: list[dict[str, int]], prepared: dict[str, Any], parameters: dict[str, Any]
) -> pd.DataFrame:
    """Out-of-fold predictions of what any model has to beat."""
    settings = TrainingParameters.parse(parameters)
    models = [build_model(name, settings.settings_of(name)) for name in BASELINES]
    return pd.concat([_walk(model, data, folds, prepared, settings).predictions for model in models], ignore_index=True)


def walk_lightgbm(
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    found: dict[str, Any],
    parameters: dict[str, Any],
) -> tuple[pd.DataFrame, list[Model]]:
    """Out-of-fold predictions of the boosted trees, and the trees of each fold."""
    model = build_model("lightgbm", found)
    walked = _walk(model, data, folds, prepared, TrainingParameters.parse(parameters))
    return walked.predictions, list(walked.models)


def walk_lstm(
    data: TrainingData, folds: list[dict[str, int]], prepared: dict[str, Any], parameters: dict[str, Any]
) -> pd.DataFrame:
    """Out-of-fold predictions of the recurrent network."""
    settings = TrainingParameters.parse(parameters)
    return _walk(build_model("lstm", settings.settings_of("lstm")), data, folds, prepared, settings).predictions


def blend(
    lightgbm: pd.DataFrame, lstm: pd.DataFrame, folds: list[dict[str, int]]
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Out-of-fold predictions of the ensemble, and its weights for the time after the last fold."""
    blended = blend_out_of_fold(pd.concat([lightgbm, lstm], ignore_index=True), folds_of(folds))
    return blended.predictions, blended.final_weights


def _walk(
    model: Model,
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    settings: TrainingParameters,
) -> WalkForward:
    preparations = Preparations.from_json(prepared).folds
    with progress(f"{model.name}, fold by fold", len(folds)) as advance:
        return walk_forward(
            model, data, folds_of(folds), settings.fitting, preparations, lambda _, fold: advance(f"fold {fold.index}")
        )
