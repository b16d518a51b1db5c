"""``algotrade sweep``: what is best of all that was tried, and how far that is to be believed."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from tests.kedro_runs import ROOT

from algotrade.cli import cli
from algotrade.datasets.trials import TrialFile
from algotrade.simulation.market import MarketSettings, simulate_market

GRID = ("--parameter", "window=12:48:12", "--parameter", "entry_score=0.5,1")


@pytest.fixture
def told(tmp_path, monkeypatch):
    monkeypatch.setenv("ALGOTRADE_DATA", str(tmp_path))
    monkeypatch.chdir(ROOT)

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["sweep", *arguments])

    return command


@pytest.fixture
def folder(tmp_path):
    """What a run leaves that a sweep needs."""
    candles = simulate_market(MarketSettings(candles=1_500, signal=0.0, seed=3))
    symbols = sorted(candles["symbol"].unique())[:3]
    candles = candles[candles["symbol"].isin(symbols)].reset_index(drop=True)
    rows = candles[candles["open_time"] >= candles["open_time"].iloc[500]]
    later = (rows["open_time"] + pd.Timedelta(1, unit="h")).astype(rows["open_time"].dtype)
    noise = np.random.default_rng(3).normal(0.0, 0.004, len(rows))
    chance = np.clip(0.5 + 20.0 * noise, 0.0, 1.0)
    predictions = pd.DataFrame(
        {
            "model": "lightgbm", "fold": 0, "symbol": rows["symbol"], "open_time": rows["open_time"],
            "close_time": later, "probability": chance, "expected_return": noise, "forward_return": 0.0,
            "known_at": later, "raw_probability": chance, "lower": np.nan, "upper": np.nan,
        }
    )  # fmt: skip
    for layer in ("02_intermediate", "03_primary", "07_model_output"):
        (tmp_path / layer).mkdir()
    candles.to_parquet(tmp_path / "03_primary" / "candles.parquet")
    predictions.to_parquet(tmp_path / "07_model_output" / "out_of_fold_predictions.parquet")
    (tmp_path / "07_model_output" / "ranking.json").write_text('["lightgbm"]')
    (tmp_path / "02_intermediate" / "universe.json").write_text(json.dumps({"timeframe": "1h", "symbols": symbols}))
    return tmp_path


def test_the_best_come_first_and_luck_is_named(told, folder):
    answer = told("momentum", *GRID, "--best", "3")
    assert answer.exit_code == 0, answer.output
    lines = answer.output.splitlines()
    assert lines[0].startswith("momentum: 8 variants on 3 symbols, 1h, 2023-01-2")
    shown = [line for line in lines if "window=" in line]
    assert len(shown) == 3
    ratios = [float(line.split()[0]) for line in shown]
    assert ratios == sorted(ratios, reverse=True)
    assert "The best of 8 trials on this market" in lines[-1]
    assert "not distinguishable from luck" in lines[-1]


def test_what_it_leaves_is_counted_drawn_and_not_run_again(told, folder):
    told("momentum", *GRID)
    again = told("momentum", *GRID)
    assert "; 8 were known" in again.output
    told("momentum", "--parameter", "window=12:72:12", "--parameter", "entry_score=0.5,1")
    outputs = folder / "07_model_output"
    assert len(TrialFile(outputs / "trial_ledger.db").load().trials) == 12
    grid = pd.read_parquet(outputs / "sweep_grid.parquet")
    assert len(grid) == 12
    assert "The best of 12 trials" in told("momentum", *GRID).output


def test_some_combinations_and_what_optuna_proposes(told, folder):
    sampled = told("momentum", *GRID, "--sample", "3", "--seed", "1")
    assert "momentum: 3 variants" in sampled.output
    proposed = told("momentum", "--optuna", "6")
    assert proposed.exit_code == 0, proposed.output
    assert "variants on 3 symbols" in proposed.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing",), "Unknown strategy 'nothing'"),
        (("momentum", "--parameter", "windw=3"), "is no axis of momentum"),
        (("momentum", "--parameter", "window"), "names no values to try"),
        (("momentum", "--sample", "3", "--optuna", "3"), "Give one of them"),
        (("momentum",), "There is no candles and no out_of_fold_predictions"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(told, tmp_path, arguments, said):
    answer = told(*arguments)
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: ")
    assert said in answer.output
    assert "Traceback" not in answer.output


def test_it_is_run_in_the_project(told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "is no folder of the project" in told("momentum").output
