"""How much prices move: estimates for one candle, so they compare over windows."""

import math

import numpy as np

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.bar_kernels import log_share, root_mean, yang_zhang_volatility
from algotrade.features.base import feature
from algotrade.features.derived import (
    absolute_returns,
    bipower_over,
    garman_klass_variance,
    log_close,
    log_open,
    log_range,
    log_returns,
    opening_move,
    path_length,
    rogers_satchell_variance,
    squared_range_over,
    sum_of_squares,
)
from algotrade.features.kernels import rolling_moments
from algotrade.features.window_formulas import root_mean_of_both, spread_by_mean

_FAMILY = "volatility"
_UNIT = "log return a candle"
_LONG = 168
_STILL = "0 when nothing moves."
_PARKINSON = 1 / (4 * math.log(2))
# A window without any move has no logarithm; a thousandth of the usual is as quiet as it gets.
_QUIETEST = 1e-3


@feature(family=_FAMILY, unit=_UNIT, windows=(12, 48, 168), lookback=lambda w: w + 1, missing=_STILL)
def realised_volatility(candles: Candles, window: int) -> FloatArray:
    r"""Root mean square of the log returns.

    .. math:: \sqrt{\overline{r^2}}

    References
    ----------
    .. [1] Andersen, T. and Bollerslev, T. (1998). Answering the skeptics.
    """
    return np.sqrt(sum_of_squares(candles, window) * (1 / window))


@feature(family=_FAMILY, unit=_UNIT, windows=(24,), lookback=lambda w: w + 1, missing=_STILL)
def close_to_close(candles: Candles, window: int) -> FloatArray:
    r"""Sample standard deviation of the log returns: a steady trend is no risk.

    .. math:: \sqrt{\frac{1}{w - 1} \sum (r - \bar r)^2}

    References
    ----------
    .. [1] Yang, D. and Zhang, Q. (2000). Drift-independent volatility estimation, the classical estimator there.
    """
    return rolling_moments(log_returns(candles), window)[1]


@feature(family=_FAMILY, unit=_UNIT, windows=(24,), lookback=lambda w: w, missing=_STILL)
def parkinson(candles: Candles, window: int) -> FloatArray:
    r"""Volatility from the ranges of the candles.

    .. math:: \sqrt{\overline{\ln(H / L)^2} / (4 \ln 2)}

    References
    ----------
    .. [1] Parkinson, M. (1980). The extreme value method for estimating the variance of the rate of return.
    """
    return np.sqrt(squared_range_over(candles, window) * (_PARKINSON / window))


@feature(family=_FAMILY, unit=_UNIT, windows=(24,), lookback=lambda w: w, missing=_STILL)
def garman_klass(candles: Candles, window: int) -> FloatArray:
    r"""Volatility from the ranges and the bodies of the candles.

    .. math:: \sqrt{\overline{\tfrac{1}{2} \ln(H / L)^2 - (2 \ln 2 - 1) \ln(C / O)^2}}

    References
    ----------
    .. [1] Garman, M. and Klass, M. (1980). On the estimation of security price volatilities.
    """
    return root_mean(garman_klass_variance(candles), window)


@feature(family=_FAMILY, unit=_UNIT, windows=(12,), lookback=lambda w: w + 1, missing=_STILL)
def garman_klass_yang_zhang(candles: Candles, window: int) -> FloatArray:
    r"""Garman and Klass's volatility with the jumps between the candles.

    .. math:: \sqrt{\overline{\ln(O_t / C_{t-1})^2 + \tfrac{1}{2} \ln(H / L)^2 - (2 \ln 2 - 1) \ln(C / O)^2}}

    References
    ----------
    .. [1] Garman, M. and Klass, M. (1980). On the estimation of security price volatilities.
    .. [2] Yang, D. and Zhang, Q. (2000). Drift-independent volatility estimation.
    """
    return root_mean_of_both(opening_move(candles), garman_klass_variance(candles), window)


@feature(family=_FAMILY, unit=_UNIT, windows=(24,), lookback=lambda w: w, missing=_STILL)
def rogers_satchell(candles: Candles, window: int) -> FloatArray:
    r"""Volatility from the ranges that a trend does not inflate.

    .. math:: \sqrt{\overline{\ln(H / C) \ln(H / O) + \ln(L / C) \ln(L / O)}}

    References
    ----------
    .. [1] Rogers, L. and Satchell, S. (1991). Estimating variance from high, low and closing prices.
    """
    return root_mean(rogers_satchell_variance(candles), window)


