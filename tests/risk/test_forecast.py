"""The expected volatility of a portfolio against its covariance, and by hand."""

import numpy as np
import pytest

from algotrade.risk.forecast import portfolio_volatility

YEAR = 8766


def test_it_is_the_quadratic_form_of_the_trailing_covariance(panel_of):
    generator = np.random.default_rng(4)
    panel = panel_of(100.0 * np.exp(np.cumsum(generator.normal(0.0, 0.01, (120, 4)), axis=0)))
    weights = generator.uniform(-0.5, 0.5, (100, 4))
    volatility = portfolio_volatility(panel, weights, window=20)
    returns = panel.close[1:] / panel.close[:-1] - 1.0
    for row in (0, 37, 99):
        last = returns[row : row + 20]  # 20 rows of context, and a return less than closes
        covariance = last.T @ last / 20
        assert volatility[row] == pytest.approx(np.sqrt(weights[row] @ covariance @ weights[row] * YEAR), rel=1e-10)


def test_moves_of_one_percent_are_a_volatility_of_one_percent_a_candle(panel_of):
    close = 100.0 * np.cumprod(1.0 + 0.01 * np.array([1, -1, 1, -1, 1, -1, 1]))[:, None]
    volatility = portfolio_volatility(panel_of(close), np.full((7, 1), 0.5), window=4)
    np.testing.assert_allclose(volatility[4:], 0.005 * np.sqrt(YEAR), rtol=1e-12)


def test_two_opposite_positions_in_one_thing_do_not_move(panel_of):
    close = 100.0 * np.exp(np.cumsum(np.random.default_rng(1).normal(0.0, 0.01, 50)))
    panel = panel_of(np.column_stack([close, 3.0 * close]))
    assert portfolio_volatility(panel, np.tile([0.5, -0.5], (10, 1)), window=10).max() < 1e-9


def test_a_half_life_weighs_the_newest_most(panel_of):
    # Squares of the last three moves: 4 (newest), 1, 1 (in units of 1e-4), weighing 4 : 2 : 1.
    close = 100.0 * np.cumprod([1.0, 1.01, 1.01, 1.02])[:, None]
    volatility = portfolio_volatility(panel_of(close), np.ones((1, 1)), window=3, half_life=1.0)
    assert volatility.item() == pytest.approx(np.sqrt((4 * 4 + 2 * 1 + 1 * 1) / 7 * 1e-4 * YEAR))


def test_half_a_window_is_needed_and_of_the_held_symbols_only(panel_of):
    close = 100.0 + np.arange(20.0)[:, None] % 3 + np.zeros(2)
    close[:14, 1] = np.nan
    volatility = portfolio_volatility(panel_of(close), np.array([[1.0, 0.0], [0.0, 0.0], [0.5, 0.5]]), window=10)
    assert volatility[0] > 0.0
    assert volatility[1] == 0.0
    assert volatility[2] > 0.0  # six closes of the second symbol are five returns, half of the window
    assert np.isnan(portfolio_volatility(panel_of(close), np.array([[0.5, 0.5]]), window=12))
