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
from algotrade.domain.candles import FloatArray, Panel, from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.models.base import Model, build_model
from algotrade.models.bundle import ModelBundle
from algotrade.models.ensemble import Ensemble, EnsembleSettings
from algotrade.models.gradient_boosting import LightGbm
from algotrade.models.manifest import Manifest
from algotrade.models.preparation import FACTOR_FAMILY, Preparation
from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import BASELINES, MEMBERS, TrainingParameters
from algotrade.validation.blending import blend_out_of_fold
from algotrade.validation.feature_stability import feature_stability, features_by_fold, importance_agreement
from algotrade.validation.folds import Fold, walk_forward_folds
from algotrade.validation.hygiene import feature_hygiene, row_loss
from algotrade.validation.labels import forward_returns
from algotrade.validation.preparing import Preparations, fit_preparations
from algotrade.validation.scores import calibration_table, fold_scores, model_scores
from algotrade.validation.training_data import TrainingData, training_data
from algotrade.validation.tuning import Trial, tune_lightgbm
from algotrade.validation.walk_forward import WalkForward, fit_final, walk_forward

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
    lost = row_loss(features)
    if lost.scattered:
        logger.warning(
            "%d of %d feature rows are lost because a feature is missing after its warm-up, most often %s; "
            "the frame feature_hygiene has them all.",
            *(lost.scattered, lost.rows, lost.worst),
        )
    return training_data(features, labels, Timeframe(universe["timeframe"]), settings.history)


def cut_folds(data: TrainingData, parameters: dict[str, Any]) -> list[dict[str, int]]:
    """Cut the history into training and test spans, times in milliseconds since the epoch."""
    settings = TrainingParameters.parse(parameters).folds
    folds = walk_forward_folds(data.open_time, data.known_at, data.timeframe.milliseconds, settings)
    return [asdict(fold) for fold in folds]


def inspect_features(features: pd.DataFrame, spec: dict[str, Any], parameters: dict[str, Any]) -> pd.DataFrame:
    """What the feature frame is like, test rows included; a report from which nothing is chosen."""
    return feature_hygiene(features, _families(spec), TrainingParameters.parse(parameters).hygiene)


def prepare(data: TrainingData, folds: list[dict[str, int]], parameters: dict[str, Any]) -> dict[str, Any]:
    """What is fitted on features, for each fold and for the end, on the rows that models are fitted on."""
    settings = TrainingParameters.parse(parameters)
    fitted = fit_preparations(
        data, _folds(folds), settings.seeded_preparation, settings.fitting, settings.folds.embargo
    )
    for preparation in (each.preparation for each in (*fitted.folds, fitted.final)):
        logger.info(
            "%d of %d features stay, %d factors are added",
            *(len(preparation.kept), len(preparation.feature_names), len(preparation.factor_names)),
        )
    return fitted.to_json()


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

        found = tune_lightgbm(
            configured, data, _folds(folds)[0], settings.tuning, on_trial, settings.seeded_preparation
        )
    return found.settings, found.trials


def walk_baselines(
    data: TrainingData, folds: list[dict[str, int]], prepared: dict[str, Any], parameters: dict[str, Any]
) -> pd.DataFrame:
    """Out-of-fold predictions of what any model has to beat."""
    settings = TrainingParameters.parse(parameters)
    models = [build_model(name, settings.settings_of(name)) for name in BASELINES]
    return pd.concat([_walk(model, data, folds, prepared, settings).predictions for model in models], ignore_index=True)


def walk_lightgbm(
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    found: dict[str, Any],
    parameters: dict[str, Any],
) -> tuple[pd.DataFrame, list[Model]]:
    """Out-of-fold predictions of the boosted trees, and the trees of each fold."""
    model = build_model("lightgbm", found)
    walked = _walk(model, data, folds, prepared, TrainingParameters.parse(parameters))
    return walked.predictions, list(walked.models)


def walk_lstm(
    data: TrainingData, folds: list[dict[str, int]], prepared: dict[str, Any], parameters: dict[str, Any]
) -> pd.DataFrame:
    """Out-of-fold predictions of the recurrent network."""
    settings = TrainingParameters.parse(parameters)
    return _walk(build_model("lstm", settings.settings_of("lstm")), data, folds, prepared, settings).predictions


