"""What kind of market it is: trending or ranging, calm or stressed, near its high or far below."""

import math

import numpy as np
import talib

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.base import feature, lagged_log_ratio, ratio
from algotrade.features.kernels import rolling_rank, rolling_sum, rolling_trend

_FAMILY = "regime"
_RANKED = 12
_STEP = 4


@feature(family=_FAMILY, unit="-1 to 1", windows=(12, 48), lookback=lambda w: w + 1)
def efficiency_ratio(candles: Candles, window: int) -> FloatArray:
    r"""Net move by the distance travelled, with the sign of the move.

    .. math:: \frac{\ln(C_t / C_{t-w})}{\sum |r|}

    References
    ----------
    .. [1] Kaufman, P. (1995). Smarter trading.
    """
    path = rolling_sum(np.abs(lagged_log_ratio(candles.close, 1)), window)
    return ratio(lagged_log_ratio(candles.close, window), path)


@feature(family=_FAMILY, unit="ratio", windows=(96,), lookback=lambda w: w + _STEP)
def variance_ratio(candles: Candles, window: int) -> FloatArray:
    r"""Variance of four-candle returns by four times that of one-candle returns: above 1 in trends.

    .. math:: \frac{\overline{\ln(C_t / C_{t-4})^2}}{4\, \overline{r^2}}

    References
    ----------
    .. [1] Lo, A. and MacKinlay, C. (1988). Stock market prices do not follow random walks.
    """
    short = rolling_sum(lagged_log_ratio(candles.close, 1) ** 2, window)
    return ratio(rolling_sum(lagged_log_ratio(candles.close, _STEP) ** 2, window), _STEP * short, neutral=1.0)


@feature(family=_FAMILY, unit="0 to 1", windows=(168,), lookback=lambda w: w + _RANKED)
def volatility_rank(candles: Candles, window: int) -> FloatArray:
    r"""Rank of the mean absolute return of 12 candles among those of the window.

    .. math:: \frac{1}{w} \#\{k < w : v_{t-k} < v_t\}, \qquad v_t = \overline{|r|}_{12}

    References
    ----------
    .. [1] Ang, A. and Timmermann, A. (2012). Regime changes and financial markets.
    """
    sizes = rolling_sum(np.abs(lagged_log_ratio(candles.close, 1)), _RANKED)
    return rolling_rank(sizes, window)


@feature(family=_FAMILY, unit="t-statistic", windows=(24, 72), lookback=lambda w: w)
def trend_strength(candles: Candles, window: int) -> FloatArray:
    r"""t-statistic of the slope of the log close on time, by the square root of the window.

    .. math:: \frac{\hat\beta}{se(\hat\beta) \sqrt{w}}

    References
    ----------
    .. [1] Lopez de Prado, M. (2020). Machine learning for asset managers, chapter 5.
    """
    _, statistic = rolling_trend(np.log(candles.close), window)
    return statistic / math.sqrt(window)


@feature(family=_FAMILY, unit="log ratio", windows=(72, 168), lookback=lambda w: w)
def drawdown(candles: Candles, window: int) -> FloatArray:
    r"""Log distance of the close from the highest high of the window: 0 or below.

    .. math:: \ln(C_t / \max H)

    References
    ----------
    .. [1] George, T. and Hwang, C. (2004). The 52-week high and momentum investing.
    """
    return np.asarray(np.log(candles.close / talib.MAX(candles.high, timeperiod=window)))


@feature(family=_FAMILY, unit="log ratio", windows=(72, 168), lookback=lambda w: w)
def rally(candles: Candles, window: int) -> FloatArray:
    r"""Log distance of the close from the lowest low of the window: 0 or above.

    .. math:: \ln(C_t / \min L)

    References
    ----------
    .. [1] George, T. and Hwang, C. (2004). The 52-week high and momentum investing.
    """
    return np.asarray(np.log(candles.close / talib.MIN(candles.low, timeperiod=window)))


@feature(family=_FAMILY, unit="-1 to 1", windows=(24,), lookback=lambda w: w + 1)
def rise_balance(candles: Candles, window: int) -> FloatArray:
    r"""Share of rising less share of falling candles.

    .. math:: \overline{\operatorname{sign}(r)}

    References
    ----------
    .. [1] Da, Z., Gurun, U. and Warachka, M. (2014). Frog in the pan: continuous information and momentum.
    """
    return rolling_sum(np.sign(lagged_log_ratio(candles.close, 1)), window) / window
