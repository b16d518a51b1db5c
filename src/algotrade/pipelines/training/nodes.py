"""Steps of the training pipeline."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from algotrade.data.provenance import git_commit
from algotrade.domain.candles import Panel, from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.models.base import Model
from algotrade.models.bundle import ModelBundle
from algotrade.models.ensemble import Ensemble, EnsembleSettings
from algotrade.models.gradient_boosting import LightGbm
from algotrade.models.manifest import Manifest
from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import BASELINES, MEMBERS, TrainingParameters
from algotrade.validation.blending import blend_out_of_fold
from algotrade.validation.folds import Fold, walk_forward_folds
from algotrade.validation.labels import forward_returns
from algotrade.validation.scores import calibration_table, fold_scores, model_scores
from algotrade.validation.training_data import TrainingData, training_data
from algotrade.validation.tuning import Trial, tune_lightgbm
from algotrade.validation.walk_forward import fit_final, walk_forward

CANDIDATES = (*MEMBERS, "ensemble")

logger = logging.getLogger(__name__)


def label(candles: pd.DataFrame, universe: dict[str, Any], parameters: dict[str, Any]) -> pd.DataFrame:
    """What the market did over the horizon after each candle, and when that was known."""
    panel = Panel.from_frame(candles, Timeframe(universe["timeframe"]), universe["symbols"])
    return forward_returns(panel, TrainingParameters.parse(parameters).horizon)


def join(
    features: pd.DataFrame, labels: pd.DataFrame, universe: dict[str, Any], parameters: dict[str, Any]
) -> TrainingData:
    """Join features and labels into the samples on which every model is fitted and scored."""
    settings = TrainingParameters.parse(parameters)
    return training_data(features, labels, Timeframe(universe["timeframe"]), settings.history)


def cut_folds(data: TrainingData, parameters: dict[str, Any]) -> list[dict[str, int]]:
    """Cut the history into training and test spans, times in milliseconds since the epoch."""
    settings = TrainingParameters.parse(parameters).folds
    folds = walk_forward_folds(data.open_time, data.known_at, data.timeframe.milliseconds, settings)
    return [asdict(fold) for fold in folds]


def tune(
    data: TrainingData, folds: list[dict[str, int]], parameters: dict[str, Any]
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Settings for LightGBM, searched inside the training rows of the first fold, and every trial."""
    settings = TrainingParameters.parse(parameters)
    configured = settings.settings_of("lightgbm")
    if not settings.tune:
        return configured, pd.DataFrame({"number": [], "state": [], "value": []})
    with progress("search for LightGBM's settings", settings.tuning.trials) as advance:

        def on_trial(trial: Trial) -> None:
            advance(f"log loss {trial.value:.5f}" if trial.value is not None else trial.state)

        found = tune_lightgbm(configured, data, _folds(folds)[0], settings.tuning, on_trial)
    return found.settings, found.trials


def walk_baselines(data: TrainingData, folds: list[dict[str, int]], parameters: dict[str, Any]) -> pd.DataFrame:
    """Out-of-fold predictions of what any model has to beat."""
    settings = TrainingParameters.parse(parameters)
    return pd.concat(
        [_walk(name, settings.settings_of(name), data, folds, settings) for name in BASELINES], ignore_index=True
    )


def walk_lightgbm(
    data: TrainingData, folds: list[dict[str, int]], found: dict[str, Any], parameters: dict[str, Any]
) -> pd.DataFrame:
    """Out-of-fold predictions of the boosted trees."""
    return _walk("lightgbm", found, data, folds, TrainingParameters.parse(parameters))


def walk_lstm(data: TrainingData, folds: list[dict[str, int]], parameters: dict[str, Any]) -> pd.DataFrame:
    """Out-of-fold predictions of the recurrent network."""
    settings = TrainingParameters.parse(parameters)
    return _walk("lstm", settings.settings_of("lstm"), data, folds, settings)


