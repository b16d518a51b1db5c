"""The rules of one number, on examples worked out by hand, called as Python and from a compiled loop."""

import math

import numba
import numpy as np
import pytest

from algotrade.risk import rules


@numba.njit
def _in_a_kernel(drawdowns, start, stop):
    kept = np.empty(len(drawdowns))
    for row in range(len(drawdowns)):
        kept[row] = 0.0 if rules.halted(drawdowns[row], stop) else rules.drawdown_scale(drawdowns[row], start, stop)
    return kept


def test_a_kernel_can_call_them():
    # Between 10 % and 20 % a drawdown of 12.5 % has gone a quarter of the way: three quarters are kept.
    kept = _in_a_kernel(np.array([0.0, 0.1, 0.125, 0.15, 0.2, 0.3]), 0.1, 0.2)
    np.testing.assert_allclose(kept, [1.0, 1.0, 0.75, 0.5, 0.0, 0.0], atol=1e-12)


def test_a_step_instead_of_a_line():
    assert [rules.drawdown_scale(depth, 0.2, 0.2) for depth in (0.2, 0.2000001)] == [1.0, 0.0]


@pytest.mark.parametrize("drawdown", [0.0, 0.5, 1.0, 1.5])
def test_rules_that_are_off_do_nothing(drawdown):
    assert rules.drawdown_scale(drawdown, math.inf, math.inf) == 1.0
    assert not rules.halted(drawdown, math.inf)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_prices_of_a_rule_that_is_off_are_never_reached(side):
    stop, target = rules.stop_price(side, 100.0, math.inf), rules.take_profit_price(side, 100.0, math.inf)
    assert not rules.stop_hit(side, stop, 1e-9, 1e9)
    assert not rules.take_profit_hit(side, target, 1e-9, 1e9)


@pytest.mark.parametrize(
    ("side", "stop", "target"),
    [(1.0, 98.0, 104.0), (-1.0, 102.0, 96.0)],
)
def test_stop_and_target_lie_on_their_sides(side, stop, target):
    assert rules.stop_price(side, 100.0, 0.02) == pytest.approx(stop)
    assert rules.take_profit_price(side, 100.0, 0.04) == pytest.approx(target)


def test_a_trailing_stop_follows_the_best_price():
    # Bought at 100, up to 150, back to 134: a tenth below the best is 135, which was crossed.
    stop = rules.trailing_stop_price(1.0, 150.0, 0.1)
    assert stop == pytest.approx(135.0)
    assert rules.stop_hit(1.0, stop, 134.0, 151.0)
    assert not rules.stop_hit(1.0, stop, 136.0, 151.0)


@pytest.mark.parametrize(
    ("side", "stop", "open_price", "filled"),
    [(1.0, 95.0, 99.0, 95.0), (1.0, 95.0, 90.0, 90.0), (-1.0, 105.0, 101.0, 105.0), (-1.0, 105.0, 111.0, 111.0)],
)
def test_a_jump_over_the_stop_is_filled_where_it_landed(side, stop, open_price, filled):
    assert rules.stop_fill_price(side, stop, open_price) == filled
    # A target is never worse than asked for: the mirror image.
    assert rules.take_profit_fill_price(-side, stop, open_price) == filled
