"""Compiled pieces that features of candles are made of: quotients, sums, extremes, smoothed moves.

Each takes contiguous float64 arrays of shape ``(n,)`` and gives new ones. A feature of the newest candle pays for every
call and every temporary array, so what is written as one formula is computed in one pass.
"""

import math

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.features.compilation import compiled
from algotrade.features.kernels import quotient, rolling_mean_deviation, rolling_moments, rolling_sum

_ROUNDING = 1e-12
_EVEN_KURTOSIS = 3.0
_DISPLACED = 26
_BODY_WEIGHT = 2.0 * math.log(2.0) - 1.0


@compiled
def difference_in(values: FloatArray, others: FloatArray, unit: FloatArray) -> FloatArray:
    """``(value - other) / unit``; 0 where the unit is 0."""
    return quotient(values - others, unit, 0.0)


@compiled
def place_between(values: FloatArray, lowest: FloatArray, highest: FloatArray) -> FloatArray:
    """0 at the lowest, 1 at the highest, a half where they are the same."""
    return quotient(values - lowest, highest - lowest, 0.5)


@compiled
def ratio_of_sums(parts: FloatArray, wholes: FloatArray, window: int, neutral: float) -> FloatArray:
    """Sum of the parts over the window by that of the wholes; neutral where the latter is 0."""
    return quotient(rolling_sum(parts, window), rolling_sum(wholes, window), neutral)


@compiled
def rolling_mean(values: FloatArray, window: int) -> FloatArray:
    """Mean over the window."""
    return rolling_sum(values, window) / window


@compiled
def root_mean(variances: FloatArray, window: int) -> FloatArray:
    """Square root of the mean over the window, of 0 at the least."""
    roots = rolling_sum(variances, window)
    for t in range(len(roots)):
        roots[t] = np.sqrt(roots[t] / window if not roots[t] < 0.0 else 0.0)
    return roots


@compiled
def log_share(part: FloatArray, whole: FloatArray, factor: float, least: float) -> FloatArray:
    """Log of ``factor * part / whole``, which is held between ``least`` and ``1 / least``; 0 where the whole is 0."""
    logs, most = quotient(part, whole, 1.0 / factor), 1.0 / least
    for t in range(len(logs)):
        share = factor * logs[t]
        share = least if share < least else share
        logs[t] = np.log(most if share > most else share)
    return logs