@feature(family=_FAMILY, unit=_UNIT, windows=(48,), lookback=lambda w: w + 1, missing=_STILL)
def yang_zhang(candles: Candles, window: int) -> FloatArray:
    r"""Volatility from all four prices that neither a trend inflates nor a jump between candles escapes.

    .. math:: \sqrt{s^2_{\ln(O_t / C_{t-1})} + k\, s^2_{\ln(C / O)} + (1 - k)\, \overline{\sigma^2_{RS}}},
              \qquad k = \frac{0.34}{1.34 + (w + 1) / (w - 1)}

    with the sample variances of the openings and of the bodies, and Rogers and Satchell's variance.

    References
    ----------
    .. [1] Yang, D. and Zhang, Q. (2000). Drift-independent volatility estimation based on high, low, open and close.
    """
    bodies = log_close(candles) - log_open(candles)
    return yang_zhang_volatility(opening_move(candles), bodies, rogers_satchell_variance(candles), window)


@feature(family=_FAMILY, unit=_UNIT, windows=(24,), lookback=lambda w: w + 2, missing=_STILL)
def bipower_volatility(candles: Candles, window: int) -> FloatArray:
    r"""Volatility without jumps: from the products of neighbouring returns.

    .. math:: \sqrt{\frac{\pi}{2}\, \overline{|r_t| |r_{t-1}|}}

    References
    ----------
    .. [1] Barndorff-Nielsen, O. and Shephard, N. (2004). Power and bipower variation.
    """
    return np.sqrt(bipower_over(candles, window) * (math.pi / 2 / window))


@feature(
    family=_FAMILY,
    unit="log ratio",
    windows=(12, 24),
    lookback=lambda _: _LONG + 1,
    missing="0 when nothing has moved in 168 candles, ln(0.001) when nothing has moved in the window alone.",
)
def volatility_ratio(candles: Candles, window: int) -> FloatArray:
    r"""Log of the recent over the usual mean absolute return of 168 candles: turmoil is positive.

    .. math:: \ln\left(\overline{|r|}_w / \overline{|r|}_{168}\right)

    References
    ----------
    .. [1] Corsi, F. (2009). A simple approximate long-memory model of realized volatility.
    """
    return log_share(path_length(candles, window), path_length(candles, _LONG), _LONG / window, _QUIETEST)


@feature(
    family=_FAMILY,
    unit="log ratio",
    windows=(4,),
    lookback=lambda w: 6 * w + 1,
    missing="0 when nothing has moved in six windows, ln(0.001) when nothing has moved in the window alone.",
)
def volatility_turn(candles: Candles, window: int) -> FloatArray:
    r"""Log of the mean absolute return of the window over that of six windows: the short step of a HAR model.

    .. math:: \ln\left(\overline{|r|}_w / \overline{|r|}_{6w}\right)

    References
    ----------
    .. [1] Corsi, F. (2009). A simple approximate long-memory model of realized volatility.
    """
    return log_share(path_length(candles, window), path_length(candles, 6 * window), 6.0, _QUIETEST)


@feature(
    family=_FAMILY,
    unit="log ratio",
    windows=(24,),
    lookback=lambda w: w + 1,
    missing="0 when the close does not move; held between ln(0.001) and ln(1000).",
)
def range_ratio(candles: Candles, window: int) -> FloatArray:
    r"""Log of Parkinson's over the close-to-close variance: positive when candles swing and get nowhere.

    .. math:: \ln \frac{\overline{\ln(H / L)^2} / (4 \ln 2)}{\overline{r^2}}

    References
    ----------
    .. [1] Parkinson, M. (1980). The extreme value method for estimating the variance of the rate of return.
    """
    return log_share(squared_range_over(candles, window), sum_of_squares(candles, window), _PARKINSON, _QUIETEST)


@feature(family=_FAMILY, unit="ratio", windows=(48,), lookback=lambda w: w + 1, missing=_STILL)
def volatility_of_volatility(candles: Candles, window: int) -> FloatArray:
    r"""Spread of the absolute returns by their mean: how unevenly the moves come.

    .. math:: s_{|r|} / \overline{|r|}

    References
    ----------
    .. [1] Baltussen, G., van Bekkum, S. and van der Grient, B. (2018). Unknown unknowns: uncertainty about risk.
    """
    return spread_by_mean(absolute_returns(candles), window)


@feature(family=_FAMILY, unit="ratio", windows=(48,), lookback=lambda w: w, missing="0 for a window without a range.")
def volatility_of_range(candles: Candles, window: int) -> FloatArray:
    r"""Spread of the log ranges by their mean: how unevenly wide the candles are.

    .. math:: s_{\ln(H / L)} / \overline{\ln(H / L)}

    References
    ----------
    .. [1] Alizadeh, S., Brandt, M. and Diebold, F. (2002). Range-based estimation of stochastic volatility models.
    """
    return spread_by_mean(log_range(candles), window)
