"""``algotrade models``: what people read, and what they are told when it cannot be."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.serving import free_port
from tests.tracking.conftest import decided, make, run_id

from algotrade.cli import cli
from algotrade.tracking import Championship, ModelRegistry

__all__ = ["make", "run_id"]  # fixtures


@pytest.fixture
def registry(tmp_path: Path, fresh_tracking_database: Path) -> ModelRegistry:
    shutil.copy(fresh_tracking_database, tmp_path / "mlflow.db")
    return ModelRegistry(uri=f"sqlite:///{tmp_path}/mlflow.db")


@pytest.fixture
def versions(registry, run_id, make, tmp_path) -> list[str]:
    """Two registered bundles; the gate has made the first one the champion."""
    first, second = make("a"), make("b", share=0.7)
    registry.register([first, second], run_id)
    promoted = decided(first, "promoted")
    registry.tag_gate(promoted)
    Championship.of(tmp_path / "06_models", registry).settle(promoted, first.bundle, first.evidence, "run 1")
    return [first.manifest.version, second.manifest.version]


def ask(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["models", "--data", str(data), *arguments], env={"MLFLOW_TRACKING_URI": ""})


def test_list_shows_the_newest_first_and_who_reigns(versions, tmp_path):
    answer = ask(tmp_path, "list")
    assert answer.exit_code == 0, answer.output
    head, newest, oldest, served = answer.output.splitlines()
    assert head.split() == ["no.", "version", "model", "registered", "trained", "until", "gate", "alias"]
    assert versions[1] in newest
    assert "not judged" in newest
    assert versions[0] in oldest
    assert oldest.endswith("passed      champion")
    assert served.startswith(f"majority {versions[0]} is the champion")


def test_show_tells_lineage_and_decisions(versions, tmp_path):
    answer = ask(tmp_path, "show", versions[0][:5])
    assert answer.exit_code == 0, answer.output
    for line in ("aliases: champion", "data_digest: beef", "git_commit: c0ffee", "gate: passed"):
        assert line in answer.output.splitlines()
    assert "gate by run 1: It was promoted." in answer.output


def test_promote_and_rollback_are_one_command_each(versions, tmp_path):
    refused = ask(tmp_path, "promote", "2")
    assert refused.exit_code == 1
    assert "has not passed the gate (not judged)" in refused.output
    assert "--reason" in ask(tmp_path, "promote", "2", "--force").output
    promoted = ask(tmp_path, "promote", "2", "--force", "--reason", "it is needed")
    assert promoted.exit_code == 0, promoted.output
    assert f"majority {versions[1]} is the champion now" in promoted.output
    assert (tmp_path / "06_models" / "champion").resolve().name == versions[1]
    back = ask(tmp_path, "rollback", "--reason", "it was not")
    assert back.exit_code == 0, back.output
    assert f"majority {versions[0]} is the champion again" in back.output
    assert (tmp_path / "06_models" / "champion").resolve().name == versions[0]
    nowhere = ask(tmp_path, "rollback")
    assert nowhere.exit_code == 1
    assert "no champion to go back to" in nowhere.output
    shown = ask(tmp_path, "show", versions[1]).output
    assert "it is needed" in shown
    assert "it was not" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("promote", "zzz"), "The model version 'zzz' is not registered"),
        (("show", "99"), "is not registered"),
        (("promote", "1"), "is the champion already"),
    ],
)
def test_what_cannot_be_is_told(versions, tmp_path, arguments, message):
    answer = ask(tmp_path, *arguments)
    assert answer.exit_code == 1
    assert message in answer.output
    assert "Traceback" not in answer.output


def test_before_anything_was_trained(tmp_path):
    answer = ask(tmp_path, "list")
    assert answer.exit_code == 1
    assert "No model is registered yet" in answer.output
    assert not (tmp_path / "mlflow.db").exists()


def test_a_registry_that_is_not_there(tmp_path):
    answer = CliRunner().invoke(
        cli, ["models", "--data", str(tmp_path), "--registry", f"http://127.0.0.1:{free_port()}", "list"]
    )
    assert answer.exit_code == 1
    assert "cannot be used" in answer.output