def blend(
    lightgbm: pd.DataFrame, lstm: pd.DataFrame, folds: list[dict[str, int]]
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Out-of-fold predictions of the ensemble, and its weights for the time after the last fold."""
    blended = blend_out_of_fold(pd.concat([lightgbm, lstm], ignore_index=True), _folds(folds))
    return blended.predictions, blended.final_weights


def score(*predictions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any], pd.DataFrame]:
    """All out-of-fold predictions, their scores by fold and by model, and their calibration."""
    everything = pd.concat(predictions, ignore_index=True)
    scores = model_scores(everything)
    for name, values in scores.items():
        logger.info("%s: AUC %.4f, accuracy %.4f, log loss %.5f", name, *_headline(values))
    return everything, fold_scores(everything), scores, calibration_table(everything)


def choose(scores: dict[str, dict[str, Any]]) -> list[str]:
    """Rank the candidates by out-of-fold log loss, best first: the champion, then the challenger."""
    ranking = sorted(CANDIDATES, key=lambda name: float(scores[name]["log_loss"]))
    baseline = min(float(scores[name]["log_loss"]) for name in BASELINES)
    if float(scores[ranking[0]]["log_loss"]) >= baseline:
        logger.warning("The best model, %s, does not beat the baselines out of fold.", ranking[0])
    return ranking


def fit_members(data: TrainingData, found: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Model]:
    """Both members of the ensemble, fitted on all labelled history."""
    settings = TrainingParameters.parse(parameters)
    chosen = {"lightgbm": found, "lstm": settings.settings_of("lstm")}
    with progress("fits on all history", len(MEMBERS)) as advance:
        members = {}
        for name in MEMBERS:
            members[name] = fit_final(name, chosen[name], data, settings.fitting, settings.folds.embargo)
            advance(name)
    return members


def importance(members: dict[str, Model], spec: dict[str, Any]) -> pd.DataFrame:
    """Share of each feature in what LightGBM's splits gained, largest first."""
    trees = members["lightgbm"]
    assert isinstance(trees, LightGbm)
    shares = trees.importance()
    frame = pd.DataFrame({"feature": spec["names"], "family": spec["families"], "importance": shares})
    return frame.sort_values("importance", ascending=False, ignore_index=True)


def package(
    members: dict[str, Model],
    weights: dict[str, float],
    ranking: list[str],
    scores: pd.DataFrame,
    data: TrainingData,
    spec: dict[str, Any],
    universe: dict[str, Any],
    parameters: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Champion and challenger with all that their bundles tell about them."""
    settings = TrainingParameters.parse(parameters)
    shared = {
        "feature_names": spec["names"],
        "feature_fingerprint": spec["fingerprint"],
        "lookback": spec["lookback"],
        "horizon": settings.horizon,
        "exchange": universe["exchange"],
        "timeframe": universe["timeframe"],
        "symbols": universe["symbols"],
        "training_start": from_milliseconds([data.open_time.min()])[0],
        "training_end": from_milliseconds([data.open_time.max()])[0],
        "data_digest": universe["data_digest"],
        "git_commit": git_commit(Path.cwd()),
    }
    available: dict[str, Model] = {**members, "ensemble": _ensemble(members, weights)}
    return _packaged(available[ranking[0]], scores, shared), _packaged(available[ranking[1]], scores, shared)


def enlist(champion: ModelBundle, challenger: ModelBundle) -> dict[str, Manifest]:
    """What to register, by the alias that each bundle is to have."""
    return {"champion": champion.manifest, "challenger": challenger.manifest}


def _folds(folds: list[dict[str, int]]) -> tuple[Fold, ...]:
    return tuple(Fold(**fold) for fold in folds)


def _walk(
    name: str, chosen: dict[str, Any], data: TrainingData, folds: list[dict[str, int]], settings: TrainingParameters
) -> pd.DataFrame:
    with progress(f"{name}, fold by fold", len(folds)) as advance:
        walked = walk_forward(
            name, chosen, data, _folds(folds), settings.fitting, progress=lambda _, fold: advance(f"fold {fold.index}")
        )
    return walked.predictions


def _headline(values: dict[str, Any]) -> Sequence[float]:
    return values["auc"], values["accuracy"], values["log_loss"]


def _ensemble(members: dict[str, Model], weights: dict[str, float]) -> Ensemble:
    settings = EnsembleSettings({name: asdict(model.settings) for name, model in members.items()}, weights)
    return replace(Ensemble(settings), members=tuple(members.values()))


def _packaged(model: Model, scores: pd.DataFrame, shared: dict[str, Any]) -> dict[str, Any]:
    own = scores[scores["model"] == model.name]
    return {
        "model": model,
        "version": _version(model, shared),
        "provenance": {**shared, "fold_scores": json.loads(own.to_json(orient="records", date_format="iso"))},
    }


def _version(model: Model, shared: dict[str, Any]) -> str:
    """Name of what the model was made of: the same data, features and settings give the same version."""
    origin = (shared["horizon"], shared["data_digest"], shared["feature_fingerprint"])
    made_of = [model.name, asdict(model.settings), *origin]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:12]
