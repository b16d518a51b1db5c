"""The report: one HTML file that needs nothing but a browser."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from algotrade.reporting import (
    data_tables,
    feature_tables,
    formats,
    gate_tables,
    model_tables,
    robustness_tables,
    search_tables,
    strategy_tables,
    tables,
)
from algotrade.reporting.captions import CAPTIONS
from algotrade.reporting.context import ReportContext
from algotrade.reporting.document import document
from algotrade.reporting.findings import Findings
from algotrade.reporting.judgement import STANDS_OUT, evidence, is_overfitted, verdict
from algotrade.reporting.scorecard import candidate_of, crowned_of, is_simulated

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_CONTENTS = (
    ("scorecard", "Scorecard", ""),
    ("performance", "Performance", ""),
    ("strategies", "Strategies", ""),
    ("trades", "Trades", ""),
    ("attribution", "Attribution", ""),
    ("costs", "Costs", ""),
    ("robustness", "Robustness", ""),
    ("stress", "Stress", ""),
    ("models", "Models", ""),
    ("gate", "Gate", "gate"),
    ("search", "Search", "search"),
    ("features", "Features", ""),
    ("data", "Data", ""),
    ("provenance", "Provenance", ""),
    ("reading", "How to read this", ""),
)
"""Sections with a link at the top; the last is the key of the metrics without which there is no such section."""


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
        **_strategy_tables(metrics, context.findings),
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
        "contents": [(anchor, title) for anchor, title, key in _CONTENTS if not key or metrics.get(key)],
        "verdict": sentence,
        "good": STANDS_OUT in sentence and not is_overfitted(metrics),
        "evidence": evidence(metrics),
    }


def _strategy_tables(metrics: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
    strategies = metrics.get("strategies", {})
    return {
        "league": strategy_tables.league_table(strategies, findings),
        "strategies": strategy_tables.figures_table(strategies, findings),
        "drawdowns": strategy_tables.drawdowns_table(findings),
        "attributed": strategy_tables.attribution_table(findings),
        "shortfall": robustness_tables.shortfall_table(findings),
        "robustness": robustness_tables.robustness_table(metrics, findings),
        "choices": strategy_tables.choices_table(findings),
        "stressed": strategy_tables.stress_table(findings),
    }


def _tables(metrics: Mapping[str, Any], context: ReportContext) -> dict[str, Any]:
    cards = tables.target_cards(metrics)
    return {
        "cards": cards,
        "intervals_known": any(card.interval for card in cards),
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
        "model_choice": _model_choice(metrics.get("overfitting", {}).get("model_choice") or {}),
        "provenance": tables.provenance(metrics, context),
        "timings": tables.timings(metrics),
        "assumptions": tables.assumptions(context.cost_assumptions),
        "libraries": sorted(context.library_versions.items()),
    }


def _model_choice(found: Mapping[str, Any]) -> str:
    """Probability that choosing among models overfits; nothing where none was walked combinatorially."""
    return formats.percent(found.get("probability_of_overfitting")) if found else ""
