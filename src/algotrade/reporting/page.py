"""The report: one HTML file that needs nothing but a browser."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from algotrade.reporting import data_tables, feature_tables, formats, gate_tables, model_tables, search_tables, tables
from algotrade.reporting.context import ReportContext
from algotrade.reporting.document import document
from algotrade.reporting.scorecard import (
    STANDS_OUT,
    candidate_of,
    crowned_of,
    evidence,
    is_overfitted,
    is_simulated,
    verdict,
)

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CAPTIONS: Mapping[str, tuple[str, str]] = {
    "equity": ("Equity", "Growth of 1 after all costs, out of sample."),
    "drawdown": ("Drawdown", "Loss since the highest equity so far."),
    "rolling_sharpe": ("Rolling Sharpe", "Annualised, over the last 90 days: an edge should not live in one season."),
    "monthly_returns": ("Monthly returns of ml_signal, %", "The last column is the calendar year, compounded."),
    "costs": ("Costs", "What each strategy paid to trade."),
    "fold_scores": (
        "Scores by fold",
        "Each fold is later than what its model learned from; dotted: a coin.",
    ),
    "calibration": ("Calibration", "On the diagonal a probability means what it says; dot size: candles."),
    "hit_rate_by_confidence": (
        "Hit rate by confidence",
        "On the dotted line a forecast is right as often as it says; whiskers: what chance alone does.",
    ),
    "hit_rates_by_group": (
        "Hit rate by symbol and market, %",
        "Coloured where the interval leaves out one half. Calm to wild: volatility against what it was before.",
    ),
    "explanation": (
        "What the best candidate leans on",
        "On rows it had not seen; whiskers: what chance does. Features that say the same stand in for each other.",
    ),
    "feature_importance": (
        "Feature importance, final fit",
        "What the trees that are served lean on; importance is not causation.",
    ),
    "importance_by_fold": ("Importance by fold", "Bars: the mean; marks: the folds. Wide apart: a matter of luck."),
    "information_by_fold": (
        "Information coefficient by fold",
        "Rank correlation of a feature alone with the return that followed, on rows no model of the fold had seen.",
    ),
    "walk_forward": (
        "Walk-forward folds",
        "Marks: rows left out, their labels known too late or too shortly before; below: symbols listed late or gone.",
    ),
    "combinatorial_paths": (
        "Many ways through the history",
        "Cheap models on every path of the combinatorial cross-validation: each dot is one whole history.",
    ),
    "search_history": (
        "The search, trial by trial",
        "On inner folds of the first fold's training rows; dotted: the configured settings; crosses: pruned.",
    ),
    "search_importance": (
        "Which settings mattered",
        "By analysis of variance over a forest fitted to the complete trials; with few of them a hint, not a finding.",
    ),
    "coverage": ("Coverage", "Blue where no candle is missing between a series' first and last one."),
    "quarantined": ("Set aside", "Rows that break the contract of a candle, by reason."),
    "anomalies": (
        "Worth a look",
        "Valid candles that stand out, kept as they are; the larger the dot, the further out.",
    ),
    "divergence": (
        "Divergence between exchanges",
        "Distance from the others: mean (solid), highest (dotted); a cross where an exchange was left out.",
    ),
}
"""Title and caption of each figure that the page knows a place for."""


def render_report(metrics: Mapping[str, Any], figures: "Mapping[str, Figure]", context: ReportContext) -> str:
    """The whole report as one HTML document that loads nothing from anywhere.

    plotly.js travels inside, compressed, once; without scripts the tables still read. A content
    security policy in the page forbids it to fetch anything.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``.
    figures : mapping
        By the names of :data:`CAPTIONS`; others are shown at the end, missing ones are left out.
    context : ReportContext
    """
    return document(
        "report.html.j2",
        figures,
        **_headline(metrics, context),
        **_tables(metrics, context),
        context=context,
        captions={name: CAPTIONS.get(name, (formats.label(name), "")) for name in figures},
        other_figures=[name for name in figures if name not in CAPTIONS],
    )


def market_line(metrics: Mapping[str, Any], context: ReportContext) -> str:
    """The first line of the page: whose prices these are."""
    if is_simulated(metrics):
        planted = context.planted_signal or "a known truth, any signal in them was planted"
        return f"Simulated market — made-up candles with {planted}, not real prices."
    data = metrics.get("data", {})
    exchanges = [data["exchange"]] if "exchange" in data else sorted(set(context.quality.get("exchange", ())))
    source = str(data.get("source", "unknown source"))
    names = formats.shortened([str(name) for name in exchanges])
    return f"Market data: {source}{f' ({names})' if names else ''}."


def _headline(metrics: Mapping[str, Any], context: ReportContext) -> dict[str, Any]:
    data = metrics.get("data", {})
    symbols = [str(symbol) for symbol in data.get("symbols", [])]
    sentence = verdict(metrics)
    return {
        "simulated": is_simulated(metrics),
        "market_line": market_line(metrics, context),
        "symbols": formats.shortened(symbols),
        "data_facts": formats.data_facts(data),
        "verdict": sentence,
        "good": STANDS_OUT in sentence and not is_overfitted(metrics),
        "evidence": evidence(metrics),
    }


def _tables(metrics: Mapping[str, Any], context: ReportContext) -> dict[str, Any]:
    overfitting = metrics.get("overfitting", {})
    return {
        "cards": tables.target_cards(metrics),
        "strategies": tables.strategies_table(metrics.get("strategies", {})),
        "models": model_tables.models_table(metrics.get("models", {}), crowned_of(metrics)),
        "trust": model_tables.trust_table(metrics.get("models", {}), crowned_of(metrics)),
        "hit_rates": model_tables.hit_rate_table(context.hit_rates, candidate_of(metrics)),
        "undefined": model_tables.reasons_of(metrics.get("models", {})),
        "gate_sentence": gate_tables.gate_sentence(metrics),
        "gate_rivals": gate_tables.rivals_table(metrics),
        "gate_checks": gate_tables.checks_table(metrics),
        "search_sentences": search_tables.search_sentences(metrics),
        "searched_settings": search_tables.settings_table(metrics),
        "feature_tiles": feature_tables.feature_tiles(metrics),
        "leading_features": feature_tables.leading_features(context.stability),
        "unstable_features": feature_tables.unstable_features(context.stability),
        "factors": feature_tables.factors_table(context.preparation),
        "quality": data_tables.quality_table(context.quality),
        "quality_tiles": data_tables.quality_tiles(metrics),
        "venues": data_tables.divergence_table(metrics),
        "gaps": data_tables.gaps_table(context.gaps),
        "overfitting_probability": formats.percent(overfitting.get("probability_of_backtest_overfitting")),
        "trials": formats.count(overfitting.get("trials")),
        "model_choice": _model_choice(overfitting.get("model_choice") or {}),
        "provenance": tables.provenance(metrics, context),
        "timings": tables.timings(metrics),
        "assumptions": tables.assumptions(context.cost_assumptions),
        "libraries": sorted(context.library_versions.items()),
    }


def _model_choice(found: Mapping[str, Any]) -> str:
    """Probability that choosing among models overfits; nothing where none was walked combinatorially."""
    return formats.percent(found.get("probability_of_overfitting")) if found else ""
