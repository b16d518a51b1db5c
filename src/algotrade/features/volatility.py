"""How much prices move, and how evenly: estimates for one candle, so they compare over windows."""

import math

import numpy as np

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.base import feature, lagged_log_ratio, ratio
from algotrade.features.kernels import rolling_moments, rolling_sum

_FAMILY = "volatility"
_UNIT = "log return a candle"
_LONG = 168


@feature(family=_FAMILY, unit=_UNIT, windows=(12, 48, 168), lookback=lambda w: w + 1)
def realised_volatility(candles: Candles, window: int) -> FloatArray:
    r"""Root mean square of the log returns.

    .. math:: \sqrt{\overline{r^2}}

    References
    ----------
    .. [1] Andersen, T. and Bollerslev, T. (1998). Answering the skeptics.
    """
    return np.sqrt(rolling_sum(lagged_log_ratio(candles.close, 1) ** 2, window) / window)


@feature(family=_FAMILY, unit=_UNIT, windows=(24,), lookback=lambda w: w)
def parkinson(candles: Candles, window: int) -> FloatArray:
    r"""Volatility from the ranges of the candles.

    .. math:: \sqrt{\overline{\ln(H / L)^2} / (4 \ln 2)}

    References
    ----------
    .. [1] Parkinson, M. (1980). The extreme value method for estimating the variance of the rate of return.
    """
    squares = np.log(candles.high / candles.low) ** 2
    return np.sqrt(rolling_sum(squares, window) / (4 * math.log(2) * window))


@feature(family=_FAMILY, unit=_UNIT, windows=(24,), lookback=lambda w: w)
def garman_klass(candles: Candles, window: int) -> FloatArray:
    r"""Volatility from the ranges and the bodies of the candles.

    .. math:: \sqrt{\overline{\tfrac{1}{2} \ln(H / L)^2 - (2 \ln 2 - 1) \ln(C / O)^2}}

    References
    ----------
    .. [1] Garman, M. and Klass, M. (1980). On the estimation of security price volatilities.
    """
    variance = 0.5 * np.log(candles.high / candles.low) ** 2
    variance -= (2 * math.log(2) - 1) * np.log(candles.close / candles.open) ** 2
    return np.sqrt(np.maximum(rolling_sum(variance, window) / window, 0.0))


@feature(family=_FAMILY, unit=_UNIT, windows=(24,), lookback=lambda w: w)
def rogers_satchell(candles: Candles, window: int) -> FloatArray:
    r"""Volatility from the ranges that a trend does not inflate.

    .. math:: \sqrt{\overline{\ln(H / C) \ln(H / O) + \ln(L / C) \ln(L / O)}}

    References
    ----------
    .. [1] Rogers, L. and Satchell, S. (1991). Estimating variance from high, low and closing prices.
    """
    up = np.log(candles.high / candles.close) * np.log(candles.high / candles.open)
    down = np.log(candles.low / candles.close) * np.log(candles.low / candles.open)
    return np.sqrt(np.maximum(rolling_sum(up + down, window) / window, 0.0))


@feature(family=_FAMILY, unit="log ratio", windows=(12, 24), lookback=lambda _: _LONG + 1)
def volatility_ratio(candles: Candles, window: int) -> FloatArray:
    r"""Log of the recent over the usual mean absolute return of 168 candles: turmoil is positive.

    .. math:: \ln\left(\overline{|r|}_w / \overline{|r|}_{168}\right)

    References
    ----------
    .. [1] Corsi, F. (2009). A simple approximate long-memory model of realized volatility.
    """
    sizes = np.abs(lagged_log_ratio(candles.close, 1))
    recent = ratio(rolling_sum(sizes, window) / window, rolling_sum(sizes, _LONG) / _LONG, neutral=1.0)
    # A window without any move has no logarithm; a thousandth of the usual is as quiet as it gets.
    return np.log(np.maximum(recent, 1e-3))


@feature(family=_FAMILY, unit="ratio", windows=(48,), lookback=lambda w: w + 1)
def volatility_of_volatility(candles: Candles, window: int) -> FloatArray:
    r"""Spread of the absolute returns by their mean: how unevenly the moves come.

    .. math:: s_{|r|} / \overline{|r|}

    References
    ----------
    .. [1] Baltussen, G., van Bekkum, S. and van der Grient, B. (2018). Unknown unknowns: uncertainty about risk.
    """
    sizes = np.abs(lagged_log_ratio(candles.close, 1))
    mean, deviation = rolling_moments(sizes, window)
    return ratio(deviation, mean)


@feature(family=_FAMILY, unit="0 to 1", windows=(48,), lookback=lambda w: w + 1)
def downside_share(candles: Candles, window: int) -> FloatArray:
    r"""Share of the variance that comes from falls; a half when nothing moves.

    .. math:: \frac{\sum \min(r, 0)^2}{\sum r^2}

    References
    ----------
    .. [1] Barndorff-Nielsen, O., Kinnebrock, S. and Shephard, N. (2010). Measuring downside risk.
    """
    returns = lagged_log_ratio(candles.close, 1)
    falls = rolling_sum(np.minimum(returns, 0.0) ** 2, window)
    return ratio(falls, rolling_sum(returns**2, window), neutral=0.5)


@feature(family=_FAMILY, unit="0 to 1", windows=(48,), lookback=lambda w: w + 2)
def jump_share(candles: Candles, window: int) -> FloatArray:
    r"""Share of the variance that bipower variation puts down to jumps.

    .. math:: \max\left(0, 1 - \frac{\frac{\pi}{2} \sum |r_t| |r_{t-1}|}{\sum r_t^2}\right)

    References
    ----------
    .. [1] Barndorff-Nielsen, O. and Shephard, N. (2004). Power and bipower variation.
    """
    returns = lagged_log_ratio(candles.close, 1)
    neighbours = np.abs(returns * np.concatenate([[np.nan], returns[:-1]]))
    bipower = np.pi / 2 * rolling_sum(neighbours, window)
    return np.maximum(1 - ratio(bipower, rolling_sum(returns**2, window), neutral=1.0), 0.0)
