"""Judgement of models: labels, purged walk-forward, scores and overfitting statistics.

The only package that may see tomorrow. Everything it lets a model learn from was known before the
first row that the model is judged on.
"""

from algotrade.validation.blending import Blend, blend_out_of_fold, blend_weights
from algotrade.validation.folds import Fold, FoldSettings, early_stopping_split, train_rows, walk_forward_folds
from algotrade.validation.labels import forward_returns
from algotrade.validation.preparing import FoldPreparation, Preparations, fit_preparations
from algotrade.validation.scores import AucInterval, auc_interval, calibration_table, fold_scores, model_scores
from algotrade.validation.training_data import TrainingData, training_data
from algotrade.validation.training_rows import TrainingSettings
from algotrade.validation.tuning import Trial, Tuning, TuningSettings, tune_lightgbm
from algotrade.validation.walk_forward import WalkForward, fit_final, walk_forward

__all__ = [
    "AucInterval",
    "Blend",
    "Fold",
    "FoldPreparation",
    "FoldSettings",
    "Preparations",
    "TrainingData",
    "TrainingSettings",
    "Trial",
    "Tuning",
    "TuningSettings",
    "WalkForward",
    "auc_interval",
    "blend_out_of_fold",
    "blend_weights",
    "calibration_table",
    "early_stopping_split",
    "fit_final",
    "fit_preparations",
    "fold_scores",
    "forward_returns",
    "model_scores",
    "train_rows",
    "training_data",
    "tune_lightgbm",
    "walk_forward",
    "walk_forward_folds",
]
