"""The models fitted on all history, with all that is to be known of them."""

import json
from typing import Any

import pandas as pd

from algotrade.data.provenance import git_commit, project_root
from algotrade.domain.candles import from_milliseconds
from algotrade.models.base import Model, build_model
from algotrade.models.calibration import Calibration
from algotrade.models.preparation import FACTOR_FAMILY
from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import TrainingParameters
from algotrade.pipelines.training.nodes.artefacts import (
    ensemble_of,
    families_of,
    final_preparation,
    importance_of,
)
from algotrade.validation.training_data import TrainingData
from algotrade.validation.walk_forward import fit_final


def fit_members(
    data: TrainingData, prepared: dict[str, Any], found: dict[str, dict[str, Any]], parameters: dict[str, Any]
) -> dict[str, Model]:
    """Every candidate, all of them members of the ensemble, fitted on all labelled history."""
    settings, preparation = TrainingParameters.parse(parameters), final_preparation(prepared)
    with progress("fits on all history", len(settings.candidates)) as advance:
        members = {}
        for name in settings.candidates:
            model = build_model(name, found[name])
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


def assemble(members: dict[str, Model], learned: dict[str, Any], ranking: list[str]) -> dict[str, Model]:
    """Every candidate as it would be served, the best one first."""
    available = dict(members)
    if "ensemble" in ranking:
        available["ensemble"] = ensemble_of(members, learned)
    return {name: available[name] for name in ranking}


def package(
    fitted: dict[str, Model],
    calibrations: dict[str, Any],
    predictions: pd.DataFrame,
    scores: pd.DataFrame,
    data: TrainingData,
    prepared: dict[str, Any],
    spec: dict[str, Any],
    universe: dict[str, Any],
    parameters: dict[str, Any],
) -> dict[str, dict[str, Any]]:
    """Every candidate with all that its bundle tells about it, and with what it said out of fold, its evidence."""
    shared = _provenance(data, spec, universe, TrainingParameters.parse(parameters))
    return {
        name: {
            "model": model,
            "preparation": final_preparation(prepared),
            "calibration": Calibration.from_json(calibrations[name]),
            "provenance": {**shared, "fold_scores": _records(scores[scores["model"] == name])},
            "evidence": predictions[predictions["model"] == name].reset_index(drop=True),
        }
        for name, model in fitted.items()
    }


def _provenance(
    data: TrainingData, spec: dict[str, Any], universe: dict[str, Any], settings: TrainingParameters
) -> dict[str, Any]:
    """What the bundles of a run have in common."""
    return {
        "feature_names": spec["names"],
        "feature_fingerprint": spec["fingerprint"],
        "feature_parameters": spec["parameters"],
        "lookback": spec["lookback"],
        "horizon": settings.horizon,
        "label": settings.labeller.formula,
        "exchange": universe["exchange"],
        "timeframe": universe["timeframe"],
        "symbols": universe["symbols"],
        "training_start": from_milliseconds([data.open_time.min()])[0],
        "training_end": from_milliseconds([data.open_time.max()])[0],
        "labels_known_until": from_milliseconds([data.known_at.max()])[0],
        "data_digest": universe["data_digest"],
        "git_commit": git_commit(project_root()),
    }


def _records(scores: pd.DataFrame) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(scores.to_json(orient="records", date_format="iso"))
    return records
