"""Profit taken apart adds up to the account, whichever way it is parted, and nothing is known before its time."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.backtesting.attribution import (
    attribute,
    cell_profits,
    implementation_shortfall,
    known_regimes,
    market_equity,
    market_returns,
)
from algotrade.backtesting.attribution.table import ATTRIBUTION_COLUMNS, SIGNALS
from algotrade.backtesting.simulate import SimulationSettings, simulate
from algotrade.domain.costs import Costs
from algotrade.errors import BacktestError
from algotrade.strategies import MarketView

WAYS = {"symbol", "side", "month", "regime", "signal"}
NO_TRADES = pd.DataFrame(
    {"symbol": [], "entry_time": pd.to_datetime([], utc=True), "pnl": [], "funding": [], "status": []}
)
PERPETUAL = SimulationSettings(market="perpetual", leverage=2.0)
DEAR = Costs(10.0, 5.0, impact=0.5, funding_bps=1.0, borrow_bps_per_year=500.0)


def view_of(panel, seed: int = 0) -> MarketView:
    return MarketView(panel, expected_return=np.random.default_rng(seed).normal(0.0, 0.01, panel.close.shape))


@pytest.mark.parametrize(
    ("gaps", "costs", "settings"),
    [
        (0.0, Costs(), None),
        (0.1, Costs(), None),
        (0.0, DEAR, PERPETUAL),
        (0.1, DEAR, replace(PERPETUAL, stop_loss=0.03)),
    ],
)
def test_every_way_to_part_the_account_adds_up_to_it(random_panel, random_weights, gaps, costs, settings):
    panel = random_panel(11, 1500, 3, gaps=gaps)
    result = simulate(panel, random_weights(11, 1500, 3, short=settings is not None), costs, settings)
    table = attribute(result, NO_TRADES, view_of(panel))
    assert list(table.columns) == list(ATTRIBUTION_COLUMNS)
    assert set(table["by"]) == WAYS
    totals = {
        "pnl": result.final_equity - result.initial_cash,
        "fees": result.fees_paid,
        "slippage": result.slippage_paid,
        "funding": result.funding_paid + result.borrow_paid,
    }
    for name, total in totals.items():
        for way, part in table.groupby("by")[name].sum().items():
            assert part == pytest.approx(total, rel=1e-9, abs=1e-6), (way, name)


def test_a_ruin_is_shared_out_to_the_last_cent(panel_of):
    close = np.column_stack([np.r_[np.full(40, 100.0), np.full(40, 300.0)], np.full(80, 50.0)])
    settings = SimulationSettings(market="perpetual", maintenance_margin=0.0, leverage=2.0)
    panel = panel_of(close, close, "1d")
    result = simulate(panel, np.tile([-1.0, 0.5], (80, 1)), Costs(), settings)
    assert result.ruined_at is not None
    profits = cell_profits(result)
    assert profits.pnl.sum() == pytest.approx(result.final_equity - result.initial_cash)
    assert (profits.pnl[result.equity.index > result.ruined_at] == 0.0).all()


def test_one_long_and_one_short_by_hand(panel_of):
    close = np.column_stack([[100.0, 100.0, 110.0, 110.0], [100.0, 100.0, 90.0, 90.0]])
    panel = panel_of(close, close, "1d")
    weights = np.array([[0.5, -0.5], [0.5, -0.5], [0.0, 0.0], [0.0, 0.0]])
    result = simulate(panel, weights, Costs(0.0, 0.0), SimulationSettings(market="perpetual", initial_cash=1000.0))
    table = attribute(result, NO_TRADES, MarketView(panel)).set_index(["by", "group"])["pnl"]
    assert table["symbol", "S0/USDT"] == pytest.approx(50.0)
    assert table["side", "long"] == pytest.approx(50.0)
    assert table["side", "short"] == pytest.approx(50.0)
    assert table["month", "2024-01"] == pytest.approx(100.0)
    assert table["signal", "no forecast"] == pytest.approx(100.0)
    assert ("side", "none") not in table.index


def test_a_result_that_does_not_add_up_is_refused(random_panel, random_weights):
    result = simulate(random_panel(1, 200, 2), random_weights(1, 200, 2), Costs())
    with pytest.raises(BacktestError, match="unexplained"):
        cell_profits(replace(result, fills=result.fills.iloc[:-3]))
    with pytest.raises(BacktestError, match="not one of a view"):
        attribute(result, NO_TRADES, MarketView(random_panel(1, 300, 2)))


def test_round_trips_count_where_they_were_opened(random_panel, random_weights):
    from algotrade.backtesting.audit import audit

    panel = random_panel(12, 600, 2)
    result = simulate(panel, random_weights(12, 600, 2), Costs())
    trades = audit(result).trades
    closed = trades[trades["status"] == "closed"]
    table = attribute(result, trades, view_of(panel))
    assert (table.groupby("by")["trades"].sum() == len(closed)).all()
    symbols = table[table["by"] == "symbol"].set_index("group")
    for symbol, own in closed.groupby("symbol"):
        assert symbols.loc[symbol, "trades"] == len(own)
        assert symbols.loc[symbol, "hit_rate"] == pytest.approx((own["pnl"] > 0.0).mean())


class TestSignals:
    def test_the_forecast_of_the_close_before_is_what_counts(self, panel_of):
        close = np.full((6, 1), 100.0)
        close[3:] = 110.0
        panel = panel_of(np.vstack([close[:1], close[:-1]]), close, "1d")
        forecast = np.array([[0.01], [0.01], [0.03], [-0.01], [np.nan], [0.01]])
        result = simulate(panel, np.ones((6, 1)), Costs(0.0, 0.0))
        table = attribute(result, NO_TRADES, MarketView(panel, expected_return=forecast)).set_index(["by", "group"])
        # The rise came in the candle after the forecast of 0.03, the strongest of all.
        gain = result.final_equity - result.initial_cash
        assert gain == pytest.approx(10_000.0)
        assert table.loc[("signal", "strong"), "pnl"] == pytest.approx(gain)
        assert set(table.loc["signal"].index) == {"no forecast", "against", "weak", "strong"}
        assert set(table.loc["signal"].index) < set(SIGNALS)

    def test_probabilities_stand_in_for_returns(self, random_panel, random_weights):
        panel = random_panel(3, 300, 2)
        view = MarketView(panel, probability=np.random.default_rng(0).random(panel.close.shape))
        table = attribute(simulate(panel, random_weights(3, 300, 2), Costs()), NO_TRADES, view)
        assert {"against", "weak", "medium", "strong"} <= set(table.loc[table["by"] == "signal", "group"])


class TestMarket:
    def test_is_the_mean_of_the_symbols_that_are_there(self, panel_of):
        close = np.array([[10.0, np.nan], [11.0, 20.0], [np.nan, 22.0], [12.1, 22.0]])
        assert market_returns(panel_of(close, close)).tolist() == pytest.approx([0.0, 0.1, 0.1, 0.05])
        assert market_equity(panel_of(close, close)).iloc[-1] == pytest.approx(1.1 * 1.1 * 1.05)

    def test_regimes_do_not_see_the_future(self, random_panel):
        panel = random_panel(5, 900, 3)
        whole = known_regimes(panel)
        for row in (250, 500, 777):
            assert known_regimes(panel[: row + 1]) == whole[: row + 1]
        assert whole[0] == "unknown"
        assert {name.split(", ")[0] for name in whole[200:]} == {"calm", "medium", "wild"}

    def test_a_wilder_market_is_called_wild_and_a_rising_one_rising(self, panel_of):
        generator = np.random.default_rng(2)
        moves = np.r_[generator.normal(0.0, 0.001, 1500), generator.normal(0.01, 0.05, 400)]
        close = 100.0 * np.exp(np.cumsum(moves))[:, None]
        found = known_regimes(panel_of(close, close))
        assert found[-1] == "wild, rising"


class TestShortfall:
    def test_a_rise_before_the_fill_is_the_cost_of_delay(self, panel_of):
        opens = np.array([[100.0], [102.0], [102.0]])
        close = np.array([[100.0], [102.0], [102.0]])
        result = simulate(panel_of(opens, close), np.array([[0.5], [0.5], [0.5]]), Costs(10.0, 5.0))
        found = implementation_shortfall(result)
        size = result.fills["size"].sum()
        assert found["delay"] == pytest.approx(2.0 * size)
        assert found["spread"] == pytest.approx(102.0 * 0.0005 * size)
        assert found["fees"] == pytest.approx(result.fees_paid)
        assert found["impact"] == 0.0
        assert found["spread_bps"] == pytest.approx(5.0, rel=1e-3)
        assert found["total"] == pytest.approx(found["delay"] + found["spread"] + found["fees"])

    def test_the_parts_are_what_an_account_at_decision_prices_keeps(self, random_panel, random_weights):
        panel, weights = random_panel(8, 400, 2), random_weights(8, 400, 2)
        result = simulate(panel, weights, DEAR)
        found, fills = implementation_shortfall(result), result.fills
        sign = np.where(fills["side"] == "buy", 1.0, -1.0)
        paper = (sign * fills["size"] * (fills["price"] - fills["decision_price"])).sum() + fills["fee"].sum()
        assert found["total"] == pytest.approx(paper)
        assert found["impact"] > 0.0

    def test_an_account_that_never_trades_has_none(self, random_panel):
        found = implementation_shortfall(simulate(random_panel(1, 50, 2), np.zeros((50, 2)), Costs()))
        assert (found["total"], found["total_bps"], found["fills"]) == (0.0, None, 0)
