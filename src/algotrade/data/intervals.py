"""Stretches of a series: where candles are missing, and what is left of a stretch without another."""

from collections.abc import Iterable, Sequence

import numpy as np

from algotrade.domain.timeframe import IntArray

Interval = tuple[int, int]
"""A first open time, and the open time before which to stop, ms since the epoch."""


def gaps(times_ms: IntArray, start: int, stop: int, step: int) -> list[Interval]:
    """Stretches from ``start`` to before ``stop`` of which no candle is among the times.

    Parameters
    ----------
    times_ms : ndarray of int64, shape (n,)
        Open times, ascending, on the grid of ``start``.
    start, stop : int
    step : int
        Milliseconds from one open time to the next.

    >>> gaps(np.array([20, 30, 60]), 0, 80, 10)
    [(0, 20), (40, 60), (70, 80)]
    """
    if stop <= start:
        return []
    inside = times_ms[(times_ms >= start) & (times_ms < stop)]
    edges = np.concatenate([[start - step], inside, [stop]])
    holes = np.flatnonzero(np.diff(edges) > step)
    return [(int(edges[place] + step), int(edges[place + 1])) for place in holes]


def without(stretches: Iterable[Interval], removed: Iterable[Interval]) -> list[Interval]:
    """What is left of some stretches without others; in order.

    >>> without([(0, 50), (60, 70)], [(10, 20), (45, 65)])
    [(0, 10), (20, 45), (65, 70)]
    """
    left: list[Interval] = []
    taken = sorted(removed)
    for start, stop in sorted(stretches):
        at = start
        for first, last in taken:
            if last <= at:
                continue
            if first >= stop:
                break
            if first > at:
                left.append((at, first))
            at = last
        if at < stop:
            left.append((at, stop))
    return left


def joined(stretches: Sequence[Interval], distance: int) -> list[Interval]:
    """The stretches, those made one that are at most so far apart.

    >>> joined([(0, 10), (15, 20), (90, 95)], 5)
    [(0, 20), (90, 95)]
    """
    one: list[Interval] = []
    for start, stop in sorted(stretches):
        if one and start - one[-1][1] <= distance:
            one[-1] = (one[-1][0], max(one[-1][1], stop))
        else:
            one.append((start, stop))
    return one


def length(stretches: Iterable[Interval]) -> int:
    """Sum of the lengths, in milliseconds."""
    return sum(stop - start for start, stop in stretches)
