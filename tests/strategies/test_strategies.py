"""What each strategy does on prices whose right answer is known."""

import numpy as np
import pytest

from algotrade.errors import StrategyError
from algotrade.strategies import MarketView, build_strategy


def walk(steps: np.ndarray, noise: float = 0.002, seed: int = 0) -> np.ndarray:
    shocks = np.random.default_rng(seed).normal(0.0, noise, steps.shape)
    return 100.0 * np.exp(np.cumsum(steps + shocks, axis=0))


class TestMomentum:
    parameters = {"window": 24, "volatility_window": 24}  # noqa: RUF012

    def test_owns_the_rising_and_not_the_falling(self, panel_of):
        drift = np.column_stack([np.full(200, 0.002), np.full(200, -0.002)])
        weights = build_strategy("momentum", self.parameters).target_weights(MarketView(panel_of(walk(drift))))
        assert (weights[30:, 0] > 0.0).all()
        assert (weights[:, 1] == 0.0).all()

    def test_leaves_when_the_trend_turns(self, panel_of):
        drift = np.concatenate([np.full(100, 0.002), np.full(100, -0.002)])[:, None]
        weights = build_strategy("momentum", self.parameters).target_weights(MarketView(panel_of(walk(drift))))
        assert weights[90, 0] > 0.0
        assert (weights[140:, 0] == 0.0).all()

    def test_sizes_to_the_volatility_target(self, panel_of):
        view = MarketView(panel_of(walk(np.full((300, 1), 0.01), noise=0.02)))
        weights = build_strategy("momentum", {**self.parameters, "target_volatility": 0.3}).target_weights(view)
        opened = int(np.flatnonzero(weights[:, 0])[0])
        close = view.panel.close[opened - 24 : opened + 1, 0]
        volatility = np.diff(np.log(close)).std(ddof=1) * np.sqrt(8766)
        assert weights[opened, 0] == pytest.approx(0.3 / volatility)


class TestMeanReversion:
    parameters = {"window": 24, "entry_deviation": 2.0, "exit_deviation": 0.0}  # noqa: RUF012

    def test_buys_the_dip_and_sells_at_the_mean(self, panel_of):
        close = np.exp(0.001 * np.sin(np.arange(60.0)))[:, None]
        close[40:44] *= 0.95
        weights = build_strategy("mean_reversion", self.parameters).target_weights(MarketView(panel_of(close)))
        assert weights[:, 0].tolist() == [0.0] * 40 + [1.0] * 4 + [0.0] * 16

    def test_holds_through_a_gap(self, panel_of):
        close = np.exp(0.001 * np.sin(np.arange(60.0)))[:, None]
        close[40:48] *= 0.95
        close[42:46] = np.nan
        weights = build_strategy("mean_reversion", self.parameters).target_weights(MarketView(panel_of(close)))
        assert (weights[40:48, 0] == 1.0).all()

    def test_shares_equity_among_so_many_positions(self, panel_of):
        close = np.tile(np.exp(0.001 * np.sin(np.arange(60.0)))[:, None], (1, 5))
        close[40:] *= [0.98, 0.97, 0.96, 0.95, 0.94]
        strategy = build_strategy("mean_reversion", {**self.parameters, "maximum_positions": 2})
        weights = strategy.target_weights(MarketView(panel_of(close)))
        assert np.count_nonzero(weights[40]) == 2
        assert weights[40].sum() == 1.0

    def test_a_price_that_does_not_move_gives_no_signal(self, panel_of):
        view = MarketView(panel_of(np.full((60, 1), 7.0)))
        assert not build_strategy("mean_reversion", self.parameters).target_weights(view).any()


class TestMachineLearningSignal:
    def decide(self, panel_of, expected=None, probability=None, **parameters) -> list[float]:
        blocks = {
            name: None if values is None else np.array(values, dtype=float)[:, None]
            for name, values in (("expected_return", expected), ("probability", probability))
        }
        rows = len(expected if expected is not None else probability)
        view = MarketView(panel_of(np.full((rows, 1), 10.0)), **blocks)
        return build_strategy("ml_signal", parameters).target_weights(view)[:, 0].tolist()

    def test_enters_above_costs_and_holds_until_nothing_is_left(self, panel_of):
        expected = [np.nan, 0.0020, 0.0031, 0.0010, np.nan, 0.0001, -0.0001, 0.0]
        assert self.decide(panel_of, expected=expected) == [0, 0, 1, 1, 1, 1, 0, 0]

    def test_probability_alone_is_enough(self, panel_of):
        assert self.decide(panel_of, probability=[0.5, 0.56, 0.51, 0.49]) == [0, 1, 1, 0]

    def test_both_must_say_enter_and_both_must_say_leave(self, panel_of):
        expected, probability = [0.01, 0.001, 0.01, -0.01, -0.01], [0.5, 0.6, 0.6, 0.51, 0.4]
        assert self.decide(panel_of, expected, probability) == [0, 0, 1, 1, 0]

    def test_the_most_promising_come_first(self, panel_of):
        view = MarketView(panel_of(np.full((1, 3), 10.0)), expected_return=np.array([[0.01, 0.03, 0.02]]))
        weights = build_strategy("ml_signal", {"maximum_positions": 2}).target_weights(view)
        assert weights.tolist() == [[0.0, 0.5, 0.5]]

    def test_an_absent_symbol_is_not_entered(self, panel_of):
        close = np.array([[np.nan], [10.0]])
        view = MarketView(panel_of(close), expected_return=np.full((2, 1), 0.1))
        assert build_strategy("ml_signal").target_weights(view).ravel().tolist() == [0.0, 1.0]

    def test_without_predictions_it_says_what_to_do(self, panel_of):
        with pytest.raises(StrategyError, match="run the training pipeline"):
            build_strategy("ml_signal").target_weights(MarketView(panel_of(np.full((3, 1), 10.0))))


class TestBuyAndHold:
    def test_weights_are_those_of_shares_bought_once(self, panel_of):
        close = walk(np.zeros((50, 3)), noise=0.05)
        close[:20, 2] = np.nan
        weights = build_strategy("buy_and_hold").target_weights(MarketView(panel_of(close)))
        units = 1.0 / 3.0 / np.array([close[0, 0], close[0, 1], close[20, 2]])
        value = np.nan_to_num(units * close)
        cash = np.where(np.arange(50) < 20, 1.0 / 3.0, 0.0)
        np.testing.assert_allclose(weights, value / (value.sum(axis=1) + cash)[:, None], rtol=1e-12)

    def test_a_gap_does_not_lose_the_move_across_it(self, panel_of):
        close = np.array([[10.0, 10.0], [10.0, np.nan], [10.0, np.nan], [10.0, 30.0]])
        weights = build_strategy("buy_and_hold").target_weights(MarketView(panel_of(close)))
        np.testing.assert_allclose(weights, [[0.5, 0.5]] * 3 + [[0.25, 0.75]])
