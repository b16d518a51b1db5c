"""What the judgement of the backtesting pipeline leaves behind: whole, plain JSON, and the same every time."""

import json

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import ConfigurationError
from algotrade.pipelines.backtesting import nodes
from algotrade.pipelines.parameters import BacktestingParameters
from algotrade.strategies import MarketView
from tests.backtesting.conftest import build_random_panel

PARAMETERS = {
    "strategies": {"ml_signal": {}, "momentum": {}, "buy_and_hold": {}},
    "statistics": {"draws": 150, "trade_orders": 100},
}


@pytest.fixture(scope="module")
def market() -> MarketView:
    panel = build_random_panel(5, 2600, 2)
    generator = np.random.default_rng(1)
    coming = np.vstack([np.diff(np.log(panel.close), axis=0), np.zeros((1, 2))])
    return MarketView(panel, expected_return=0.05 * coming + generator.normal(0, 0.004, coming.shape), warmup=400)


@pytest.fixture(scope="module")
def inputs(market):
    results, _, _ = nodes.run(market, PARAMETERS)
    trades = nodes.audit_all(results)
    *_, (returns, variants, _) = nodes.sweep_variants(market, PARAMETERS)
    return results, trades, returns, variants, nodes.lay_out_grid(variants, PARAMETERS)


def judged(market, inputs, parameters=PARAMETERS):
    results, trades, returns, variants, grid = inputs
    scores, overfitting = nodes.judge(results, trades, market, returns, {"count": 77}, parameters)
    return {
        "scores": scores,
        "overfitting": overfitting,
        "intervals": nodes.estimate_intervals(results, trades, market, parameters),
        "robustness": nodes.assess_robustness(results, trades, market, returns, variants, grid, parameters),
        "drawdowns": nodes.list_drawdowns(results, parameters),
        "attribution": nodes.attribute_profits(results, trades, market),
        "stress": nodes.stress_strategies(results, market, parameters),
    }


@pytest.fixture(scope="module")
def found(market, inputs):
    return judged(market, inputs)


def written(found) -> str:
    """All of it as text; NaN is no JSON and would be refused."""
    return json.dumps(
        {name: value if isinstance(value, dict) else value.to_json(date_format="iso") for name, value in found.items()},
        allow_nan=False,
    )


def test_the_same_seed_writes_the_same_bytes(market, inputs, found):
    assert written(judged(market, inputs)) == written(found)


def test_every_strategy_is_judged_by_all_trials_that_were_ever_counted(found, inputs):
    assert set(found["scores"]) == set(found["intervals"]) == set(found["robustness"]) == set(PARAMETERS["strategies"])
    assert found["overfitting"]["trials"] == 77
    assert found["overfitting"]["trials_this_run"] == inputs[2].shape[1]
    assert 0.0 < found["overfitting"]["superiority"]["p_value"] <= 1.0
    assert found["scores"]["momentum"]["beta"] is not None


def test_headline_figures_lie_within_their_intervals(found):
    for name, ends in found["intervals"].items():
        for figure in ("sharpe", "annual_return", "volatility", "win_rate"):
            value, bounds = found["scores"][name][figure], ends[figure]
            if bounds["low"] is not None:
                assert bounds["low"] <= value <= bounds["high"], (name, figure)


def test_robustness_has_all_that_was_promised(found):
    assert set(found["robustness"]["momentum"]) == {
        "minimum_track_record", "lo", "monte_carlo", "cost_sensitivity", "capacity", "reality_check", "plateau",
        "market_model", "shortfall",
    }  # fmt: skip
    assert found["robustness"]["momentum"]["plateau"]["neighbours"] > 0
    assert found["robustness"]["buy_and_hold"]["plateau"] == {}, "there is nothing to choose"
    held = found["robustness"]["buy_and_hold"]["reality_check"]
    assert held["p_value"] == 1.0, "nothing beats itself"


def test_frames_name_their_strategy_first(found):
    for name in ("drawdowns", "attribution", "stress"):
        frame = found[name]
        assert frame.columns[0] == "strategy"
        assert set(frame["strategy"]) <= set(PARAMETERS["strategies"])
    totals = found["attribution"].pivot_table(index="strategy", columns="by", values="pnl", aggfunc="sum")
    final = pd.Series({name: own["final_equity"] for name, own in found["scores"].items()}) - 100_000.0
    for way in totals.columns:
        np.testing.assert_allclose(totals[way].sort_index(), final.sort_index(), rtol=1e-9)


def test_the_benchmark_is_simulated_where_it_does_not_trade(market, inputs):
    without = {**PARAMETERS, "strategies": {"ml_signal": {}, "momentum": {}}}
    results, trades, returns, *_ = inputs
    own = {name: result for name, result in results.items() if name != "buy_and_hold"}
    _, overfitting = nodes.judge(own, trades, market, returns, {"count": 5}, without)
    _, with_it = nodes.judge(results, trades, market, returns, {"count": 5}, PARAMETERS)
    assert overfitting["superiority"] == with_it["superiority"]


def test_settings_that_are_not_known_are_refused():
    with pytest.raises(ConfigurationError, match="statistics"):
        BacktestingParameters.parse({"statistics": {"resamples": 10}})
    with pytest.raises(ConfigurationError, match="crash_depth"):
        BacktestingParameters.parse({"stress": {"crash_depth": 2.0}})
