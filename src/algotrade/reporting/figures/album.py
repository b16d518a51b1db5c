"""Every figure of the report at once, under the names by which the page places them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from algotrade.reporting import tables
from algotrade.reporting.figures import features, folds, learning, performance, quality, search, trust
from algotrade.reporting.scorecard import candidate_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

RESULT_FIGURES = (
    "equity",
    "drawdown",
    "rolling_sharpe",
    "monthly_returns",
    "costs",
    "fold_scores",
    "calibration",
    "hit_rate_by_confidence",
    "hit_rates_by_group",
    "explanation",
    "feature_importance",
    "importance_by_fold",
    "information_by_fold",
    "walk_forward",
    "combinatorial_paths",
    "search_history",
    "search_importance",
)
"""Names of the figures of the results, in the order in which :func:`result_figures` returns them."""
QUALITY_FIGURES = ("coverage", "quarantined", "anomalies", "divergence")
"""Names of the figures of the data, in the order in which :func:`quality_figures` returns them."""
FIGURES = (*RESULT_FIGURES, *QUALITY_FIGURES)


@dataclass(frozen=True)
class QualityFrames:
    """The frames of the assessment that figures are drawn from; an empty one gives a figure that says so.

    Attributes
    ----------
    coverage : DataFrame
        ``exchange``, ``symbol``, ``time``, ``candles``, ``expected``.
    quarantined : DataFrame
        ``exchange``, ``symbol``, ``reason``, ``rows``.
    anomalies : DataFrame
        ``exchange``, ``symbol``, ``kind``, ``open_time``, ``score``.
    timeline : DataFrame
        ``exchange``, ``time``, ``compared``, ``mean_deviation_bps``, ``max_deviation_bps``, ``left_out``.
    """

    coverage: pd.DataFrame = field(default_factory=pd.DataFrame)
    quarantined: pd.DataFrame = field(default_factory=pd.DataFrame)
    anomalies: pd.DataFrame = field(default_factory=pd.DataFrame)
    timeline: pd.DataFrame = field(default_factory=pd.DataFrame)


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
        ``fold``, ``symbol``, ``part``, ``before``, ``rows``, ``start``, ``end``.
    quality : QualityFrames
    features : DataFrame
        ``fold``, ``feature``, ``family``, ``importance``, ``information_coefficient``.
    paths : DataFrame
        ``model``, ``path``, ``gain``, ``auc``.
    hit_rates : DataFrame
        ``model``, ``by``, ``bucket``, ``hit_rate``, ``low``, ``high``, ``confidence``.
    explanation : DataFrame
        ``model``, ``feature``, ``family``, ``kind``, ``value``, ``low``, ``high``.
    trials : DataFrame
        ``family``, ``number``, ``state``, ``value``.
    """

    equity: pd.DataFrame = field(default_factory=pd.DataFrame)
    fold_scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    importance: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration: pd.DataFrame = field(default_factory=pd.DataFrame)
    folds: pd.DataFrame = field(default_factory=pd.DataFrame)
    quality: QualityFrames = field(default_factory=QualityFrames)
    features: pd.DataFrame = field(default_factory=pd.DataFrame)
    paths: pd.DataFrame = field(default_factory=pd.DataFrame)
    hit_rates: pd.DataFrame = field(default_factory=pd.DataFrame)
    explanation: pd.DataFrame = field(default_factory=pd.DataFrame)
    trials: pd.DataFrame = field(default_factory=pd.DataFrame)


def report_figures(metrics: Mapping[str, Any], frames: ReportFrames) -> "dict[str, Figure]":
    """Every figure of the report by name: of the results, then of the data."""
    return {**result_figures(metrics, frames), **quality_figures(frames.quality)}


def quality_figures(frames: QualityFrames) -> "dict[str, Figure]":
    """The figures of the data by name."""
    return {
        "coverage": quality.coverage(frames.coverage),
        "quarantined": quality.quarantined(frames.quarantined),
        "anomalies": quality.anomalies(frames.anomalies),
        "divergence": quality.divergence(frames.timeline),
    }


def result_figures(metrics: Mapping[str, Any], frames: ReportFrames) -> "dict[str, Figure]":
    """The figures of models and strategies by name.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``; its best candidate is the model that stands out.
    frames : ReportFrames
    """
    champion = candidate_of(metrics)
    currency = tables.quote_currency(metrics.get("data", {}).get("symbols", []))
    return {
        "equity": performance.equity_curves(frames.equity),
        "drawdown": performance.drawdowns(frames.equity),
        "rolling_sharpe": performance.rolling_sharpe(frames.equity),
        "monthly_returns": performance.monthly_returns(frames.equity),
        "costs": performance.costs_by_strategy(metrics.get("strategies", {}), currency),
        "fold_scores": learning.fold_scores(frames.fold_scores, champion),
        "calibration": learning.calibration(frames.calibration, champion),
        "hit_rate_by_confidence": trust.hit_rate_by_confidence(frames.hit_rates, champion),
        "hit_rates_by_group": trust.hit_rates_by_group(frames.hit_rates),
        "explanation": trust.explanation(frames.explanation),
        "feature_importance": learning.feature_importance(frames.importance),
        "importance_by_fold": features.importance_by_fold(frames.features),
        "information_by_fold": features.information_by_fold(frames.features),
        "walk_forward": folds.fold_spans(frames.folds),
        "combinatorial_paths": folds.path_scores(frames.paths),
        "search_history": search.search_history(frames.trials),
        "search_importance": search.search_importance(metrics.get("search", {})),
    }
