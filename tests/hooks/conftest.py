"""A tracking database of its own for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def tracking(tmp_path: Path, fresh_tracking_database: Path) -> Iterator[ModuleType]:
    """MLflow on an empty database, with an experiment: which one is current outlives the database of another test."""
    import mlflow

    shutil.copy(fresh_tracking_database, tmp_path / "mlflow.db")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.create_experiment("tests", artifact_location=str(tmp_path / "artifacts"))
    mlflow.set_experiment("tests")
    yield mlflow
    mlflow.set_tracking_uri(before)
