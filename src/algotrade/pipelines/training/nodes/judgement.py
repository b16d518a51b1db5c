"""Models and features judged by what they said out of fold."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from algotrade.models.base import Model
from algotrade.pipelines.parameters import BASELINES, ENSEMBLE, SEARCHED, TrainingParameters
from algotrade.pipelines.training.nodes.artefacts import boosted, ensemble_of, families_of, folds_of, importance_of
from algotrade.validation.calibrating import calibrate_out_of_fold, volatility_of
from algotrade.validation.explanation import permutation_importance, tree_contributions, unseen_rows
from algotrade.validation.feature_stability import feature_stability, features_by_fold, importance_agreement
from algotrade.validation.preparing import Preparations
from algotrade.validation.regimes import market_regimes
from algotrade.validation.scores import calibration_table, fold_scores, forecast_rows, score_report
from algotrade.validation.training_data import TrainingData

logger = logging.getLogger(__name__)


def calibrate(
    baselines: pd.DataFrame,
    lightgbm: pd.DataFrame,
    others: pd.DataFrame,
    ensemble: pd.DataFrame,
    data: TrainingData,
    folds: list[dict[str, int]],
    parameters: dict[str, Any],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """All out-of-fold predictions, each fold calibrated by the folds before it; by model, what all folds teach."""
    settings = TrainingParameters.parse(parameters)
    everything = pd.concat([each for each in (baselines, lightgbm, others, ensemble) if len(each)], ignore_index=True)
    calibrated = calibrate_out_of_fold(
        everything, folds_of(folds), settings.calibration, settings.interval, volatility_of(data)
    )
    return calibrated.predictions, {name: each.to_json() for name, each in calibrated.final.items()}


def score(
    calibrated: pd.DataFrame, data: TrainingData, folds: list[dict[str, int]], parameters: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Every forecast that was made, scores by fold and by model, calibration in bins, and hit rates by group."""
    regimes = market_regimes(data, folds_of(folds))
    rows = calibrated if regimes is None else calibrated.merge(regimes, on="open_time", how="left")
    report = score_report(rows, TrainingParameters.parse(parameters).scores)
    for name, values in report.scores.items():
        logger.info("%s: AUC %s, accuracy %s, log loss %s", name, *_headline(values))
        if values["missing_forecasts"]:
            logger.warning("%s has no forecast for %d rows; they are left out.", name, values["missing_forecasts"])
    known = forecast_rows(calibrated)
    return known, fold_scores(known), report.scores, calibration_table(known), report.hit_rates


def choose(scores: dict[str, dict[str, Any]]) -> list[str]:
    """Rank the candidates by out-of-fold log loss, best first; one without a forecast comes last."""
    loss = {name: np.inf if values["log_loss"] is None else values["log_loss"] for name, values in scores.items()}
    ranking = sorted(scores.keys() - set(BASELINES), key=lambda name: (loss[name], name))
    if loss[ranking[0]] >= min(loss[name] for name in BASELINES):
        logger.warning("The best model, %s, does not beat the baselines out of fold.", ranking[0])
    return ranking


def judge_features(
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    trees: list[Model],
    spec: dict[str, Any],
    parameters: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """What each feature was worth in each fold, over all folds, and how far the folds agree."""
    preparations = Preparations.from_json(prepared).folds
    shares = [importance_of(model) for model in trees]
    training = TrainingParameters.parse(parameters).fitting
    by_fold = features_by_fold(data, folds_of(folds), preparations, shares, families_of(spec), training)
    agreement = importance_agreement(by_fold)
    logger.info("Importances of the folds have a rank correlation of %s", agreement["rank_correlation"])
    return by_fold, feature_stability(by_fold), agreement


def explain(
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    trees: list[Model],
    others: dict[str, list[Model]],
    learned: dict[str, Any],
    ranking: list[str],
    spec: dict[str, Any],
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """What the best candidate leans on, and what the trees do, on rows that neither had seen."""
    settings, families = TrainingParameters.parse(parameters), families_of(spec)
    tested = unseen_rows(
        data, folds_of(folds), Preparations.from_json(prepared).folds, settings.fitting, settings.explanation_rows
    )
    explained = [tree_contributions(boosted(trees), tested, families, settings.seed)]
    if ranking[0] != SEARCHED:
        by_fold = _fits_of(ranking[0], {SEARCHED: trees, **others}, learned)
        explained.insert(0, permutation_importance(by_fold, tested, families, settings.seed))
    return pd.concat(explained, ignore_index=True)


def _fits_of(name: str, fits: dict[str, list[Model]], learned: dict[str, Any]) -> list[Model]:
    """The fit of a candidate in each fold; an ensemble's members weigh there what they weigh in the end."""
    if name != ENSEMBLE:
        return fits[name]
    return [ensemble_of(dict(zip(fits, members, strict=True)), learned) for members in zip(*fits.values(), strict=True)]


def _headline(values: dict[str, Any]) -> Sequence[str]:
    """Scores with their intervals, as a person reads them."""
    return [_written(values[name], values["intervals"][name]) for name in ("auc", "accuracy", "log_loss")]


def _written(value: float | None, interval: dict[str, float | None]) -> str:
    if value is None or interval["low"] is None:
        return "not defined" if value is None else f"{value:.4f}"
    return f"{value:.4f} [{interval['low']:.4f}, {interval['high']:.4f}]"
