"""Rolling statistics that do not drift: each value comes from its own window alone.

A running sum that adds the newest value and takes the oldest off carries every rounding error, and every
outlier, for ever. Here sums are made of two partial sums inside the window, and everything else takes two
passes over it. All take contiguous float64 arrays of shape ``(n,)``; the first ``window - 1`` values are NaN,
as is each whose window holds a NaN, unless a function says otherwise.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit

from algotrade.domain.candles import FloatArray

Kernel = TypeVar("Kernel", bound=Callable[..., object])

_ROUNDING = 1e-12


def compiled(kernel: Kernel) -> Kernel:
    """The function as machine code, kept on disk; its type stays what it was."""
    return cast("Kernel", njit(cache=True, nogil=True, error_model="numpy")(kernel))


def reordered(kernel: Kernel) -> Kernel:
    """As :func:`compiled`, where sums may be added up in another order, several at once; NaN stays NaN."""
    return cast("Kernel", njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})(kernel))


@compiled
def settle(raw: FloatArray, lookback: int, values: FloatArray) -> None:
    """Write what a feature function returned into ``values``, the warm-up and everything infinite as NaN."""
    values[: lookback - 1] = np.nan
    for t in range(lookback - 1, len(raw)):
        values[t] = raw[t] if abs(raw[t]) < np.inf else np.nan


@compiled
def rolling_sum(values: FloatArray, window: int) -> FloatArray:
    """Sum over the window, in constant time for each value and without subtracting.

    The array is cut into blocks of one window. A window is the end of one block and the start of the
    next: a suffix sum and a prefix sum.

    References
    ----------
    .. [1] van Herk, M. (1992). A fast algorithm for local minimum and maximum filters.
    """
    n = len(values)
    sums = np.full(n, np.nan)
    suffix = np.zeros(window + 1)
    for start in range(0, n, window):
        prefix = 0.0
        for k in range(min(window, n - start)):
            prefix += values[start + k]
            if start > 0 or k == window - 1:
                sums[start + k] = prefix if k == window - 1 else suffix[k + 1] + prefix
        if start + window <= n:
            for k in range(window - 1, -1, -1):
                suffix[k] = suffix[k + 1] + values[start + k]
    return sums


@compiled
def rolling_moments(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Mean and sample standard deviation (``n - 1``) over the window, in constant time for each value.

    Sums of distances from a value inside the window, which bounds the error whatever the level; the
    deviation of equal values is exactly 0. Windows are put together from two blocks as in :func:`rolling_sum`.
    """
    n = len(values)
    means, deviations = np.full(n, np.nan), np.full(n, np.nan)
    sums, squares = np.zeros(window + 1), np.zeros(window + 1)
    for start in range(0, n, window):
        origin = values[start]
        if start > 0:
            for k in range(window - 1, 0, -1):
                distance = values[start - window + k] - origin
                sums[k] = sums[k + 1] + distance
                squares[k] = squares[k + 1] + distance * distance
        total, total_squares = 0.0, 0.0
        for k in range(min(window, n - start)):
            distance = values[start + k] - origin
            total += distance
            total_squares += distance * distance
            if start > 0 or k == window - 1:
                first = total + sums[k + 1]
                second = total_squares + squares[k + 1]
                means[start + k] = origin + first / window
                spread = (second - first * first / window) / (window - 1)
                deviations[start + k] = np.sqrt(max(spread, 0.0)) if spread == spread else np.nan
    return means, deviations


@reordered
def rolling_mean_deviation(values: FloatArray, means: FloatArray, window: int) -> FloatArray:
    """Mean absolute distance over the window from its own mean, which ``means`` has for each row."""
    n = len(values)
    deviations = np.full(n, np.nan)
    for t in range(window - 1, n):
        mean, total = means[t], 0.0
        for k in range(t - window + 1, t + 1):
            total += abs(values[k] - mean)
        deviations[t] = total / window
    return deviations


@compiled
def rolling_rank(values: FloatArray, window: int) -> FloatArray:
    """Share of the window below the newest value, equals counted half: in (0, 1)."""
    n = len(values)
    ranks = np.full(n, np.nan)
    for t in range(window - 1, n):
        newest, below, equal, known = values[t], 0, 0, 0
        for k in range(t - window + 1, t + 1):
            below += values[k] < newest
            equal += values[k] == newest
            known += values[k] == values[k]
        if known == window:
            ranks[t] = (below + 0.5 * equal) / window
    return ranks


@compiled
def rolling_regression(x: FloatArray, y: FloatArray, window: int, minimum: int) -> tuple[FloatArray, FloatArray]:
    """Correlation of two series and slope of ``y`` on ``x`` over the window, in constant time for each value.

    Rows where either is NaN are left out; fewer than ``minimum`` rows give NaN. A series that does not
    move has correlation and slope 0.
    """
    n = len(x)
    correlations, slopes = np.full(n, np.nan), np.full(n, np.nan)
    suffix = np.zeros((window + 1, 6))
    for start in range(0, n, window):
        stop = min(start + window, n)
        from_x, from_y = 0.0, 0.0
        for k in range(start, stop):
            if not (np.isnan(x[k]) or np.isnan(y[k])):
                from_x, from_y = x[k], y[k]
                break
        for k in range(window - 1, 0, -1) if start > 0 else range(0):
            _add_pair(suffix[k], suffix[k + 1], x[start - window + k] - from_x, y[start - window + k] - from_y)
        prefix = np.zeros(6)
        for k in range(stop - start):
            _add_pair(prefix, prefix, x[start + k] - from_x, y[start + k] - from_y)
            if start == 0 and k < window - 1:
                continue
            count = prefix[0] + suffix[k + 1, 0]
            if count < minimum:
                continue
            sum_x, sum_y = prefix[1] + suffix[k + 1, 1], prefix[2] + suffix[k + 1, 2]
            xx, yy = prefix[3] + suffix[k + 1, 3], prefix[4] + suffix[k + 1, 4]
            moved_x, moved_y = xx - sum_x * sum_x / count, yy - sum_y * sum_y / count
            cross = prefix[5] + suffix[k + 1, 5] - sum_x * sum_y / count
            # What is left of equal numbers far from the origin is rounding.
            still_x, still_y = moved_x <= _ROUNDING * xx, moved_y <= _ROUNDING * yy
            correlations[start + k] = 0.0 if still_x or still_y else cross / np.sqrt(moved_x * moved_y)
            slopes[start + k] = 0.0 if still_x else cross / moved_x
    return correlations, slopes


