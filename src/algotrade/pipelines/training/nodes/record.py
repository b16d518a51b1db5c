"""The record of the run: what it takes to run it again."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from algotrade.data.provenance import DataState, ModelFiles, RunRecord, code_state, machine_state
from algotrade.models.manifest import Manifest
from algotrade.pipelines.parameters import TrainingParameters
from algotrade.tracking import Candidate


def record_run(
    candidates: dict[str, Candidate],
    universe: dict[str, Any],
    spec: dict[str, Any],
    candles: pd.DataFrame,
    features: pd.DataFrame,
    ingestion_parameters: dict[str, Any],
    feature_parameters: dict[str, Any],
    parameters: dict[str, Any],
    decision: dict[str, Any],
) -> RunRecord:
    """Code, machine, data, parameters and the files of every candidate; written once the gate has decided."""
    del decision
    return RunRecord(
        created_time=datetime.now(UTC).replace(microsecond=0),
        code=code_state(),
        machine=machine_state(),
        data=DataState.of(universe, spec, candles, features),
        parameters={
            "ingestion": ingestion_parameters,
            "feature_engineering": feature_parameters,
            "training": what_is_trained(parameters),
        },
        seed=TrainingParameters.parse(parameters).seed,
        models={name: files_of(candidate.bundle.manifest) for name, candidate in candidates.items()},
    )


def what_is_trained(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters of the training without those that change nothing: processes, and the address of the study.

    An address may hold a password, too.
    """
    tuning = {name: value for name, value in parameters.get("tuning", {}).items() if name != "storage_url"}
    rest = {name: value for name, value in parameters.items() if name != "workers"}
    return {**rest, "tuning": tuning}


def files_of(manifest: Manifest) -> ModelFiles:
    """Version and files of a bundle."""
    return ModelFiles(version=manifest.version, files=manifest.files)
