"""Compiled formulas of one window each: scores, places in a range, shares of a sum, impacts of what was traded.

Each takes contiguous float64 arrays of shape ``(n,)`` and gives a new one, as in :mod:`algotrade.features.bar_kernels`.
"""

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.features.bar_kernels import (
    difference_in,
    log_share,
    place_between,
    rolling_extremes,
    root_mean,
    scaled_by_root,
)
from algotrade.features.compilation import compiled
from algotrade.features.kernels import quotient, rolling_moments, rolling_sum
from algotrade.features.market_kernels import (
    bulk_flow,
    middle_products,
    pair_spreads,
    rolling_covariance,
    side_impacts,
)


@compiled
def standard_score(values: FloatArray, window: int) -> FloatArray:
    """Distance of each value from the mean of its window, in sample standard deviations; 0 for a constant."""
    means, deviations = rolling_moments(values, window)
    return difference_in(values, means, deviations)


@compiled
def spread_by_mean(values: FloatArray, window: int) -> FloatArray:
    """Sample standard deviation of the window by its mean; 0 where that is 0."""
    means, deviations = rolling_moments(values, window)
    return quotient(deviations, means, 0.0)


@compiled
def place_in_range(values: FloatArray, highs: FloatArray, lows: FloatArray, window: int) -> FloatArray:
    """Where each value lies between the lowest low and the highest high of the window: 0 to 1, a half if it is flat."""
    highest, lowest = rolling_extremes(highs, lows, window)
    return place_between(values, lowest, highest)


@compiled
def middles(highs: FloatArray, lows: FloatArray, window: int) -> FloatArray:
    """Middle between the highest high and the lowest low of the window."""
    highest, lowest = rolling_extremes(highs, lows, window)
    return 0.5 * (highest + lowest)


@compiled
def typical_prices(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Mean of high, low and close."""
    return (high + low + close) / 3.0


@compiled
def close_places(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Place of each close between low and high: 1 at the high, -1 at the low, 0 without a range."""
    return quotient(2.0 * close - low - high, high - low, 0.0)


@compiled
def sum_by(parts: FloatArray, totals: FloatArray, window: int, neutral: float) -> FloatArray:
    """Sum of the parts over the window by a total that is known already; neutral where that is 0."""
    return quotient(rolling_sum(parts, window), totals, neutral)


@compiled
def sum_of_products(values: FloatArray, others: FloatArray, window: int) -> FloatArray:
    """Sum over the window of the products of two series."""
    return rolling_sum(values * others, window)


@compiled
def share_of_zeros(values: FloatArray, window: int) -> FloatArray:
    """Share of the window's values that are 0."""
    return rolling_sum(np.where(values == 0.0, 1.0, 0.0), window) / window


@compiled
def log_of_one_and_share(part: FloatArray, whole: FloatArray, factor: float) -> FloatArray:
    """Log of ``1 + factor * part / whole``; ln 2 where the whole is 0."""
    return np.log1p(factor * quotient(part, whole, 1.0 / factor))


@compiled
def gain_of_speed(recent: FloatArray, both: FloatArray, squares: FloatArray) -> FloatArray:
    """Return over a window less that over the one before, from those over it and over both, by their risk."""
    return scaled_by_root(2.0 * recent - both, squares, 1.0)


@compiled
def root_mean_of_both(jumps: FloatArray, variances: FloatArray, window: int) -> FloatArray:
    """Root of the mean over the window of the squared jumps and the variances."""
    return root_mean(jumps * jumps + variances, window)


@compiled
def thirds(ranks: FloatArray) -> FloatArray:
    """-1, 0 and 1 for ranks in the lowest, the middle and the highest third."""
    return np.sign(np.trunc(3.0 * ranks) - 1.0)


@compiled
def bounce_spread(covariances: FloatArray) -> FloatArray:
    """Roll's spread: twice the root of the covariance of neighbouring returns where that is negative, else 0."""
    return 2.0 * np.sqrt(np.maximum(-covariances, 0.0))


@compiled
def mean_pair_spread(log_high: FloatArray, log_low: FloatArray, log_close: FloatArray, window: int) -> FloatArray:
    """Mean over the window of Corwin and Schultz's spreads."""
    return rolling_sum(pair_spreads(log_high, log_low, log_close), window) / window


@compiled
def middle_spread(log_high: FloatArray, log_low: FloatArray, log_close: FloatArray, window: int) -> FloatArray:
    """Abdi and Ranaldo's spread over the window, 0 where the closes do not bounce."""
    return 2.0 * root_mean(middle_products(log_high, log_low, log_close), window)


@compiled
def volume_impact(flow: FloatArray, returns: FloatArray, traded: FloatArray, window: int) -> FloatArray:
    """Slope of the returns on the flow times the mean volume, from the volume that the window traded."""
    slopes: FloatArray = rolling_covariance(flow, returns, 0, window)[1]
    return slopes * traded / window


@compiled
def root_impact(returns: FloatArray, turnover: FloatArray, path: FloatArray, window: int) -> FloatArray:
    """Slope of the returns on the signed roots of the turnover times their sum, by the path; 0 without a path."""
    roots = np.sqrt(turnover)
    slopes = rolling_covariance(np.sign(returns) * roots, returns, 0, window)[1]
    return quotient(slopes * rolling_sum(roots, window), path, 0.0)


@compiled
def side_impact_log(returns: FloatArray, turnover: FloatArray, window: int, least: float) -> FloatArray:
    """Log of the impact of falls over that of rises, bounded as in ``log_share``; 0 where a side is missing."""
    falls, rises = side_impacts(returns, turnover, window)
    return log_share(falls, rises, 1.0, least)


@compiled
def imbalance(bought: FloatArray, traded: FloatArray, window: int) -> FloatArray:
    """Share of what was bought in what the window traded, less a half; 0 where nothing was."""
    return quotient(rolling_sum(bought, window), traded, 0.5) - 0.5


@compiled
def bulk_balance(
    returns: FloatArray, squares: FloatArray, volume: FloatArray, traded: FloatArray, risk_window: int, window: int
) -> FloatArray:
    """Net purchases, each candle classified in bulk by its return, by what the window traded."""
    return quotient(rolling_sum(bulk_flow(returns, squares, volume, risk_window), window), traded, 0.0)
