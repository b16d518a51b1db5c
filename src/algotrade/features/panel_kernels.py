"""Statistics over the symbols of a panel at each row, and rolling ones of each symbol that step over what is missing.

All take float64 arrays of shape ``(symbols, n)`` whose rows lie in one piece, one series after the other, so that time
grows with the number of symbols and nothing is fetched from afar. NaN takes no part. Rolling ones come from their own
window alone, put together from two blocks as in :mod:`algotrade.features.kernels`, and ask for at least ``minimum``
known values.
"""

import math

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.features.compilation import compiled

_ROUNDING = 1e-12
_Sums = tuple[float, float, float, float, float, float]


@compiled
def mean_across(values: FloatArray) -> FloatArray:
    """Mean over the symbols that have a value, shape ``(n,)``; NaN where none has."""
    symbols, n = values.shape
    totals, counts = np.zeros(n), np.zeros(n)
    for symbol in range(symbols):
        series = values[symbol]
        for t in range(n):
            known = not math.isnan(series[t])
            totals[t] += series[t] if known else 0.0
            counts[t] += 1.0 if known else 0.0
    for t in range(n):
        totals[t] = totals[t] / counts[t] if counts[t] > 0.0 else np.nan
    return totals


@compiled
def sign_across(values: FloatArray) -> FloatArray:
    """Share of the known values above 0 less the share below, shape ``(n,)``; NaN where none is known."""
    symbols, n = values.shape
    totals, counts = np.zeros(n), np.zeros(n)
    for symbol in range(symbols):
        series = values[symbol]
        for t in range(n):
            totals[t] += (1.0 if series[t] > 0.0 else 0.0) - (1.0 if series[t] < 0.0 else 0.0)
            counts[t] += 0.0 if math.isnan(series[t]) else 1.0
    for t in range(n):
        totals[t] = totals[t] / counts[t] if counts[t] > 0.0 else np.nan
    return totals


@compiled
def deviation_across(values: FloatArray, means: FloatArray) -> FloatArray:
    """Root mean squared distance of the symbols' values from their mean, shape ``(n,)``; NaN where none is known."""
    symbols, n = values.shape
    totals, counts = np.zeros(n), np.zeros(n)
    for symbol in range(symbols):
        series = values[symbol]
        for t in range(n):
            distance = series[t] - means[t]
            known = not math.isnan(distance)
            totals[t] += distance * distance if known else 0.0
            counts[t] += 1.0 if known else 0.0
    for t in range(n):
        totals[t] = math.sqrt(totals[t] / counts[t]) if counts[t] > 0.0 else np.nan
    return totals


@compiled
def pairs_correlation(variances: FloatArray, of_mean: FloatArray) -> FloatArray:
    """Mean correlation of all pairs, weighted by their risks, from each variance and that of the mean ``(n,)``.

    0 where fewer than two symbols move.
    """
    symbols, n = variances.shape
    counts, squares, risks = np.zeros(n), np.zeros(n), np.zeros(n)
    for symbol in range(symbols):
        series = variances[symbol]
        for t in range(n):
            variance = series[t] if series[t] > 0.0 else 0.0
            counts[t] += 0.0 if math.isnan(series[t]) else 1.0
            squares[t] += variance
            risks[t] += math.sqrt(variance)
    for t in range(n):
        pairs = risks[t] * risks[t] - squares[t]
        mean = (counts[t] * counts[t] * of_mean[t] - squares[t]) / pairs if pairs > _ROUNDING * squares[t] else 0.0
        risks[t] = min(max(mean, -1.0), 1.0) if not math.isnan(of_mean[t]) else np.nan
    return risks


@compiled
def largest_across(values: FloatArray) -> IntArray:
    """Which symbol has the largest value, the first of equals, shape ``(n,)``; -1 where none is known."""
    symbols, n = values.shape
    largest, places = np.full(n, -np.inf), np.full(n, -1)
    for symbol in range(symbols):
        series = values[symbol]
        for t in range(n):
            if series[t] > largest[t]:
                largest[t], places[t] = series[t], symbol
    return places


@compiled
def of_each(values: FloatArray, places: IntArray) -> FloatArray:
    """The value of the symbol that ``places`` names at each row, shape ``(n,)``; NaN for none."""
    n = len(places)
    found = np.full(n, np.nan)
    for t in range(n):
        if places[t] >= 0:
            found[t] = values[places[t], t]
    return found


