"""Runs of the real project on its smallest configuration, in a data folder of their own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

ROOT = Path(__file__).parents[1]
PIPELINES = ("ingestion", "feature_engineering", "training", "backtesting", "reporting")
SYMBOLS = "BTC/USDT+ETH/USDT+SOL/USDT"
Run = Callable[..., dict]


def kedro(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What ``kedro`` answers in a new process that keeps its data in ``data``."""
    return subprocess.run(
        [Path(sys.executable).with_name("kedro"), *arguments],
        cwd=ROOT,
        env={**os.environ, "ALGOTRADE_DATA": str(data), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder after each pipeline was run alone, in order, each in a process of its own.

    What each printed is beside it: ``PIPELINE.out`` and ``PIPELINE.err``.
    """
    data = tmp_path_factory.mktemp("run") / "data"
    for name in PIPELINES:
        answer = kedro(data, "run", "--env", "test", "--pipeline", name, "--params", f"symbols={SYMBOLS}")
        assert answer.returncode == 0, f"{name} failed:\n{answer.stdout}\n{answer.stderr}"
        (data.parent / f"{name}.out").write_text(answer.stdout)
        (data.parent / f"{name}.err").write_text(answer.stderr)
    return data


@pytest.fixture(scope="session")
def fresh_tracking_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow database; making one takes seconds, copying it does not."""
    from mlflow.store.db.utils import _initialize_tables
    from sqlalchemy import create_engine

    path = tmp_path_factory.mktemp("tracking") / "mlflow.db"
    engine = create_engine(f"sqlite:///{path}")
    _initialize_tables(engine)
    engine.dispose()
    return path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_tracking_database: Path) -> Iterator[Run]:
    """Run pipelines in this process, with parameters, on a data folder that holds no candle yet."""
    import mlflow

    (tmp_path / "data").mkdir()
    shutil.copy(fresh_tracking_database, tmp_path / "data" / "mlflow.db")
    monkeypatch.setenv("ALGOTRADE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    bootstrap_project(ROOT)

    def run_pipelines(*names: str, **parameters: object) -> dict:
        with KedroSession.create(project_path=ROOT, env="test", runtime_params=parameters) as session:
            return session.run(pipeline_names=list(names) or None)

    yield run_pipelines
    while mlflow.active_run():
        mlflow.end_run()
