"""Classical technical indicators, each relative to the price, its range or its true range."""

import numpy as np
import talib

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.base import ema_memory, feature, lagged_log_ratio, ratio, wilder_memory
from algotrade.features.derived import average_true_range, typical_price
from algotrade.features.kernels import (
    adaptive_mean,
    rolling_mean_deviation,
    rolling_moments,
    rolling_sum,
)

_FAMILY = "technical"
_ATR_WINDOW = 14


@feature(family=_FAMILY, unit="log return", windows=(1, 2, 4, 8, 12, 24, 48), lookback=lambda w: w + 1)
def log_return(candles: Candles, window: int) -> FloatArray:
    r"""Rate of change: log return over the window.

    .. math:: \ln(C_t / C_{t-w})

    References
    ----------
    .. [1] Jegadeesh, N. and Titman, S. (1993). Returns to buying winners and selling losers.
    """
    return lagged_log_ratio(candles.close, window)


@feature(family=_FAMILY, unit="standard deviations", windows=(4, 12, 24, 48), lookback=lambda w: 2 * w + 1)
def scaled_return(candles: Candles, window: int) -> FloatArray:
    r"""Momentum in units of its own risk: return over the window by the volatility of the last two windows.

    .. math:: \frac{\ln(C_t / C_{t-w})}{\sqrt{w \cdot \overline{r^2}_{2w}}}

    References
    ----------
    .. [1] Moskowitz, T., Ooi, Y. and Pedersen, L. (2012). Time series momentum.
    """
    returns = lagged_log_ratio(candles.close, 1)
    variance = rolling_sum(returns**2, 2 * window) / (2 * window)
    return ratio(lagged_log_ratio(candles.close, window), np.sqrt(window * variance))


@feature(family=_FAMILY, unit="0 to 100", windows=(7, 14), lookback=wilder_memory)
def rsi(candles: Candles, window: int) -> FloatArray:
    r"""Relative strength index: share of the rises in all moves, smoothed by Wilder.

    .. math:: 100 \frac{W(\max(\Delta C, 0))}{W(|\Delta C|)}

    References
    ----------
    .. [1] Wilder, J. W. (1978). New concepts in technical trading systems.
    """
    return np.asarray(talib.RSI(candles.close, timeperiod=window))


@feature(family=_FAMILY, unit="fraction of the price", lookback=ema_memory(26))
def macd(candles: Candles) -> FloatArray:
    r"""Moving average convergence divergence by the price.

    .. math:: \frac{EMA_{12}(C) - EMA_{26}(C)}{C}

    References
    ----------
    .. [1] Appel, G. (2005). Technical analysis: power tools for active investors.
    """
    line, _, _ = talib.MACD(candles.close, fastperiod=12, slowperiod=26, signalperiod=9)
    return np.asarray(line / candles.close)


@feature(family=_FAMILY, unit="fraction of the price", lookback=ema_memory(26) + 36)
def macd_histogram(candles: Candles) -> FloatArray:
    r"""Distance of the MACD from its own exponential mean, by the price.

    .. math:: \frac{M - EMA_9(M)}{C}, \qquad M = EMA_{12}(C) - EMA_{26}(C)

    References
    ----------
    .. [1] Aspray, T. (1988). MACD momentum.
    """
    _, _, histogram = talib.MACD(candles.close, fastperiod=12, slowperiod=26, signalperiod=9)
    return np.asarray(histogram / candles.close)


@feature(
    family=_FAMILY,
    unit="average true ranges",
    windows=(10, 20, 32),
    lookback=lambda w: max(ema_memory(w), wilder_memory(_ATR_WINDOW)),
)
def ema_distance(candles: Candles, window: int) -> FloatArray:
    r"""Distance from the exponential mean in average true ranges: position in Keltner's channel.

    .. math:: \frac{C - EMA_w(C)}{ATR_{14}}

    References
    ----------
    .. [1] Raschke, L. and Connors, L. (1995). Street smarts.
    """
    return ratio(candles.close - talib.EMA(candles.close, timeperiod=window), average_true_range(candles))