@compiled
def rolling_extremes(highs: FloatArray, lows: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Highest of the one and lowest of the other over the window, in constant time for each value.

    Put together from two blocks as in :func:`~algotrade.features.kernels.rolling_sum`. NaN is passed over.
    """
    n = len(highs)
    highest, lowest = np.full(n, np.nan), np.full(n, np.nan)
    suffix_high, suffix_low = np.full(window + 1, -np.inf), np.full(window + 1, np.inf)
    for start in range(0, n, window):
        high, low = -np.inf, np.inf
        for k in range(min(window, n - start)):
            high = highs[start + k] if highs[start + k] > high else high
            low = lows[start + k] if lows[start + k] < low else low
            if start > 0 or k == window - 1:
                highest[start + k] = max(high, suffix_high[k + 1])
                lowest[start + k] = min(low, suffix_low[k + 1])
        high, low = -np.inf, np.inf
        for k in range(window - 1, 0, -1) if start + window <= n else range(0):
            high = highs[start + k] if highs[start + k] > high else high
            low = lows[start + k] if lows[start + k] < low else low
            suffix_high[k], suffix_low[k] = high, low
    return highest, lowest


@compiled
def since_highest(values: FloatArray, window: int) -> FloatArray:
    """Rows since the highest value of the window, the latest of equals, in constant time for each value.

    Keeps the rows that no later one has reached: the first of them is the highest.
    """
    n = len(values)
    since = np.full(n, np.nan)
    rows = np.empty(n, dtype=np.int64)
    first, count = 0, 0
    for t in range(n):
        while count > first and values[rows[count - 1]] <= values[t]:
            count -= 1
        rows[count] = t
        count += 1
        if rows[first] <= t - window:
            first += 1
        if t >= window - 1:
            since[t] = t - rows[first]
    return since


@compiled
def since_highest_and_lowest(highs: FloatArray, lows: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Rows since the highest of the one and since the lowest of the other, the latest of equals."""
    return since_highest(highs, window), since_highest(-lows, window)


@compiled
def true_ranges(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """From the lower of the low and the close before to the higher of the high and that close; NaN for the first."""
    ranges = np.full(len(close), np.nan)
    for t in range(1, len(close)):
        ranges[t] = max(high[t], close[t - 1]) - min(low[t], close[t - 1])
    return ranges


@compiled
def scaled_by_root(values: FloatArray, squares: FloatArray, factor: float) -> FloatArray:
    """``value / sqrt(factor * squares)``; 0 where the squares are 0."""
    return quotient(values, np.sqrt(factor * squares), 0.0)


@compiled
def net_by_path(values: FloatArray, window: int) -> FloatArray:
    """Change over the window by the distance travelled in it; 0 where nothing moves."""
    n = len(values)
    net, steps = np.full(n, np.nan), np.full(n, np.nan)
    for t in range(1, n):
        steps[t] = abs(values[t] - values[t - 1])
        net[t] = values[t] - values[t - window] if t >= window else np.nan
    return quotient(net, rolling_sum(steps, window), 0.0)


@compiled
def buying_share(low: FloatArray, close: FloatArray, ranges: FloatArray) -> FloatArray:
    """Buying pressure by the true range over 7, 14 and 28 rows, weighted by 4, 2 and 1; a half where nothing moves."""
    n = len(close)
    bought = np.full(n, np.nan)
    for t in range(1, n):
        bought[t] = close[t] - min(low[t], close[t - 1])
    parts, wholes = rolling_sum(bought, 7), rolling_sum(ranges, 7)
    shares = np.full(n, np.nan)
    for t in range(28, n):
        part, whole = parts[t] + parts[t - 7], wholes[t] + wholes[t - 7]
        long_part = part + parts[t - 14] + parts[t - 21]
        long_whole = whole + wholes[t - 14] + wholes[t - 21]
        short = parts[t] / wholes[t] if wholes[t] != 0.0 else 0.5
        middle = part / whole if whole != 0.0 else 0.5
        long = long_part / long_whole if long_whole != 0.0 else 0.5
        shares[t] = (4.0 * short + 2.0 * middle + long) / 7.0
    return shares


@compiled
def deviation_index(values: FloatArray, window: int) -> FloatArray:
    """Distance from the mean of the window in mean deviations; 0 for a constant."""
    # The mean of equal values is exactly their value here: no rounding is left to be divided by itself.
    means, _ = rolling_moments(values, window)
    return quotient(values - means, rolling_mean_deviation(values, means, window), 0.0)


@compiled
def money_flow_share(typical: FloatArray, volume: FloatArray, window: int) -> FloatArray:
    """Share of the turnover on rows where the typical price rose in that on rows where it moved; a half without any."""
    n = len(typical)
    risen, moved = np.full(n, np.nan), np.full(n, np.nan)
    for t in range(1, n):
        flow = typical[t] * volume[t]
        risen[t] = flow if typical[t] > typical[t - 1] else 0.0
        moved[t] = flow if typical[t] != typical[t - 1] else 0.0
    return ratio_of_sums(risen, moved, window, 0.5)


@compiled
def shadow_balance(
    opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray, window: int
) -> FloatArray:
    """Lower less upper shadows by the ranges of the window; 0 without a range."""
    # Of the shadows min(O, C) - L and H - max(O, C) the difference is simply O + C - H - L.
    return ratio_of_sums(opens + closes - highs - lows, highs - lows, window, 0.0)


@compiled
def body_balance(opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray, window: int) -> FloatArray:
    """Mean over the window of the body, with its sign, by the range; a candle without a range counts 0."""
    return rolling_sum(quotient(closes - opens, highs - lows, 0.0), window) / window


@compiled
def bodies_by_ranges(
    opens: FloatArray, highs: FloatArray, lows: FloatArray, closes: FloatArray, window: int
) -> FloatArray:
    """Sum of the bodies by the sum of the ranges of the window; 0 without a range."""
    return ratio_of_sums(np.abs(closes - opens), highs - lows, window, 0.0)


@compiled
def directional_indicators(high: FloatArray, low: FloatArray, close: FloatArray, window: int) -> FloatArray:
    """Wilder's upward and downward directional indicator and the average directional index, each in percent.

    Of shape ``(3, n)``. The three smoothed sums start with the first move; where the range is 0 the indicators are 0,
    and where neither indicator is above 0 the index stands still.
    """
    n, keep = len(close), 1.0 - 1.0 / window
    found = np.full((3, n), np.nan)
    risen, fallen, ranged, strength = 0.0, 0.0, 0.0, 0.0
    for t in range(1, n):
        up, down = high[t] - high[t - 1], low[t - 1] - low[t]
        risen = keep * risen + (up if up > down and up > 0.0 else 0.0)
        fallen = keep * fallen + (down if down > up and down > 0.0 else 0.0)
        ranged = keep * ranged + max(high[t], close[t - 1]) - min(low[t], close[t - 1])
        unit = 100.0 / ranged if ranged > 0.0 else 0.0
        found[0, t], found[1, t] = unit * risen, unit * fallen
        if risen + fallen > 0.0:
            strength = keep * strength + 100.0 / window * abs(risen - fallen) / (risen + fallen)
        found[2, t] = strength
    return found


@compiled
def flow_oscillator(flows: FloatArray, fast: int, slow: int) -> FloatArray:
    """Fast less slow exponential mean of the running total of the flows.

    The distance of a mean from the total is smoothed itself, so that no total runs away.
    """
    n, a, b = len(flows), 2.0 / (fast + 1), 2.0 / (slow + 1)
    oscillations = np.empty(n)
    near, far = 0.0, 0.0
    for t in range(n):
        near, far = (1.0 - a) * (near + flows[t]), (1.0 - b) * (far + flows[t])
        oscillations[t] = far - near
    return oscillations


@compiled
def line_distance(
    values: FloatArray, means: FloatArray, deviations: FloatArray, slopes: FloatArray, window: int
) -> FloatArray:
    """Distance of the newest value from a straight line through its window, in standard errors of the line.

    From the window's mean, sample standard deviation and slope; 0 for a constant.
    """
    spread = window * (window**2 - 1) / 12
    distances = np.empty(len(values))
    for t in range(len(values)):
        moved = (window - 1) * deviations[t] ** 2
        # A straight line leaves nothing but rounding.
        residual = max(moved - slopes[t] ** 2 * spread, _ROUNDING * moved)
        distance = values[t] - means[t] - slopes[t] * (window - 1) / 2
        distances[t] = distance / np.sqrt(residual / (window - 2)) if residual != 0.0 else 0.0
    return distances


@compiled
def garman_klass_variances(log_range: FloatArray, log_open: FloatArray, log_close: FloatArray) -> FloatArray:
    """Garman and Klass's variance of each candle, from its range and its body."""
    bodies = log_close - log_open
    return 0.5 * log_range * log_range - _BODY_WEIGHT * bodies * bodies


@compiled
def rogers_satchell_variances(
    log_open: FloatArray, log_high: FloatArray, log_low: FloatArray, log_close: FloatArray
) -> FloatArray:
    """Rogers and Satchell's variance of each candle, which a trend does not inflate."""
    up = (log_high - log_close) * (log_high - log_open)
    return up + (log_low - log_close) * (log_low - log_open)


@compiled
def opening_moves(log_open: FloatArray, log_close: FloatArray) -> FloatArray:
    """Log of each open over the close before; NaN for the first."""
    moves = np.full(len(log_open), np.nan)
    for t in range(1, len(log_open)):
        moves[t] = log_open[t] - log_close[t - 1]
    return moves


@compiled
def yang_zhang_volatility(
    openings: FloatArray, bodies: FloatArray, rogers_satchell: FloatArray, window: int
) -> FloatArray:
    """Root of the variance of the openings, and a mean of that of the bodies and Rogers and Satchell's."""
    weight = 0.34 / (1.34 + (window + 1) / (window - 1))
    _, opening = rolling_moments(openings, window)
    _, body = rolling_moments(bodies, window)
    within = rolling_sum(rogers_satchell, window) / window
    variance = opening**2 + weight * body**2 + (1.0 - weight) * within
    return np.sqrt(np.maximum(variance, 0.0))


@compiled
def realised_moments(returns: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Realised skewness and kurtosis over the window; 0 and 3 where nothing moves."""
    squares = returns * returns
    second = rolling_sum(squares, window)
    third, fourth = rolling_sum(squares * returns, window), rolling_sum(squares * squares, window)
    skewness = quotient(np.sqrt(window) * third, second * np.sqrt(second), 0.0)
    return skewness, quotient(window * fourth, second * second, _EVEN_KURTOSIS)


@compiled
def neighbours(sizes: FloatArray, distance: int) -> FloatArray:
    """Product of each value with the one ``distance`` rows before; NaN for the first ``distance`` rows."""
    products = np.full(len(sizes), np.nan)
    for t in range(distance, len(sizes)):
        products[t] = sizes[t] * sizes[t - distance]
    return products


@compiled
def falling_share(returns: FloatArray, squares: FloatArray, window: int) -> FloatArray:
    """Squared falls of the window by the sum of its squared returns; a half where nothing moves."""
    falls = np.minimum(returns, 0.0)
    return quotient(rolling_sum(falls * falls, window), squares, 0.5)


@compiled
def uneven_share(squares: FloatArray, bipower: FloatArray) -> FloatArray:
    """Share of the summed squares that the bipower variation leaves, 0 at the least and where nothing moves."""
    return np.maximum(1.0 - quotient(np.pi / 2 * bipower, squares, 1.0), 0.0)


@compiled
def jump_statistic(squares: FloatArray, bipower: FloatArray, quadpower: FloatArray, window: int) -> FloatArray:
    """Standardised share of the squared returns that the bipower variation leaves; about normal without jumps.

    From the sums over the window of the squares, of the products of two and of four neighbouring sizes; 0 where nothing
    moves.
    """
    statistics = np.empty(len(squares))
    for t in range(len(squares)):
        even, noise = np.pi / 2 * bipower[t], window * (np.pi / 2) ** 2 * quadpower[t]
        spread = max(1.0, noise / even**2) if even > 0.0 else 1.0
        share = 1.0 - even / squares[t] if squares[t] != 0.0 else 0.0
        statistics[t] = share * np.sqrt(window / ((np.pi**2 / 4 + np.pi - 5) * spread))
    return statistics


@compiled
def cloud_distance(values: FloatArray, conversion: FloatArray, base: FloatArray, slow: FloatArray) -> FloatArray:
    """Log of each value over the middle of the Ichimoku cloud that was drawn 26 rows before; NaN for the first."""
    distances = np.full(len(values), np.nan)
    for t in range(_DISPLACED, len(values)):
        k = t - _DISPLACED
        distances[t] = np.log(values[t] / (0.25 * (conversion[k] + base[k]) + 0.5 * slow[k]))
    return distances


@compiled
def circle(time_ms: IntArray, period_ms: int) -> FloatArray:
    """Sine and cosine of each time's place in its period, one period being one round, shape ``(2, n)``."""
    n = len(time_ms)
    places = np.empty((2, n))
    a_round = period_ms // max(time_ms[1] - time_ms[0], 1) if n > 1 else 1
    for t in range(n):
        # Times that are evenly spaced come round again: only the first round is computed.
        if t >= a_round and time_ms[t] - time_ms[t - a_round] == period_ms:
            places[0, t], places[1, t] = places[0, t - a_round], places[1, t - a_round]
        else:
            angle = 2.0 * np.pi * (time_ms[t] % period_ms) / period_ms
            places[0, t], places[1, t] = np.sin(angle), np.cos(angle)
    return places
