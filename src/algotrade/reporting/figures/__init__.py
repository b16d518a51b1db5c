"""The figures of the report: pure functions from frames to plotly figures.

plotly is imported by the first figure, not with this package. Figures carry no title and a
transparent background; whoever shows them writes the title and may swap in a theme of
:data:`~algotrade.reporting.figures.canvas.THEMES`.
"""

from algotrade.reporting.figures.album import (
    FIGURES,
    MODEL_FIGURES,
    QUALITY_FIGURES,
    RESULT_FIGURES,
    STRATEGY_FIGURES,
    model_figures,
    quality_figures,
    report_figures,
    result_figures,
    strategy_figures,
)
from algotrade.reporting.figures.attribution import attribution_by_group, attribution_by_month, stress
from algotrade.reporting.figures.canvas import THEMES
from algotrade.reporting.figures.costs import costs_by_strategy
from algotrade.reporting.figures.features import importance_by_fold, information_by_fold
from algotrade.reporting.figures.folds import fold_spans, path_scores
from algotrade.reporting.figures.frames import QualityFrames, ReportFrames
from algotrade.reporting.figures.learning import calibration, feature_importance, fold_scores
from algotrade.reporting.figures.monthly import monthly_returns
from algotrade.reporting.figures.performance import daily_returns, drawdowns, equity_curves
from algotrade.reporting.figures.robustness import cost_sensitivity, monte_carlo, parameter_heat, variants
from algotrade.reporting.figures.rolling import rolling_beta, rolling_sharpe, rolling_volatility
from algotrade.reporting.figures.trades import trades_on_price
from algotrade.reporting.figures.walks import walk_forward_choices, walk_forward_equity

__all__ = [
    "FIGURES",
    "MODEL_FIGURES",
    "QUALITY_FIGURES",
    "RESULT_FIGURES",
    "STRATEGY_FIGURES",
    "THEMES",
    "QualityFrames",
    "ReportFrames",
    "attribution_by_group",
    "attribution_by_month",
    "calibration",
    "cost_sensitivity",
    "costs_by_strategy",
    "daily_returns",
    "drawdowns",
    "equity_curves",
    "feature_importance",
    "fold_scores",
    "fold_spans",
    "importance_by_fold",
    "information_by_fold",
    "model_figures",
    "monte_carlo",
    "monthly_returns",
    "parameter_heat",
    "path_scores",
    "quality_figures",
    "report_figures",
    "result_figures",
    "rolling_beta",
    "rolling_sharpe",
    "rolling_volatility",
    "strategy_figures",
    "stress",
    "trades_on_price",
    "variants",
    "walk_forward_choices",
    "walk_forward_equity",
]
