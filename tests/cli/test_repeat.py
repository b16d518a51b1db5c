"""The same data, parameters and seed give the same model files in another process; another seed gives others."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from algotrade.cli import cli
from algotrade.cli.repeat import DIFFERENT_STATUS
from algotrade.data.provenance import RunRecord, changed_files, code_state
from algotrade.pipelines.training.repetition import present_data, repeat_training

Answer = subprocess.CompletedProcess[str]
# The boosted trees alone, without the search: seconds instead of a minute.
TREES = {"candidates": ["lightgbm"], "tune": False, "models": {"lightgbm": {"max_rounds": 20}}}


@pytest.fixture(scope="module")
def record(finished: Path) -> RunRecord:
    return RunRecord.parse((finished / "06_models" / "run_record.json").read_text(), "finished")


@pytest.fixture(scope="module")
def repeat(finished: Path) -> Callable[..., Answer]:
    """What ``algotrade repeat`` answers in a new process."""

    def repeated(*arguments: str) -> Answer:
        return subprocess.run(
            [Path(sys.executable).with_name("algotrade"), "repeat", *arguments, "--data", str(finished)],
            cwd=finished, env=dict(os.environ), capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    return repeated


def trees_of(record: RunRecord, seed: int) -> RunRecord:
    training = record.parameters["training"] | TREES | {"seed": seed}
    return record.model_copy(update={"parameters": record.parameters | {"training": training}, "seed": seed})


def run_that_trained(finished: Path) -> str:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{finished}/mlflow.db")
    for run in client.search_runs([each.experiment_id for each in client.search_experiments()]):
        if any(each.path == "run_record.json" for each in client.list_artifacts(run.info.run_id)):
            return str(run.info.run_id)
    raise AssertionError("no run has a record among its artifacts")


def test_a_run_repeated_from_its_mlflow_id_makes_every_file_again(finished, record, repeat):
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.is_file()}
    answer = repeat(run_that_trained(finished))
    assert answer.returncode == 0, f"{answer.stdout}\n{answer.stderr}"
    count = sum(len(model.files) for model in record.models.values())
    assert answer.stdout.startswith(f"The same files: all {count} of ")
    assert "manifest.json, which has the time of writing in it, was left out" in answer.stdout
    networks = [name for model in record.models.values() for name in model.files if name.endswith(".onnx")]
    texts = [name for model in record.models.values() for name in model.files if name.endswith("trees.txt")]
    assert networks
    assert texts
    after = {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.is_file()}
    assert {path for path in before if before[path] != after.get(path) and path.name != "mlflow.db"} == set()


def test_the_seed_decides_which_files_come_out(finished, record, tmp_path):
    once = repeat_training(trees_of(record, 7), finished, tmp_path / "once")
    assert changed_files(once, once) == ()

    other = trees_of(record, 8).model_copy(update={"models": once})
    (tmp_path / "run_record.json").write_text(json.dumps(other.to_json()))
    keep = tmp_path / "kept"
    arguments = ["repeat", str(tmp_path / "run_record.json"), "--data", str(finished), "--anyway", "--keep", str(keep)]
    answer = CliRunner().invoke(cli, arguments)

    assert answer.exit_code == DIFFERENT_STATUS, answer.output
    assert "\n  lightgbm/model/trees.txt\n" in answer.stdout
    assert (keep / "06_models" / "candidates" / "lightgbm" / "model" / "trees.txt").is_file()
    assert "not empty" in CliRunner().invoke(cli, arguments).stderr


def test_what_is_not_as_it_was_is_listed_and_refused(finished, record, tmp_path):
    changed = record.model_copy(
        update={
            "code": record.code.model_copy(update={"source_digest": "x", "lock_digest": "y"}),
            "data": record.data.model_copy(update={"digest": "z"}),
        }
    )
    (tmp_path / "run_record.json").write_text(json.dumps(changed.to_json()))
    answer = CliRunner().invoke(cli, ["repeat", str(tmp_path), "--data", str(finished)])
    assert answer.exit_code == 1
    for line in ("! source files: x then, ", "! requirements.lock: y then, ", "! candles: z then, "):
        assert line in answer.stderr
    assert "not as it was are source files, requirements.lock, candles" in answer.stderr
    assert "--anyway" in answer.stderr


def test_the_recorded_changes_are_printed_for_git(finished, record):
    answer = CliRunner().invoke(cli, ["repeat", "--data", str(finished), "--diff"])
    assert (answer.exit_code, answer.stdout) == (0, record.code.diff)


def test_the_record_tells_the_code_and_data_of_the_run(finished, record):
    assert record.code.lock_digest == code_state().lock_digest
    assert record.data == present_data(finished)
    assert record.data.digest == json.loads((finished / "02_intermediate" / "universe.json").read_text())["data_digest"]
    assert "storage_url" not in record.parameters["training"]["tuning"]
    assert set(record.parameters) == {"ingestion", "feature_engineering", "training"}


@pytest.mark.parametrize("run", ["nowhere/run_record.json", "0123456789abcdef0123456789abcdef"])
def test_a_run_that_is_not_known_is_named(tmp_path, fresh_tracking_database, run):
    tracking = f"sqlite:///{fresh_tracking_database}"
    answer = CliRunner().invoke(cli, ["repeat", run, "--data", str(tmp_path), "--tracking", tracking])
    assert answer.exit_code == 1
    assert run in answer.stderr


def test_data_that_is_gone_is_told(record, tmp_path):
    (tmp_path / "run_record.json").write_text(json.dumps(record.to_json()))
    answer = CliRunner().invoke(cli, ["repeat", str(tmp_path), "--data", str(tmp_path)])
    assert answer.exit_code == 1
    assert "Run the ingestion and feature_engineering pipelines" in answer.stderr