@compiled
def _add_pair(into: FloatArray, before: FloatArray, x: float, y: float) -> None:
    """Count, sums, squares and product of some pairs, with one more; a pair that is not known adds nothing."""
    known = not (np.isnan(x) or np.isnan(y))
    if not known:
        x, y = 0.0, 0.0
    into[0] = before[0] + (1.0 if known else 0.0)
    into[1], into[2] = before[1] + x, before[2] + y
    into[3], into[4], into[5] = before[3] + x * x, before[4] + y * y, before[5] + x * y


@compiled
def rolling_trend(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Slope a row of a straight line through the window, and the slope's t-statistic; both 0 for a constant."""
    n = len(values)
    slopes, statistics = np.full(n, np.nan), np.full(n, np.nan)
    centre, spread = (window - 1) / 2, window * (window**2 - 1) / 12
    sums, moments, squares = np.zeros(window + 1), np.zeros(window + 1), np.zeros(window + 1)
    for start in range(0, n, window):
        origin = values[start]
        for k in range(window - 1, 0, -1) if start > 0 else range(0):
            distance = values[start - window + k] - origin
            sums[k] = sums[k + 1] + distance
            moments[k] = moments[k + 1] + k * distance
            squares[k] = squares[k + 1] + distance * distance
        total, moment, square = 0.0, 0.0, 0.0
        for k in range(min(window, n - start)):
            distance = values[start + k] - origin
            total += distance
            moment += k * distance
            square += distance * distance
            if start == 0 and k < window - 1:
                continue
            # The oldest row of the window has place 0: rows of the block before have moved up by k + 1.
            first, second = total + sums[k + 1], square + squares[k + 1]
            placed = moment + (window - 1 - k) * total + moments[k + 1] - (k + 1) * sums[k + 1]
            cross, moved = placed - centre * first, second - first * first / window
            if np.isnan(moved):
                continue
            still = moved <= _ROUNDING * second
            residual = max(moved - cross * cross / spread, _ROUNDING * moved)
            slopes[start + k] = 0.0 if still else cross / spread
            statistics[start + k] = 0.0 if still else cross / np.sqrt(spread * residual / (window - 2))
    return slopes, statistics


@compiled
def adaptive_mean(values: FloatArray, window: int, history: int) -> FloatArray:
    """Kaufman's adaptive mean of the last ``history`` values, started at the first of them.

    Started anew for every value: in a market without direction the original all but stops to forget. A step is
    ``m -> keep * m + add``; steps are put together from two blocks as the sums of :func:`rolling_sum` are.
    """
    n, steps = len(values), history - 1
    means = np.full(n, np.nan)
    keep, add = np.ones(n), np.zeros(n)
    path = rolling_sum(np.abs(values[1:] - values[:-1]), window)
    for t in range(window, n):
        travelled = path[t - 1]
        efficiency = abs(values[t] - values[t - window]) / travelled if travelled > 0.0 else 0.0
        rate = (efficiency * (2 / 3 - 2 / 31) + 2 / 31) ** 2
        keep[t], add[t] = 1 - rate, rate * values[t]
    suffix_keep, suffix_add = np.ones(steps + 1), np.zeros(steps + 1)
    for start in range(window + 1, n, steps):
        prefix_keep, prefix_add = 1.0, 0.0
        for k in range(min(steps, n - start)):
            t = start + k
            prefix_keep, prefix_add = keep[t] * prefix_keep, keep[t] * prefix_add + add[t]
            if t >= window + steps:
                begun = suffix_keep[k + 1] * values[t - steps] + suffix_add[k + 1]
                means[t] = prefix_keep * begun + prefix_add
        if start + steps <= n:
            for k in range(steps - 1, -1, -1):
                suffix_add[k] = suffix_keep[k + 1] * add[start + k] + suffix_add[k + 1]
                suffix_keep[k] = suffix_keep[k + 1] * keep[start + k]
    return means


@compiled
def rank_across(values: FloatArray) -> FloatArray:
    """Share of the row's known values below each, equals counted half; values and ranks of shape ``(n, symbols)``.

    NaN takes no part. Sorted once a row, so the time grows with the number of symbols, not with its square.
    """
    n, symbols = values.shape
    ranks = np.full((symbols, n), np.nan)
    row, places = np.empty(symbols), np.empty(symbols, dtype=np.int64)
    for t in range(n):
        count = 0
        for column in range(symbols):
            if not np.isnan(values[t, column]):
                row[count], places[count] = values[t, column], column
                count += 1
        order = np.argsort(row[:count])
        first = 0
        while first < count:
            last = first
            while last + 1 < count and row[order[last + 1]] == row[order[first]]:
                last += 1
            for k in range(first, last + 1):
                ranks[places[order[k]], t] = (first + last + 1) / (2 * count)
            first = last + 1
    return ranks.T
