"""The figures of the report: pure functions from frames to plotly figures.

plotly is imported by the first figure, not with this package. Figures carry no title and a
transparent background; whoever shows them writes the title and may swap in a theme of
:data:`~algotrade.reporting.figures.canvas.THEMES`.
"""

from algotrade.reporting.figures.album import (
    FIGURES,
    QUALITY_FIGURES,
    RESULT_FIGURES,
    QualityFrames,
    ReportFrames,
    quality_figures,
    report_figures,
    result_figures,
)
from algotrade.reporting.figures.canvas import THEMES
from algotrade.reporting.figures.features import importance_by_fold, information_by_fold
from algotrade.reporting.figures.folds import fold_spans, path_scores
from algotrade.reporting.figures.learning import calibration, feature_importance, fold_scores
from algotrade.reporting.figures.performance import (
    costs_by_strategy,
    drawdowns,
    equity_curves,
    monthly_returns,
    rolling_sharpe,
)

__all__ = [
    "FIGURES",
    "QUALITY_FIGURES",
    "RESULT_FIGURES",
    "THEMES",
    "QualityFrames",
    "ReportFrames",
    "calibration",
    "costs_by_strategy",
    "drawdowns",
    "equity_curves",
    "feature_importance",
    "fold_scores",
    "fold_spans",
    "importance_by_fold",
    "information_by_fold",
    "monthly_returns",
    "path_scores",
    "quality_figures",
    "report_figures",
    "result_figures",
    "rolling_sharpe",
]
