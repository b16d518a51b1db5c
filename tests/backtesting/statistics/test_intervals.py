"""Intervals hold the truth as often as they promise, and say nothing where there is nothing to say."""

import numpy as np
import pandas as pd
import pytest

from algotrade.backtesting.simulate import simulate
from algotrade.backtesting.statistics import StatisticsSettings, daily_intervals, strategy_intervals, trade_intervals
from algotrade.backtesting.statistics.day_paths import DayPaths
from algotrade.backtesting.statistics.intervals import DAILY_FIGURES, TRADE_FIGURES, percentile_interval
from algotrade.domain import performance
from algotrade.domain.costs import Costs
from algotrade.errors import ConfigurationError

MEAN, DEVIATION, YEAR = 0.0005, 0.01, 365.25
TRUE = {"sharpe": MEAN / DEVIATION * np.sqrt(YEAR), "volatility": DEVIATION * np.sqrt(YEAR)}
FEW = StatisticsSettings(draws=300)


def days_of(seed: int, count: int, correlation: float) -> np.ndarray:
    """Daily returns that remember yesterday, of known mean and deviation."""
    noise = np.random.default_rng(seed).normal(0.0, DEVIATION * np.sqrt(1 - correlation**2), count + 50)
    for row in range(1, len(noise)):
        noise[row] += correlation * noise[row - 1]
    return MEAN + noise[50:]


def coverage(simulations: int, count: int, correlation: float) -> dict[str, float]:
    held = dict.fromkeys(TRUE, 0)
    for seed in range(simulations):
        days = DayPaths.of_returns(days_of(seed, count, correlation))
        found = daily_intervals(days, YEAR, count / YEAR, StatisticsSettings(draws=300, seed=seed))
        for name, truth in TRUE.items():
            held[name] += found[name]["low"] <= truth <= found[name]["high"]
    return {name: times / simulations for name, times in held.items()}


def test_the_interval_holds_the_truth_of_days_that_remember_each_other():
    held = coverage(120, 365, correlation=0.3)
    assert 0.88 <= held["sharpe"] <= 1.0
    assert 0.88 <= held["volatility"] <= 1.0


@pytest.mark.slow
@pytest.mark.parametrize(("count", "correlation"), [(365, 0.0), (365, 0.3), (1095, 0.3), (365, -0.2)])
def test_coverage_is_that_which_is_promised(count, correlation):
    held = coverage(400, count, correlation)
    assert 0.92 <= held["sharpe"] <= 0.985
    assert 0.92 <= held["volatility"] <= 0.985


def test_blocks_are_what_makes_the_interval_wide_enough(monkeypatch):
    from algotrade.backtesting.statistics import intervals

    days = DayPaths.of_returns(days_of(3, 1000, 0.5))
    width = {}
    for name, length in (("blocks", intervals.block_length), ("days", lambda _: 1.0)):
        monkeypatch.setattr(intervals, "block_length", length)
        ends = daily_intervals(days, YEAR, 1000 / YEAR, FEW)["sharpe"]
        width[name] = ends["high"] - ends["low"]
    assert width["blocks"] > 1.25 * width["days"]


def test_every_figure_of_a_draw_is_the_figure_of_the_account(random_panel, random_weights):
    """One draw that leaves every day where it is gives back what performance says."""
    from algotrade.backtesting.statistics.intervals import _daily_figures, _trade_figures

    result = simulate(random_panel(4, 1200, 3), random_weights(4, 1200, 3), Costs())
    equity, initial, years = result.equity, result.initial_cash, 1200 / 8766
    returns = performance.daily_returns(equity, initial).to_numpy()
    paths = DayPaths.of_equity(equity, initial)
    drawn = _daily_figures(paths.taken(np.arange(len(returns))[None, :]), YEAR, years)
    expected = {
        "sharpe": performance.sharpe(returns),
        "sortino": performance.sortino(returns),
        "calmar": performance.calmar(equity, initial, years),
        "omega": performance.omega(returns),
        "tail_ratio": performance.tail_ratio(returns),
        "total_return": performance.total_return(equity, initial),
        "annual_return": performance.annual_return(equity, initial, years),
        "volatility": performance.volatility(returns),
        "max_drawdown": performance.max_drawdown(equity, initial),
        "value_at_risk": performance.value_at_risk(returns),
        "expected_shortfall": performance.expected_shortfall(returns),
    }
    assert set(expected) == set(drawn) == set(DAILY_FIGURES)
    for name, value in expected.items():
        assert drawn[name][0] == pytest.approx(value, rel=1e-9), name
    pnl = np.array([3.0, -1.0, 2.0, -2.0])
    trades = {name: values[0] for name, values in _trade_figures(pnl[None, :]).items()}
    assert trades == {"win_rate": 0.5, "profit_factor": pytest.approx(5 / 3), "expectancy": 0.5}
    assert set(trades) == set(TRADE_FIGURES)


def test_a_fall_within_a_day_is_part_of_the_drawdown():
    times = pd.date_range("2024-01-01 06:00", periods=8, freq="6h", tz="UTC")
    equity = pd.Series([100.0, 120.0, 60.0, 110.0, 110.0, 90.0, 120.0, 115.0], index=times)
    paths = DayPaths.of_equity(equity, 100.0)
    assert paths.deepest_drawdowns() == pytest.approx(0.5)
    assert paths.returns.tolist() == pytest.approx([0.1, 115 / 110 - 1])
    assert paths.inner.tolist() == pytest.approx([0.5, 20 / 110])


def test_a_strategy_has_an_interval_for_every_headline_figure(random_panel, random_weights):
    panel = random_panel(5, 1500, 2)
    result = simulate(panel, random_weights(5, 1500, 2), Costs())
    trades = pd.DataFrame({"pnl": np.random.default_rng(0).normal(1.0, 9.0, 60), "status": "closed"})
    market = performance.daily_returns(pd.Series(panel.close[:, 0], index=result.equity.index), panel.open[0, 0])
    found = strategy_intervals(result, trades, FEW, market)
    assert set(found) == {*DAILY_FIGURES, *TRADE_FIGURES, "alpha", "beta"}
    for name, ends in found.items():
        assert ends["low"] <= ends["high"], name
    assert found == strategy_intervals(result, trades, FEW, market), "same seed, same ends"
    assert found != strategy_intervals(result, trades, StatisticsSettings(draws=300, seed=8), market)


@pytest.mark.parametrize("returns", [[], [0.01] * 5, [0.0] * 400, [np.nan] * 100])
def test_where_nothing_can_be_said_there_is_no_interval(returns):
    found = daily_intervals(DayPaths.of_returns(np.array(returns)), YEAR, 1.0, FEW)
    assert set(found) == set(DAILY_FIGURES)
    assert found["sharpe"] == {"low": None, "high": None}
    assert trade_intervals(returns[:3], FEW)["win_rate"] == {"low": None, "high": None}


def test_few_observations_make_an_interval_wider():
    draws = np.random.default_rng(0).normal(size=5000)
    many, few = percentile_interval(draws, 0.95, 10_000), percentile_interval(draws, 0.95, 8)
    assert many == pytest.approx((-1.96, 1.96), abs=0.1)
    assert few[1] - few[0] > 1.2 * (many[1] - many[0])
    assert percentile_interval(np.full(100, np.nan), 0.95, 50) == (None, None)


@pytest.mark.parametrize(
    "wrong", [{"draws": 5}, {"confidence": 1.0}, {"participation": 0.0}, {"cost_multiples": ()}, {"seed": -1}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        StatisticsSettings(**wrong)
