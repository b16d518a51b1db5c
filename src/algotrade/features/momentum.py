"""Technical indicators of momentum: how far, how fast and how steadily the price has moved."""

import numpy as np

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.bar_kernels import (
    buying_share,
    net_by_path,
    scaled_by_root,
)
from algotrade.features.base import ema_memory, feature, wilder_memory
from algotrade.features.derived import (
    log_return_over,
    macd_lines,
    relative_strength,
    sum_of_squares,
    true_range,
)
from algotrade.features.ta_lib import EXPONENTIAL, PPO, TRIX
from algotrade.features.window_formulas import gain_of_speed, place_in_range

_FAMILY = "technical"
_STANDS_STILL = "A window in which the close does not move has the value 0."


@feature(family=_FAMILY, unit="log return", windows=(1, 2, 4, 8, 12, 24, 48), lookback=lambda w: w + 1)
def log_return(candles: Candles, window: int) -> FloatArray:
    r"""Rate of change: log return over the window.

    .. math:: \ln(C_t / C_{t-w})

    References
    ----------
    .. [1] Jegadeesh, N. and Titman, S. (1993). Returns to buying winners and selling losers.
    """
    return log_return_over(candles, window)


@feature(
    family=_FAMILY,
    unit="standard deviations",
    windows=(4, 24),
    lookback=lambda w: 2 * w + 1,
    missing=_STANDS_STILL,
)
def scaled_return(candles: Candles, window: int) -> FloatArray:
    r"""Momentum in units of its own risk: return over the window by the volatility of the last two windows.

    .. math:: \frac{\ln(C_t / C_{t-w})}{\sqrt{w \cdot \overline{r^2}_{2w}}}

    References
    ----------
    .. [1] Moskowitz, T., Ooi, Y. and Pedersen, L. (2012). Time series momentum.
    """
    return scaled_by_root(log_return_over(candles, window), sum_of_squares(candles, 2 * window), 0.5)


@feature(family=_FAMILY, unit="standard deviations", windows=(24,), lookback=lambda w: 2 * w + 1, missing=_STANDS_STILL)
def acceleration(candles: Candles, window: int) -> FloatArray:
    r"""Gain of speed: return over the window less the one over the window before, by the volatility of both.

    .. math:: \frac{\ln(C_t / C_{t-w}) - \ln(C_{t-w} / C_{t-2w})}{\sqrt{\sum_{2w} r^2}}

    References
    ----------
    .. [1] Gettleman, E. and Marks, J. (2006). Acceleration strategies.
    """
    recent, both = log_return_over(candles, window), log_return_over(candles, 2 * window)
    return gain_of_speed(recent, both, sum_of_squares(candles, 2 * window))


@feature(
    family=_FAMILY,
    unit="0 to 100",
    windows=(7, 14),
    lookback=wilder_memory,
    missing="0 when nothing has moved in all the candles that there are.",
)
def rsi(candles: Candles, window: int) -> FloatArray:
    r"""Relative strength index: share of the rises in all moves, smoothed by Wilder.

    .. math:: 100 \frac{W(\max(\Delta C, 0))}{W(|\Delta C|)}

    References
    ----------
    .. [1] Wilder, J. W. (1978). New concepts in technical trading systems.
    """
    return relative_strength(candles, window)


@feature(
    family=_FAMILY,
    unit="0 to 1",
    windows=(14,),
    lookback=lambda w: wilder_memory(w) + w,
    missing="A half for a window in which the index stands still.",
)
def stochastic_rsi(candles: Candles, window: int) -> FloatArray:
    r"""Where the relative strength index lies between its extremes of the window.

    .. math:: \frac{RSI_t - \min RSI}{\max RSI - \min RSI}

    References
    ----------
    .. [1] Chande, T. and Kroll, S. (1994). The new technical trader.
    """
    strength = relative_strength(candles, window)
    return place_in_range(strength, strength, strength, window)


@feature(family=_FAMILY, unit="fraction of the price", lookback=ema_memory(26))
def macd(candles: Candles) -> FloatArray:
    r"""Moving average convergence divergence by the price.

    .. math:: \frac{EMA_{12}(C) - EMA_{26}(C)}{C}

    References
    ----------
    .. [1] Appel, G. (2005). Technical analysis: power tools for active investors.
    """
    return macd_lines(candles)[0] / candles.close


@feature(family=_FAMILY, unit="fraction of the price", lookback=ema_memory(26) + 36)
def macd_histogram(candles: Candles) -> FloatArray:
    r"""Distance of the MACD from its own exponential mean, by the price.

    .. math:: \frac{M - EMA_9(M)}{C}, \qquad M = EMA_{12}(C) - EMA_{26}(C)

    References
    ----------
    .. [1] Aspray, T. (1988). MACD momentum.
    """
    return macd_lines(candles)[2] / candles.close


@feature(family=_FAMILY, unit="percent", windows=(13,), lookback=ema_memory)
def ppo(candles: Candles, window: int) -> FloatArray:
    r"""Percentage price oscillator: exponential mean of half a window over that of the window.

    .. math:: 100 \left(\frac{EMA_{\lfloor w / 2 \rfloor}(C)}{EMA_w(C)} - 1\right)

    References
    ----------
    .. [1] Appel, G. (2005). Technical analysis: power tools for active investors.
    """
    return np.asarray(PPO(candles.close, window // 2, window, EXPONENTIAL))


@feature(family=_FAMILY, unit="percent", windows=(9,), lookback=lambda w: 2 * ema_memory(w))
def trix(candles: Candles, window: int) -> FloatArray:
    r"""Change of the triply smoothed close from candle to candle.

    .. math:: 100 \left(\frac{E_t}{E_{t-1}} - 1\right), \qquad E = EMA_w(EMA_w(EMA_w(C)))

    References
    ----------
    .. [1] Hutson, J. (1983). Good TRIX.
    """
    return np.asarray(TRIX(candles.close, window))


@feature(family=_FAMILY, unit="-100 to 100", windows=(20,), lookback=lambda w: w + 1, missing=_STANDS_STILL)
def cmo(candles: Candles, window: int) -> FloatArray:
    r"""Chande's momentum oscillator: net change of the close by the sum of the sizes of its changes.

    .. math:: 100 \frac{C_t - C_{t-w}}{\sum |\Delta C|}

    References
    ----------
    .. [1] Chande, T. and Kroll, S. (1994). The new technical trader.
    """
    return 100 * net_by_path(candles.close, window)


@feature(
    family=_FAMILY, unit="0 to 100", lookback=29, missing="A window in which nothing moves counts as balanced, a half."
)
def ultimate_oscillator(candles: Candles) -> FloatArray:
    r"""Buying pressure by the true range over 7, 14 and 28 candles, the shorter weighing more.

    .. math:: 100 \frac{4 A_7 + 2 A_{14} + A_{28}}{7}, \qquad
              A_w = \frac{\sum_w C_t - \min(L_t, C_{t-1})}{\sum_w \max(H_t, C_{t-1}) - \min(L_t, C_{t-1})}

    References
    ----------
    .. [1] Williams, L. (1985). The ultimate oscillator.
    """
    return 100 * buying_share(candles.low, candles.close, true_range(candles))
