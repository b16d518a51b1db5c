"""Each limit on an example worked out by hand."""

import numpy as np
import pytest

from algotrade.risk.weights import gross_limit, net_limit, turnover_limit, volatility_target, weight_limit


def test_weights_are_scaled_to_the_volatility():
    # Twice as volatile as aimed at: half. Half as volatile: doubled, but for the cap of 1.5.
    weights = np.array([[0.6, 0.2], [0.6, 0.2], [0.6, 0.2]])
    scaled = volatility_target(weights, np.array([0.8, 0.2, 0.4]), 0.4, 1.5)
    np.testing.assert_allclose(scaled, [[0.3, 0.1], [0.9, 0.3], [0.6, 0.2]], rtol=1e-12)


@pytest.mark.parametrize(("maximum_scale", "factor"), [(2.0, 1.0), (1.0, 1.0), (0.5, 0.5)])
def test_what_is_not_known_is_not_levered(maximum_scale, factor):
    scaled = volatility_target(np.array([[0.5]]), np.array([np.nan]), 0.3, maximum_scale)
    assert scaled.item() == pytest.approx(0.5 * factor)


def test_no_volatility_gives_the_largest_factor():
    assert volatility_target(np.array([[0.5]]), np.array([0.0]), 0.3, 2.0).item() == pytest.approx(1.0)


def test_one_symbol_is_cut_off():
    assert weight_limit(np.array([[0.9, 0.1], [-0.9, -0.1]]), 0.25).tolist() == [[0.25, 0.1], [-0.25, -0.1]]


def test_gross_exposure_shrinks_all_alike():
    # 0.6 + 0.2 + 0.2 = 1, allowed is 0.5: everything halves, and so does the net exposure.
    np.testing.assert_allclose(gross_limit(np.array([[0.6, -0.2, 0.2]]), 0.5), [[0.3, -0.1, 0.1]], rtol=1e-12)
    assert gross_limit(np.zeros((1, 3)), 0.5).tolist() == [[0.0, 0.0, 0.0]]


def test_net_exposure_shrinks_the_heavier_side():
    # Longs 0.7, shorts 0.3, net 0.4; allowed is 0.1: the longs may be 0.4, four sevenths of what they were.
    limited = net_limit(np.array([[0.5, 0.2, -0.3], [-0.5, -0.2, 0.3], [0.3, 0.0, -0.3]]), 0.1)
    heavy = np.array([0.5 * 4 / 7, 0.2 * 4 / 7, -0.3])
    np.testing.assert_allclose(limited, [heavy, -heavy, [0.3, 0.0, -0.3]], rtol=1e-12)


@pytest.mark.parametrize("weights", [[[0.0, 0.0]], [[0.4, 0.1]], [[-0.4, -0.1]]])
def test_market_neutral_without_another_side_is_nothing(weights):
    assert not net_limit(np.array(weights), 0.0).any()


def test_turnover_is_taken_in_steps():
    # From all in the first to all in the second symbol is a turnover of 1; at 0.25 a row it takes four rows.
    target = np.tile([0.0, 1.0], (5, 1))
    path = turnover_limit(target, 0.25, np.array([1.0, 0.0]))
    np.testing.assert_allclose(path[:, 1], [0.25, 0.5, 0.75, 1.0, 1.0], rtol=1e-12)
    np.testing.assert_allclose(path.sum(axis=1), 1.0, rtol=1e-12)


def test_a_whole_step_lands_on_the_target_itself():
    target = np.array([[0.1 + 0.2, 1 / 3]])
    assert np.array_equal(turnover_limit(target, 1.0, np.array([1e-9, 0.7])), target)