def judge_features(
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    trees: list[Model],
    spec: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """What each feature was worth in each fold, over all folds, and how far the folds agree."""
    preparations = Preparations.from_json(prepared).folds
    shares = [_importance(model) for model in trees]
    by_fold = features_by_fold(data, _folds(folds), preparations, shares, _families(spec))
    agreement = importance_agreement(by_fold)
    logger.info("Importances of the folds have a rank correlation of %s", agreement["rank_correlation"])
    return by_fold, feature_stability(by_fold), agreement


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


def fit_members(
    data: TrainingData, prepared: dict[str, Any], found: dict[str, Any], parameters: dict[str, Any]
) -> dict[str, Model]:
    """Both members of the ensemble, fitted on all labelled history."""
    settings, preparation = TrainingParameters.parse(parameters), _final(prepared)
    chosen = {"lightgbm": found, "lstm": settings.settings_of("lstm")}
    with progress("fits on all history", len(MEMBERS)) as advance:
        members = {}
        for name in MEMBERS:
            model = build_model(name, chosen[name])
            members[name] = fit_final(model, data, settings.fitting, settings.folds.embargo, preparation)
            advance(name)
    return members


def importance(members: dict[str, Model], prepared: dict[str, Any], spec: dict[str, Any]) -> pd.DataFrame:
    """Share of each feature and factor in what LightGBM's splits gained, largest first; 0 for dropped ones."""
    preparation, families = _final(prepared), _families(spec)
    share = dict(zip(preparation.names, _importance(members["lightgbm"]).tolist(), strict=True))
    names = [*spec["names"], *preparation.factor_names]
    frame = pd.DataFrame(
        {
            "feature": names,
            "family": [families.get(name, FACTOR_FAMILY) for name in names],
            "importance": [share.get(name, 0.0) for name in names],
            "selected": [name in share for name in names],
        }
    )
    return frame.sort_values("importance", ascending=False, ignore_index=True, kind="stable")


def package(
    members: dict[str, Model],
    weights: dict[str, float],
    ranking: list[str],
    scores: pd.DataFrame,
    data: TrainingData,
    prepared: dict[str, Any],
    spec: dict[str, Any],
    universe: dict[str, Any],
    parameters: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Champion and challenger with all that their bundles tell about them."""
    settings = TrainingParameters.parse(parameters)
    shared = {
        "feature_names": spec["names"],
        "feature_fingerprint": spec["fingerprint"],
        "feature_parameters": spec["parameters"],
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
    champion, challenger = (_packaged(available[name], _final(prepared), scores, shared) for name in ranking[:2])
    return champion, challenger


def enlist(champion: ModelBundle, challenger: ModelBundle) -> dict[str, Manifest]:
    """What to register, by the alias that each bundle is to have."""
    return {"champion": champion.manifest, "challenger": challenger.manifest}


def _folds(folds: list[dict[str, int]]) -> tuple[Fold, ...]:
    return tuple(Fold(**fold) for fold in folds)


def _families(spec: dict[str, Any]) -> dict[str, str]:
    return dict(zip(spec["names"], spec["families"], strict=True))


def _final(prepared: dict[str, Any]) -> Preparation:
    return Preparations.from_json(prepared).final.preparation


def _importance(trees: Model) -> FloatArray:
    assert isinstance(trees, LightGbm)
    return trees.importance()


def _walk(
    model: Model,
    data: TrainingData,
    folds: list[dict[str, int]],
    prepared: dict[str, Any],
    settings: TrainingParameters,
) -> WalkForward:
    preparations = Preparations.from_json(prepared).folds
    with progress(f"{model.name}, fold by fold", len(folds)) as advance:
        return walk_forward(
            model, data, _folds(folds), settings.fitting, preparations, lambda _, fold: advance(f"fold {fold.index}")
        )


def _headline(values: dict[str, Any]) -> Sequence[float]:
    return values["auc"], values["accuracy"], values["log_loss"]


def _ensemble(members: dict[str, Model], weights: dict[str, float]) -> Ensemble:
    settings = EnsembleSettings({name: asdict(model.settings) for name, model in members.items()}, weights)
    return replace(Ensemble(settings), members=tuple(members.values()))


def _packaged(model: Model, preparation: Preparation, scores: pd.DataFrame, shared: dict[str, Any]) -> dict[str, Any]:
    own = scores[scores["model"] == model.name]
    return {
        "model": model,
        "preparation": preparation,
        "version": _version(model, preparation, shared),
        "provenance": {**shared, "fold_scores": json.loads(own.to_json(orient="records", date_format="iso"))},
    }


def _version(model: Model, preparation: Preparation, shared: dict[str, Any]) -> str:
    """Name of what the model was made of: the same data, features and settings give the same version."""
    origin = (shared["horizon"], shared["data_digest"], shared["feature_fingerprint"])
    made_of = [model.name, asdict(model.settings), *origin]
    if not preparation.is_nothing:
        made_of.append(preparation.to_json())
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:12]
