"""Every figure of the report at once, under the names by which the page places them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from algotrade.reporting import tables
from algotrade.reporting.figures import (
    attribution,
    costs,
    features,
    folds,
    learning,
    monthly,
    performance,
    quality,
    robustness,
    rolling,
    search,
    trades,
    trust,
    walks,
)
from algotrade.reporting.figures.frames import QualityFrames, ReportFrames
from algotrade.reporting.findings import Findings
from algotrade.reporting.scorecard import candidate_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

STRATEGY_FIGURES = (
    "equity",
    "drawdown",
    "rolling_sharpe",
    "rolling_volatility",
    "rolling_beta",
    "daily_returns",
    "monthly_returns",
    "trades_on_price",
    "attribution",
    "attribution_by_month",
    "costs",
    "cost_sensitivity",
    "monte_carlo",
    "variants",
    "parameter_heat",
    "walk_forward_choices",
    "walk_forward_equity",
    "stress",
)
"""Names of the figures of the strategies, in the order in which :func:`strategy_figures` returns them."""
MODEL_FIGURES = (
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
"""Names of the figures of the models, in the order in which :func:`model_figures` returns them."""
RESULT_FIGURES = (*STRATEGY_FIGURES, *MODEL_FIGURES)
"""Names of the figures of the results, in the order in which :func:`result_figures` returns them."""
QUALITY_FIGURES = ("coverage", "quarantined", "anomalies", "divergence")
"""Names of the figures of the data, in the order in which :func:`quality_figures` returns them."""
FIGURES = (*RESULT_FIGURES, *QUALITY_FIGURES)


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
    """The figures of strategies and models by name.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``; its best candidate is the model that stands out.
    frames : ReportFrames
    """
    return {**strategy_figures(metrics, frames), **model_figures(metrics, frames)}


def strategy_figures(metrics: Mapping[str, Any], frames: ReportFrames) -> "dict[str, Figure]":
    """What the strategies earned, how, and what it would have taken to lose it."""
    currency = tables.quote_currency(metrics.get("data", {}).get("symbols", []))
    return {
        "equity": performance.equity_curves(frames.equity),
        "drawdown": performance.drawdowns(frames.equity),
        "rolling_sharpe": rolling.rolling_sharpe(frames.equity),
        "rolling_volatility": rolling.rolling_volatility(frames.equity),
        "rolling_beta": rolling.rolling_beta(frames.equity),
        "daily_returns": performance.daily_returns(frames.equity),
        "monthly_returns": monthly.monthly_returns(frames.equity),
        "costs": costs.costs_by_strategy(metrics.get("strategies", {}), currency),
        **_finding_figures(frames.findings, currency),
    }


def _finding_figures(findings: Findings, currency: str) -> "dict[str, Figure]":
    return {
        "trades_on_price": trades.trades_on_price(findings.candles, findings.trades, findings.fills),
        "attribution": attribution.attribution_by_group(findings.attribution, currency),
        "attribution_by_month": attribution.attribution_by_month(findings.attribution, currency),
        "cost_sensitivity": robustness.cost_sensitivity(findings.robustness),
        "monte_carlo": robustness.monte_carlo(findings.robustness),
        "variants": robustness.variants(findings.grid),
        "parameter_heat": robustness.parameter_heat(findings.grid),
        "walk_forward_choices": walks.walk_forward_choices(findings.choices),
        "walk_forward_equity": walks.walk_forward_equity(findings.chosen_equity),
        "stress": attribution.stress(findings.stress),
    }


def model_figures(metrics: Mapping[str, Any], frames: ReportFrames) -> "dict[str, Figure]":
    """What the models said, how far it can be trusted, and what it rests on."""
    champion = candidate_of(metrics)
    return {
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
