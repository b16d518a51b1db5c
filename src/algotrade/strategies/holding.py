"""Positions that are opened on a signal, held unchanged, and closed on another."""

from typing import NamedTuple

import numba
import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray

NEGLIGIBLE_WEIGHT = 1e-9


class Signals(NamedTuple):
    """What to do row by row, every array of shape ``(n, symbols)``.

    Attributes
    ----------
    enter : ndarray of bool
        Where a position may be opened.
    leave : ndarray of bool
        Where a position is closed; wins over ``enter``.
    size : ndarray
        Weight of a position opened there.
    priority : ndarray
        Who comes first when the equity does not suffice for all: the largest.
    """

    enter: BoolArray
    leave: BoolArray
    size: FloatArray
    priority: FloatArray


def hold_until_exit(signals: Signals, initial_weights: FloatArray) -> FloatArray:
    """Weights that change only when a position opens or closes, shape ``(n, symbols)``.

    A position keeps the weight it was opened with: no trading between entry and exit. Positions
    that close make room first; entrants then take what equity is free in the order of their
    priority (then of their column), and an entrant that would get less than half of its size waits.
    The weights are the whole state, which is what makes a strategy resumable.

    Parameters
    ----------
    signals : Signals
    initial_weights : ndarray of shape (symbols,)
        Held before the first row.

    >>> on, off = np.array([[True], [False], [False]]), np.array([[False], [False], [True]])
    >>> sized = Signals(enter=on, leave=off, size=np.full((3, 1), 0.5), priority=np.ones((3, 1)))
    >>> hold_until_exit(sized, np.zeros(1)).ravel().tolist()
    [0.5, 0.5, 0.0]
    """
    # One layout in memory whatever the signals were computed from, so that it is compiled once.
    contiguous = Signals(
        enter=np.ascontiguousarray(signals.enter),
        leave=np.ascontiguousarray(signals.leave),
        size=np.ascontiguousarray(signals.size),
        priority=np.ascontiguousarray(signals.priority),
    )
    weights: FloatArray = _hold(contiguous, initial_weights.astype(np.float64))
    return weights


def hold_long_and_short(longs: Signals, shorts: Signals, initial_weights: FloatArray) -> FloatArray:
    """Weights of positions on both sides, shape ``(n, symbols)``; no symbol is on both of them.

    As :func:`hold_until_exit`, the equity shared by all. What enters on one side leaves the other in the same row.

    Parameters
    ----------
    longs, shorts : Signals
        Sizes are positive in both.
    initial_weights : ndarray of shape (symbols,)
        Held before the first row.

    >>> up, never = np.array([[True], [False]]), np.array([[False], [False]])
    >>> rise, fall = (Signals(on, never, np.full((2, 1), 0.5), np.ones((2, 1))) for on in (up, ~up))
    >>> hold_long_and_short(rise, fall, np.zeros(1)).ravel().tolist()
    [0.5, -0.5]
    """
    both = Signals(
        enter=np.concatenate([longs.enter, shorts.enter], axis=1),
        leave=np.concatenate([longs.leave | shorts.enter, shorts.leave | longs.enter], axis=1),
        size=np.concatenate([longs.size, shorts.size], axis=1),
        priority=np.concatenate([longs.priority, shorts.priority], axis=1),
    )
    held = np.concatenate([np.maximum(initial_weights, 0.0), np.maximum(-initial_weights, 0.0)])
    weights, symbols = hold_until_exit(both, held), len(initial_weights)
    return weights[:, :symbols] - weights[:, symbols:]


# Plain loops: array expressions inside compiled functions take ten times as long to compile.
@numba.njit(cache=True)
def _hold(signals: Signals, held: FloatArray) -> FloatArray:
    weights = np.zeros(signals.enter.shape)
    waiting = np.zeros(len(held), dtype=np.bool_)
    for row in range(len(weights)):
        any_waiting = False
        for column in range(len(held)):
            if signals.leave[row, column]:
                held[column] = 0.0
            waiting[column] = signals.enter[row, column] and not signals.leave[row, column] and held[column] == 0.0
            any_waiting |= waiting[column]
        if any_waiting:
            _admit(waiting, signals.size[row], signals.priority[row], held)
        for column in range(len(held)):
            weights[row, column] = held[column]
    return weights


@numba.njit(cache=True)
def _admit(waiting: BoolArray, size: FloatArray, priority: FloatArray, held: FloatArray) -> None:
    free = 1.0
    for column in range(len(held)):
        free -= abs(held[column])
    while free > NEGLIGIBLE_WEIGHT:
        first = -1
        for column in range(len(held)):
            if waiting[column] and (first < 0 or priority[column] > priority[first]):
                first = column
        if first < 0:
            return
        waiting[first] = False
        granted = min(size[first], free)
        if granted >= 0.5 * size[first]:
            held[first] = granted
            free -= granted
