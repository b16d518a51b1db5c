"""Steps of the audit pipeline."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from algotrade.audit import (
    AuditReport,
    ChainRecipe,
    Finding,
    forward_targets,
    markdown,
    probe_chain,
    probe_features,
    probe_folds,
    probe_inputs,
    probe_labels,
    probe_strategy,
    random_view,
    refusal,
    take_slice,
    verdict,
)
from algotrade.domain.candles import Panel, from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import LookAheadFound
from algotrade.features import FEATURES, FeatureSet
from algotrade.models.base import build_model
from algotrade.pipelines.parameters import AuditParameters, BacktestingParameters, FeatureParameters, TrainingParameters
from algotrade.strategies import STRATEGIES, Strategy

logger = logging.getLogger(__name__)

_STORED = "04_feature/features"
_PAGE = "08_reporting/audit.md"


def cut_slice(
    candles: pd.DataFrame, universe: dict[str, Any], parameters: dict[str, Any], features: dict[str, Any]
) -> Panel:
    """The candles that are probed."""
    settings = AuditParameters.parse(parameters)
    panel = Panel.from_frame(candles, Timeframe(universe["timeframe"]), universe["symbols"])
    return take_slice(panel, settings.candles, settings.symbols, _features(features, panel).lookback)


def audit_features(panel: Panel, parameters: dict[str, Any], features: dict[str, Any]) -> list[Finding]:
    """Findings about every feature of the registry, and every other one that the configuration names."""
    return probe_features(_features(features, panel), panel, AuditParameters.parse(parameters).probing)


def audit_inputs(
    panel: Panel, stored: Mapping[str, Callable[[], pd.DataFrame]], features: dict[str, Any], training: dict[str, Any]
) -> list[Finding]:
    """Findings about features that are as close to the label as only the label is: as computed, and as stored."""
    targets = forward_targets(panel, TrainingParameters.parse(training).horizon)
    computed = probe_inputs(_features(features, panel).to_frame(panel), targets, "feature")
    if _STORED not in stored:
        return computed
    own = {finding.name for finding in computed}
    return computed + [finding for finding in probe_inputs(stored[_STORED](), targets) if finding.name not in own]


def audit_labels(panel: Panel, parameters: dict[str, Any], training: dict[str, Any]) -> list[Finding]:
    """Findings about the labels of the training."""
    label = TrainingParameters.parse(training).labeller
    return probe_labels(label.of, panel, AuditParameters.parse(parameters).probing, label.name, label.lookback)


def audit_folds(
    panel: Panel,
    parameters: dict[str, Any],
    features: dict[str, Any],
    training: dict[str, Any],
    backtesting: dict[str, Any],
) -> list[Finding]:
    """Findings about what each fold learns from."""
    if not AuditParameters.parse(parameters).chain:
        return []
    return probe_folds(_chain(panel, parameters, features, training, backtesting), panel)


def audit_strategies(
    panel: Panel, parameters: dict[str, Any], training: dict[str, Any], backtesting: dict[str, Any]
) -> list[Finding]:
    """Findings about every strategy, as configured or with its defaults."""
    settings = AuditParameters.parse(parameters)
    view = random_view(panel, settings.seed, TrainingParameters.parse(training).horizon)
    return [
        finding for strategy in _strategies(backtesting) for finding in probe_strategy(strategy, view, settings.probing)
    ]


def audit_chain(
    panel: Panel,
    parameters: dict[str, Any],
    features: dict[str, Any],
    training: dict[str, Any],
    backtesting: dict[str, Any],
) -> list[Finding]:
    """Findings about everything between candles and fills, as configured but for a smaller model and fewer folds."""
    settings, learning = AuditParameters.parse(parameters), TrainingParameters.parse(training)
    if not settings.chain:
        return []
    chain = _chain(panel, parameters, features, training, backtesting)
    probing = replace(settings.probing, moments=settings.chain_moments)
    try:
        return probe_chain(chain, panel, probing, tail=learning.horizon + 1)
    except LookAheadFound as error:
        # A fold refuses to learn from what its test span tells; that is what was looked for.
        return [Finding("chain", "walk-forward", "fold_edge", detail=str(error))]


def _chain(
    panel: Panel,
    parameters: dict[str, Any],
    features: dict[str, Any],
    training: dict[str, Any],
    backtesting: dict[str, Any],
) -> ChainRecipe:
    settings, learning = AuditParameters.parse(parameters), TrainingParameters.parse(training)
    trading = BacktestingParameters.parse(backtesting)
    model = build_model(settings.model, {**learning.settings_of(settings.model), **settings.model_settings})
    return ChainRecipe(
        features=FeatureParameters.parse(features).features(panel.timeframe).computable(panel),
        model=model,
        strategies=trading.build_strategies(),
        horizon=learning.horizon,
        label=learning.labeller,
        history=learning.history,
        folds=replace(learning.folds, folds=settings.folds, test_candles=None),
        training=learning.fitting,
        preparation=learning.seeded_preparation,
        costs=trading.costs,
        account=trading.account,
    )


def write_report(
    panel: Panel,
    parameters: dict[str, Any],
    features: dict[str, Any],
    backtesting: dict[str, Any],
    *findings: list[Finding],
) -> tuple[dict[str, Any], pd.DataFrame, str]:
    """The report as JSON, as a table and as a page."""
    settings = AuditParameters.parse(parameters)
    first, last = from_milliseconds([panel.open_time[0], panel.close_time[-1]])
    report = AuditReport.of(
        (finding for group in findings for finding in group),
        {
            "features": len(_features(features, panel)),
            "strategies": len(_strategies(backtesting)),
            "labels": 1,
            "chain": int(settings.chain),
            "moments": settings.moments,
        },
        {
            "symbols": list(panel.symbols),
            "timeframe": str(panel.timeframe),
            "candles": len(panel),
            "start": f"{first:%Y-%m-%d %H:%M}",
            "end": f"{last:%Y-%m-%d %H:%M}",
            "probes": list(settings.probes),
        },
    )
    for note in report.notes:
        logger.info("note: %s", note)
    return (
        {"verdict": verdict(report), "refusal": _refusal(report), **report.to_json()},
        report.to_frame(),
        markdown(report),
    )


def judge(audit: dict[str, Any], table: pd.DataFrame, page: str) -> None:  # noqa: ARG001 - written before it fails
    """Fail if there is something to say against the run, once everything is written; else say what was probed.

    Raises
    ------
    LookAheadFound
        Naming what sees the future.
    """
    if not audit["passed"]:
        raise LookAheadFound(audit["refusal"])
    logger.info("%s.", audit["verdict"])


def _refusal(report: AuditReport) -> str | None:
    return refusal(report, _PAGE) if report.refused else None


def _features(parameters: dict[str, Any], panel: Panel) -> FeatureSet:
    """Every feature of the registry, and those that the configuration names besides."""
    configured = FeatureParameters.parse(parameters).features(panel.timeframe).names
    return FeatureSet.of([*FEATURES, *(name for name in configured if name not in FEATURES)], panel.timeframe)


def _strategies(parameters: dict[str, Any]) -> list[Strategy]:
    """Every strategy of the registry, with its configured parameters where it has some."""
    configured = {strategy.name: strategy for strategy in BacktestingParameters.parse(parameters).build_strategies()}
    return [configured[name] if name in configured else STRATEGIES[name]() for name in STRATEGIES]
