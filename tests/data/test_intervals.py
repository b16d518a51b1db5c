"""Stretches of a series are found, joined and taken apart to the candle."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from algotrade.data.intervals import Interval, gaps, joined, length, without

points = st.sets(st.integers(0, 40))


def intervals_of(points: set[int]) -> list[Interval]:
    return joined([(10 * point, 10 * point + 10) for point in sorted(points)], 0)


def points_of(intervals: list[Interval]) -> set[int]:
    return {at // 10 for start, stop in intervals for at in range(start, stop, 10)}


@settings(max_examples=50, deadline=None)
@given(points)
def test_gaps_are_what_is_not_there(present):
    times = np.array(sorted(10 * point for point in present), dtype=np.int64)

    assert points_of(gaps(times, 50, 300, 10)) == set(range(5, 30)) - present


@settings(max_examples=50, deadline=None)
@given(points, points)
def test_what_is_left_is_the_difference(all_points, removed):
    left = without(intervals_of(all_points), intervals_of(removed))

    assert points_of(left) == all_points - removed
    assert length(left) == 10 * len(all_points - removed)
    assert left == sorted(left)


def test_an_empty_span_has_no_gaps():
    assert gaps(np.array([10, 20]), 30, 30, 10) == []
    assert gaps(np.array([10, 20]), 30, 20, 10) == []


def test_what_is_close_is_joined():
    assert joined([(100, 110), (0, 20), (25, 30), (28, 40)], 5) == [(0, 40), (100, 110)]