@compiled
def where_known(values: FloatArray, others: FloatArray) -> FloatArray:
    """Each value where the other is known, NaN elsewhere."""
    symbols, n = values.shape
    known = np.empty((symbols, n))
    for symbol in range(symbols):
        for t in range(n):
            known[symbol, t] = np.nan if math.isnan(others[symbol, t]) else values[symbol, t]
    return known


@compiled
def lagged(values: FloatArray, lag: int) -> FloatArray:
    """Each value less the one ``lag`` rows before; NaN for the first ``lag`` rows."""
    symbols, n = values.shape
    differences = np.full((symbols, n), np.nan)
    for symbol in range(symbols):
        for t in range(lag, n):
            differences[symbol, t] = values[symbol, t] - values[symbol, t - lag]
    return differences


@compiled
def for_each(series: FloatArray, values: FloatArray) -> FloatArray:
    """The series ``(n,)`` once for each symbol, NaN where the symbol has no value."""
    symbols, n = values.shape
    spread = np.empty((symbols, n))
    for symbol in range(symbols):
        for t in range(n):
            spread[symbol, t] = np.nan if math.isnan(values[symbol, t]) else series[t]
    return spread


@compiled
def quotients(numerator: FloatArray, denominator: FloatArray, neutral: float) -> FloatArray:
    """One by the other, ``neutral`` where there is nothing to divide by; NaN in either stays NaN."""
    symbols, n = numerator.shape
    results = np.empty((symbols, n))
    for symbol in range(symbols):
        for t in range(n):
            above, below = numerator[symbol, t], denominator[symbol, t]
            results[symbol, t] = neutral + above * 0.0 if below == 0.0 else above / below
    return results


@compiled
def standardised(values: FloatArray, means: FloatArray, deviations: FloatArray) -> FloatArray:
    """Distance of each value from the row's mean ``(n,)`` in the row's deviations ``(n,)``; 0 where that is 0."""
    symbols, n = values.shape
    scores = np.empty((symbols, n))
    for symbol in range(symbols):
        for t in range(n):
            distance = values[symbol, t] - means[t]
            scores[symbol, t] = distance * 0.0 if deviations[t] == 0.0 else distance / deviations[t]
    return scores


@compiled
def rolling_known(values: FloatArray, window: int, minimum: int) -> tuple[FloatArray, FloatArray]:
    """Mean and variance (``n``) over the window of what is known.

    Sums of distances from a value inside the window, so that the variance of equal values is exactly 0.
    """
    symbols, n = values.shape
    means, variances = np.full((symbols, n), np.nan), np.full((symbols, n), np.nan)
    suffix = np.zeros((window + 1, 3))
    for symbol in range(symbols):
        series, own_means, own_variances = values[symbol], means[symbol], variances[symbol]
        suffix[:] = 0.0
        for start in range(0, n, window):
            stop = min(start + window, n)
            origin = _origin(series, start, window)
            count, total, squares = 0.0, 0.0, 0.0
            for k in range(window - 1, 0, -1) if start > 0 else range(0):
                distance = series[start - window + k] - origin
                known = not math.isnan(distance)
                distance = distance if known else 0.0
                count, total, squares = count + (1.0 if known else 0.0), total + distance, squares + distance * distance
                suffix[k, 0], suffix[k, 1], suffix[k, 2] = count, total, squares
            count, total, squares = 0.0, 0.0, 0.0
            for k in range(stop - start):
                distance = series[start + k] - origin
                known = not math.isnan(distance)
                distance = distance if known else 0.0
                count, total, squares = count + (1.0 if known else 0.0), total + distance, squares + distance * distance
                number = count + suffix[k + 1, 0]
                if number >= minimum and (start > 0 or k == window - 1):
                    mean = (total + suffix[k + 1, 1]) / number
                    own_means[start + k] = origin + mean
                    own_variances[start + k] = max((squares + suffix[k + 1, 2]) / number - mean * mean, 0.0)
    return means, variances


