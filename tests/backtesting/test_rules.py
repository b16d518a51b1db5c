"""Every rule of the account on an example that was computed by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.backtesting.account import MarketData, SimulationSettings
from algotrade.backtesting.simulate import simulate
from algotrade.domain.costs import Costs, FeeTier
from algotrade.domain.instrument import Instrument

FREE = Costs(0.0, 0.0, liquidation_bps=0.0)
NAN = np.nan


@pytest.fixture
def run(panel_of):
    """Simulate one symbol, or several given as columns; opens equal closes where none are given."""

    def simulated(close, weights, costs=FREE, *, data=None, timeframe="1h", blocks=None, **account):
        given = {name: _columns(values) for name, values in (blocks or {}).items()}
        prices = _columns(close)
        panel = panel_of(given.pop("open", prices), prices, timeframe)
        panel = replace(panel, **{name: np.where(np.isnan(v), getattr(panel, name), v) for name, v in given.items()})
        settings = SimulationSettings(**{"initial_cash": 1_000.0, "rebalance_band": 0.0} | account)
        return simulate(panel, _columns(weights), costs, settings, data)

    return simulated


def _columns(values) -> np.ndarray:
    block = np.array(values, dtype=float)
    return block[:, None] if block.ndim == 1 else block


def sizes(result) -> list[float]:
    return np.where(result.fills["side"] == "buy", result.fills["size"], -result.fills["size"]).tolist()


def rows(result) -> list[int]:
    start = result.equity.index[0] - pd.Timedelta(result.timeframe.milliseconds, unit="ms")
    return (
        ((result.fills["time"] - start) / pd.Timedelta(result.timeframe.milliseconds, unit="ms")).astype(int).tolist()
    )


# --- decisions and fills


def test_a_decision_is_filled_at_the_next_open(run):
    result = run([15.0, 25.0, 35.0], [1.0] * 3, blocks={"open": [10.0, 20.0, 30.0]})
    assert (rows(result), sizes(result), result.fills["price"].tolist()) == ([1], [50.0], [20.0])
    assert result.fills["decision_price"].tolist() == [15.0]
    assert result.equity.tolist() == [1_000.0, 1_250.0, 1_750.0]


def test_the_last_decision_has_no_open_to_be_filled_at(run):
    assert run([10.0, 10.0], [0.0, 1.0]).fills.empty


def test_a_delayed_decision_is_filled_so_many_candles_later_at_that_open(run):
    result = run([10.0, 20.0, 40.0, 50.0], [1.0] * 4, delay=2)
    assert (rows(result), sizes(result), result.fills["price"].tolist()) == ([3], [20.0], [50.0])
    assert result.fills["decision_price"].tolist() == [10.0]


def test_decisions_are_taken_every_so_many_candles(run):
    weights = [0.0, 1.0, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0]
    result = run([10.0] * 8, weights, rebalance_every=4)
    assert (rows(result), sizes(result)) == ([5], [50.0])


def test_costs_are_paid_on_both_sides(run):
    result = run([10.0] * 4, [0.5, 0.0, 0.0, 0.0], Costs(100.0, 900.0))
    assert sizes(result) == [50.0, -50.0]
    assert result.fills["price"].tolist() == pytest.approx([10.9, 9.1])
    assert result.fills["fee"].tolist() == pytest.approx([5.45, 4.55])
    assert result.fills["spread"].tolist() == pytest.approx([45.0, 45.0])
    assert result.final_equity == pytest.approx(1_000.0 - 545.0 - 5.45 + 455.0 - 4.55)


def test_buys_shrink_by_one_factor_to_the_cash_there_is(run):
    result = run(np.full((2, 2), 10.0), [[0.75, 0.25]] * 2, Costs(0.0, 999.0))
    assert sizes(result) == pytest.approx([75.0 / 1.0999 * 1.0, 25.0 / 1.0999])
    assert result.cash.iloc[-1] == pytest.approx(0.0, abs=1e-9)


def test_sells_pay_for_buys_of_the_same_candle(run):
    result = run(np.full((3, 2), 10.0), [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert (rows(result), sizes(result)) == ([1, 2, 2], [100.0, -100.0, 100.0])


def test_drift_inside_the_band_is_not_traded_and_outside_is(run):
    assert len(run([10.0, 10.0, 11.0], [0.5] * 3, rebalance_band=0.2).fills) == 1
    loud = run([10.0, 10.0, 11.0, 20.0], [0.5] * 4, rebalance_band=0.2)
    assert sizes(loud) == pytest.approx([50.0, -(50.0 - 0.5 * 1_500.0 / 20.0)])


def test_the_band_never_holds_back_an_exit(run):
    assert run([10.0] * 4, [0.5, 0.0, 0.0, 0.0], rebalance_band=0.99).positions.iloc[:, 0].tolist() == [0, 50, 0, 0]


# --- candles that are not there


def test_an_order_waits_for_a_candle(run):
    result = run([10.0, NAN, NAN, 50.0], [1.0] * 4, blocks={"open": [10.0, NAN, NAN, 40.0]})
    assert (rows(result), sizes(result)) == ([3], [25.0])


def test_an_order_waits_for_a_candle_between_decisions(run):
    result = run([10.0, NAN, 20.0, 20.0], [1.0] * 4, rebalance_every=4)
    assert (rows(result), sizes(result)) == ([2], [50.0])


def test_a_candle_without_volume_fills_nothing_and_still_marks(run):
    result = run([10.0, 12.0, 20.0], [1.0] * 3, blocks={"volume": [5.0, 0.0, 5.0]})
    assert (rows(result), sizes(result)) == ([2], [50.0])
    assert result.marks.iloc[1, 0] == 12.0


def test_a_missing_price_inside_a_holding_keeps_the_last_mark(run):
    result = run([10.0, 12.0, NAN, NAN], [1.0, 0.0, 0.0, 0.0], blocks={"open": [10.0, 10.0, NAN, NAN]})
    assert result.equity.tolist() == [1_000.0, 1_200.0, 1_200.0, 1_200.0]
    assert result.positions.iloc[-1, 0] == 100.0


def test_a_vanished_symbol_is_closed_out_at_a_loss(run):
    costs = Costs(10.0, 0.0, delisting_loss=0.25)
    result = run([10.0, 10.0, 20.0, NAN, NAN, NAN], [0.5] * 6, costs, delist_after=2, rebalance_band=0.9)
    assert result.fills["kind"].tolist() == ["target", "delisting"]
    assert (rows(result), result.fills["price"].tolist()) == ([1, 4], [10.0, 15.0])
    assert result.fills["fee"].tolist() == pytest.approx([0.5, 0.75])
    assert result.fills["slippage"].tolist() == pytest.approx([0.0, 250.0])
    assert result.final_equity == pytest.approx(1_000.0 + 250.0 - 0.5 - 0.75)


# --- costs


def test_slippage_is_spread_volatility_and_square_root_impact(run):
    # Returns of +10 % and -10 % (log 0.0953, -0.1054); alpha 1 keeps the last one.
    close = [100.0, 110.0, 99.0, 99.0]
    costs = Costs(0.0, 10.0, volatility_slippage=0.1, impact=0.5)
    result = run(close, [0.0, 0.0, 0.99, 0.99], costs, volatility_span=1, blocks={"volume": [40.0] * 4})
    sigma = abs(np.log(99.0 / 110.0))
    rate = 0.1 * sigma + 0.5 * sigma * np.sqrt(10.0 / 40.0)
    unshrunk = 0.99 * 1_000.0 / 99.0
    assert unshrunk == pytest.approx(10.0)
    fill = result.fills.iloc[0]
    # Buys shrink to the cash, so the fill is somewhat smaller than the ten units that were wanted.
    assert fill["size"] == pytest.approx(1_000.0 / (99.0 * (1.0 + 0.001 + rate)), rel=1e-3)
    own = 0.1 * sigma + 0.5 * sigma * np.sqrt(fill["size"] / 40.0)
    assert fill["price"] == pytest.approx(99.0 * (1.0 + 0.001 + own))
    assert fill["spread"] == pytest.approx(fill["size"] * 99.0 * 0.001)
    assert fill["impact"] == pytest.approx(fill["size"] * 99.0 * own)
    assert fill["slippage"] == pytest.approx(fill["spread"] + fill["impact"])


def test_the_volume_cap_cuts_orders_and_the_rest_is_carried_on(run):
    result = run([10.0] * 5, [1.0] * 5, Costs(0.0, 0.0, volume_cap=0.1), blocks={"volume": [400.0] * 5})
    assert (rows(result), sizes(result)) == ([1, 2, 3], [40.0, 40.0, 20.0])
    assert result.unfilled == 2


def test_the_band_does_not_hold_back_what_was_cut(run):
    weights, volume = [1.0] * 5, [400.0, 920.0, 400.0, 400.0, 400.0]
    result = run([10.0] * 5, weights, Costs(0.0, 0.0, volume_cap=0.1), blocks={"volume": volume}, rebalance_band=0.5)
    assert sizes(result) == [92.0, 8.0]


def test_a_cut_order_between_decisions_is_carried_on(run):
    costs = Costs(0.0, 0.0, volume_cap=0.1)
    prices = [10.0, 10.0, 10.0, 10.0, 10.0]
    result = run(prices, [1.0] * 5, costs, blocks={"volume": [600.0] * 5}, rebalance_every=5)
    assert (rows(result), sizes(result)) == ([1, 2], [60.0, 40.0])


def test_fees_fall_by_the_volume_that_was_traded_lately(run):
    costs = Costs(100.0, 0.0, fee_tiers=(FeeTier(900.0, 10.0, 20.0),))
    result = run([10.0] * 4, [0.5, 0.0, 0.5, 0.0], costs)
    traded = result.fills["notional"].tolist()
    assert (traded[0] + traded[1]) > 900.0 > traded[0]
    assert (result.fills["fee"] / result.fills["notional"]).tolist() == pytest.approx([0.01, 0.01, 0.002])


def test_volume_older_than_thirty_days_does_not_lower_fees(run):
    costs = Costs(100.0, 0.0, fee_tiers=(FeeTier(400.0, 10.0, 20.0),))
    weights = [0.5, 0.0] + [0.0] * 31 + [0.5, 0.5]
    result = run([10.0] * 35, weights, costs, timeframe="1d")
    assert (result.fills["fee"] / result.fills["notional"]).tolist() == pytest.approx([0.01, 0.002, 0.01])


# --- the instrument


def test_sizes_and_prices_lie_on_the_steps_of_the_instrument(run):
    data = MarketData({"S0/USDT": Instrument(tick=0.25, lot=0.5)})
    result = run([10.0] * 3, [0.777, 0.333, 0.333], Costs(0.0, 10.0), data=data)
    assert sizes(result) == [77.5, -44.5]
    assert result.fills["price"].tolist() == [10.25, 9.75]


def test_orders_below_the_minimum_are_not_sent_but_positions_can_be_closed(run):
    data = MarketData({"S0/USDT": Instrument(lot=1.0, minimum_notional=200.0)})
    weights = [0.5, 0.6, 0.8, 0.0, 0.0]
    result = run([10.0] * 5, weights, data=data)
    assert (rows(result), sizes(result)) == ([1, 3, 4], [50.0, 30.0, -80.0])
    assert run([10.0] * 2, [0.19, 0.19], data=data).fills.empty
    small = run([10.0, 10.0, 2.0, 2.0], [0.5, 0.5, 0.0, 0.0], data=data, rebalance_band=0.99)
    assert sizes(small) == [50.0, -50.0], "100 is below the minimum, and closes the position whole"


# --- limits and stops


def test_a_limit_order_is_filled_only_beyond_its_limit_and_pays_the_maker_fee(run):
    costs = Costs(20.0, 50.0, maker_fee_bps=5.0)
    blocks = {"low": [10.0, 9.9, 9.89, 10.0], "high": [10.0] * 4}
    result = run([10.0] * 4, [0.5] * 4, costs, blocks=blocks, limit_offset_bps=100.0)
    assert (rows(result), result.fills["kind"].tolist()) == ([2], ["limit"]), "touching 9.9 was not enough"
    fill = result.fills.iloc[0]
    assert (fill["price"], fill["slippage"]) == (pytest.approx(9.9), 0.0)
    assert fill["fee"] == pytest.approx(fill["notional"] * 0.0005)


def test_a_limit_order_takes_an_open_that_is_better_and_never_pays_more(run):
    costs = Costs(20.0, 100.0, maker_fee_bps=5.0)
    result = run([10.0, 9.85, 9.85], [0.5] * 3, costs, limit_offset_bps=100.0)
    fill = result.fills.iloc[0]
    assert (fill["price"], fill["fee"]) == (pytest.approx(9.9), pytest.approx(fill["notional"] * 0.002))


def test_a_stop_is_filled_at_its_level_inside_the_candle_and_keeps_the_symbol_out(run):
    blocks = {"low": [10.0, 10.0, 8.5, 10.0, 10.0, 10.0, 10.0]}
    weights = [1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0]
    result = run([10.0] * 7, weights, blocks=blocks, stop_loss=0.1)
    assert result.fills["kind"].tolist() == ["target", "stop", "target"]
    assert (rows(result), result.fills["price"].tolist()) == ([1, 2, 6], [10.0, 9.0, 10.0])
    assert result.fills["decision_price"].tolist() == [10.0, 9.0, 10.0]


def test_a_gap_through_a_stop_is_filled_at_the_open(run):
    result = run([10.0, 10.0, 7.0], [1.0] * 3, Costs(0.0, 100.0), stop_loss=0.1, blocks={"open": [10.0, 10.0, 8.0]})
    assert result.fills["price"].tolist() == pytest.approx([10.1, 8.0 * 0.99])
    assert result.fills["slippage"].iloc[1] == pytest.approx(result.fills["size"].iloc[1] * 0.08)


def test_a_stop_can_be_hit_in_the_candle_of_the_entry(run):
    result = run([10.0, 10.0], [1.0] * 2, stop_loss=0.1, blocks={"low": [10.0, 8.0]})
    assert (rows(result), result.fills["price"].tolist()) == ([1, 1], [10.0, 9.0])


def test_the_stop_comes_before_the_profit_inside_one_candle(run):
    blocks = {"low": [10.0, 10.0, 8.9], "high": [10.0, 10.0, 12.0]}
    result = run([10.0] * 3, [1.0] * 3, blocks=blocks, stop_loss=0.1, take_profit=0.1)
    assert (result.fills["kind"].tolist(), result.fills["price"].iloc[1]) == (["target", "stop"], 9.0)


def test_a_profit_is_taken_at_its_level(run):
    result = run([10.0] * 3, [1.0] * 3, blocks={"high": [10.0, 10.0, 12.0]}, take_profit=0.1)
    assert (result.fills["kind"].iloc[1], result.fills["price"].iloc[1]) == ("take_profit", pytest.approx(11.0))


def test_a_trailing_stop_follows_the_highs_of_finished_candles(run):
    blocks = {"high": [10.0, 10.0, 20.0, 17.0], "low": [10.0, 10.0, 9.5, 14.0]}
    result = run([10.0, 10.0, 17.0, 17.0], [1.0] * 4, blocks=blocks, trailing_stop=0.2, rebalance_band=0.9)
    assert rows(result) == [1, 3], "9.5 is below 20 less a fifth, but nobody knows that 20 came first"
    assert result.fills["price"].iloc[1] == pytest.approx(16.0)


def test_a_short_position_is_stopped_above_its_entry(run):
    result = run([10.0] * 3, [-1.0] * 3, blocks={"high": [10.0, 10.0, 12.0]}, market="perpetual", stop_loss=0.1)
    assert (sizes(result), result.fills["price"].iloc[1]) == ([-100.0, 100.0], pytest.approx(11.0))


def test_what_the_cap_leaves_of_a_stop_goes_at_the_next_opens(run):
    opens, low = [10.0, 10.0, 10.0, 8.0, 8.0], [10.0, 10.0, 8.0, 8.0, 8.0]
    blocks = {"open": opens, "low": low, "volume": [1_000.0, 1_000.0, 600.0, 300.0, 300.0]}
    result = run([10.0, 10.0, 8.5, 8.0, 8.0], [1.0] * 5, Costs(0.0, 0.0, volume_cap=0.1), blocks=blocks, stop_loss=0.1)
    assert result.fills["kind"].tolist() == ["target", "stop", "stop", "stop"]
    assert sizes(result) == [100.0, -60.0, -30.0, -10.0]
    assert result.fills["price"].tolist() == [10.0, 9.0, 8.0, 8.0]


# --- perpetuals


def test_funding_is_paid_at_each_settlement_by_what_is_held(run):
    # Closes at 01:00 ... 09:00; one settlement at 08:00, at which ten units of 10 are held short.
    rate = np.full((9, 1), 0.001)
    result = run([10.0] * 9, [-0.1] * 9, market="perpetual", blocks={"funding_rate": rate})
    assert result.funding.iloc[:, 0].tolist() == [0.0] * 7 + [pytest.approx(-0.1), 0.0]
    assert (result.funding_paid, result.final_equity) == (pytest.approx(-0.1), pytest.approx(1_000.1))


def test_unknown_rates_cost_what_the_costs_say_and_known_sums_are_taken_as_they_are(run):
    costs = replace(FREE, funding_bps=10.0)
    assert run([10.0] * 9, [0.5] * 9, costs, market="perpetual").funding_paid == pytest.approx(0.5)
    exact = MarketData(funding=np.array([0.0, 0.02, 0.0])[:, None])
    assert run([10.0] * 3, [0.5] * 3, market="perpetual", data=exact).funding_paid == pytest.approx(10.0)
    assert run([10.0] * 9, [0.5] * 9, costs).funding_paid == 0.0, "a spot account pays none"


def test_interest_is_paid_on_what_is_borrowed(run):
    costs = replace(FREE, borrow_bps_per_year=36_525.0)  # 1 % a day
    long = run([10.0] * 2, [3.0] * 2, costs, market="perpetual", leverage=3.0, timeframe="1d")
    assert long.borrow.iloc[1, 0] == pytest.approx(0.01 * 2_000.0)
    short = run([10.0] * 2, [-1.0] * 2, costs, market="perpetual", timeframe="1d")
    assert short.borrow_paid == pytest.approx(10.0)
    assert short.final_equity == pytest.approx(990.0)


def test_positions_are_opened_up_to_the_leverage_after_costs(run):
    result = run([10.0] * 2, [5.0] * 2, Costs(100.0, 0.0), market="perpetual", leverage=5.0)
    held, equity = result.positions.iloc[1, 0] * 10.0, result.equity.iloc[1]
    assert held == pytest.approx(5.0 * equity)
    assert equity == pytest.approx(1_000.0 - 0.01 * held)
    assert result.cash.iloc[1] < 0.0


def test_an_account_is_liquidated_where_equity_reaches_the_maintenance_margin(run):
    # 500 units at 10 on 1,000: equity is 1,000 - 500 (10 - p), 10 % of the value is 50 p, so p = 80 / 9.
    blocks = {"low": [10.0, 10.0, 8.5]}
    account = {"market": "perpetual", "leverage": 5.0, "maintenance_margin": 0.1}
    result = run([10.0] * 3, [5.0] * 3, blocks=blocks, **account)
    assert result.fills["kind"].tolist() == ["target", "liquidation"]
    assert result.fills["price"].iloc[1] == pytest.approx(80.0 / 9.0)
    assert (result.liquidations, result.final_equity) == (1, pytest.approx(1_000.0 - 500.0 * (10.0 - 80.0 / 9.0)))
    dear = run([10.0] * 3, [5.0] * 3, replace(FREE, liquidation_bps=100.0), blocks=blocks, **account)
    assert dear.fills["fee"].iloc[1] == pytest.approx(0.01 * 500.0 * 80.0 / 9.0)


def test_a_stop_before_the_liquidation_price_saves_the_account(run):
    account = {"market": "perpetual", "leverage": 5.0, "maintenance_margin": 0.1, "blocks": {"low": [10.0, 10.0, 8.5]}}
    result = run([10.0] * 3, [5.0] * 3, stop_loss=0.05, **account)
    assert (result.fills["kind"].iloc[1], result.liquidations) == ("stop", 0)
    wide = run([10.0] * 3, [5.0] * 3, stop_loss=0.14, **account)
    assert wide.fills["kind"].iloc[1] == "liquidation"


def test_a_gap_beyond_everything_ruins_and_stops_the_run(run):
    result = run(
        [10.0, 10.0, 7.0, 20.0], [5.0] * 4, market="perpetual", leverage=5.0, blocks={"open": [10.0, 10.0, 7.5, 20.0]}
    )
    assert result.ruined_at == result.equity.index[2]
    assert result.fills["kind"].tolist() == ["target", "liquidation"]
    assert result.equity.tolist()[2:] == [pytest.approx(-250.0)] * 2
    assert result.positions.iloc[2:, 0].tolist() == [0.0, 0.0]


# --- drawdown


def test_a_halted_account_sells_at_the_next_open_and_stays_out(run):
    result = run([10.0, 10.0, 7.0, 8.0, 20.0, 20.0], [1.0] * 6, halt_drawdown=0.3)
    assert result.halted_at == result.equity.index[2]
    assert result.fills["kind"].tolist() == ["target", "halt"]
    assert (rows(result), result.fills["price"].iloc[1]) == ([1, 3], 8.0)
    assert result.final_equity == 800.0


def test_targets_shrink_in_a_drawdown(run):
    # At 8 the drawdown is a fifth: half of the way from 10 % to 30 %, so half of the target is left.
    result = run([10.0, 10.0, 8.0, 8.0], [1.0] * 4, derisk_drawdown=0.1, halt_drawdown=0.3)
    assert sizes(result) == pytest.approx([100.0, -50.0])
