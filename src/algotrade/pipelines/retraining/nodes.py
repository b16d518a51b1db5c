"""Steps of the retraining pipeline."""

import logging
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from algotrade.data.provenance import RunRecord
from algotrade.domain.candles import Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import TooFewCandles
from algotrade.models.bundle import ModelBundle
from algotrade.models.manifest import Manifest
from algotrade.monitoring.drift import Reference, in_words
from algotrade.pipelines.drift.nodes import compare_newest, judge, keep_reference
from algotrade.pipelines.parameters import RetrainingParameters, TrainingParameters
from algotrade.pipelines.retraining.plan import Finding, Present, champion_findings, make_plan
from algotrade.pipelines.training.nodes.record import what_is_trained
from algotrade.tracking import Reign
from algotrade.validation.bundle_forecasts import bundle_forecasts
from algotrade.validation.decay import Decay, performance_decay
from algotrade.validation.gate import known_until
from algotrade.validation.labels import Label
from algotrade.validation.training_data import training_data

logger = logging.getLogger(__name__)


def watch_drift(
    features: pd.DataFrame,
    spec: dict[str, Any],
    universe: dict[str, Any],
    reigning: Reign | None,
    kept: Reference | None,
    drift_parameters: dict[str, Any],
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """Whether the newest features are other than those that the champion learned from, by the drift pipeline's test."""
    if not RetrainingParameters.parse(parameters).drift:
        return _said("drift", False, "drift is not looked at (retraining.drift)")
    if reigning is None or not _comparable(reigning.bundle.manifest, spec, universe):
        return _said("drift", False, "drift was not looked at, for want of a champion on these features")
    try:
        reference = keep_reference(features, spec, universe, reigning.bundle, kept, drift_parameters)
        found, *_ = judge(compare_newest(reference, features, spec))
    except TooFewCandles as error:
        logger.warning("Drift cannot be looked at: %s", error)
        return _said("drift", False, "there is too little history to look for drift")
    return {**_said("drift", bool(found["detected"]), _sentence(in_words(found)[0])), "verdict": found}


def watch_performance(
    candles: pd.DataFrame,
    features: pd.DataFrame,
    spec: dict[str, Any],
    universe: dict[str, Any],
    reigning: Reign | None,
    training_parameters: dict[str, Any],
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """Whether the champion forecasts the candles after its training worse than it forecast out of fold."""
    settings, training = RetrainingParameters.parse(parameters), TrainingParameters.parse(training_parameters)
    if not settings.performance:
        return _said("performance", False, "performance is not looked at (retraining.performance)")
    if reigning is None or not _comparable(reigning.bundle.manifest, spec, universe):
        return _said("performance", False, "performance was not looked at, for want of a champion on these features")
    if reigning.bundle.manifest.label != training.labeller.formula:
        return _said("performance", False, "the champion's performance cannot be judged: it forecasts another label")
    if reigning.evidence.empty:
        return _said("performance", False, "the champion's performance cannot be judged: its evidence was not kept")
    later = _later_forecasts(reigning.bundle, candles, features, universe, training.labeller)
    decay = performance_decay(reigning.evidence, later, training.seed)
    return {**_of_decay(decay, settings.level), "decay": decay.to_json()}


def decide(
    universe: dict[str, Any],
    spec: dict[str, Any],
    candles: pd.DataFrame,
    reigning: Reign | None,
    last: RunRecord | None,
    drift: dict[str, Any],
    performance: dict[str, Any],
    training_parameters: dict[str, Any],
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """Whether to train, and why, in words and numbers."""
    settings = RetrainingParameters.parse(parameters)
    manifest = None if reigning is None else reigning.bundle.manifest
    present = Present(
        data_digest=universe["data_digest"],
        feature_fingerprint=spec["fingerprint"],
        exchange=universe["exchange"],
        timeframe=Timeframe(universe["timeframe"]),
        newest=candles["open_time"].max(),
        training=what_is_trained(training_parameters),
    )
    watched = [Finding(found["trigger"], found["fired"], found["reason"]) for found in (drift, performance)]
    plan = make_plan([*champion_findings(manifest, present, settings), *watched], present, last, settings)
    logger.info("%s", plan.sentence)
    return {
        **plan.to_json(),
        "champion": _title(manifest),
        "data_digest": present.data_digest,
        "newest_candle": present.newest.isoformat(),
        "drift": drift.get("verdict"),
        "performance": performance.get("decay"),
    }


def conclude(plan: dict[str, Any], gate: dict[str, Any] | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was decided, what came of it, and the line of the history."""
    trained = bool(plan["train"])
    told = {key: value for key, value in plan.items() if key not in {"train", "champion"}}
    found = {
        "decided_time": datetime.now(UTC).isoformat(timespec="seconds"),
        "outcome": plan["verdict"],
        "trained": trained,
        **told,
        "champion_before": plan["champion"],
        "champion": plan["champion"],
        "gate": None,
    }
    if trained:
        assert gate is not None, "a training that ended leaves its decision"
        after = gate["champion"]
        found |= {
            "outcome": gate["outcome"],
            "sentence": f"{plan['sentence']} {gate['sentence']}",
            "champion": None if after is None else f"{after['name']} {after['version']}",
            "gate": gate,
        }
    line = ("decided_time", "outcome", "trained", "sentence", "champion_before", "champion", "data_digest")
    return found, {key: found[key] for key in line}


def _said(trigger: str, fired: bool, reason: str) -> dict[str, Any]:
    return {"trigger": trigger, "fired": fired, "reason": reason}


def _comparable(manifest: Manifest, spec: dict[str, Any], universe: dict[str, Any]) -> bool:
    """Whether the champion reads what is computed now, of the same market."""
    market = manifest.exchange, manifest.timeframe
    return manifest.feature_fingerprint == spec["fingerprint"] and market == (
        universe["exchange"],
        universe["timeframe"],
    )


def _later_forecasts(
    champion: ModelBundle, candles: pd.DataFrame, features: pd.DataFrame, universe: dict[str, Any], label: Label
) -> pd.DataFrame:
    """The champion's forecasts, with what came of them, for the candles after all that it learned from."""
    manifest = champion.manifest
    labels = label.of(Panel.from_frame(candles, Timeframe(manifest.timeframe), universe["symbols"]))
    data = training_data(features, labels, Timeframe(manifest.timeframe), manifest.history)
    known = [code for code, symbol in enumerate(data.symbols) if symbol in manifest.symbols]
    since = int(known_until(manifest).timestamp() * 1000)
    return bundle_forecasts(champion, data.take((data.open_time >= since) & np.isin(data.symbol_codes, known)))


def _of_decay(decay: Decay, level: float) -> dict[str, Any]:
    """What the test says, in words."""
    if decay.reason:
        return _said("performance", False, f"the champion's performance cannot be judged yet ({decay.reason})")
    fired = decay.p_value <= level and decay.worse_by > 0
    against = f"log loss {decay.found:.4f} on {decay.rows} later candles, {decay.expected:.4f} out of fold"
    change = "got worse" if fired else "is no worse than chance would make it"
    return _said("performance", fired, f"the champion {change} ({against}, p {decay.p_value:.3f})")


def _sentence(line: str) -> str:
    """A line of the drift verdict as a part of a sentence."""
    text = line.rstrip(".")
    return text[:1].lower() + text[1:]


def _title(manifest: Manifest | None) -> str | None:
    return None if manifest is None else f"{manifest.model} {manifest.version}"
