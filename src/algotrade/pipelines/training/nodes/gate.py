"""The best candidate at the gate."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from algotrade.domain.candles import to_milliseconds
from algotrade.models.base import Model
from algotrade.models.bundle import ModelBundle
from algotrade.models.manifest import Manifest
from algotrade.models.rehearsal import rehearse
from algotrade.models.samples import Forecast
from algotrade.monitoring.run_log import current_run
from algotrade.pipelines.parameters import BASELINES, TrainingParameters
from algotrade.pipelines.training.nodes.artefacts import folds_of
from algotrade.tracking import Candidate, Reign
from algotrade.validation.bundle_forecasts import bundle_forecasts
from algotrade.validation.gate import (
    Check,
    Comparison,
    Contender,
    Decision,
    GateSettings,
    calibration_check,
    compare,
    decide,
    features_check,
    known_until,
    latency_check,
    leak_check,
    rival_forecasts,
    serving_check,
    stability_check,
)
from algotrade.validation.preparing import Preparations
from algotrade.validation.training_data import TrainingData
from algotrade.validation.training_rows import fitting_masks

_REHEARSED_WINDOWS = 64
_MADE_FOR = ("exchange", "timeframe", "horizon", "label", "feature_fingerprint")

logger = logging.getLogger(__name__)


def judge_challenger(
    candidates: dict[str, Candidate],
    fitted: dict[str, Model],
    reigning: Reign | None,
    ranking: list[str],
    predictions: pd.DataFrame,
    scores: dict[str, dict[str, Any]],
    fold_scores: pd.DataFrame,
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    spec: dict[str, Any],
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """Whether the best candidate takes the place of the champion, and why."""
    settings, best = TrainingParameters.parse(parameters), ranking[0]
    challenger = candidates[best].bundle.manifest
    said = {str(name): own for name, own in predictions.groupby("model")}
    # The best of several is the lucky one, too: each of them has had its try.
    level = (1 - settings.gate.confidence) / len(ranking)
    decision = decide(
        Contender.of(challenger),
        None if reigning is None else Contender.of(reigning.bundle.manifest),
        [compare(said[best], said[name], "baseline", level, settings.seed) for name in BASELINES],
        None if reigning is None else _rivalry(reigning, challenger, said[best], level, data, settings.seed),
        [
            _no_leak(said[best], data, folds, prepared, settings),
            calibration_check(scores[best]["calibration"], settings.gate),
            stability_check(fold_scores, best, BASELINES, settings.gate),
            *_rehearsed(candidates[best], fitted[best], data, settings.gate),
            features_check(challenger, spec),
        ],
    )
    _tell(decision)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"time": now, "run": current_run(), **decision.to_json()}


def _tell(decision: Decision) -> None:
    log = logger.info if decision.passed else logger.warning
    log("%s", decision.sentence)
    for check in decision.checks:
        logger.info("%s: %s, %s (%s)", check.name, "yes" if check.passed else "NO", check.found, check.required)


def _rivalry(
    reigning: Reign, challenger: Manifest, own: pd.DataFrame, level: float, data: TrainingData, seed: int
) -> Comparison:
    """The challenger against the champion, on what the champion said of the same candles before it knew them."""
    later = later_forecasts(reigning.bundle, challenger, own, data)
    return compare(own, rival_forecasts(reigning.evidence, later), "champion", level, seed)


def _no_leak(
    own: pd.DataFrame,
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    settings: TrainingParameters,
) -> Check:
    cut = folds_of(folds)
    learned = [np.logical_or(*fitting_masks(data, fold, settings.fitting)) for fold in cut]
    return leak_check(
        own,
        cut,
        [each.known_until for each in Preparations.from_json(prepared).folds],
        [int(data.known_at[rows].max()) for rows in learned],
    )


def later_forecasts(champion: ModelBundle, challenger: Manifest, own: pd.DataFrame, data: TrainingData) -> pd.DataFrame:
    """What the champion's bundle says of the candles after all it learned from; nothing if they are not its own."""
    manifest, nothing = champion.manifest, own.head(0)
    differs = [key for key in _MADE_FOR if getattr(manifest, key) != getattr(challenger, key)]
    if differs or manifest.history > (data.labelled.samples.history or 1):
        logger.warning(
            "The champion %s cannot forecast the new candles: its %s differs from the challenger's.",
            *(manifest.version, ", ".join(differs) or "history"),
        )
        return nothing
    start = max(int(known_until(manifest).timestamp() * 1_000), int(to_milliseconds(own["open_time"]).min()))
    known = np.array([symbol in manifest.symbols for symbol in data.symbols])
    later = data.take((data.open_time >= start) & known[data.symbol_codes])
    return bundle_forecasts(champion, later) if len(later) else nothing


def _rehearsed(candidate: Candidate, fitted: Model, data: TrainingData, settings: GateSettings) -> tuple[Check, Check]:
    """The packaged bundle in a process that only serves: how fast it is, and whether it says what was fitted."""
    newest = data.labelled.samples.take(np.arange(max(len(data) - _REHEARSED_WINDOWS, 0), len(data)))
    windows = newest.windows(candidate.bundle.manifest.history)
    expected, found = replace(candidate.bundle, model=fitted).predict(windows), rehearse(candidate.folder, windows)
    return (
        latency_check(found.milliseconds, settings),
        serving_check(_twice(expected, expected), _twice(found.forecast, found.one_by_one), found.heavy, settings),
    )


def _twice(first: Forecast, second: Forecast) -> Forecast:
    return Forecast(
        np.concatenate([first.probability, second.probability]),
        np.concatenate([first.expected_return, second.expected_return]),
    )
