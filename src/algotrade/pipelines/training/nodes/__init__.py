"""Steps of the training pipeline."""

from algotrade.pipelines.training.nodes.inputs import cut_folds, inspect_features, join, label, prepare
from algotrade.pipelines.training.nodes.judgement import choose, judge_features, score
from algotrade.pipelines.training.nodes.packaging import enlist, fit_members, importance, package
from algotrade.pipelines.training.nodes.search import tune
from algotrade.pipelines.training.nodes.walks import blend, walk_baselines, walk_lightgbm, walk_lstm

__all__ = [
    "blend",
    "choose",
    "cut_folds",
    "enlist",
    "fit_members",
    "importance",
    "inspect_features",
    "join",
    "judge_features",
    "label",
    "package",
    "prepare",
    "score",
    "tune",
    "walk_baselines",
    "walk_lightgbm",
    "walk_lstm",
]
