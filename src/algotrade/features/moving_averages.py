"""Technical indicators of distance: how far the close is from its own smooth path."""

import numpy as np

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.bar_kernels import difference_in, line_distance
from algotrade.features.base import ema_memory, feature, wilder_memory
from algotrade.features.derived import average_true_range, log_close, log_moments, log_trend
from algotrade.features.kernels import adaptive_mean
from algotrade.features.ta_lib import EMA, TEMA

_FAMILY = "technical"
_UNIT = "average true ranges"
_NO_RANGE = "0 where the average true range is 0."


@feature(
    family=_FAMILY,
    unit=_UNIT,
    windows=(20,),
    lookback=lambda w: max(ema_memory(w), wilder_memory(14)),
    missing=_NO_RANGE,
)
def ema_distance(candles: Candles, window: int) -> FloatArray:
    r"""Distance from the exponential mean in average true ranges: position in Keltner's channel.

    .. math:: \frac{C - EMA_w(C)}{ATR_{14}}

    References
    ----------
    .. [1] Raschke, L. and Connors, L. (1995). Street smarts.
    """
    return difference_in(candles.close, EMA(candles.close, window), average_true_range(candles, 14))


@feature(
    family=_FAMILY,
    unit=_UNIT,
    windows=(10,),
    lookback=lambda w: max(2 * ema_memory(w), wilder_memory(14)),
    missing=_NO_RANGE,
)
def tema_distance(candles: Candles, window: int) -> FloatArray:
    r"""Distance from the triple exponential mean, which lags least, in average true ranges.

    .. math:: \frac{C - (3 E - 3 EMA_w(E) + EMA_w(EMA_w(E)))}{ATR_{14}}, \qquad E = EMA_w(C)

    References
    ----------
    .. [1] Mulloy, P. (1994). Smoothing data with faster moving averages.
    """
    return difference_in(candles.close, TEMA(candles.close, window), average_true_range(candles, 14))


@feature(family=_FAMILY, unit="log ratio", lookback=91, missing="0 when nothing moves.")
def kama_distance(candles: Candles) -> FloatArray:
    r"""Log distance from Kaufman's adaptive mean of 10 candles, started 80 candles ago.

    .. math:: \ln(C_t / K_t), \quad K_t = K_{t-1} + a_t (C_t - K_{t-1}), \quad
              \sqrt{a_t} = E_t \left(\tfrac{2}{3} - \tfrac{2}{31}\right) + \tfrac{2}{31}

    with ``E`` the efficiency ratio. The plain recursion has no finite memory: it stands still without a trend.

    References
    ----------
    .. [1] Kaufman, P. (1995). Smarter trading.
    """
    return np.log(candles.close / adaptive_mean(candles.close, 10, 80))


@feature(
    family=_FAMILY, unit="log return a candle", windows=(24,), lookback=lambda w: w, missing="0 for a flat window."
)
def regression_slope(candles: Candles, window: int) -> FloatArray:
    r"""Slope of a straight line through the log closes of the window.

    .. math:: \hat\beta, \qquad \ln C_{t-w+1+k} = \alpha + \beta k + \varepsilon_k

    References
    ----------
    .. [1] Clenow, A. (2015). Stocks on the move.
    """
    return log_trend(candles, window)[0]


@feature(family=_FAMILY, unit="standard errors", windows=(24,), lookback=lambda w: w, missing="0 for a flat window.")
def regression_distance(candles: Candles, window: int) -> FloatArray:
    r"""Position in the regression channel: distance of the log close from the line through its window.

    .. math:: \frac{\ln C_t - (\hat\alpha + \hat\beta (w - 1))}{\sqrt{\sum \hat\varepsilon^2 / (w - 2)}}

    References
    ----------
    .. [1] Raff, G. (1991). Trading the regression channel.
    """
    (mean, deviation), (slope, _) = log_moments(candles, window), log_trend(candles, window)
    return line_distance(log_close(candles), mean, deviation, slope, window)
