"""What the trend, reversal and benchmark strategies do on prices whose right answer is known."""

import numpy as np
import pytest

from algotrade.errors import ConfigurationError
from algotrade.strategies import MarketView, build_strategy
from algotrade.strategies.history import grid_places


def weights_of(panel, name: str, initial=None, **parameters) -> np.ndarray:
    return build_strategy(name, parameters).target_weights(MarketView(panel), initial)


def waves(rows: int = 200) -> np.ndarray:
    """A price that rises for half of the rows and falls for the other, with a little noise."""
    drift = np.where(np.arange(rows) < rows // 2, 0.002, -0.002)
    return 100.0 * np.exp(np.cumsum(drift + np.random.default_rng(0).normal(0.0, 0.0005, rows)))[:, None]


class TestMovingAverageCross:
    parameters = {"fast": 2, "slow": 4, "band_bps": 0.0, "volatility_window": 2, "target_volatility": 10.0}  # noqa: RUF012

    def test_crosses_where_the_averages_do(self, panel_of):
        close = np.array([10.0, 11, 10, 11, 14, 15, 12, 9, 9, 9])
        weights = weights_of(panel_of(close[:, None]), "moving_average_cross", **self.parameters)
        fast = np.convolve(close, np.ones(2) / 2)[3:10]
        slow = np.convolve(close, np.ones(4) / 4)[3:10]
        assert (fast > slow).tolist() == [False, True, True, True, False, False, False]  # on each other at first
        assert weights[:, 0].tolist() == [0.0] * 4 + [1.0] * 3 + [0.0] * 3

    def test_a_band_keeps_it_out_of_a_flat_market(self, panel_of):
        close = 100.0 * np.exp(0.001 * np.sin(np.arange(100.0)))[:, None]
        panel = panel_of(close)
        assert weights_of(panel, "moving_average_cross", **self.parameters).any()
        assert not weights_of(panel, "moving_average_cross", **{**self.parameters, "band_bps": 20.0}).any()

    def test_something_has_to_cross(self):
        with pytest.raises(ConfigurationError, match="fast 24 is not below slow 24"):
            build_strategy("moving_average_cross", {"fast": 24, "slow": 24})


class TestBreakout:
    parameters = {"entry_window": 4, "exit_window": 2, "volatility_window": 2, "target_volatility": 10.0}  # noqa: RUF012

    def test_enters_above_the_channel_and_leaves_below_the_shorter_one(self, panel_of):
        # Highest high of the four rows before: 12 up to row 4, then 13. Lowest low of the two rows before row 7: 13.
        close = np.array([10.0, 12, 11, 12, 12, 13, 14, 13.5, 12.9, 12.5])
        weights = weights_of(panel_of(close[:, None]), "breakout", **self.parameters)
        assert weights[:, 0].tolist() == [0.0] * 5 + [1.0] * 3 + [0.0] * 2

    def test_the_high_of_the_deciding_candle_is_no_part_of_its_channel(self, panel_of):
        rising = panel_of(np.arange(10.0, 30.0)[:, None])
        assert weights_of(rising, "breakout", **self.parameters)[4:].all()


class TestBollinger:
    parameters = {"window": 20, "deviations": 2.0, "least_width_bps": 0.0}  # noqa: RUF012

    def test_buys_below_the_lower_band_and_sells_at_the_middle(self, panel_of):
        close = 100.0 + np.tile([1.0, -1.0], 20)
        close[30:33] = 95.0
        panel = panel_of(close[:, None])
        window = close[11:31]
        assert close[30] < window.mean() - 2.0 * window.std(ddof=1)
        weights = weights_of(panel, "bollinger", **self.parameters)
        assert not weights[:30].any()
        middle = np.array([close[row - 19 : row + 1].mean() for row in range(30, 40)])
        back = 30 + int(np.argmax(close[30:] > middle))
        assert weights[30:back, 0].all()
        assert not weights[back:, 0].any()

    def test_narrow_bands_are_left_alone(self, panel_of):
        close = 100.0 + 0.01 * np.tile([1.0, -1.0], 20)
        close[30:33] = 99.95
        panel = panel_of(close[:, None])
        assert weights_of(panel, "bollinger", **self.parameters).any()
        assert not weights_of(panel, "bollinger", **{**self.parameters, "least_width_bps": 50.0}).any()

    def test_it_must_not_close_where_it_opens(self):
        with pytest.raises(ConfigurationError, match=r"entry_place 0\.6 lies above exit_place 0\.5"):
            build_strategy("bollinger", {"entry_place": 0.6})


class TestCrossSectionalMomentum:
    parameters = {"window": 4, "rebalance_every": 1, "maximum_positions": 2, "tolerance": 0}  # noqa: RUF012

    def test_owns_the_best_in_equal_parts(self, panel_of):
        growth = np.array([1.01, 1.02, 1.005, 0.99])
        weights = weights_of(
            panel_of(100.0 * growth ** np.arange(12)[:, None]), "cross_sectional_momentum", **self.parameters
        )
        assert weights[4:].tolist() == [[0.5, 0.5, 0.0, 0.0]] * 8

    def test_those_that_fell_are_not_owned_however_little(self, panel_of):
        growth = np.array([1.01, 0.999, 0.99])
        weights = weights_of(
            panel_of(100.0 * growth ** np.arange(8)[:, None]), "cross_sectional_momentum", **self.parameters
        )
        assert weights[-1].tolist() == [0.5, 0.0, 0.0]

    def test_a_position_may_slip_by_the_tolerance(self, panel_of):
        growth = np.array([1.03, 1.02, 1.01])
        panel, held = panel_of(100.0 * growth ** np.arange(8)[:, None]), np.array([0.0, 0.5, 0.5])
        kept = weights_of(panel, "cross_sectional_momentum", held, **{**self.parameters, "tolerance": 1})
        assert kept[-1].tolist() == [0.0, 0.5, 0.5]
        assert weights_of(panel, "cross_sectional_momentum", held, **self.parameters)[-1].tolist() == [0.5, 0.5, 0.0]

    def test_nothing_moves_between_the_choices(self, panel_of):
        panel = panel_of(100.0 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.02, (200, 6)), axis=0)))
        weights = weights_of(panel, "cross_sectional_momentum", **{**self.parameters, "rebalance_every": 10})
        changed = np.flatnonzero(np.any(np.diff(weights, axis=0), axis=1)) + 1
        assert len(changed) > 5
        assert (grid_places(panel)[changed] % 10 == 0).all()

    def test_long_and_short_are_half_each(self, panel_of):
        growth = np.array([1.02, 1.01, 0.99, 0.98])
        panel = panel_of(100.0 * growth ** np.arange(12)[:, None])
        chosen = {**self.parameters, "maximum_positions": 1, "long_short": True}
        assert weights_of(panel, "cross_sectional_momentum", **chosen)[-1].tolist() == [0.5, 0.0, 0.0, -0.5]
        with pytest.raises(ConfigurationError, match="Raise minimum_return to 0"):
            build_strategy("cross_sectional_momentum", {"long_short": True, "minimum_return": -0.1})

    @pytest.mark.parametrize(("inherited", "free"), [(0.25, 0.25), (0.4, 0.0)])
    def test_positions_opened_under_other_parameters_leave_others_what_is_free(self, panel_of, inherited, free):
        growth = np.array([1.03, 1.02, 1.01])
        panel, held = panel_of(100.0 * growth ** np.arange(8)[:, None]), np.array([0.5, inherited, 0.0])
        weights = weights_of(panel, "cross_sectional_momentum", held, **{**self.parameters, "maximum_positions": 3})
        assert weights[-1].tolist() == [0.5, inherited, free]


