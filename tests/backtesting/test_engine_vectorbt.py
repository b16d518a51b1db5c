"""vectorbt, simulating by itself, comes to what the kernel comes to, and refuses what it cannot do."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from algotrade.backtesting.account import SimulationSettings
from algotrade.backtesting.audit import audit
from algotrade.backtesting.simulate import simulate
from algotrade.backtesting.vectorbt_plots import vectorbt_figures
from algotrade.domain.candles import from_milliseconds
from algotrade.domain.costs import Costs
from algotrade.errors import ConfigurationError

RELAXED = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@given(
    seed=st.integers(0, 10_000),
    costs=st.sampled_from([Costs(0.0, 0.0), Costs(), Costs(50.0, 20.0)]),
    gaps=st.sampled_from([0.0, 0.1]),
    delay=st.sampled_from([0, 2]),
    every=st.sampled_from([1, 6]),
)
@settings(max_examples=15, **RELAXED)
def test_the_kernel_equals_vectorbt(random_panel, random_weights, seed, costs, gaps, delay, every):
    rows, symbols = 120, 1 + seed % 6
    panel, weights = random_panel(seed, rows, symbols, gaps=gaps), random_weights(seed, rows, symbols)
    weights = weights * (0.4 if gaps else 0.8)  # what cannot be sold for want of a candle still binds cash
    account = SimulationSettings(rebalance_band=0.0, delay=delay, rebalance_every=every)
    ours, theirs = (
        simulate(panel, weights, costs, replace(account, engine=engine)) for engine in ("kernel", "vectorbt")
    )
    assume(ours.cash.min() > 1e-6 * ours.initial_cash)  # where it runs short, the two spread the shortage differently
    np.testing.assert_allclose(theirs.equity, ours.equity, rtol=1e-9)
    keys = ["time", "symbol"]
    mine, other = (_worth_sending(result).sort_values(keys, ignore_index=True) for result in (ours, theirs))
    assert mine[[*keys, "side"]].equals(other[[*keys, "side"]])
    for name in ("size", "price", "fee", "slippage", "decision_price"):
        np.testing.assert_allclose(other[name], mine[name], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(theirs.positions, ours.positions, rtol=1e-6, atol=1e-9)


def _worth_sending(result):
    """Fills without those of a fraction of a cent, which vectorbt makes and the kernel leaves out."""
    return result.fills[result.fills["notional"] > 1e-8 * result.initial_cash]


def test_a_result_of_vectorbt_is_a_result_like_any_other(random_panel, random_weights):
    account = SimulationSettings(rebalance_band=0.0, engine="vectorbt")
    result = simulate(random_panel(1, 200, 3), 0.8 * random_weights(1, 200, 3), Costs(), account)
    assert audit(result).equity_difference <= 1e-9


@pytest.mark.parametrize(
    ("account", "costs", "named"),
    [
        ({"rebalance_band": 0.2}, Costs(), "account.rebalance_band: 0.2"),
        ({"stop_loss": 0.1}, Costs(), "account.stop_loss: 0.1"),
        ({"market": "perpetual", "leverage": 2.0}, Costs(), "account.leverage: 2.0"),
        ({}, Costs(volume_cap=0.1), "costs.volume_cap: 0.1"),
    ],
)
def test_a_rule_that_vectorbt_does_not_have_is_refused_by_name(random_panel, account, costs, named):
    chosen = SimulationSettings(**{"rebalance_band": 0.0, "engine": "vectorbt"} | account)
    with pytest.raises(ConfigurationError, match=named):
        simulate(random_panel(1, 20, 2), np.zeros((20, 2)), costs, chosen)


@given(seed=st.integers(0, 100_000), stops=st.sampled_from([(0.06, 0.12), (0.06, None), (None, 0.08)]))
@settings(max_examples=30, **RELAXED)
def test_stops_equal_those_of_vectorbt(random_panel, seed, stops):
    import vectorbt as vbt

    loss, profit = stops
    rows, generator = 100, np.random.default_rng(seed)
    panel = random_panel(seed, rows, 1)
    wicks = np.exp(np.abs(generator.normal(0.0, 0.005, (2, rows, 1))))
    panel = replace(panel, high=panel.high * wicks[0], low=panel.low / wicks[1])
    wanted = np.repeat(generator.random(rows // 20) < 0.6, 20).astype(float)[:, None]
    account = SimulationSettings(rebalance_band=0.99, stop_loss=loss, take_profit=profit)
    result = simulate(panel, wanted, Costs(), account)
    assume(not _leaves_before_vectorbt_can(result, panel, loss or np.inf, profit or np.inf))
    change = np.diff(wanted[:, 0], prepend=0.0, append=0.0)[:-1]
    theirs = vbt.Portfolio.from_signals(
        close=panel.close[:, 0], open=panel.open[:, 0], high=panel.high[:, 0], low=panel.low[:, 0],
        entries=np.append(False, change[:-1] > 0.0), exits=np.append(False, change[:-1] < 0.0),
        price=panel.open[:, 0], fees=0.001, slippage=0.0005, init_cash=100_000.0,
        sl_stop=np.nan if loss is None else loss, tp_stop=np.nan if profit is None else profit,
        stop_entry_price="fillprice", stop_exit_price="stopmarket", freq="1h",
    )  # fmt: skip
    records, ours = theirs.orders.records_arr, result.fills
    assert len(records) == len(ours)
    np.testing.assert_allclose(records["price"], ours["price"], rtol=1e-12)
    np.testing.assert_allclose(records["size"], ours["size"], rtol=1e-9)
    np.testing.assert_allclose(records["fees"], ours["fee"], rtol=1e-9)
    np.testing.assert_allclose(theirs.value(), result.equity, rtol=1e-9)


def _leaves_before_vectorbt_can(result, panel, loss: float, profit: float) -> bool:
    """Whether a position was left in the candle of its entry, or at an open whose candle touches a stop later on.

    vectorbt has one order a candle, and puts the stop before what was decided at the close before.
    """
    row = (result.fills["time"] - from_milliseconds(panel.open_time)[0]) // pd.Timedelta("1h")
    if row.duplicated().any():
        return True
    exits = (result.fills["side"] == "sell") & (result.fills["kind"] == "target")
    entry, candle = result.fills["price"].shift(1)[exits].to_numpy(), row[exits].to_numpy()
    low, high = panel.low[candle, 0], panel.high[candle, 0]
    return bool(((low <= entry * (1.0 - loss)) | (high >= entry * (1.0 + profit))).any())


def test_vectorbt_draws_a_result(random_panel, random_weights):
    figures = vectorbt_figures(simulate(random_panel(1, 100, 2), random_weights(1, 100, 2), Costs()))
    assert set(figures) == {"equity", "drawdowns", "trades S0/USDT", "trades S1/USDT"}
    assert all(len(figure.data) > 0 and type(figure).__name__ == "Figure" for figure in figures.values())