@feature(family=_FAMILY, unit="log ratio", lookback=91)
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


@feature(family=_FAMILY, unit="standard deviations", windows=(20, 48), lookback=lambda w: w)
def bollinger_position(candles: Candles, window: int) -> FloatArray:
    r"""z-score of the close in its window; 0 for a flat window.

    .. math:: \frac{C_t - \bar C}{s_C}

    References
    ----------
    .. [1] Bollinger, J. (2001). Bollinger on Bollinger bands.
    """
    mean, deviation = rolling_moments(candles.close, window)
    return ratio(candles.close - mean, deviation)


@feature(family=_FAMILY, unit="fraction of the price", windows=(20,), lookback=lambda w: w)
def bollinger_width(candles: Candles, window: int) -> FloatArray:
    r"""Width of Bollinger's bands at two standard deviations by their middle.

    .. math:: 4 s_C / \bar C

    References
    ----------
    .. [1] Bollinger, J. (2001). Bollinger on Bollinger bands.
    """
    mean, deviation = rolling_moments(candles.close, window)
    return ratio(4 * deviation, mean)


@feature(family=_FAMILY, unit="0 to 100", windows=(14,), lookback=lambda w: wilder_memory(w) + 6 * w)
def adx(candles: Candles, window: int) -> FloatArray:
    r"""Average directional index: strength of the trend, whichever its direction.

    .. math:: 100\, W\!\left(\frac{|DI^+ - DI^-|}{DI^+ + DI^-}\right)

    References
    ----------
    .. [1] Wilder, J. W. (1978). New concepts in technical trading systems.
    """
    return np.asarray(talib.ADX(candles.high, candles.low, candles.close, timeperiod=window))


@feature(family=_FAMILY, unit="-100 to 100", windows=(14,), lookback=lambda w: wilder_memory(w) + 1)
def di_difference(candles: Candles, window: int) -> FloatArray:
    r"""Upward less downward directional indicator.

    .. math:: 100 \frac{W(DM^+) - W(DM^-)}{W(TR)}

    References
    ----------
    .. [1] Wilder, J. W. (1978). New concepts in technical trading systems.
    """
    bars = (candles.high, candles.low, candles.close)
    return np.asarray(talib.PLUS_DI(*bars, timeperiod=window) - talib.MINUS_DI(*bars, timeperiod=window))


@feature(family=_FAMILY, unit="fraction of the price", windows=(14,), lookback=lambda w: wilder_memory(w) + 1)
def normalised_true_range(candles: Candles, window: int) -> FloatArray:
    r"""Average true range by the close.

    .. math:: W(TR) / C

    References
    ----------
    .. [1] Wilder, J. W. (1978). New concepts in technical trading systems.
    """
    return np.asarray(talib.ATR(candles.high, candles.low, candles.close, timeperiod=window) / candles.close)


@feature(family=_FAMILY, unit="0 to 1", windows=(14, 48), lookback=lambda w: w)
def stochastic(candles: Candles, window: int) -> FloatArray:
    r"""Where the close lies in the range of the window; a half for a flat window.

    .. math:: \frac{C_t - \min L}{\max H - \min L}

    References
    ----------
    .. [1] Lane, G. (1984). Lane's stochastics.
    """
    lowest = talib.MIN(candles.low, timeperiod=window)
    return ratio(candles.close - lowest, talib.MAX(candles.high, timeperiod=window) - lowest, neutral=0.5)


@feature(family=_FAMILY, unit="-100 to 0", windows=(28,), lookback=lambda w: w)
def williams_r(candles: Candles, window: int) -> FloatArray:
    r"""Williams' percent range: distance of the close from the top of the window's range; -50 for a flat window.

    .. math:: -100 \frac{\max H - C_t}{\max H - \min L}

    References
    ----------
    .. [1] Williams, L. (1979). How I made one million dollars last year trading commodities.
    """
    highest = talib.MAX(candles.high, timeperiod=window)
    return -100 * ratio(highest - candles.close, highest - talib.MIN(candles.low, timeperiod=window), neutral=0.5)


