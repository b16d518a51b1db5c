"""vectorbt re-accounts what it cannot simulate: stops inside a candle, funding, interest, leverage, liquidation."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from algotrade.backtesting.account import MarketData, SimulationSettings
from algotrade.backtesting.audit import audit
from algotrade.backtesting.simulate import simulate
from algotrade.domain.costs import Costs
from algotrade.errors import BacktestError

WIDE = 0.03


@pytest.fixture
def volatile(random_panel):
    def make(seed: int, rows: int, symbols: int):
        panel, generator = random_panel(seed, rows, symbols, gaps=0.05), np.random.default_rng(seed)
        wicks = np.exp(np.abs(generator.normal(0.0, WIDE, (2, rows, symbols))))
        return replace(panel, high=panel.high * wicks[0], low=panel.low / wicks[1])

    return make


@given(
    seed=st.integers(0, 10_000),
    leverage=st.sampled_from([1.0, 3.0, 10.0]),
    stops=st.sampled_from([(None, None, None), (0.01, 0.02, None), (0.05, None, 0.03)]),
    costs=st.sampled_from([Costs(), Costs(0.0, 0.0), Costs(30.0, 10.0, borrow_bps_per_year=3_000.0)]),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_vectorbt_agrees_about_perpetual_accounts(volatile, random_weights, seed, leverage, stops, costs):
    rows, symbols = 120, 1 + seed % 4
    panel, weights = volatile(seed, rows, symbols), leverage * random_weights(seed, rows, symbols, short=True)
    stop, profit, trailing = stops
    account = SimulationSettings(
        market="perpetual", leverage=leverage, stop_loss=stop, take_profit=profit, trailing_stop=trailing
    )
    rates = np.random.default_rng(seed).normal(0.0, 1e-3, weights.shape)
    result = simulate(panel, weights, costs, account, MarketData(funding=rates))
    report = audit(result)
    assert report.equity_difference <= 1e-9
    if result.ruined_at is None:
        earned = report.trades["pnl"].sum() - report.trades["funding"].sum()
        assert earned == pytest.approx(result.final_equity - result.initial_cash, abs=1e-9 * result.equity.max())


def test_two_fills_of_a_symbol_in_one_candle_are_two_orders(panel_of):
    prices = np.array([10.0, 10.0, 10.0])[:, None]
    panel = replace(panel_of(prices, prices), low=np.array([10.0, 8.0, 10.0])[:, None])
    result = simulate(panel, np.ones((3, 1)), Costs(0.0, 0.0), SimulationSettings(stop_loss=0.1))
    assert result.fills["kind"].tolist() == ["target", "stop"]
    assert result.fills["time"].nunique() == 1
    report = audit(result)
    assert report.trades[["pnl", "status", "side"]].to_numpy().tolist() == [
        [pytest.approx(-10_000.0), "closed", "long"]
    ]
    assert report.trades["entry_time"].tolist() == report.trades["exit_time"].tolist()


def test_a_cooked_funding_book_is_noticed(volatile, random_weights):
    panel, weights = volatile(1, 60, 2), random_weights(1, 60, 2)
    rates = np.full(weights.shape, 1e-3)
    result = simulate(panel, weights, Costs(), SimulationSettings(market="perpetual"), MarketData(funding=rates))
    assert result.funding_paid > 0.0
    assert audit(result).trades["funding"].sum() == pytest.approx(result.funding_paid)
    with pytest.raises(BacktestError, match="equity differs"):
        audit(replace(result, funding=result.funding * 0.5))


def test_a_spot_account_is_lent_nothing(volatile, random_weights):
    result = simulate(volatile(2, 60, 2), random_weights(2, 60, 2), Costs())
    greedy = result.fills.assign(size=result.fills["size"] * 3.0)
    with pytest.raises(BacktestError, match="does not agree"):
        audit(replace(result, fills=greedy))
