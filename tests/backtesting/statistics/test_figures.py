"""Every promised figure is there, finite or None, and right where the answer is known."""

import math

import numpy as np
import pandas as pd
import pytest

from algotrade.backtesting.attribution import market_equity
from algotrade.backtesting.simulate import SimulationSettings, simulate
from algotrade.backtesting.statistics import closed_pnl, deflated, strategy_metrics
from algotrade.domain import performance
from algotrade.domain.costs import Costs
from algotrade.validation.overfitting import SharpeSample

KEYS = {
    "sharpe", "sharpe_corrected", "sortino", "volatility", "omega", "tail_ratio", "value_at_risk", "expected_shortfall",
    "calmar", "annual_return", "total_return", "max_drawdown", "final_equity", "turnover", "exposure", "fees_paid",
    "slippage_paid", "funding_paid", "borrow_paid", "costs_of_gross", "trades", "win_rate", "profit_factor",
    "expectancy", "probabilistic_sharpe", "deflated_sharpe",
}  # fmt: skip
OF_MARKET = {"alpha", "alpha_t", "beta", "r_squared"}
NO_TRADES = pd.DataFrame({"pnl": [], "status": []})


def test_figures_of_a_busy_account(random_panel, random_weights):
    result = simulate(random_panel(2, 2000, 3), random_weights(2, 2000, 3), Costs())
    trades = pd.DataFrame({"pnl": [3.0, -1.0, 5.0, 9.0], "status": ["closed", "closed", "closed", "open"]})
    metrics = strategy_metrics(result, trades, trials=20)
    assert set(metrics) == KEYS
    defined = {name: value for name, value in metrics.items() if name != "costs_of_gross"}
    assert all(isinstance(value, (int, float)) and math.isfinite(value) for value in defined.values())
    assert metrics["costs_of_gross"] is None, "there is no profit that costs could be a share of"
    assert (metrics["trades"], metrics["win_rate"]) == (3, pytest.approx(2 / 3))
    assert metrics["sharpe"] == pytest.approx(performance.sharpe(performance.daily_returns(result.equity, 100_000.0)))
    assert metrics["fees_paid"] == pytest.approx(result.fills["notional"].sum() * 0.001)
    assert metrics["deflated_sharpe"] < metrics["probabilistic_sharpe"]


def test_an_account_that_never_trades_has_few_figures(random_panel):
    result = simulate(random_panel(2, 200, 2), np.zeros((200, 2)), Costs())
    metrics = strategy_metrics(result, NO_TRADES)
    assert set(metrics) == KEYS
    undefined = {name for name, value in metrics.items() if value is None}
    assert undefined == {
        "sharpe", "sharpe_corrected", "sortino", "omega", "tail_ratio", "calmar", "costs_of_gross", "win_rate",
        "profit_factor", "expectancy", "probabilistic_sharpe", "deflated_sharpe",
    }  # fmt: skip
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


def test_the_best_of_many_without_skill_seldom_passes_for_skill():
    # What deflation is for: 2,000 searches among 43 worthless variants, half a year of days each.
    generator = np.random.default_rng(0)
    returns = generator.standard_t(5, size=(2000, 43, 180)) * 0.01
    sharpes = returns.mean(axis=2) / returns.std(axis=2, ddof=1)
    best = returns[np.arange(2000), sharpes.argmax(axis=1)]
    undeflated = np.mean([deflated(SharpeSample.of_returns(found), trials=1) > 0.95 for found in best])
    claimed = np.mean([deflated(SharpeSample.of_returns(found), trials=43) > 0.95 for found in best])
    assert undeflated > 0.8, "without deflation the best of many nearly always looks significant"
    assert claimed < 0.06


def test_bad_company_does_not_hide_a_true_edge():
    generator = np.random.default_rng(1)
    skilled = generator.normal(0.0042, 0.01, 180)
    assert deflated(SharpeSample.of_returns(skilled), trials=43) > 0.95


def test_costs_are_told_as_a_share_of_the_profit_before_them(panel_of):
    prices = np.full((60, 1), 10.0)
    prices[30:] = 20.0
    weights = np.where(np.arange(60) < 50, 1.0, 0.0)[:, None]
    result = simulate(panel_of(prices, prices, "1d"), weights, Costs())
    metrics = strategy_metrics(result, NO_TRADES)
    paid = metrics["fees_paid"] + metrics["slippage_paid"]
    assert metrics["costs_of_gross"] == pytest.approx(paid / (metrics["final_equity"] - 100_000.0 + paid))
    assert metrics["total_return"] == pytest.approx(metrics["final_equity"] / 100_000.0 - 1.0)


def test_what_follows_the_market_has_a_beta_and_no_alpha(random_panel):
    panel = random_panel(3, 2400, 2)
    result = simulate(panel, np.full((2400, 2), 0.5), Costs(0.0, 0.0))
    daily = performance.daily_returns(market_equity(panel), 1.0)
    metrics = strategy_metrics(result, NO_TRADES, market=daily)
    assert set(metrics) == KEYS | OF_MARKET
    assert metrics["beta"] == pytest.approx(1.0, abs=0.1)
    assert metrics["r_squared"] > 0.9
    assert abs(metrics["alpha_t"]) < 3.0


def test_a_ruined_account_has_figures(panel_of):
    close = np.r_[np.full(40, 100.0), np.full(40, 300.0)][:, None]
    settings = SimulationSettings(market="perpetual", maintenance_margin=0.0)
    result = simulate(panel_of(close, close, "1d"), np.full((80, 1), -1.0), Costs(), settings)
    assert result.ruined_at is not None
    metrics = strategy_metrics(
        result, NO_TRADES, trials=5, market=performance.daily_returns(result.marks["S0/USDT"], 100)
    )
    assert (metrics["annual_return"], metrics["max_drawdown"]) == (-1.0, pytest.approx(1.0, abs=1.5))
    assert metrics["deflated_sharpe"] < 0.5


def test_funding_is_taken_from_a_trade_that_waited_for_it():
    trades = pd.DataFrame(
        {
            "pnl": [5.0, 2.0, 7.0],
            "funding": [6.0, 0.0, 1.0],
            "status": ["closed", "closed", "open"],
            "exit_time": pd.to_datetime(["2024-01-03", "2024-01-02", "2024-01-04"], utc=True),
        }
    )
    assert closed_pnl(trades).tolist() == [2.0, -1.0]
