"""Other orders, other costs, more money, other parameters: each against what can be worked out by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from algotrade.backtesting.simulate import SimulationSettings, simulate
from algotrade.backtesting.statistics import (
    StatisticsSettings,
    autocorrelation_of_days,
    capacity,
    cost_sensitivity,
    drawdown_table,
    market_model,
    parameter_plateau,
    scaled_costs,
    superiority_over,
    track_record,
    trade_order,
)
from algotrade.domain import performance
from algotrade.domain.costs import Costs, FeeTier


class TestTradeOrder:
    def test_two_trades_have_two_orders(self):
        found = trade_order([10.0, -20.0], 100.0, orders=1000)
        assert found["max_drawdown"] == pytest.approx(20 / 110)
        # The other order falls from 100 to 80: the median of both lies between, the worst is one of them.
        assert found["worst_1_percent"] == pytest.approx(0.2)
        assert found["as_deep"] == pytest.approx(1.0)
        assert found["ruined"] == 0.0

    def test_a_lucky_order_is_told_from_an_ordinary_one(self):
        pnl = np.random.default_rng(0).normal(2.0, 50.0, 400)
        lucky = np.empty(400)
        lucky[0::2], lucky[1::2] = np.sort(pnl)[:200], np.sort(pnl)[:199:-1]
        assert trade_order(lucky, 10_000.0)["as_deep"] > 0.95
        assert trade_order(np.sort(pnl), 10_000.0)["as_deep"] < 0.01

    def test_losing_everything_on_the_way_is_counted(self):
        found = trade_order([-60.0, -60.0, 200.0], 100.0, orders=600)
        assert found["ruined"] == pytest.approx(1 / 3, abs=0.06)
        assert found["worst_1_percent"] == 1.0

    def test_it_can_be_repeated_and_needs_two_trades(self):
        pnl = np.random.default_rng(1).normal(size=50)
        assert trade_order(pnl, 100.0, seed=4) == trade_order(pnl, 100.0, seed=4)
        assert trade_order([1.0], 100.0)["median"] is None


class TestCosts:
    def test_all_costs_of_trading_scale_and_those_of_holding_stay(self):
        costs = Costs(10.0, 5.0, 2.0, (FeeTier(1e6, 1.0, 8.0),), 0.1, 0.5, 0.2, 1.0, 300.0)
        doubled = scaled_costs(costs, 2.0)
        assert (doubled.fee_bps, doubled.slippage_bps, doubled.maker_fee_bps) == (20.0, 10.0, 4.0)
        assert doubled.fee_tiers == (FeeTier(1e6, 2.0, 16.0),)
        assert (doubled.volatility_slippage, doubled.impact, doubled.volume_cap) == (0.2, 1.0, 0.2)
        assert (doubled.funding_bps, doubled.borrow_bps_per_year) == (1.0, 300.0)
        assert scaled_costs(costs, 0.0).round_trip_bps == 0.0

    def test_the_break_even_cost_of_one_round_trip(self, panel_of):
        # A gain of 2 % pays for one round trip at about 1 % a side, ten times what it costs.
        prices = np.full((60, 1), 100.0)
        prices[20:] = 102.0
        weights = np.where(np.arange(60) < 40, 1.0, 0.0)[:, None]
        panel = panel_of(prices, prices, "1d")
        found = cost_sensitivity(lambda costs: simulate(panel, weights, costs), Costs(5.0, 5.0), (0.0, 1.0, 2.0, 4.0))
        assert found["break_even_bps"] == pytest.approx(99.0, rel=0.02)
        assert found["break_even_multiple"] == pytest.approx(9.9, rel=0.02)
        assert found["paid_bps"] == pytest.approx(10.0, rel=0.001)
        returns = [point["total_return"] for point in found["multiples"]]
        assert returns == sorted(returns, reverse=True)
        assert returns[0] == pytest.approx(0.02, rel=0.01)

    @pytest.mark.parametrize(
        ("target", "end", "note"),
        [(0.0, 90.0, "never trades"), (1.0, 90.0, "loses even"), (1.0, 1e6, "still wins at 64")],
    )
    def test_where_there_is_no_break_even_it_says_why(self, panel_of, target, end, note):
        prices = np.full((60, 1), 100.0)
        prices[20:] = end
        panel = panel_of(prices, prices, "1d")
        found = cost_sensitivity(lambda costs: simulate(panel, np.full((60, 1), target), costs), Costs(), (1.0,))
        assert note in found["note"]
        assert found["break_even_bps"] is found["break_even_multiple"] is None


def test_capacity_is_where_fills_take_their_share_of_the_volume(panel_of):
    # All of 100,000 goes into candles that trade 1 unit at 10: 10,000 times their volume.
    prices = np.full((40, 1), 10.0)
    weights = (np.arange(40) // 5 % 2)[:, None].astype(float)
    panel = panel_of(prices, prices)
    result = simulate(panel, weights, Costs(0.0, 0.0))
    found = capacity(result, panel, participation=0.01)
    # The quote volume of these candles is given as 1.0.
    assert found["equity"] == pytest.approx(0.01, rel=1e-6)
    assert found["typical_participation"] == pytest.approx(100_000.0, rel=1e-6)
    assert (found["fills"], found["fills_without_volume"]) == (len(result.fills), 0)
    larger = simulate(panel, weights, Costs(0.0, 0.0), SimulationSettings(initial_cash=1e6))
    assert capacity(larger, panel, 0.01)["equity"] == pytest.approx(found["equity"]), "whatever the account has"
    nothing = capacity(simulate(panel, weights * 0.0, Costs()), panel)
    assert (nothing["equity"], nothing["fills"]) == (None, 0)


class TestDrawdowns:
    def test_of_a_path_by_hand(self):
        days = pd.date_range("2024-01-01", periods=8, freq="D", tz="UTC")
        table = drawdown_table(pd.Series([90.0, 100.0, 120.0, 60.0, 90.0, 120.0, 130.0, 117.0], index=days), 100.0)
        assert table["depth"].tolist() == pytest.approx([0.5, 0.1, 0.1])
        assert table["status"].tolist() == ["recovered", "recovered", "active"]
        first = table.iloc[0]
        assert [first[name].day for name in ("peak_time", "valley_time", "end_time")] == [3, 4, 6]
        assert table["days"].tolist() == [3.0, 1.0, 1.0]
        assert drawdown_table(pd.Series([100.0, 110.0], index=days[:2]), 100.0).empty

    def test_agrees_with_vectorbt(self, random_panel, random_weights):
        from algotrade.backtesting.audit import audit

        result = simulate(random_panel(6, 800, 2), random_weights(6, 800, 2), Costs())
        theirs = audit(result).drawdowns.sort_values("depth", ascending=False)
        ours = drawdown_table(result.equity, result.initial_cash, most=5)
        np.testing.assert_allclose(ours["depth"], theirs["depth"].head(5), rtol=1e-9)
        assert ours["valley_time"].tolist() == theirs["valley_time"].head(5).tolist()


class TestPlateau:
    GRID = pd.DataFrame(
        [
            {"strategy": "s", "parameters": json.dumps({"window": window, "level": level}), "sharpe": ratio}
            for (window, level), ratio in {
                (24, 0.5): 1.0, (48, 0.5): 1.2, (96, 0.5): 0.8,
                (24, 1.0): 0.1, (48, 1.0): 2.0, (96, 1.0): 0.4,
            }.items()
        ]
    )  # fmt: skip

    def test_neighbours_are_one_step_away_in_one_parameter(self):
        found = parameter_plateau(self.GRID, "s")
        assert found["parameters"] == {"window": 48, "level": 1.0}
        assert (found["neighbours"], found["worst"], found["best"]) == (3, 0.1, 1.2)
        assert found["mean"] == pytest.approx((0.1 + 0.4 + 1.2) / 3)
        assert found["kept"] == pytest.approx(found["mean"] / 2.0)
        assert found["rank"] == 1.0

    def test_the_chosen_variant_is_looked_at_where_it_is_in_the_grid(self):
        found = parameter_plateau(self.GRID, "s", {"window": 96, "level": 0.5, "other": True})
        assert (found["sharpe"], found["neighbours"], found["rank"]) == (0.8, 2, 0.4)
        assert parameter_plateau(self.GRID, "s", {"window": 7, "level": 0.5})["sharpe"] == 2.0

    def test_a_strategy_without_variants_or_neighbours_has_nothing_to_show(self):
        assert parameter_plateau(self.GRID, "another") == {}
        alone = parameter_plateau(self.GRID.head(1), "s")
        assert (alone["neighbours"], alone["mean"], alone["kept"], alone["rank"]) == (0, None, None, None)
        assert parameter_plateau(self.GRID.assign(sharpe=np.nan), "s") == {}


class TestMarketModel:
    def frame(self, seed: int, days: int = 500, alpha: float = 0.001, beta: float = 0.6, correlation: float = 0.0):
        generator = np.random.default_rng(seed)
        index = pd.date_range("2022-01-01", periods=days, freq="D", tz="UTC")
        market, own = generator.normal(0.0005, 0.03, days), generator.normal(0.0, 0.01, days)
        for row in range(1, days):
            own[row] += correlation * own[row - 1]
        return pd.Series(alpha + beta * market + own, index=index), pd.Series(market, index=index)

    def test_agrees_with_the_closed_form(self):
        returns, market = self.frame(0)
        found = market_model(returns, market, 365.25)
        beta = np.cov(returns, market)[0, 1] / market.var()
        assert found["beta"] == pytest.approx(beta)
        assert found["alpha"] == pytest.approx((returns.mean() - beta * market.mean()) * 365.25)
        assert found["r_squared"] == pytest.approx(np.corrcoef(returns, market)[0, 1] ** 2)
        assert found["alpha_t"] == pytest.approx(found["alpha"] / found["alpha_standard_error"])
        assert found["beta_low"] < 0.6 < found["beta_high"]

    @pytest.mark.parametrize("correlation", [0.0, 0.3])
    def test_errors_hold_the_truth_although_days_remember_each_other(self, correlation):
        held = []
        for seed in range(200):
            found = market_model(*self.frame(seed, correlation=correlation), 1.0)
            held.append(found["alpha_low"] <= 0.001 <= found["alpha_high"])
        assert 0.89 <= np.mean(held) <= 0.99

    def test_days_that_only_one_of_them_has_do_not_count(self):
        returns, market = self.frame(1, days=100)
        assert market_model(returns.iloc[10:], market.iloc[:90], 1.0)["days"] == 80

    def test_a_market_that_stands_still_explains_nothing(self):
        returns, market = self.frame(2)
        still = market_model(returns, market * 0.0, 1.0)
        short = market_model(returns.head(19), market, 1.0)
        assert still["beta"] is still["alpha_low"] is short["beta"] is short["r_squared"] is None
        assert market_model(returns * 0.0, market, 1.0)["r_squared"] is None


class TestCredibility:
    def account(self, panel_of, returns):
        close = 100.0 * np.cumprod(1.0 + np.asarray(returns))[:, None]
        panel = panel_of(np.vstack([close[:1], close[:-1]]), close, "1d")
        return simulate(panel, np.ones((len(close), 1)), Costs(0.0, 0.0))

    def test_a_strong_record_is_long_enough_and_a_weak_one_is_not(self, panel_of):
        noise = np.random.default_rng(0).normal(0.0, 0.01, 400)
        noise -= noise.mean()
        strong, weak, losing = (track_record(self.account(panel_of, noise + mean)) for mean in (2e-3, 2e-4, -1e-3))
        assert (strong["enough"], weak["enough"]) == (True, False)
        assert strong["days"] < 400 < weak["days"]
        assert (losing["days"], losing["years"], losing["enough"]) == (None, None, False)
        assert strong["years"] == pytest.approx(strong["days"] / 365.25)

    def test_an_account_that_never_moves_has_no_figures_and_no_errors(self, panel_of):
        flat = self.account(panel_of, np.zeros(60))
        assert track_record(flat)["days"] is None
        assert set(autocorrelation_of_days(flat).values()) == {None, 3}

    def test_superiority_names_the_best_and_lines_up_days(self):
        index = pd.date_range("2024-01-01", periods=300, freq="D", tz="UTC")
        generator = np.random.default_rng(0)
        variants = pd.DataFrame(generator.normal(0, 0.01, (300, 4)), index=index, columns=list("abcd"))
        variants["c"] += 0.004
        benchmark = pd.Series(generator.normal(0, 0.01, 320), index=index.union(index + pd.Timedelta(20, unit="D")))
        found = superiority_over(benchmark, variants, StatisticsSettings(draws=200))
        assert (found["best"], found["days"], found["variants"], found["note"]) == ("c", 300, 4, "")
        assert max(found["p_value"], found["spa"]["consistent"]) < 0.02
        short = superiority_over(benchmark.head(10), variants)
        assert short["p_value"] is None
        assert "cannot be tested" in short["note"]


def test_drawdowns_of_the_table_are_those_of_the_headline(random_panel, random_weights):
    result = simulate(random_panel(9, 500, 2), random_weights(9, 500, 2), Costs())
    deepest = drawdown_table(result.equity, result.initial_cash, 1)["depth"].item()
    assert deepest == performance.max_drawdown(result.equity, result.initial_cash)
