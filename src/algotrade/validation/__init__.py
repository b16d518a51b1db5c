"""Judgement of models: labels, purged walk-forward, scores and overfitting statistics.

The only package that may see tomorrow. Everything it lets a model learn from was known before the
first row that the model is judged on.
"""

from algotrade.validation.blending import Blend, blend_out_of_fold, blend_weights
from algotrade.validation.folds import Fold, FoldSettings, early_stopping_split, train_rows, walk_forward_folds
from algotrade.validation.labels import LABELS, Label, build_label, forward_returns
from algotrade.validation.preparing import FoldPreparation, Preparations, fit_preparations
from algotrade.validation.sample_weights import WeightSettings
from algotrade.validation.scores import (
    AucInterval,
    Difference,
    Interval,
    auc_interval,
    calibration_table,
    fold_scores,
    model_scores,
    paired_difference,
)
from algotrade.validation.training_data import TrainingData, training_data
from algotrade.validation.training_rows import TrainingSettings
from algotrade.validation.tuning import Search, Trial, TuningSettings, inner_data, search_settings
from algotrade.validation.walk_forward import WalkForward, fit_final, walk_forward

__all__ = [
    "LABELS",
    "AucInterval",
    "Blend",
    "Difference",
    "Fold",
    "FoldPreparation",
    "FoldSettings",
    "Interval",
    "Label",
    "Preparations",
    "Search",
    "TrainingData",
    "TrainingSettings",
    "Trial",
    "TuningSettings",
    "WalkForward",
    "WeightSettings",
    "auc_interval",
    "blend_out_of_fold",
    "blend_weights",
    "build_label",
    "calibration_table",
    "early_stopping_split",
    "fit_final",
    "fit_preparations",
    "fold_scores",
    "forward_returns",
    "inner_data",
    "model_scores",
    "paired_difference",
    "search_settings",
    "train_rows",
    "training_data",
    "walk_forward",
    "walk_forward_folds",
]
