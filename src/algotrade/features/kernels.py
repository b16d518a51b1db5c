"""Rolling statistics that do not drift: each value comes from its own window alone.

A running sum that adds the newest value and takes the oldest off carries every rounding error, and every
outlier, for ever. Here sums are made of two partial sums inside the window, and everything else takes two
passes over it. All take contiguous float64 arrays of shape ``(n,)``; the first ``window - 1`` values are NaN,
as is each whose window holds a NaN, unless a function says otherwise.
"""

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.features.compilation import compiled, reordered

_ROUNDING = 1e-12


@compiled
def quotient(numerator: FloatArray, denominator: FloatArray, neutral: float) -> FloatArray:
    """One by the other, ``neutral`` where there is nothing to divide by; NaN in either stays NaN."""
    quotients = np.empty(len(numerator))
    for t in range(len(numerator)):
        if denominator[t] == 0.0 and numerator[t] == numerator[t]:
            quotients[t] = neutral
        else:
            quotients[t] = numerator[t] / denominator[t]
    return quotients


@compiled
def difference(values: FloatArray, lag: int) -> FloatArray:
    """Each value less the one ``lag`` rows before; NaN for the first ``lag`` rows."""
    differences = np.empty(len(values))
    differences[:lag] = np.nan
    for t in range(lag, len(values)):
        differences[t] = values[t] - values[t - lag]
    return differences


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
            if start > 0:
                sums[start + k] = prefix + suffix[k + 1]
        if start == 0 and n >= window:
            sums[window - 1] = prefix
        if start + window <= n:
            rest = 0.0
            for k in range(window - 1, 0, -1):
                rest += values[start + k]
                suffix[k] = rest
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
    each, each_but_one = 1 / window, 1 / (window - 1)
    for start in range(0, n, window):
        origin = values[start]
        if start > 0:
            rest, rest_squares = 0.0, 0.0
            for k in range(window - 1, 0, -1):
                distance = values[start - window + k] - origin
                rest += distance
                rest_squares += distance * distance
                sums[k], squares[k] = rest, rest_squares
        total, total_squares = 0.0, 0.0
        for k in range(min(window, n - start)):
            distance = values[start + k] - origin
            total += distance
            total_squares += distance * distance
            if start > 0 or k == window - 1:
                first = total + sums[k + 1]
                mean = first * each
                means[start + k] = origin + mean
                spread = (total_squares + squares[k + 1] - first * mean) * each_but_one
                deviations[start + k] = np.sqrt(0.0 if spread < 0.0 else spread)
    return means, deviations


@reordered
def rolling_mean_deviation(values: FloatArray, means: FloatArray, window: int) -> FloatArray:
    """Mean absolute distance over the window from its own mean, which ``means`` has for each row."""
    n = len(values)
    deviations = np.full(n, np.nan)
    for t in range(window - 1, n):
        own, mean, total = values[t - window + 1 : t + 1], means[t], 0.0
        for k in range(window):
            total += abs(own[k] - mean)
        deviations[t] = total / window
    return deviations


@compiled
def rolling_rank(values: FloatArray, window: int) -> FloatArray:
    """Share of the window below the newest value, equals counted half: in (0, 1)."""
    n = len(values)
    ranks = np.full(n, np.nan)
    known = 0
    for t in range(n):
        newest = values[t]
        known = 0 if np.isnan(newest) else known + 1
        if known < window:
            continue
        # Whole numbers of 32 bits and a slice of its own: the form that is compiled to four comparisons at once.
        others, below, above = values[t - window + 1 : t + 1], np.int32(0), np.int32(0)
        for k in range(window):
            below += np.int32(others[k] < newest)
            above += np.int32(others[k] > newest)
        ranks[t] = (below - above + window) / (2 * window)
    return ranks


@compiled
def rolling_trend(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Slope a row of a straight line through the window, and the slope's t-statistic; both 0 for a constant."""
    n = len(values)
    slopes, statistics = np.full(n, np.nan), np.full(n, np.nan)
    centre, each = (window - 1) / 2, 1 / window
    spread = window * (window**2 - 1) / 12
    a_row = 1 / spread
    sums, moments, squares = np.zeros(window + 1), np.zeros(window + 1), np.zeros(window + 1)
    for start in range(0, n, window):
        origin = values[start]
        if start > 0:
            rest, rest_moment, rest_square = 0.0, 0.0, 0.0
            for k in range(window - 1, 0, -1):
                distance = values[start - window + k] - origin
                rest += distance
                rest_moment += k * distance
                rest_square += distance * distance
                sums[k], moments[k], squares[k] = rest, rest_moment, rest_square
        total, moment, square = 0.0, 0.0, 0.0
        for k in range(min(window, n - start)):
            distance = values[start + k] - origin
            total += distance
            moment += k * distance
            square += distance * distance
            if start > 0 or k == window - 1:
                # The oldest row of the window has place 0: rows of the block before have moved up by k + 1.
                first, second = total + sums[k + 1], square + squares[k + 1]
                placed = moment + (window - 1 - k) * total + moments[k + 1] - (k + 1) * sums[k + 1]
                cross, moved = placed - centre * first, second - first * first * each
                residual = max(moved - cross * cross * a_row, _ROUNDING * moved)
                still = moved <= _ROUNDING * second
                slopes[start + k] = 0.0 if still else cross * a_row
                statistics[start + k] = 0.0 if still else cross * a_row * np.sqrt(spread * (window - 2) / residual)
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
