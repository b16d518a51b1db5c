"""How good forecasts were, fold by fold, and how far chance alone could have brought them."""

from algotrade.validation.scores.association import information_coefficient_t
from algotrade.validation.scores.blocks import Resampling, TimeBlocks
from algotrade.validation.scores.calibration import CalibrationScores, calibration_scores
from algotrade.validation.scores.clustered import AucInterval, auc_interval
from algotrade.validation.scores.draws import score_draws
from algotrade.validation.scores.groups import hit_rates
from algotrade.validation.scores.intervals import Difference, Interval, paired_difference
from algotrade.validation.scores.points import (
    LESS_IS_BETTER,
    SCORES,
    accuracy,
    auc,
    balanced_accuracy,
    brier,
    forecast_rows,
    information_coefficient,
    log_loss,
)
from algotrade.validation.scores.report import ScoreReport, ScoreSettings, score_report
from algotrade.validation.scores.tables import calibration_table, fold_scores, model_score, model_scores

__all__ = [
    "LESS_IS_BETTER",
    "SCORES",
    "AucInterval",
    "CalibrationScores",
    "Difference",
    "Interval",
    "Resampling",
    "ScoreReport",
    "ScoreSettings",
    "TimeBlocks",
    "accuracy",
    "auc",
    "auc_interval",
    "balanced_accuracy",
    "brier",
    "calibration_scores",
    "calibration_table",
    "fold_scores",
    "forecast_rows",
    "hit_rates",
    "information_coefficient",
    "information_coefficient_t",
    "log_loss",
    "model_score",
    "model_scores",
    "paired_difference",
    "score_draws",
    "score_report",
]
