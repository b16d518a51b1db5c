"""Rolling statistics of one symbol's prices and volumes, each in constant time a value.

As in :mod:`algotrade.features.kernels`, every value comes from its own window alone: sums are put together from a
suffix of one block and a prefix of the next. All take contiguous float64 arrays of shape ``(n,)``; values without a
whole window, or with NaN in it, are NaN.
"""

import math

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.features.compilation import compiled
from algotrade.features.kernels import quotient, rolling_sum

_ROUNDING = 1e-12


@compiled
def rolling_covariance(x: FloatArray, y: FloatArray, lag: int, window: int) -> FloatArray:
    """Correlation, slope and sample covariance of ``y`` with the ``x`` of ``lag`` rows before, over ``window`` pairs.

    Of shape ``(3, n)``. A series that does not move has correlation, slope and covariance 0.
    """
    n = len(y)
    found = np.full((3, n), np.nan)
    suffix, share = np.zeros((window + 1, 5)), 1.0 / window
    for start in range(0, n - lag, window):
        from_x, from_y = x[start], y[start + lag]
        sum_x, sum_y, xx, yy, xy = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(window - 1, 0, -1) if start > 0 else range(0):
            a, b = x[start - window + k] - from_x, y[start - window + k + lag] - from_y
            sum_x, sum_y, xx, yy, xy = sum_x + a, sum_y + b, xx + a * a, yy + b * b, xy + a * b
            suffix[k, 0], suffix[k, 1], suffix[k, 2], suffix[k, 3], suffix[k, 4] = sum_x, sum_y, xx, yy, xy
        sum_x, sum_y, xx, yy, xy = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(min(window, n - lag - start)):
            a, b = x[start + k] - from_x, y[start + k + lag] - from_y
            sum_x, sum_y, xx, yy, xy = sum_x + a, sum_y + b, xx + a * a, yy + b * b, xy + a * b
            if start == 0 and k < window - 1:
                continue
            tail = suffix[k + 1]
            first, second = sum_x + tail[0], sum_y + tail[1]
            squares_x, squares_y = xx + tail[2], yy + tail[3]
            moved_x, moved_y = squares_x - first * first * share, squares_y - second * second * share
            cross = xy + tail[4] - first * second * share
            still_x, still_y = moved_x <= _ROUNDING * squares_x, moved_y <= _ROUNDING * squares_y
            t = start + k + lag
            found[0, t] = 0.0 if still_x or still_y else cross / math.sqrt(moved_x * moved_y)
            found[1, t] = 0.0 if still_x else cross / moved_x
            found[2, t] = 0.0 if still_x or still_y else cross / (window - 1)
    return found


@compiled
def rolling_correlation(x: FloatArray, y: FloatArray, lag: int, window: int) -> FloatArray:
    """Correlation of ``y`` with the ``x`` of ``lag`` rows before, over ``window`` pairs."""
    correlations: FloatArray = rolling_covariance(x, y, lag, window)[0]
    return correlations


@compiled
def pair_spreads(log_high: FloatArray, log_low: FloatArray, log_close: FloatArray) -> FloatArray:
    """Corwin and Schultz's relative spread of each candle and the one before, not below 0.

    A candle that opens a gap is moved back to the close before it, as in the paper.
    """
    n = len(log_close)
    spreads = np.full(n, np.nan)
    for t in range(1, n):
        gap = max(log_low[t] - log_close[t - 1], 0.0) + min(log_high[t] - log_close[t - 1], 0.0)
        high, low = log_high[t] - gap, log_low[t] - gap
        first, second = log_high[t - 1] - log_low[t - 1], high - low
        both = max(log_high[t - 1], high) - min(log_low[t - 1], low)
        # The paper's alpha with 3 - 2 sqrt(2) written as (sqrt(2) - 1) squared.
        alpha = (math.sqrt(2.0) + 1.0) * (math.sqrt(first * first + second * second) - both)
        if alpha > 0.0:
            factor = math.exp(alpha)
            spreads[t] = 2.0 * (factor - 1.0) / (factor + 1.0)
        else:
            spreads[t] = alpha * 0.0
    return spreads


