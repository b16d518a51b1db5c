"""``algotrade drift``: a few lines, and an exit status that a job can act on."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from algotrade.cli import cli

FOUND = {
    "detected": False, "p_value": 0.4, "level": 0.05,
    "features": {"watched": 94, "drifted": 0},
    "families": {"watched": 6, "drifted": [], "all_features_drifted": False},
    "worst": [{"name": "rsi_14", "measure": "ks", "value": 0.1, "threshold": 0.2}],
    "current": {"start": "2024-01-01T00:00:00+00:00", "end": "2024-01-14T23:00:00+00:00", "candles": 336,
                "known_candles": 0},
    "reference": {"start": "2023-01-01T00:00:00+00:00", "end": "2023-12-31T23:00:00+00:00"},
}  # fmt: skip
DRIFTED = FOUND | {
    "detected": True, "p_value": 0.03,
    "features": {"watched": 94, "drifted": 2},
    "families": {"watched": 6, "drifted": ["volume"], "all_features_drifted": True},
}  # fmt: skip


@pytest.fixture
def told(tmp_path: Path):
    def command(content: object, *options: str) -> Result:
        path = tmp_path / "drift.json"
        if content is not None:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return CliRunner().invoke(cli, ["drift", "--path", str(path), *options])

    return command


def test_no_drift_is_status_0(told):
    answer = told(FOUND)
    assert answer.exit_code == 0
    assert answer.output.splitlines()[0] == (
        "No drift: all 94 features look as they did in training (p 0.400, level 0.05)."
    )


def test_drift_is_status_3(told):
    answer = told(DRIFTED)
    assert answer.exit_code == 3
    assert answer.output.splitlines()[0] == (
        "Drift: 2 of 94 features; together: volume, all features (p 0.030, level 0.05)."
    )


@pytest.mark.parametrize("content", [None, "no json", "[1]", {"detected": True}, '{"detected": '])
def test_what_cannot_be_read_is_status_1_and_says_what_to_do(told, content):
    answer = told(content)
    assert answer.exit_code == 1
    assert "kedro run --pipeline drift" in answer.output


def test_the_default_path_is_in_the_data_folder(tmp_path, monkeypatch):
    (tmp_path / "08_reporting").mkdir()
    (tmp_path / "08_reporting" / "drift.json").write_text(json.dumps(DRIFTED))
    monkeypatch.setenv("ALGOTRADE_DATA", str(tmp_path))
    assert CliRunner().invoke(cli, ["drift"]).exit_code == 3


def test_a_run_outside_of_the_project_is_status_1(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = CliRunner().invoke(cli, ["drift", "--run"])
    assert answer.exit_code == 1
    assert "no folder of the project" in answer.output


def test_the_help_tells_the_statuses():
    text = " ".join(CliRunner().invoke(cli, ["drift", "--help"]).output.split())
    assert "0 without drift, 3 with drift, 1 on errors" in text
