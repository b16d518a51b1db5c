"""The pipeline's own search: swept, optimised, counted; again the same, more when more is tried."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import ParquetDataset

from algotrade.backtesting import sweep as sweep_module
from algotrade.backtesting.grid import grid_table
from algotrade.backtesting.walk_forward import CHOICE_COLUMNS
from algotrade.datasets.trials import TrialLedgerDataset
from algotrade.errors import BacktestError, ConfigurationError
from algotrade.pipelines.backtesting import create_pipeline, nodes
from algotrade.pipelines.parameters import BacktestingParameters
from algotrade.strategies import MarketView
from tests.backtesting.conftest import build_random_panel
from tests.kedro_runs import SYMBOLS, kedro

STEPS = ("sweep_variants", "lay_out_grid", "choose_parameters", "count_trials", "judge_walk_forward")
PARAMETERS = {
    "strategies": {"momentum": {"volatility_window": 24}, "ml_signal": {}, "buy_and_hold": {}},
    "search": {"momentum": {"window": [6, 12, 24]}},
    "walk_forward": {"windows": 3},
}
FRAMES = ("trial_returns", "trial_variants", "sweep_grid", "walk_forward_choices", "walk_forward_equity")
TRIED = 3 + 1 + 18 + 1
"""Windows of the momentum and its default, variants of the signal, and holding."""


def market(days: int = 60) -> MarketView:
    panel = build_random_panel(21, 24 * days, 3)
    expected = np.random.default_rng(21).normal(0.0, 0.004, panel.close.shape)
    return MarketView(panel, probability=0.5 + 20.0 * expected, expected_return=expected, horizon=4, warmup=100)


@pytest.fixture
def run(tmp_path):
    def run_steps(parameters: dict, view: MarketView | None = None) -> dict:
        ledger = str(tmp_path / "trial_ledger.db")
        kept = {
            **{name: ParquetDataset(filepath=str(tmp_path / f"{name}.parquet")) for name in FRAMES},
            **{name: JSONDataset(filepath=str(tmp_path / f"{name}.json")) for name in ("trial_count", "walk_forward")},
        }
        catalog = DataCatalog(
            {
                **kept,
                "market_view": MemoryDataset(view or market(), copy_mode="assign"),
                "params:backtesting": MemoryDataset(parameters),
                "swept_trials": TrialLedgerDataset(ledger),
                "trial_ledger": TrialLedgerDataset(ledger),
            }
        )
        SequentialRunner().run(create_pipeline().only_nodes(*STEPS), catalog)
        return {name: dataset.load() for name, dataset in kept.items()}

    return run_steps


def with_windows(*windows: int) -> dict:
    return {**PARAMETERS, "search": {"momentum": {"window": list(windows)}}}


def test_a_run_again_finds_the_same_and_counts_the_same(run):
    first, again = run(PARAMETERS), run(PARAMETERS)
    walks = 2
    assert first["trial_count"]["count"] == TRIED + walks
    assert first["trial_count"]["this_run"] == TRIED
    for name in ("trial_count", "walk_forward"):
        assert json.dumps(first[name]) == json.dumps(again[name])
    for name in ("trial_returns", "sweep_grid", "walk_forward_choices", "walk_forward_equity"):
        assert first[name].equals(again[name])


def test_other_parameters_raise_the_count_and_deflate_what_stayed(run):
    first, more = run(PARAMETERS), run(with_windows(6, 12, 24, 36, 48, 72))
    assert more["trial_count"]["count"] > first["trial_count"]["count"]
    fewer = run(with_windows(6))
    assert fewer["trial_count"]["count"] > more["trial_count"]["count"] - 2, "the losers are not forgotten"
    signal = [found["walk_forward"]["ml_signal"]["optimised"] for found in (first, fewer)]
    assert signal[0]["sharpe"] == signal[1]["sharpe"]
    assert signal[0]["deflated_sharpe"] > signal[1]["deflated_sharpe"]


def test_other_costs_and_a_day_more_are_not_a_new_beginning(run):
    first = run(PARAMETERS, market().until(24 * 50))["trial_count"]["count"]
    assert run({**PARAMETERS, "costs": {"fee_bps": 1.0}}, market().until(24 * 50))["trial_count"]["count"] == 2 * first
    assert run(PARAMETERS)["trial_count"]["count"] >= 2 * first


def test_the_finished_part_of_a_sweep_that_crashes_is_counted(run, monkeypatch):
    parts, sweep_part = [], sweep_module.sweep_part

    def breaks_off(*given):
        if len(parts) == 1:
            raise BacktestError("the power is gone")
        parts.append(given)
        return sweep_part(*given)

    monkeypatch.setattr(sweep_module, "sweep_part", breaks_off)
    many = with_windows(*range(2, 90))
    with pytest.raises(BacktestError, match="power"):
        run(many)
    monkeypatch.undo()
    after = run({**PARAMETERS, "strategies": {"buy_and_hold": {}}, "search": {}})
    assert after["trial_count"]["count"] >= sweep_module.CHUNK


def test_what_is_chosen_is_laid_out_for_tables_and_heat_maps(run):
    found = run(PARAMETERS)
    choices, grid = found["walk_forward_choices"], found["sweep_grid"]
    assert tuple(choices.columns) == CHOICE_COLUMNS
    assert set(choices["strategy"]) == {"momentum", "ml_signal"}, "there is nothing to choose about holding"
    assert grid_table(grid, "momentum")["window"].tolist() == [168, 6, 12, 24]
    assert grid.loc[grid["configured"], "strategy"].tolist() == ["momentum", "ml_signal"]
    walk = found["walk_forward"]["momentum"]
    assert walk["windows"] == 3
    assert walk["optimised"].keys() == walk["default"].keys() >= {"sharpe", "deflated_sharpe", "fees_paid"}
    equity = found["walk_forward_equity"]
    assert walk["optimised"]["final_equity"] == equity[equity["strategy"] == "momentum"]["equity"].iloc[-1]
    assert walk["default"]["final_equity"] == equity[equity["strategy"] == "momentum"]["default_equity"].iloc[-1]


@pytest.mark.parametrize("change", [{"walk_forward": None}, {"strategies": {"buy_and_hold": {}}, "search": {}}])
def test_a_run_without_anything_to_optimise_says_so_by_empty_tables(run, change):
    found = run({**PARAMETERS, **change})
    assert found["walk_forward"] == {}
    assert found["walk_forward_choices"].empty
    assert tuple(found["walk_forward_choices"].columns) == CHOICE_COLUMNS
    assert found["walk_forward_equity"].empty


def test_a_short_history_is_swept_but_not_optimised(run, caplog):
    found = run(PARAMETERS, market(18))
    assert found["walk_forward"] == {}
    assert found["trial_count"]["count"] == TRIED
    assert "No walk-forward optimisation" in caplog.text


def test_forecasts_of_another_model_are_new_trials_for_the_signal_only(run):
    first = run(PARAMETERS)["trial_count"]["by_strategy"]
    retrained = replace(market(), probability=None)
    after = run(PARAMETERS, retrained)["trial_count"]["by_strategy"]
    assert after["momentum"] == first["momentum"]
    assert first["ml_signal"] < after["ml_signal"] <= 2 * first["ml_signal"]


def test_parameters_that_mean_nothing_are_refused_at_once():
    with pytest.raises(ConfigurationError, match="does not trade in this run"):
        BacktestingParameters.parse({"strategies": {}, "search": {"momentum": {"window": [3]}}})
    with pytest.raises(ConfigurationError, match="no axis of momentum"):
        BacktestingParameters.parse({"strategies": {"momentum": {}}, "search": {"momentum": {"windw": [3]}}})
    with pytest.raises(ConfigurationError, match="walk_forward"):
        BacktestingParameters.parse({"walk_forward": {"windows": 0}})


def test_the_nodes_are_those_of_the_pipeline():
    assert {node.name for node in create_pipeline().nodes} >= set(STEPS)
    assert nodes.sweep_variants in {node.func for node in create_pipeline().nodes}


@pytest.mark.slow
def test_a_run_again_writes_the_same_metrics(finished, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(finished, data)
    written = []
    for _ in range(2):
        pipelines = ("--pipelines", "backtesting,reporting")
        answer = kedro(data, "run", "--env", "test", *pipelines, "--params", f"symbols={SYMBOLS}")
        assert answer.returncode == 0, answer.stderr
        metrics = json.loads((data / "08_reporting" / "metrics.json").read_text())
        written.append(json.dumps({name: value for name, value in metrics.items() if name != "timings"}))
    assert written[0] == written[1]