@compiled
def middle_products(log_high: FloatArray, log_low: FloatArray, log_close: FloatArray) -> FloatArray:
    """Distance of the close before from the middle of its own range times that from the middle of this candle's."""
    n = len(log_close)
    products = np.full(n, np.nan)
    for t in range(1, n):
        before, close = (log_high[t - 1] + log_low[t - 1]) / 2, log_close[t - 1]
        products[t] = (close - before) * (close - (log_high[t] + log_low[t]) / 2)
    return products


@compiled
def side_impacts(returns: FloatArray, turnover: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Distance by turnover of the falling, and of the rising candles of the window; both 0 where one has neither."""
    n = len(returns)
    falls, rises = np.full(n, np.nan), np.full(n, np.nan)
    suffix = np.zeros((window + 1, 4))
    for start in range(0, n, window):
        down, paid_down, up, paid_up = 0.0, 0.0, 0.0, 0.0
        for k in range(window - 1, 0, -1) if start > 0 else range(0):
            change, paid = returns[start - window + k], turnover[start - window + k]
            down, paid_down = down - min(change, 0.0), paid_down + (paid if change < 0.0 else 0.0)
            up, paid_up = up + max(change, 0.0), paid_up + (paid if change > 0.0 else 0.0)
            suffix[k, 0], suffix[k, 1], suffix[k, 2], suffix[k, 3] = down, paid_down, up, paid_up
        down, paid_down, up, paid_up = 0.0, 0.0, 0.0, 0.0
        for k in range(min(window, n - start)):
            change, paid = returns[start + k], turnover[start + k]
            down, paid_down = down - min(change, 0.0), paid_down + (paid if change < 0.0 else 0.0)
            up, paid_up = up + max(change, 0.0), paid_up + (paid if change > 0.0 else 0.0)
            if start > 0 or k == window - 1:
                tail = suffix[k + 1]
                sold, bought = paid_down + tail[1], paid_up + tail[3]
                both = sold > 0.0 and bought > 0.0
                falls[start + k] = (down + tail[0]) / sold if both else 0.0
                rises[start + k] = (up + tail[2]) / bought if both else 0.0
    return falls, rises


@compiled
def rolling_entropy(values: FloatArray, window: int) -> FloatArray:
    """Entropy of the shares that the values have in the window's sum, by that of equal shares; 1 if the sum is 0."""
    n = len(values)
    terms = np.zeros(n)
    for t in range(n):
        if values[t] > 0.0:
            terms[t] = values[t] * math.log(values[t])
    sums, weighted = rolling_sum(values, window), rolling_sum(terms, window)
    entropies = np.full(n, np.nan)
    for t in range(window - 1, n):
        total = sums[t]
        entropies[t] = (math.log(total) - weighted[t] / total) / math.log(window) if total > 0.0 else 1.0
    return entropies


@compiled
def rolling_hurst(log_close: FloatArray, window: int) -> FloatArray:
    """Half the slope of the log mean squared move over 1, 2, 4 and 8 rows on the log of those; a half if all stands.

    Least squares over four evenly spaced points weighs them -3, -1, 1 and 3 tenths.
    """
    n, longest = len(log_close), 8
    exponents = np.full(n, np.nan)
    suffix = np.zeros((window + 1, 4))
    for start in range(longest, n, window):
        one, two, four, eight = 0.0, 0.0, 0.0, 0.0
        for k in range(window - 1, 0, -1) if start > longest else range(0):
            one, two, four, eight = _with_moves(log_close, start - window + k, one, two, four, eight)
            suffix[k, 0], suffix[k, 1], suffix[k, 2], suffix[k, 3] = one, two, four, eight
        one, two, four, eight = 0.0, 0.0, 0.0, 0.0
        for k in range(min(window, n - start)):
            one, two, four, eight = _with_moves(log_close, start + k, one, two, four, eight)
            if start > longest or k == window - 1:
                tail = suffix[k + 1]
                first, second, third, last = one + tail[0], two + tail[1], four + tail[2], eight + tail[3]
                exponents[start + k] = 0.5 + last * 0.0
                if first > 0.0 and second > 0.0 and third > 0.0 and last > 0.0:
                    slope = math.log((last / first) ** 3 * (third / second)) / (10.0 * math.log(2.0))
                    exponents[start + k] = slope / 2
    return exponents


@compiled
def _with_moves(
    log_close: FloatArray, t: int, one: float, two: float, four: float, eight: float
) -> tuple[float, float, float, float]:
    """Sums of the squared moves over 1, 2, 4 and 8 rows with those of one row more."""
    newest = log_close[t]
    a, b, c, d = (
        newest - log_close[t - 1],
        newest - log_close[t - 2],
        newest - log_close[t - 4],
        newest - log_close[t - 8],
    )
    return one + a * a, two + b * b, four + c * c, eight + d * d


@compiled
def largest_bridge(values: FloatArray, window: int, places: int) -> FloatArray:
    """How far the running sum strays from a straight line: the largest distance, with its sign.

    Looked at after each of ``places`` equal parts of the window, which must divide it.
    """
    n, step, share = len(values), window // places, 1.0 / places
    parts = rolling_sum(values, step)
    bridges = np.full(n, np.nan)
    for t in range(window - 1, n):
        first = t - window + step
        total = 0.0
        for place in range(places):
            total += parts[first + place * step]
        running, furthest = 0.0, total * 0.0
        for place in range(places - 1):
            running += parts[first + place * step]
            distance = running - total * ((place + 1) * share)
            if abs(distance) > abs(furthest):
                furthest = distance
        bridges[t] = furthest
    return bridges


@compiled
def standardised_bridge(values: FloatArray, units: FloatArray, window: int, places: int) -> FloatArray:
    """How far the running sum strays below a straight line, in units; 0 where these are 0."""
    return quotient(-largest_bridge(values, window, places), units, 0.0)


@compiled
def scaled_variance(steps: FloatArray, squares: FloatArray, window: int, multiple: int) -> FloatArray:
    """Sum of the squared steps by a multiple of the sum of squares that is given; 1 where that is 0."""
    return quotient(rolling_sum(steps * steps, window), multiple * squares, 1.0)


@compiled
def state_probability(values: FloatArray, units: FloatArray, weight: float, constant: float, stay: float) -> FloatArray:
    """Probability of the second state where its log odds are ``weight * value / unit + constant``.

    A value without a unit counts as 0.
    """
    return two_state_filter(weight * quotient(values, units, 0.0) + constant, stay)


@compiled
def two_state_filter(log_odds: FloatArray, stay: float) -> FloatArray:
    """Probability of the second of two hidden states given the rows so far, by Hamilton's recursion.

    ``log_odds`` has for each row how much likelier the second state makes what was seen. Both states are as likely
    before the first known row, and each lasts another row with the probability ``stay``. Two different starts come
    closer by the factor ``2 stay - 1`` or more with each row, in Hilbert's metric.
    """
    n = len(log_odds)
    probabilities = np.full(n, np.nan)
    odds = np.exp(log_odds)
    probability = 0.5
    for t in range(n):
        if math.isnan(odds[t]):
            probability = 0.5
            continue
        expected = 1.0 - stay + (2.0 * stay - 1.0) * probability
        likely = expected * odds[t]
        probability = likely / (likely + 1.0 - expected)
        probabilities[t] = probability
    return probabilities


@compiled
def bulk_flow(returns: FloatArray, squares: FloatArray, volume: FloatArray, window: int) -> FloatArray:
    """Volume bought less volume sold of each candle, told from its return in units of its risk.

    ``squares`` is the sum of the squared returns over ``window`` rows. Without risk the volume is balanced.
    """
    n = len(returns)
    flow = np.full(n, np.nan)
    for t in range(n):
        if squares[t] > 0.0:
            flow[t] = volume[t] * math.erf(returns[t] / math.sqrt(2.0 * squares[t] / window))
        elif squares[t] == 0.0:
            flow[t] = 0.0
    return flow
