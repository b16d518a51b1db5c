"""A result adds up, and what cannot be simulated is refused with a reason."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.backtesting.result import FILL_COLUMNS
from algotrade.backtesting.simulate import MarketData, SimulationSettings, backtest, simulate
from algotrade.domain.candles import from_milliseconds
from algotrade.domain.costs import Costs, FeeTier
from algotrade.domain.instrument import Instrument
from algotrade.errors import BacktestError, ConfigurationError, StrategyError
from algotrade.strategies import MarketView, build_strategy


@pytest.fixture
def result(random_panel, random_weights):
    return simulate(random_panel(4, 300, 4, gaps=0.1), random_weights(4, 300, 4), Costs(20.0, 10.0))


def test_equity_changes_only_by_price_moves_and_costs(result):
    marks, held = result.marks.fillna(0.0).to_numpy(), result.positions.to_numpy()
    np.testing.assert_allclose(result.equity, result.cash + (marks * held).sum(axis=1), rtol=1e-12)
    signed = result.fills["notional"].where(result.fills["side"] == "sell", -result.fills["notional"])
    assert result.cash.iloc[-1] == pytest.approx(result.initial_cash + signed.sum() - result.fees_paid)


def test_positions_are_the_running_sum_of_fills(result):
    signed = result.fills["size"].where(result.fills["side"] == "buy", -result.fills["size"])
    total = signed.groupby(result.fills["symbol"]).sum()
    np.testing.assert_allclose(result.positions.iloc[-1][total.index], total, atol=1e-9)


def test_fills_say_what_they_cost(result):
    assert tuple(result.fills.columns) == FILL_COLUMNS
    fills = result.fills
    np.testing.assert_allclose(fills["fee"], fills["notional"] * 0.002)
    worse = np.where(fills["side"] == "buy", 1.001, 0.999)
    np.testing.assert_allclose(fills["slippage"], (fills["price"] / worse * fills["size"]) * 0.001)
    assert result.slippage_paid == pytest.approx(fills["slippage"].sum())
    assert result.funding_paid == 0.0


def test_rows_are_labelled_by_close_time_and_fills_by_open_time(panel_of):
    prices = np.full((3, 1), 10.0)
    panel = panel_of(prices, prices)
    result = simulate(panel, np.ones((3, 1)), Costs())
    assert list(result.equity.index) == list(from_milliseconds(panel.close_time))
    assert list(result.fills["time"]) == [pd.Timestamp("2024-01-01 01:00", tz="UTC")]
    assert result.weights.iloc[-1, 0] == pytest.approx(1.0)


def test_cash_is_never_negative_on_a_spot_account(result):
    assert result.cash.min() > -1e-9 * result.initial_cash


def test_free_trading_of_constant_prices_keeps_the_cash(panel_of, random_weights):
    prices = np.full((100, 3), 7.0)
    result = simulate(panel_of(prices, prices), random_weights(1, 100, 3), Costs(0.0, 0.0))
    np.testing.assert_allclose(result.equity, result.initial_cash, rtol=1e-12)


def test_higher_costs_never_pay(random_panel, random_weights):
    panel, weights = random_panel(8, 200, 3), random_weights(8, 200, 3)
    finals = [simulate(panel, weights, Costs(fee, fee)).final_equity for fee in (0.0, 5.0, 20.0)]
    assert finals == sorted(finals, reverse=True)


def test_ruin_says_when(panel_of):
    prices = np.array([[10.0], [10.0], [25.0], [10.0]])
    settings = SimulationSettings(market="perpetual")
    result = simulate(panel_of(prices, prices), np.full((4, 1), -1.0), Costs(0.0, 0.0), settings)
    assert result.ruined_at == result.equity.index[2]
    assert result.weights.iloc[2:, 0].tolist() == [0.0, 0.0]


def test_buy_and_hold_buys_once(random_panel):
    result = backtest(build_strategy("buy_and_hold"), MarketView(random_panel(3, 500, 4, gaps=0.05)), Costs())
    assert result.fills["symbol"].tolist().count("S1/USDT") == 1
    assert len(result.fills) == 4
    assert set(result.fills["side"]) == {"buy"}


def test_a_backtest_covers_the_decided_rows_alone(random_panel):
    view = MarketView(random_panel(3, 100, 2), warmup=30)
    assert len(backtest(build_strategy("buy_and_hold"), view, Costs()).equity) == 70


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w[:-1], "must have the shape of the panel"),
        (lambda w: np.where(np.arange(10)[:, None] == 3, np.nan, w), "row 3 of S0/USDT is nan"),
        (lambda w: -w, "cannot be short"),
        (lambda w: w * 3.0, "must not exceed 1 in absolute sum"),
    ],
)
def test_weights_that_break_the_contract_are_refused(random_panel, change, message):
    with pytest.raises(StrategyError, match=message):
        simulate(random_panel(0, 10, 2), change(np.full((10, 2), 0.4)), Costs())


def test_prices_that_cannot_be_traded_at_are_refused(random_panel, panel_of):
    panel = random_panel(0, 10, 2)
    panel.open[4, 1] = -1.0
    with pytest.raises(BacktestError, match=r"first S1/USDT at 2024-01-01 04:00.*Prices must be positive"):
        simulate(panel, np.zeros((10, 2)), Costs())
    with pytest.raises(BacktestError, match="no candles"):
        simulate(random_panel(0, 10, 2)[:0], np.zeros((0, 2)), Costs())


@pytest.mark.parametrize("wrong", [{"initial_cash": 0.0}, {"rebalance_band": 1.0}, {"rebalance_band": -0.1}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigurationError):
        SimulationSettings(**wrong)


@pytest.mark.parametrize("wrong", [{"fee_bps": -1.0}, {"slippage_bps": 1000.0}, {"fee_bps": "ten"}])
def test_costs_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigurationError, match="basis points"):
        Costs(**wrong)


def test_panels_out_of_order_or_misaligned_are_refused(random_panel):
    panel, weights = random_panel(0, 10, 2), np.zeros((10, 2))
    with pytest.raises(BacktestError, match="row 4 comes 7200 s after row 3"):
        simulate(replace(panel, open_time=panel.open_time + 3_600_000 * (np.arange(10) > 3)), weights, Costs())
    with pytest.raises(BacktestError, match="must follow each other by one timeframe"):
        simulate(replace(panel, open_time=panel.open_time[::-1]), weights, Costs())
    with pytest.raises(BacktestError, match=r"shape \(10, 2\).*found high \(9, 2\)"):
        simulate(replace(panel, high=panel.high[:-1]), weights, Costs())
    with pytest.raises(BacktestError, match="low <= open"):
        simulate(replace(panel, low=panel.high * 1.1), weights, Costs())


def test_costs_that_need_a_volume_are_refused_without_one(random_panel):
    panel = replace(random_panel(0, 10, 2), volume=np.full((10, 2), np.nan))
    assert simulate(panel, np.full((10, 2), 0.5), Costs()).fills.shape[0] > 0
    with pytest.raises(BacktestError, match="need the volume of every candle; S0/USDT lacks 10"):
        simulate(panel, np.zeros((10, 2)), Costs(impact=1.0))


def test_what_is_said_about_the_market_has_to_fit_it(random_panel):
    panel, perpetual = random_panel(0, 10, 2), SimulationSettings(market="perpetual")
    with pytest.raises(ConfigurationError, match="Instrument 'X/USDT' is not among the traded symbols"):
        simulate(panel, np.zeros((10, 2)), Costs(), perpetual, MarketData({"X/USDT": Instrument()}))
    with pytest.raises(BacktestError, match=r"shape of the panel \(10, 2\); found \(3, 2\)"):
        simulate(panel, np.zeros((10, 2)), Costs(), perpetual, MarketData(funding=np.zeros((3, 2))))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"market": "futures"}, "one of spot, perpetual"),
        ({"leverage": 2.0}, "A spot account has no leverage"),
        ({"market": "perpetual", "leverage": 100.0}, "liquidated at once"),
        ({"derisk_drawdown": 0.1}, "needs a larger halt_drawdown"),
        ({"stop_loss": 0.0}, "a fraction above 0"),
    ],
)
def test_rules_that_contradict_each_other_are_refused(wrong, message):
    with pytest.raises(ConfigurationError, match=message):
        SimulationSettings(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"volume_cap": 0.0}, "volume_cap"),
        ({"maker_fee_bps": 11.0}, "above the taker's"),
        ({"fee_tiers": (FeeTier(2.0, 1.0, 2.0), FeeTier(1.0, 1.0, 2.0))}, "ascend"),
        ({"impact": float("nan")}, "impact must be"),
    ],
)
def test_costs_that_no_venue_has_are_refused(wrong, message):
    with pytest.raises(ConfigurationError, match=message):
        Costs(**wrong)