@feature(family=_FAMILY, unit="mean deviations by 0.015", windows=(20,), lookback=lambda w: w)
def cci(candles: Candles, window: int) -> FloatArray:
    r"""Commodity channel index: distance of the typical price from its mean, in mean deviations.

    .. math:: \frac{P_t - \bar P}{0.015 \cdot \overline{|P - \bar P|}}, \qquad P = (H + L + C) / 3

    References
    ----------
    .. [1] Lambert, D. (1980). Commodity channel index.
    """
    typical = typical_price(candles)
    mean = rolling_sum(typical, window) / window
    return ratio(typical - mean, 0.015 * rolling_mean_deviation(typical, mean, window))


@feature(family=_FAMILY, unit="0 to 100", windows=(14,), lookback=lambda w: w + 1)
def mfi(candles: Candles, window: int) -> FloatArray:
    r"""Money flow index: share of the turnover on candles whose typical price rose; 50 without turnover.

    .. math:: 100 \frac{\sum_{\Delta P > 0} P V}{\sum_{\Delta P \ne 0} P V}

    References
    ----------
    .. [1] Quong, G. and Soudack, A. (1989). Volume-weighted RSI: money flow.
    """
    typical = typical_price(candles)
    change = np.diff(typical, prepend=np.nan)
    flow = typical * candles.volume
    risen = rolling_sum(np.where(change > 0, flow, 0.0), window)
    fallen = rolling_sum(np.where(change < 0, flow, 0.0), window)
    return 100 * ratio(risen, risen + fallen, neutral=0.5)


@feature(family=_FAMILY, unit="-100 to 100", windows=(25,), lookback=lambda w: w + 1)
def aroon(candles: Candles, window: int) -> FloatArray:
    r"""Aroon oscillator: how much more recent the window's high is than its low.

    .. math:: 100 \frac{(\text{candles since the low}) - (\text{candles since the high})}{w}

    References
    ----------
    .. [1] Chande, T. (1995). The time price oscillator.
    """
    return np.asarray(talib.AROONOSC(candles.high, candles.low, timeperiod=window))


@feature(family=_FAMILY, unit="-1 to 1", windows=(1, 8, 24), lookback=lambda w: w)
def close_location(candles: Candles, window: int) -> FloatArray:
    r"""Mean place of the close between low and high: 1 at the high, -1 at the low, 0 for a flat candle.

    .. math:: \overline{\frac{(C - L) - (H - C)}{H - L}}

    References
    ----------
    .. [1] Chaikin, M. (1966). Volume accumulation.
    """
    place = ratio(2 * candles.close - candles.low - candles.high, candles.high - candles.low)
    return rolling_sum(place, window) / window


@feature(family=_FAMILY, unit="-1 to 1", windows=(8,), lookback=lambda w: w)
def wick_imbalance(candles: Candles, window: int) -> FloatArray:
    r"""Lower less upper wicks by the ranges of the window: rejection of low prices is positive.

    .. math:: \frac{\sum (\min(O, C) - L) - (H - \max(O, C))}{\sum (H - L)}

    References
    ----------
    .. [1] Nison, S. (1991). Japanese candlestick charting techniques.
    """
    lower = np.minimum(candles.open, candles.close) - candles.low
    upper = candles.high - np.maximum(candles.open, candles.close)
    return ratio(rolling_sum(lower - upper, window), rolling_sum(candles.high - candles.low, window))


def _typical_price(candles: Candles) -> FloatArray:
    return (candles.high + candles.low + candles.close) / 3


def _average_true_range(candles: Candles) -> FloatArray:
    return np.asarray(talib.ATR(candles.high, candles.low, candles.close, timeperiod=_ATR_WINDOW))
