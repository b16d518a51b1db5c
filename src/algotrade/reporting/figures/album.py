"""Every figure of the report at once, under the names by which the page places them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from algotrade.reporting import tables
from algotrade.reporting.figures import learning, performance

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FIGURES = (
    "equity",
    "drawdown",
    "rolling_sharpe",
    "monthly_returns",
    "costs",
    "fold_scores",
    "calibration",
    "feature_importance",
    "walk_forward",
)
"""Names of the figures, in the order in which :func:`report_figures` returns them."""


@dataclass(frozen=True)
class ReportFrames:
    """The frames that the figures are drawn from; an empty one gives a figure that says so.

    Attributes
    ----------
    equity : DataFrame
        Long: ``strategy``, ``time``, ``equity``.
    fold_scores : DataFrame
        ``model``, ``fold``, ``accuracy``, ``auc``, and more.
    importance : DataFrame
        ``feature``, ``family``, ``importance``.
    calibration : DataFrame
        ``model``, ``bin``, ``mean_probability``, ``observed_frequency``, ``count``.
    folds : DataFrame
        ``fold``, ``train_start``, ``train_end``, ``test_start``, ``test_end``.
    """

    equity: pd.DataFrame = field(default_factory=pd.DataFrame)
    fold_scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    importance: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration: pd.DataFrame = field(default_factory=pd.DataFrame)
    folds: pd.DataFrame = field(default_factory=pd.DataFrame)


def report_figures(metrics: Mapping[str, Any], frames: ReportFrames) -> "dict[str, Figure]":
    """The figures of the report by name.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``; its champion is the model that stands out.
    frames : ReportFrames
    """
    champion = metrics.get("champion", {}).get("name")
    currency = tables.quote_currency(metrics.get("data", {}).get("symbols", []))
    return {
        "equity": performance.equity_curves(frames.equity),
        "drawdown": performance.drawdowns(frames.equity),
        "rolling_sharpe": performance.rolling_sharpe(frames.equity),
        "monthly_returns": performance.monthly_returns(frames.equity),
        "costs": performance.costs_by_strategy(metrics.get("strategies", {}), currency),
        "fold_scores": learning.fold_scores(frames.fold_scores, champion),
        "calibration": learning.calibration(frames.calibration, champion),
        "feature_importance": learning.feature_importance(frames.importance),
        "walk_forward": learning.walk_forward(frames.folds),
    }
