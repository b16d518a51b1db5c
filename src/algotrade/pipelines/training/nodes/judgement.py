"""Models and features judged by what they said out of fold."""

import logging
from collections.abc import Sequence
from typing import Any

import pandas as pd

from algotrade.models.base import Model
from algotrade.pipelines.parameters import BASELINES, MEMBERS
from algotrade.pipelines.training.nodes.artefacts import families_of, folds_of, importance_of
from algotrade.validation.feature_stability import feature_stability, features_by_fold, importance_agreement
from algotrade.validation.preparing import Preparations
from algotrade.validation.scores import calibration_table, fold_scores, model_scores
from algotrade.validation.training_data import TrainingData

CANDIDATES = (*MEMBERS, "ensemble")

logger = logging.getLogger(__name__)


def score(*predictions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any], pd.DataFrame]:
    """All out-of-fold predictions, their scores by fold and by model, and their calibration."""
    everything = pd.concat(predictions, ignore_index=True)
    scores = model_scores(everything)
    for name, values in scores.items():
        logger.info("%s: AUC %.4f, accuracy %.4f, log loss %.5f", name, *_headline(values))
    return everything, fold_scores(everything), scores, calibration_table(everything)


def choose(scores: dict[str, dict[str, Any]]) -> list[str]:
    """Rank the candidates by out-of-fold log loss, best first: the champion, then the challenger."""
    ranking = sorted(CANDIDATES, key=lambda name: float(scores[name]["log_loss"]))
    baseline = min(float(scores[name]["log_loss"]) for name in BASELINES)
    if float(scores[ranking[0]]["log_loss"]) >= baseline:
        logger.warning("The best model, %s, does not beat the baselines out of fold.", ranking[0])
    return ranking


def judge_features(
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    trees: list[Model],
    spec: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """What each feature was worth in each fold, over all folds, and how far the folds agree."""
    preparations = Preparations.from_json(prepared).folds
    shares = [importance_of(model) for model in trees]
    by_fold = features_by_fold(data, folds_of(folds), preparations, shares, families_of(spec))
    agreement = importance_agreement(by_fold)
    logger.info("Importances of the folds have a rank correlation of %s", agreement["rank_correlation"])
    return by_fold, feature_stability(by_fold), agreement


def _headline(values: dict[str, Any]) -> Sequence[float]:
    return values["auc"], values["accuracy"], values["log_loss"]
