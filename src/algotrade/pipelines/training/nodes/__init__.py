"""Steps of the training pipeline."""

from algotrade.pipelines.training.nodes.cards import write_cards
from algotrade.pipelines.training.nodes.combinatorial import walk_paths
from algotrade.pipelines.training.nodes.gate import judge_challenger
from algotrade.pipelines.training.nodes.inputs import cut_folds, inspect_features, join, label, lay_out_folds, prepare
from algotrade.pipelines.training.nodes.judgement import calibrate, choose, explain, judge_features, score
from algotrade.pipelines.training.nodes.packaging import assemble, fit_members, importance, package
from algotrade.pipelines.training.nodes.promotion import enlist, promote
from algotrade.pipelines.training.nodes.record import record_run
from algotrade.pipelines.training.nodes.search import compare_search, tune
from algotrade.pipelines.training.nodes.walks import (
    blend,
    score_horizons,
    walk_baselines,
    walk_candidates,
    walk_lightgbm,
)

__all__ = [
    "assemble",
    "blend",
    "calibrate",
    "choose",
    "compare_search",
    "cut_folds",
    "enlist",
    "explain",
    "fit_members",
    "importance",
    "inspect_features",
    "join",
    "judge_challenger",
    "judge_features",
    "label",
    "lay_out_folds",
    "package",
    "prepare",
    "promote",
    "record_run",
    "score",
    "score_horizons",
    "tune",
    "walk_baselines",
    "walk_candidates",
    "walk_lightgbm",
    "walk_paths",
    "write_cards",
]