class TestEqualWeight:
    def test_shares_drift_until_they_are_made_equal_again(self, panel_of):
        close = np.array([[10.0, 10.0]] * 2 + [[20.0, 10.0]] * 4)
        panel = panel_of(close)
        due = np.flatnonzero(grid_places(panel) % 4 == 0)
        weights = weights_of(panel, "equal_weight", rebalance_every=4)
        assert due.tolist() == [0, 4]
        np.testing.assert_allclose(weights, [[0.5, 0.5]] * 2 + [[2 / 3, 1 / 3]] * 2 + [[0.5, 0.5]] * 2)

    def test_a_new_symbol_gets_its_share_at_the_next_rebalancing(self, panel_of):
        close = np.full((8, 3), 10.0)
        close[:2, 2] = np.nan
        weights = weights_of(panel_of(close), "equal_weight", rebalance_every=4)
        np.testing.assert_allclose(weights[0], [0.5, 0.5, 0.0])
        np.testing.assert_allclose(weights[4], [1 / 3, 1 / 3, 1 / 3])

    def test_who_is_not_there_keeps_its_share_and_the_others_divide_the_rest(self, panel_of):
        close = np.array([[10.0, 10.0, 10.0]] * 2 + [[20.0, 10.0, np.nan]] * 4)
        weights = weights_of(panel_of(close), "equal_weight", rebalance_every=4)
        np.testing.assert_allclose(weights[4], [0.375, 0.375, 0.25])


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("momentum", {"window": 12, "volatility_window": 12}),
        ("moving_average_cross", {"fast": 4, "slow": 16, "volatility_window": 12}),
        ("breakout", {"entry_window": 12, "exit_window": 6, "volatility_window": 12}),
    ],
)
def test_trend_followers_sell_what_falls_where_they_may(panel_of, name, parameters):
    panel = panel_of(waves())
    long_only = weights_of(panel, name, **parameters)
    both = weights_of(panel, name, **parameters, long_short=True)
    np.testing.assert_allclose(np.maximum(both, 0.0), long_only)
    assert (both[40:100] > 0.0).all()
    assert (both[140:] < 0.0).all()
    assert (long_only[140:] == 0.0).all()


class TestVolatilityTargetOfTheModelSignal:
    def weights(self, panel_of, **parameters) -> np.ndarray:
        shocks = np.tile([0.02, -0.02], 30)[:, None] * [1.0, 0.25]
        panel = panel_of(100.0 * np.exp(np.cumsum(shocks, axis=0)))
        view = MarketView(panel, probability=np.full((60, 2), 0.7))
        return build_strategy("ml_signal", {"volatility_window": 20, **parameters}).target_weights(view)

    def test_what_moves_more_gets_less(self, panel_of):
        # Moves of 2 % and 0.5 % a candle: 188 % and 47 % a year, and half of the equity each without a target.
        weights = self.weights(panel_of, target_volatility=0.6)
        annual = np.sqrt(8766 * 20 / 19) * np.array([0.02, 0.005])
        np.testing.assert_allclose(weights[-1], 0.5 * np.minimum(1.0, 0.6 / annual), rtol=1e-6)

    def test_without_a_target_nothing_is_looked_up(self, panel_of):
        assert (self.weights(panel_of)[0] == 0.5).all()
        assert build_strategy("ml_signal").lookback == 0

    def test_a_symbol_waits_until_its_volatility_is_known(self, panel_of):
        weights = self.weights(panel_of, target_volatility=0.6)
        assert not weights[:19].any()
        assert weights[20:].all()
