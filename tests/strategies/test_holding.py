"""Positions open, stay and close; free equity goes to the strongest first."""

import numpy as np
import pytest

from algotrade.strategies.holding import Signals, hold_until_exit


def signals(enter, leave, size=0.5, priority=None) -> Signals:
    enter, leave = np.array(enter, dtype=bool), np.array(leave, dtype=bool)
    ranks = np.zeros(enter.shape) if priority is None else np.array(priority, dtype=float)
    return Signals(enter, leave, np.full(enter.shape, size), ranks)


def test_a_position_keeps_its_weight_while_nothing_says_leave():
    held = hold_until_exit(signals([[1], [0], [1], [0]], [[0], [0], [0], [1]]), np.zeros(1))
    assert held.ravel().tolist() == [0.5, 0.5, 0.5, 0.0]


def test_leaving_wins_over_entering():
    assert hold_until_exit(signals([[1]], [[1]]), np.array([0.4])).tolist() == [[0.0]]


def test_the_strongest_get_the_free_equity():
    held = hold_until_exit(signals([[1, 1, 1]], [[0, 0, 0]], priority=[[1.0, 3.0, 2.0]]), np.zeros(3))
    assert held.tolist() == [[0.0, 0.5, 0.5]]


def test_a_closing_position_makes_room_in_the_same_row():
    held = hold_until_exit(signals([[0, 1]], [[1, 0]], size=1.0), np.array([1.0, 0.0]))
    assert held.tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize(("held_already", "granted"), [(0.6, 0.4), (0.8, 0.0)])
def test_an_entrant_takes_what_is_left_unless_it_is_less_than_half(held_already, granted):
    held = hold_until_exit(signals([[0, 1]], [[0, 0]]), np.array([held_already, 0.0]))
    assert held[0] == pytest.approx([held_already, granted])
