"""Every model walked forward, and the blend of them."""

from typing import Any

import pandas as pd

from algotrade.models.base import Model, build_model
from algotrade.models.multi_horizon import MultiHorizon
from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import BASELINES, SEARCHED, TrainingParameters
from algotrade.pipelines.training.nodes.artefacts import folds_of
from algotrade.validation.blending import blend_out_of_fold
from algotrade.validation.horizon_scores import horizon_predictions, horizon_scores
from algotrade.validation.parallel_walk import join_walks, walk_by_fold
from algotrade.validation.preparing import Preparations
from algotrade.validation.training_data import TrainingData
from algotrade.validation.walk_forward import WalkForward, no_predictions


def walk_baselines(
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    found: dict[str, dict[str, Any]],
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """Out-of-fold predictions of what any model has to beat."""
    settings = TrainingParameters.parse(parameters)
    models = [build_model(name, found[name]) for name in BASELINES]
    # Each is fitted in less time than a process takes to start.
    walks = [walk_every_fold(model, data, folds, prepared, settings, workers=1) for model in models]
    return pd.concat([walked.predictions for walked in walks], ignore_index=True)


def walk_lightgbm(
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    found: dict[str, dict[str, Any]],
    parameters: dict[str, Any],
) -> tuple[pd.DataFrame, list[Model]]:
    """Out-of-fold predictions of the boosted trees, and the trees of each fold."""
    model = build_model(SEARCHED, found[SEARCHED])
    walked = walk_every_fold(model, data, folds, prepared, TrainingParameters.parse(parameters))
    return walked.predictions, list(walked.models)


def walk_candidates(
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    found: dict[str, dict[str, Any]],
    parameters: dict[str, Any],
) -> tuple[pd.DataFrame, dict[str, list[Model]]]:
    """Out-of-fold predictions of every candidate but the boosted trees (a step of their own), and its fits by fold."""
    settings = TrainingParameters.parse(parameters)
    others = [build_model(name, found[name]) for name in settings.candidates if name != SEARCHED]
    walks = {model.name: walk_every_fold(model, data, folds, prepared, settings) for model in others}
    models = {name: list(walked.models) for name, walked in walks.items()}
    if not walks:
        return no_predictions(), models
    return pd.concat([walked.predictions for walked in walks.values()], ignore_index=True), models


def blend(
    lightgbm: pd.DataFrame, others: pd.DataFrame, folds: list[dict[str, int]], parameters: dict[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Out-of-fold predictions of the ensemble, and what its members weigh after the last fold.

    One candidate alone makes no ensemble.
    """
    settings = TrainingParameters.parse(parameters)
    if others.empty:
        return no_predictions(), {}
    options = settings.ensemble_settings({name: settings.settings_of(name) for name in settings.candidates})
    blended = blend_out_of_fold(pd.concat([lightgbm, others], ignore_index=True), folds_of(folds), options)
    learned = {"weights": blended.final_weights, "intercept": blended.final_intercept}
    return blended.predictions, {"method": options.method, "penalty": options.penalty, **learned}


def score_horizons(
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    candidates: dict[str, list[Model]],
    parameters: dict[str, Any],
) -> dict[str, dict[str, dict[str, Any]]]:
    """Out-of-fold scores of each model of several horizons, by horizon; nothing where there is no such candidate."""
    preparations = [each.preparation for each in Preparations.from_json(prepared).folds]
    fitting = TrainingParameters.parse(parameters).fitting
    scores = {}
    for name, models in candidates.items():
        several = [model for model in models if isinstance(model, MultiHorizon)]
        if several:
            predictions = horizon_predictions(several, data, folds_of(folds), preparations, fitting)
            scores[name] = horizon_scores(predictions)
    return scores


def walk_every_fold(
    model: Model,
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    settings: TrainingParameters,
    workers: int | None = None,
) -> WalkForward:
    """The model walked over every fold, in as many processes as configured or named."""
    preparations = Preparations.from_json(prepared).folds
    walks = []
    with progress(f"{model.name}, fold by fold", len(folds)) as advance:
        processes = settings.workers if workers is None else workers
        for walk in walk_by_fold(model, data, folds_of(folds), settings.fitting, preparations, processes):
            walks.append(walk)
            advance(f"fold {len(walks) - 1}")
    return join_walks(walks)