@compiled
def _origin(series: FloatArray, start: int, window: int) -> float:
    """Last known value up to ``start``, the first row of a block, in reach of its windows; 0 if there is none.

    Not a later one: the last digit of a row would depend on what comes after it. The first block gives no value
    before its last row, so any of its own will do.
    """
    for t in range(start, max(start - window, -1), -1) if start > 0 else range(window):
        if t < len(series) and not math.isnan(series[t]):
            return float(series[t])
    return 0.0


@compiled
def rolling_mean(values: FloatArray, window: int, minimum: int) -> FloatArray:
    """Mean over the window of what is known."""
    symbols, n = values.shape
    means = np.full((symbols, n), np.nan)
    counts, sums = np.zeros(window + 1), np.zeros(window + 1)
    for symbol in range(symbols):
        series, own = values[symbol], means[symbol]
        counts[:], sums[:] = 0.0, 0.0
        for start in range(0, n, window):
            count, total = 0.0, 0.0
            for k in range(min(window, n - start)):
                known = not math.isnan(series[start + k])
                count, total = count + (1.0 if known else 0.0), total + (series[start + k] if known else 0.0)
                number = count + counts[k + 1]
                if number >= minimum and (start > 0 or k == window - 1):
                    own[start + k] = (total + sums[k + 1]) / number
            count, total = 0.0, 0.0
            for k in range(window - 1, 0, -1) if start + window <= n else range(0):
                known = not math.isnan(series[start + k])
                count, total = count + (1.0 if known else 0.0), total + (series[start + k] if known else 0.0)
                counts[k], sums[k] = count, total
    return means


@compiled
def rolling_fit(common: FloatArray, values: FloatArray, window: int, minimum: int) -> FloatArray:
    """Each series on the common one ``(n,)`` over the window, by least squares.

    Returns
    -------
    ndarray of shape (4, symbols, n)
        Correlation; slope; standard deviation of what the line leaves over; sum of the series less slope times
        common. Correlation and slope are 0 where a series stands still.
    """
    symbols, n = values.shape
    fits = np.full((4, symbols, n), np.nan)
    suffix = np.zeros((window + 1, 6))
    for symbol in range(symbols):
        series = values[symbol]
        suffix[:] = 0.0
        for start in range(0, n, window):
            stop = min(start + window, n)
            from_x, from_y = _origin(common, start, window), _origin(series, start, window)
            sums = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
            for k in range(window - 1, 0, -1) if start > 0 else range(0):
                sums = _with_pair(sums, common[start - window + k] - from_x, series[start - window + k] - from_y)
                for each in range(6):
                    suffix[k, each] = sums[each]
            sums = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
            for k in range(stop - start):
                sums = _with_pair(sums, common[start + k] - from_x, series[start + k] - from_y)
                if sums[0] + suffix[k + 1, 0] >= minimum and (start > 0 or k == window - 1):
                    fit = _fitted(sums, suffix[k + 1], from_x, from_y)
                    for each in range(4):
                        fits[each, symbol, start + k] = fit[each]
    return fits


@compiled
def _with_pair(sums: _Sums, x: float, y: float) -> _Sums:
    """Count, sums, squares and product of some pairs with one more; a pair that is not known adds nothing."""
    if math.isnan(x + y):
        return sums
    return sums[0] + 1.0, sums[1] + x, sums[2] + y, sums[3] + x * x, sums[4] + y * y, sums[5] + x * y


@compiled
def _fitted(sums: _Sums, tail: FloatArray, from_x: float, from_y: float) -> tuple[float, float, float, float]:
    """Correlation, slope, deviation of the residuals and sum of the excess, from the two parts of a window."""
    number, first, second = sums[0] + tail[0], sums[1] + tail[1], sums[2] + tail[2]
    squares_x, squares_y = sums[3] + tail[3], sums[4] + tail[4]
    share = 1.0 / number
    moved_x, moved_y = squares_x - first * first * share, squares_y - second * second * share
    cross = sums[5] + tail[5] - first * second * share
    # What is left of equal numbers far from the origin is rounding.
    still_x, still_y = moved_x <= _ROUNDING * squares_x, moved_y <= _ROUNDING * squares_y
    slope = 0.0 if still_x else cross / moved_x
    correlation = 0.0 if still_x or still_y else cross / math.sqrt(moved_x * moved_y)
    residual = 0.0 if still_y else math.sqrt(max(moved_y - slope * cross, 0.0) * share)
    return correlation, slope, residual, second + number * (from_y - slope * from_x) - slope * first
