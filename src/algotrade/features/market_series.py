"""Series of the whole market that several features are made of, computed once for each panel.

What is of shape ``(n, symbols)`` has each symbol's series in one piece, as the panel has; its transpose goes into
the kernels as it is. Shared as in :mod:`algotrade.features.derived`.
"""

import math

from algotrade.domain.candles import FloatArray, Panel
from algotrade.domain.timeframe import IntArray
from algotrade.features.derived import derived, panel_log_close, panel_return_over, panel_returns
from algotrade.features.panel_formulas import (
    in_units,
    mean_pair_correlation,
    rolling_root_mean_square,
    turnover_leaders,
)
from algotrade.features.panel_kernels import deviation_across, for_each, mean_across, rolling_fit
from algotrade.features.ranking import rank_across


@derived
def market_returns(panel: Panel, window: int) -> FloatArray:
    """Mean over the symbols of the log return over the window, shape ``(n,)``; NaN where no symbol has one."""
    return mean_across(panel_return_over(panel, window).T)


@derived
def return_deviation(panel: Panel, window: int) -> FloatArray:
    """Standard deviation over the symbols of the log return over the window, shape ``(n,)``."""
    return deviation_across(panel_return_over(panel, window).T, market_returns(panel, window))


@derived
def return_ranks(panel: Panel, window: int) -> FloatArray:
    """Rank among the symbols of the log return over the window, equals counted half, shape ``(n, symbols)``."""
    return rank_across(panel_return_over(panel, window))


@derived
def panel_volatility(panel: Panel, window: int) -> FloatArray:
    """Root mean square of the returns that are there, at least half of the window, shape ``(n, symbols)``."""
    return rolling_root_mean_square(panel_returns(panel).T, window, -(-window // 2)).T


@derived
def scaled_returns(panel: Panel, window: int, risk_window: int) -> FloatArray:
    """Log return over the window by its risk, shape ``(n, symbols)``; 0 where there is none."""
    risk = panel_volatility(panel, risk_window)
    return in_units(panel_return_over(panel, window).T, risk.T, math.sqrt(window)).T


@derived
def leaders(panel: Panel, window: int) -> IntArray:
    """Which symbol had the largest mean turnover over the window, shape ``(n,)``; -1 before any has half of it."""
    return turnover_leaders(panel.quote_volume.T, panel.close.T, panel.volume.T, window, -(-window // 2))


@derived
def fit_to_market(panel: Panel, window: int) -> tuple[FloatArray, ...]:
    """Correlation, slope, residual deviation and sum of the excess return of each symbol on the market.

    From at least half of the window; each of shape ``(n, symbols)``.
    """
    fits = rolling_fit(market_returns(panel, 1), panel_returns(panel).T, window, window // 2)
    return tuple(each.T for each in fits)


@derived
def mean_correlation(panel: Panel, window: int) -> FloatArray:
    """Mean correlation of all pairs of symbols, weighted by their risks, shape ``(n,)``; 0 where fewer than two move.

    From the variances alone: that of the sum holds all covariances.
    """
    return mean_pair_correlation(panel_returns(panel).T, market_returns(panel, 1), window, window // 2)


def for_every_symbol(panel: Panel, series: FloatArray) -> FloatArray:
    """A series ``(n,)`` of the market for each symbol that has a candle, shape ``(n, symbols)``."""
    return for_each(series, panel_log_close(panel).T).T
