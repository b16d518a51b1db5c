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


def compiled(kernel: Kernel) -> Kernel:
    """The function as machine code, kept on disk; its type stays what it was."""
    return cast("Kernel", njit(cache=True)(kernel))


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
def rolling_std(values: FloatArray, window: int) -> FloatArray:
    """Sample standard deviation (``n - 1``) over the window; exactly 0 when all values are equal."""
    n = len(values)
    deviations = np.full(n, np.nan)
    for t in range(window - 1, n):
        total, lowest, highest = 0.0, np.inf, -np.inf
        for k in range(t - window + 1, t + 1):
            total += values[k]
            lowest, highest = min(lowest, values[k]), max(highest, values[k])
        mean = total / window
        squares = 0.0
        for k in range(t - window + 1, t + 1):
            squares += (values[k] - mean) ** 2
        # A constant's mean may be off in its last digit; the spread of a constant is 0 all the same.
        deviations[t] = 0.0 if lowest == highest else np.sqrt(squares / (window - 1))
    return deviations


@compiled
def rolling_mean_deviation(values: FloatArray, window: int) -> FloatArray:
    """Mean absolute distance from the mean over the window."""
    n = len(values)
    deviations = np.full(n, np.nan)
    for t in range(window - 1, n):
        total = 0.0
        for k in range(t - window + 1, t + 1):
            total += values[k]
        mean, total = total / window, 0.0
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
        below, holes = 0.0, 0
        for k in range(t - window + 1, t + 1):
            if np.isnan(values[k]):
                holes += 1
            elif values[k] < values[t]:
                below += 1.0
            elif values[k] == values[t]:
                below += 0.5
        if holes == 0:
            ranks[t] = below / window
    return ranks


@compiled
def rolling_regression(x: FloatArray, y: FloatArray, window: int, minimum: int) -> tuple[FloatArray, FloatArray]:
    """Correlation of two series and slope of ``y`` on ``x`` over the window.

    Rows where either is NaN are left out; fewer than ``minimum`` rows give NaN. A series that does not
    move has correlation and slope 0.
    """
    n = len(x)
    correlations, slopes = np.full(n, np.nan), np.full(n, np.nan)
    for t in range(window - 1, n):
        count, sum_x, sum_y = 0, 0.0, 0.0
        for k in range(t - window + 1, t + 1):
            if not (np.isnan(x[k]) or np.isnan(y[k])):
                count, sum_x, sum_y = count + 1, sum_x + x[k], sum_y + y[k]
        if count < minimum:
            continue
        mean_x, mean_y = sum_x / count, sum_y / count
        xx, xy, yy = 0.0, 0.0, 0.0
        for k in range(t - window + 1, t + 1):
            if not (np.isnan(x[k]) or np.isnan(y[k])):
                dx, dy = x[k] - mean_x, y[k] - mean_y
                xx, xy, yy = xx + dx * dx, xy + dx * dy, yy + dy * dy
        correlations[t] = xy / np.sqrt(xx * yy) if xx > 0.0 and yy > 0.0 else 0.0
        slopes[t] = xy / xx if xx > 0.0 else 0.0
    return correlations, slopes


@compiled
def rolling_trend(values: FloatArray, window: int) -> FloatArray:
    """t-statistic of the slope of a straight line through the window; 0 for a constant."""
    n = len(values)
    statistics = np.full(n, np.nan)
    centre = (window - 1) / 2
    spread = window * (window**2 - 1) / 12
    for t in range(window - 1, n):
        first = t - window + 1
        mean = 0.0
        for k in range(window):
            mean += values[first + k] / window
        cross, squares = 0.0, 0.0
        for k in range(window):
            deviation = values[first + k] - mean
            cross += (k - centre) * deviation
            squares += deviation * deviation
        residual = squares - cross**2 / spread
        if np.isnan(squares):
            continue
        floor = 1e-12 * squares
        statistics[t] = 0.0 if squares == 0.0 else cross / np.sqrt(spread * max(residual, floor) / (window - 2))
    return statistics


@compiled
def adaptive_mean(values: FloatArray, window: int, history: int) -> FloatArray:
    """Kaufman's adaptive mean of the last ``history`` values, started at the first of them.

    Started anew for every value: in a market without direction the original all but stops to forget.
    """
    n = len(values)
    means, rates = np.full(n, np.nan), np.full(n, np.nan)
    for t in range(window, n):
        path = 0.0
        for k in range(t - window + 1, t + 1):
            path += abs(values[k] - values[k - 1])
        efficiency = abs(values[t] - values[t - window]) / path if path > 0.0 else 0.0
        rates[t] = (efficiency * (2 / 3 - 2 / 31) + 2 / 31) ** 2
    for t in range(window + history - 1, n):
        mean = values[t - history + 1]
        for k in range(t - history + 2, t + 1):
            mean += rates[k] * (values[k] - mean)
        means[t] = mean
    return means
