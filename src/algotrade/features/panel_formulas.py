"""Formulas of a panel, each in one compiled piece: what leads, what scatters, what moves together.

All take float64 arrays of shape ``(symbols, n)`` whose rows lie in one piece, as in
:mod:`algotrade.features.panel_kernels`.
"""

import math

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.features.compilation import compiled
from algotrade.features.panel_kernels import (
    for_each,
    largest_across,
    of_each,
    pairs_correlation,
    quotients,
    rolling_fit,
    rolling_known,
    rolling_mean,
    sign_across,
)


@compiled
def sign_for_each(values: FloatArray, prices: FloatArray) -> FloatArray:
    """Share of the known values above 0 less the share below, for each symbol that has a price."""
    return for_each(sign_across(values), prices)


@compiled
def leader_for_each(values: FloatArray, leaders: IntArray, prices: FloatArray) -> FloatArray:
    """The value of the symbol that leads, for each symbol that has a price."""
    return for_each(of_each(values, leaders), prices)


@compiled
def gap_to_leader(values: FloatArray, leaders: IntArray) -> FloatArray:
    """The value of the symbol that leads less that of each."""
    return of_each(values, leaders) - values


@compiled
def turnover_leaders(
    quote_volume: FloatArray, close: FloatArray, volume: FloatArray, window: int, minimum: int
) -> IntArray:
    """Which symbol has the largest mean quote volume, that being volume times close where it is not known."""
    symbols, n = close.shape
    paid = np.empty((symbols, n))
    for symbol in range(symbols):
        for t in range(n):
            quote = quote_volume[symbol, t]
            paid[symbol, t] = close[symbol, t] * volume[symbol, t] if math.isnan(quote) else quote
    return largest_across(rolling_mean(paid, window, minimum))


@compiled
def in_units(values: FloatArray, units: FloatArray, factor: float) -> FloatArray:
    """Each value by ``factor`` units; 0 where the unit is 0."""
    return quotients(values, factor * units, 0.0)


@compiled
def rolling_root_mean_square(values: FloatArray, window: int, minimum: int) -> FloatArray:
    """Root of the mean over the window of the squares of what is known."""
    return np.sqrt(rolling_mean(values * values, window, minimum))


@compiled
def rolling_score(values: FloatArray, window: int, minimum: int) -> FloatArray:
    """Distance of each value from the mean of what is known in its window, in standard deviations; 0 for a constant."""
    means, variances = rolling_known(values, window, minimum)
    return quotients(values - means, np.sqrt(variances), 0.0)


@compiled
def balance_about_mean(prices: FloatArray, window: int, minimum: int) -> FloatArray:
    """Share of prices above the mean of their window less share below, for each symbol that has a price."""
    return sign_for_each(prices - rolling_known(prices, window, minimum)[0], prices)


@compiled
def mean_pair_correlation(returns: FloatArray, market: FloatArray, window: int, minimum: int) -> FloatArray:
    """Mean correlation of all pairs over the window, weighted by their risks, from the returns and their mean."""
    variances = rolling_known(returns, window, minimum)[1]
    of_market = rolling_known(market.reshape(1, len(market)), window, minimum)[1]
    return pairs_correlation(variances, of_market[0])


@compiled
def gain_shares(returns: FloatArray, market: FloatArray, window: int, minimum: int) -> FloatArray:
    """Share of the gains on the market in all moves against it over the window; a half where there are none."""
    shares = np.empty(returns.shape)
    for symbol in range(len(returns)):
        excess = returns[symbol] - market
        _by_known_sums(np.maximum(excess, 0.0), np.abs(excess), window, minimum, 0.5, shares[symbol])
    return shares


@compiled
def falling_slopes(returns: FloatArray, market: FloatArray, window: int, minimum: int) -> FloatArray:
    """Slope through the origin of the returns on the market while that falls; 0 where it never does."""
    slopes = np.empty(returns.shape)
    falls = np.minimum(market, 0.0)
    for symbol in range(len(returns)):
        # Times zero is zero but for NaN: a row without a return counts in neither sum.
        squares = falls * falls + 0.0 * returns[symbol]
        _by_known_sums(returns[symbol] * falls, squares, window, minimum, 0.0, slopes[symbol])
    return slopes


@compiled
def _by_known_sums(
    parts: FloatArray, wholes: FloatArray, window: int, minimum: int, neutral: float, into: FloatArray
) -> None:
    """Sum of the parts over the window by that of the wholes, both known on the same rows; neutral where that is 0."""
    n = len(parts)
    into[:] = np.nan
    suffix = np.zeros((window + 1, 3))
    for start in range(0, n, window):
        count, part, whole = 0.0, 0.0, 0.0
        for k in range(min(window, n - start)):
            known = not math.isnan(wholes[start + k])
            count += 1.0 if known else 0.0
            part, whole = part + (parts[start + k] if known else 0.0), whole + (wholes[start + k] if known else 0.0)
            if count + suffix[k + 1, 0] >= minimum and (start > 0 or k == window - 1):
                total = whole + suffix[k + 1, 2]
                into[start + k] = (part + suffix[k + 1, 1]) / total if total != 0.0 else neutral
        count, part, whole = 0.0, 0.0, 0.0
        for k in range(window - 1, 0, -1) if start + window <= n else range(0):
            known = not math.isnan(wholes[start + k])
            count += 1.0 if known else 0.0
            part, whole = part + (parts[start + k] if known else 0.0), whole + (wholes[start + k] if known else 0.0)
            suffix[k, 0], suffix[k, 1], suffix[k, 2] = count, part, whole


@compiled
def lagged_correlation(returns: FloatArray, leaders: IntArray, window: int, minimum: int) -> FloatArray:
    """Correlation over the window of each series with that of the leader one row before."""
    led = np.full(returns.shape[1], np.nan)
    led[1:] = of_each(returns, leaders)[:-1]
    correlations: FloatArray = rolling_fit(led, returns, window, minimum)[0]
    return correlations
