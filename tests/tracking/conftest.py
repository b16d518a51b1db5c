"""Small bundles, and a registry of their own for each test."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.models.provenance import PROVENANCE
from tests.validation.gate.predictions import predictions, truth

from algotrade.models.base import build_model
from algotrade.models.bundle import write_bundle
from algotrade.models.samples import LabelledSamples, Samples, Targets
from algotrade.tracking import Championship, ModelRegistry, Registration

Make = Callable[..., Registration]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A packaged model with its evidence; another ``share`` of rises makes another one."""

    def packaged(name: str = "a", share: float = 0.5, tags: dict[str, str] | None = None) -> Registration:
        rows = np.random.default_rng(0).standard_normal((400, 5))
        returns = np.where(np.arange(400) < 400 * share, 0.01, -0.01)
        training = LabelledSamples(Samples(rows, np.arange(400)), Targets.of_returns(returns))
        folder = tmp_path / "candidates" / name
        manifest = write_bundle(folder, build_model("majority").fit(training), PROVENANCE)
        evidence = folder.with_name(f"{name}.evidence.parquet")
        predictions(name, *truth(20, 0)).to_parquet(evidence)
        return Registration(folder, manifest, evidence, card=f"# {name}", tags=tags or {})

    return packaged


@pytest.fixture
def registry(tmp_path: Path, fresh_tracking_database: Path) -> ModelRegistry:
    """A registry with nothing in it."""
    shutil.copy(fresh_tracking_database, tmp_path / "mlflow.db")
    return ModelRegistry(uri=f"sqlite:///{tmp_path}/mlflow.db")


@pytest.fixture
def run_id(registry: ModelRegistry, tmp_path: Path) -> str:
    """A run to log files to."""
    experiment = registry._client.create_experiment("test", artifact_location=str(tmp_path / "artifacts"))
    return str(registry._client.create_run(experiment).info.run_id)


@pytest.fixture
def championship(tmp_path: Path, registry: ModelRegistry) -> Championship:
    return Championship.of(tmp_path / "06_models", registry)


def decided(registration: Registration, outcome: str, before: str | None = None) -> dict:
    """A decision of the gate about a bundle."""
    return {
        "challenger": {"name": registration.bundle.name, "version": registration.manifest.version},
        "champion_before": None if before is None else {"version": before},
        "outcome": outcome,
        "sentence": f"It was {outcome}.",
    }
