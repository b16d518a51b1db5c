"""Every promised figure is there, finite or None, and right where the answer is known."""

import math

import numpy as np
import pandas as pd
import pytest

from algotrade.backtesting.simulate import simulate
from algotrade.backtesting.statistics import Trials, strategy_metrics
from algotrade.domain import performance
from algotrade.domain.costs import Costs

KEYS = {
    "sharpe", "sortino", "calmar", "annual_return", "max_drawdown", "win_rate", "turnover", "trades", "exposure",
    "fees_paid", "slippage_paid", "final_equity", "probabilistic_sharpe", "deflated_sharpe",
}  # fmt: skip
NO_TRADES = pd.DataFrame({"pnl": [], "status": []})


def test_figures_of_a_busy_account(random_panel, random_weights):
    result = simulate(random_panel(2, 2000, 3), random_weights(2, 2000, 3), Costs())
    trades = pd.DataFrame({"pnl": [3.0, -1.0, 5.0, 9.0], "status": ["closed", "closed", "closed", "open"]})
    metrics = strategy_metrics(result, trades, Trials(count=20, variance_of_sharpes=0.002))
    assert set(metrics) == KEYS
    assert all(isinstance(value, (int, float)) and math.isfinite(value) for value in metrics.values())
    assert (metrics["trades"], metrics["win_rate"]) == (3, pytest.approx(2 / 3))
    assert metrics["sharpe"] == pytest.approx(performance.sharpe(performance.daily_returns(result.equity, 100_000.0)))
    assert metrics["fees_paid"] == pytest.approx(result.fills["notional"].sum() * 0.001)
    assert metrics["deflated_sharpe"] < metrics["probabilistic_sharpe"]


def test_an_account_that_never_trades_has_few_figures(random_panel):
    result = simulate(random_panel(2, 200, 2), np.zeros((200, 2)), Costs())
    metrics = strategy_metrics(result, NO_TRADES)
    assert set(metrics) == KEYS
    undefined = {name for name, value in metrics.items() if value is None}
    assert undefined == {"sharpe", "sortino", "calmar", "win_rate", "probabilistic_sharpe", "deflated_sharpe"}
    assert metrics["annual_return"] == metrics["turnover"] == metrics["trades"] == 0


def test_turnover_and_exposure_of_one_round_trip_in_a_year(panel_of):
    prices = np.full((366, 1), 10.0)
    weights = np.where(np.arange(366) < 183, 1.0, 0.0)[:, None]
    metrics = strategy_metrics(simulate(panel_of(prices, prices, "1d"), weights, Costs(0.0, 0.0)), NO_TRADES)
    assert metrics["turnover"] == pytest.approx(1.0, rel=0.01)
    assert metrics["exposure"] == pytest.approx(0.5)


def test_the_timeframe_does_not_change_the_sharpe_ratio(panel_of):
    # The same account looked at every hour and every four hours.
    generator = np.random.default_rng(5)
    close = 100.0 * np.exp(np.cumsum(generator.normal(0.0, 0.01, 4800)))[:, None]
    opens = np.vstack([close[:1], close[:-1]])
    hourly, longer = panel_of(opens, close, "1h"), panel_of(opens[::4], close[3::4], "4h")
    ratios = [
        strategy_metrics(simulate(panel, np.ones((len(panel), 1)), Costs(0.0, 0.0)), NO_TRADES)["sharpe"]
        for panel in (hourly, longer)
    ]
    assert ratios[0] == pytest.approx(ratios[1], rel=0.05)


def test_candles_longer_than_a_day_are_annualised_by_their_own_number(random_panel):
    panel = random_panel(1, 300, 1, timeframe="1w")
    result = simulate(panel, np.ones((300, 1)), Costs())
    returns = performance.simple_returns(result.equity, result.initial_cash)
    assert strategy_metrics(result, NO_TRADES)["sharpe"] == pytest.approx(performance.sharpe(returns, 365.25 / 7))


def test_trials_count_every_variant_and_spread_only_over_those_that_traded():
    returns = np.random.default_rng(0).normal(0.0, 0.01, (100, 4))
    returns[:, 3] = 0.0
    trials = Trials.of_returns(returns)
    sharpes = returns[:, :3].mean(axis=0) / returns[:, :3].std(axis=0, ddof=1)
    assert trials.count == 4
    assert trials.variance_of_sharpes == pytest.approx(sharpes.var(ddof=1))
