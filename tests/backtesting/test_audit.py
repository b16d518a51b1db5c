"""vectorbt arrives at the same account from the fills, and notices when it is not the same."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from algotrade.backtesting.audit import audit
from algotrade.backtesting.simulate import SimulationSettings, simulate
from algotrade.domain import performance
from algotrade.domain.costs import Costs
from algotrade.errors import BacktestError


@given(
    seed=st.integers(0, 10_000),
    short=st.booleans(),
    gaps=st.sampled_from([0.0, 0.1]),
    terms=st.tuples(st.sampled_from([Costs(0.0, 0.0), Costs(), Costs(100.0, 50.0)]), st.sampled_from([0.0, 0.2])),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_vectorbt_agrees(random_panel, random_weights, seed, short, gaps, terms):
    costs, band = terms
    rows, symbols = 120, 1 + seed % 4
    panel, weights = random_panel(seed, rows, symbols, gaps=gaps), random_weights(seed, rows, symbols, short=short)
    result = simulate(panel, weights, costs, SimulationSettings(rebalance_band=band, market="perpetual"))
    report = audit(result)
    assert report.equity_difference <= 1e-9
    if result.ruined_at is None:
        assert report.trades["pnl"].sum() == pytest.approx(
            result.final_equity - result.initial_cash, abs=1e-9 * result.equity.max()
        )


@pytest.fixture
def result(random_panel, random_weights):
    return simulate(random_panel(4, 300, 4, gaps=0.1), random_weights(4, 300, 4), Costs(20.0, 10.0))


def test_a_cooked_book_is_noticed(result):
    cheaper = result.fills.assign(fee=result.fills["fee"] * 0.5)
    with pytest.raises(BacktestError, match=r"vectorbt does not agree.*equity differs"):
        audit(replace(result, fills=cheaper))
    with pytest.raises(BacktestError, match="equity differs"):
        audit(replace(result, equity=result.equity * np.linspace(1.0, 1.0 + 1e-8, len(result.equity))))


def test_a_ruined_account_is_compared_up_to_its_ruin(panel_of):
    prices = np.array([10.0, 10.0, 12.0, 25.0, 10.0])[:, None]
    result = simulate(panel_of(prices, prices), np.full((5, 1), -1.0), Costs(), SimulationSettings(market="perpetual"))
    assert result.ruined_at == result.equity.index[3]
    assert audit(result).equity_difference <= 1e-9


def test_a_fill_that_nobody_could_afford_is_noticed(result):
    greedy = result.fills.assign(size=result.fills["size"] * 50.0)
    with pytest.raises(BacktestError, match="does not agree"):
        audit(replace(result, fills=greedy))


def test_a_round_trip_is_one_trade_however_many_fills_it_took(panel_of):
    prices = np.array([10.0, 10.0, 20.0, 20.0, 20.0, 20.0])[:, None]
    weights = np.array([0.5, 0.5, 0.25, 0.0, 0.5, 0.5])[:, None]
    report = audit(simulate(panel_of(prices, prices), weights, Costs(0.0, 0.0)))
    assert report.trades["status"].tolist() == ["closed", "open"]
    first = report.trades.iloc[0]
    assert first["pnl"] == pytest.approx(50_000.0)
    assert (first["entry_time"].hour, first["exit_time"].hour) == (1, 4)
    assert first["return"] == pytest.approx(1.0)


def test_drawdowns_are_those_of_the_equity(result):
    report = audit(result)
    depth = performance.max_drawdown(result.equity, result.initial_cash)
    assert report.drawdowns["depth"].max() == pytest.approx(depth)
    deepest = report.drawdowns.loc[report.drawdowns["depth"].idxmax()]
    span = performance.deepest_drawdown(result.equity, result.initial_cash)
    assert deepest["valley_time"] == result.equity.index[span.valley]


def test_an_account_that_never_trades_passes(random_panel):
    report = audit(simulate(random_panel(0, 50, 2), np.zeros((50, 2)), Costs()))
    assert (len(report.trades), len(report.drawdowns)) == (0, 0)
