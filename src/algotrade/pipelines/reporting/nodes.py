"""Steps of the reporting pipeline."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from algotrade.domain.candles import from_milliseconds
from algotrade.models.bundle import ModelBundle
from algotrade.models.preparation import Preparation
from algotrade.monitoring.run_log import current_run
from algotrade.pipelines.parameters import BacktestingParameters
from algotrade.reporting import (
    QualityFrames,
    ReportContext,
    ReportFrames,
    data_metrics,
    feature_metrics,
    judge,
    quality_figures,
    render_report,
    result_figures,
    scorecard_markdown,
)
from algotrade.reporting.figures import FIGURES, QUALITY_FIGURES, RESULT_FIGURES
from algotrade.reporting.scorecard import JUDGED_STRATEGY
from algotrade.validation.preparing import Preparations

# Kedro reads the annotations of nodes, and plotly is not to be imported for that.
Figure = Any

_FOLD_TIMES = ("train_start", "train_until", "test_start", "test_end")


def draw(
    equity: pd.DataFrame,
    fold_scores: pd.DataFrame,
    importance: pd.DataFrame,
    features_by_fold: pd.DataFrame,
    calibration: pd.DataFrame,
    folds: list[dict[str, int]],
    strategy_scores: dict[str, Any],
    champion: ModelBundle,
    universe: dict[str, Any],
) -> tuple[Figure, ...]:
    """The figures of models and strategies, in the order of the catalog entries."""
    drawn = result_figures(
        {"data": universe, "champion": {"name": champion.manifest.model}, "strategies": strategy_scores},
        ReportFrames(equity, fold_scores, importance, calibration, _fold_table(folds), features=features_by_fold),
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
    model_scores: dict[str, dict[str, Any]],
    champion: ModelBundle,
    strategy_scores: dict[str, dict[str, Any]],
    overfitting: dict[str, Any],
    timings: dict[str, float],
) -> dict[str, Any]:
    """``metrics.json``: everything that the run is judged by."""
    return {
        "data": data_metrics(universe, quality, reasons, divergence),
        "features": feature_summary,
        "models": model_scores,
        "champion": {
            "name": champion.manifest.model,
            "version": champion.manifest.version,
            "fingerprint": champion.manifest.feature_fingerprint,
        },
        "strategies": strategy_scores,
        "overfitting": overfitting,
        "targets": judge(strategy_scores.get(JUDGED_STRATEGY, {}), model_scores[champion.manifest.model]),
        "timings": timings,
    }


def write_page(
    metrics: dict[str, Any],
    quality: pd.DataFrame,
    gaps: pd.DataFrame,
    stability: pd.DataFrame,
    prepared: dict[str, Any],
    universe: dict[str, Any],
    champion: ModelBundle,
    backtesting: dict[str, Any],
    *figures: Figure,
) -> str:
    """The report as one HTML page."""
    context = ReportContext(
        run_id=current_run(),
        commit=champion.manifest.git_commit,
        quality=quality,
        gaps=gaps,
        stability=stability,
        preparation=_final(prepared),
        notes=tuple(universe["notes"]),
        planted_signal=_planted_signal(universe),
        cost_assumptions=asdict(BacktestingParameters.parse(backtesting).costs),
        horizon=champion.manifest.horizon,
        library_versions=champion.manifest.libraries,
    )
    drawn = dict(zip(FIGURES, figures, strict=True))
    # Where there is nothing to show, a number on the page says so.
    if len(universe["exchanges"]) == 1:
        del drawn["divergence"]
    if not metrics["data"]["quarantined"]:
        del drawn["quarantined"]
    return render_report(metrics, drawn, context)


def write_scorecard(metrics: dict[str, Any]) -> str:
    """The run against its targets, in words and numbers."""
    return scorecard_markdown(metrics)


def _final(prepared: dict[str, Any]) -> Preparation:
    return Preparations.from_json(prepared).final.preparation


def _fold_table(folds: list[dict[str, int]]) -> pd.DataFrame:
    table = pd.DataFrame(folds)
    table[list(_FOLD_TIMES)] = table[list(_FOLD_TIMES)].apply(from_milliseconds)
    return table.rename(columns={"index": "fold", "train_until": "train_end"})


def _planted_signal(universe: Mapping[str, Any]) -> str:
    signal = universe.get("planted_signal")
    if signal is None:
        return ""
    return f"a planted signal (information coefficient {signal:g} a candle)" if signal else "no planted signal"
