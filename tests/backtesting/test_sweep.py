"""A sweep earns what the same strategies earn one by one."""

import numpy as np
import pytest

from algotrade.backtesting.simulate import backtest
from algotrade.backtesting.sweep import TradingTerms, default_grid, sweep, sweep_in_chunks
from algotrade.domain import performance
from algotrade.domain.costs import Costs
from algotrade.domain.instrument import Instrument
from algotrade.errors import BacktestError, ConfigurationError
from algotrade.strategies import STRATEGIES, MarketView, build_strategy


@pytest.fixture
def view(random_panel) -> MarketView:
    panel = random_panel(6, 900, 3)
    expected = np.random.default_rng(6).normal(0.0, 0.004, panel.close.shape)
    return MarketView(panel, expected_return=expected, warmup=100)


def test_every_variant_has_its_returns_and_figures(view):
    grid = default_grid()
    result = sweep(view, grid, Costs())
    assert len(grid) > 30
    assert list(result.daily_returns.columns) == list(result.variants.index) == [str(variant) for variant in grid]
    assert np.isfinite(result.daily_returns.to_numpy()).all()
    assert set(result.variants["strategy"]) == set(STRATEGIES)
    assert len(result.returns_of("momentum").columns) == len(default_grid(["momentum"]))


def test_a_sweep_equals_its_backtests(view):
    strategy = build_strategy("ml_signal")
    result, single = sweep(view, [strategy], Costs()), backtest(strategy, view, Costs())
    returns = performance.daily_returns(single.equity, single.initial_cash)
    assert np.array_equal(result.daily_returns[str(strategy)], returns)
    assert result.variants.loc[str(strategy), "sharpe"] == performance.sharpe(returns)
    assert result.variants.loc[str(strategy), "fills"] == len(single.fills)


def test_a_sweep_rounds_to_the_lots_that_a_backtest_rounds_to(view):
    strategy = build_strategy("ml_signal")
    coarse = TradingTerms(instruments={symbol: Instrument(lot=100.0) for symbol in view.panel.symbols})
    single = backtest(strategy, view, coarse.costs, coarse.account, market_data=coarse.market_data)
    (result,) = sweep_in_chunks(view, [strategy], coarse)
    assert (single.fills["size"] % 100.0 == 0.0).all()
    assert result.variants.loc[str(strategy), "annual_return"] == performance.annual_return(
        single.equity.to_numpy(), single.initial_cash, len(view) / view.panel.timeframe.candles_per_year
    )
    assert coarse.digest != TradingTerms().digest


def test_what_cannot_be_counted_is_refused(view):
    with pytest.raises(BacktestError, match="no strategy"):
        sweep(view, [], Costs())
    with pytest.raises(BacktestError, match="there twice"):
        sweep(view, [build_strategy("buy_and_hold")] * 2, Costs())
    with pytest.raises(ConfigurationError, match="Unknown strategy"):
        default_grid(["nothing"])
