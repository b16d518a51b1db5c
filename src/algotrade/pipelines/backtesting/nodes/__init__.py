"""Steps of the backtesting pipeline, a module a stage."""

from algotrade.pipelines.backtesting.nodes.judgement import (
    assess_robustness,
    attribute_profits,
    estimate_intervals,
    judge,
    list_drawdowns,
    stress_strategies,
)
from algotrade.pipelines.backtesting.nodes.search import (
    count_trials,
    judge_walk_forward,
    lay_out_grid,
    optimise,
    sweep_variants,
)
from algotrade.pipelines.backtesting.nodes.simulation import audit_all, run, view

__all__ = [
    "assess_robustness",
    "attribute_profits",
    "audit_all",
    "count_trials",
    "estimate_intervals",
    "judge",
    "judge_walk_forward",
    "lay_out_grid",
    "list_drawdowns",
    "optimise",
    "run",
    "stress_strategies",
    "sweep_variants",
    "view",
]
