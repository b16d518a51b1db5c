"""The models fitted on all history, with all that is to be known of them."""

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from algotrade.data.provenance import git_commit
from algotrade.domain.candles import from_milliseconds
from algotrade.models.base import Model, build_model
from algotrade.models.bundle import ModelBundle
from algotrade.models.ensemble import Ensemble, EnsembleSettings
from algotrade.models.manifest import Manifest
from algotrade.models.preparation import FACTOR_FAMILY, Preparation
from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import MEMBERS, TrainingParameters
from algotrade.pipelines.training.nodes.artefacts import families_of, final_preparation, importance_of
from algotrade.validation.training_data import TrainingData
from algotrade.validation.walk_forward import fit_final


def fit_members(
    data: TrainingData, prepared: dict[str, Any], found: dict[str, Any], parameters: dict[str, Any]
) -> dict[str, Model]:
    """Both members of the ensemble, fitted on all labelled history."""
    settings, preparation = TrainingParameters.parse(parameters), final_preparation(prepared)
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
    preparation, families = final_preparation(prepared), families_of(spec)
    share = dict(zip(preparation.names, importance_of(members["lightgbm"]).tolist(), strict=True))
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
    champion, challenger = (
        _packaged(available[name], final_preparation(prepared), scores, shared) for name in ranking[:2]
    )
    return champion, challenger


def enlist(champion: ModelBundle, challenger: ModelBundle) -> dict[str, Manifest]:
    """What to register, by the alias that each bundle is to have."""
    return {"champion": champion.manifest, "challenger": challenger.manifest}


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
