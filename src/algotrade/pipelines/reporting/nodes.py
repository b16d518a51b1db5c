"""Steps of the reporting pipeline."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from algotrade.models.preparation import Preparation
from algotrade.monitoring.run_log import current_run
from algotrade.pipelines.parameters import BacktestingParameters
from algotrade.reporting import (
    Findings,
    QualityFrames,
    ReportContext,
    ReportFrames,
    data_metrics,
    feature_metrics,
    gate_metrics,
    judge,
    quality_figures,
    render_report,
    result_figures,
    scorecard_markdown,
    search_metrics,
    strategies_section,
)
from algotrade.reporting.figures import FIGURES, QUALITY_FIGURES, RESULT_FIGURES
from algotrade.reporting.scorecard import JUDGED_STRATEGY
from algotrade.validation.preparing import Preparations

# Kedro reads the annotations of nodes, and plotly is not to be imported for that.
Figure = Any


def gather(
    intervals: dict[str, Any],
    robustness: dict[str, Any],
    drawdowns: pd.DataFrame,
    attribution: pd.DataFrame,
    stress: pd.DataFrame,
    choices: pd.DataFrame,
    chosen_equity: pd.DataFrame,
    grid: pd.DataFrame,
    candles: pd.DataFrame,
    trades: pd.DataFrame,
    fills: pd.DataFrame,
) -> Findings:
    """What all steps of the backtesting pipeline have found out about the strategies, in one value."""
    return Findings(
        intervals=intervals,
        robustness=robustness,
        drawdowns=drawdowns,
        attribution=attribution,
        stress=stress,
        choices=choices,
        chosen_equity=chosen_equity,
        grid=grid,
        candles=candles,
        trades=trades,
        fills=fills,
    )


def draw(
    equity: pd.DataFrame,
    fold_scores: pd.DataFrame,
    importance: pd.DataFrame,
    features_by_fold: pd.DataFrame,
    calibration: pd.DataFrame,
    fold_rows: pd.DataFrame,
    paths: pd.DataFrame,
    hit_rates: pd.DataFrame,
    explanation: pd.DataFrame,
    trials: pd.DataFrame,
    searches: dict[str, Any],
    strategy_scores: dict[str, Any],
    decision: dict[str, Any],
    universe: dict[str, Any],
    findings: Findings,
) -> tuple[Figure, ...]:
    """The figures of models and strategies, in the order of the catalog entries."""
    drawn = result_figures(
        {"data": universe, "candidate": decision["challenger"], "strategies": strategy_scores, "search": searches},
        ReportFrames(
            equity,
            fold_scores,
            importance,
            calibration,
            fold_rows,
            features=features_by_fold,
            paths=paths,
            hit_rates=hit_rates,
            explanation=explanation,
            trials=trials,
            findings=findings,
        ),
    )
    return tuple(drawn[name] for name in RESULT_FIGURES)


def draw_quality(
    coverage: pd.DataFrame, quarantined: pd.DataFrame, anomalies: pd.DataFrame, timeline: pd.DataFrame
) -> tuple[Figure, ...]:
    """The figures of the data, in the order of the catalog entries."""
    drawn = quality_figures(QualityFrames(coverage, quarantined, anomalies, timeline))
    return tuple(drawn[name] for name in QUALITY_FIGURES)


def summarise_features(
    hygiene: pd.DataFrame, stability: pd.DataFrame, agreement: dict[str, Any], prepared: dict[str, Any]
) -> dict[str, Any]:
    """What the features were like, what models saw of them, and how far the folds agreed."""
    return feature_metrics(hygiene, stability, agreement, _final(prepared))


def summarise(
    universe: dict[str, Any],
    quality: pd.DataFrame,
    reasons: pd.DataFrame,
    divergence: pd.DataFrame,
    feature_summary: dict[str, Any],
    searches: dict[str, Any],
    search_effect: dict[str, Any],
    model_scores: dict[str, dict[str, Any]],
    decision: dict[str, Any],
    strategy_scores: dict[str, dict[str, Any]],
    overfitting: dict[str, Any],
    combinatorial: dict[str, Any],
    findings: Findings,
    timings: dict[str, float],
) -> dict[str, Any]:
    """``metrics.json``: everything that the run is judged by."""
    return {
        "data": data_metrics(universe, quality, reasons, divergence),
        "features": feature_summary,
        "search": search_metrics(searches, search_effect),
        "models": model_scores,
        **gate_metrics(decision),
        "strategies": strategies_section(strategy_scores, findings),
        "overfitting": {**overfitting, "model_choice": combinatorial},
        "targets": judge(strategy_scores.get(JUDGED_STRATEGY, {}), model_scores[decision["challenger"]["name"]]),
        "timings": timings,
    }


def write_page(
    metrics: dict[str, Any],
    quality: pd.DataFrame,
    gaps: pd.DataFrame,
    stability: pd.DataFrame,
    hit_rates: pd.DataFrame,
    prepared: dict[str, Any],
    universe: dict[str, Any],
    decision: dict[str, Any],
    backtesting: dict[str, Any],
    findings: Findings,
    *figures: Figure,
) -> str:
    """The report as one HTML page."""
    context = ReportContext(
        run_id=current_run(),
        commit=decision["challenger"]["git_commit"],
        quality=quality,
        gaps=gaps,
        stability=stability,
        hit_rates=hit_rates,
        preparation=_final(prepared),
        findings=findings,
        notes=tuple(universe["notes"]),
        planted_signal=_planted_signal(universe),
        cost_assumptions=asdict(BacktestingParameters.parse(backtesting).costs),
        horizon=decision["challenger"]["horizon"],
        library_versions=decision["challenger"]["libraries"],
    )
    drawn = dict(zip(FIGURES, figures, strict=True))
    # Where there is nothing to show, a number on the page says so.
    if len(universe["exchanges"]) == 1:
        del drawn["divergence"]
    if not metrics["data"]["quarantined"]:
        del drawn["quarantined"]
    if not metrics["overfitting"]["model_choice"]:
        del drawn["combinatorial_paths"]
    if not metrics["search"]:
        del drawn["search_history"], drawn["search_importance"]
    return render_report(metrics, drawn, context)


def write_scorecard(metrics: dict[str, Any]) -> str:
    """The run against its targets, in words and numbers."""
    return scorecard_markdown(metrics)


def _final(prepared: dict[str, Any]) -> Preparation:
    return Preparations.from_json(prepared).final.preparation


def _planted_signal(universe: Mapping[str, Any]) -> str:
    signal = universe.get("planted_signal")
    if signal is None:
        return ""
    return f"a planted signal (information coefficient {signal:g} a candle)" if signal else "no planted signal"
