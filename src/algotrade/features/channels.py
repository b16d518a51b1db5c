"""Technical indicators of range: where the price lies in its channel, and how wide that is."""

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.bar_kernels import deviation_index, difference_in, rolling_mean
from algotrade.features.base import feature, wilder_memory
from algotrade.features.derived import (
    average_true_range,
    close_moments,
    slow_stochastic_place,
    stochastic_place,
    typical_price,
)
from algotrade.features.kernels import quotient

_FAMILY = "technical"
_FLAT_IS_MIDDLE = "A half for a flat window."


@feature(
    family=_FAMILY, unit="standard deviations", windows=(20, 48), lookback=lambda w: w, missing="0 for a flat window."
)
def bollinger_position(candles: Candles, window: int) -> FloatArray:
    r"""z-score of the close in its window; 0 for a flat window.

    .. math:: \frac{C_t - \bar C}{s_C}

    References
    ----------
    .. [1] Bollinger, J. (2001). Bollinger on Bollinger bands.
    """
    mean, deviation = close_moments(candles, window)
    return difference_in(candles.close, mean, deviation)


@feature(
    family=_FAMILY, unit="fraction of the price", windows=(20,), lookback=lambda w: w, missing="0 for a flat window."
)
def bollinger_width(candles: Candles, window: int) -> FloatArray:
    r"""Width of Bollinger's bands at two standard deviations by their middle.

    .. math:: 4 s_C / \bar C

    References
    ----------
    .. [1] Bollinger, J. (2001). Bollinger on Bollinger bands.
    """
    mean, deviation = close_moments(candles, window)
    return 4 * deviation / mean


@feature(
    family=_FAMILY,
    unit="ratio",
    windows=(20,),
    lookback=lambda w: max(w, wilder_memory(14) + 1),
    missing="0 where the average true range is 0.",
)
def squeeze(candles: Candles, window: int) -> FloatArray:
    r"""Width of Bollinger's bands by that of Keltner's channel: below 1 the market is squeezed.

    .. math:: \frac{2 s_C}{1.5\, ATR_{14}}

    References
    ----------
    .. [1] Carter, J. (2005). Mastering the trade.
    """
    return quotient(close_moments(candles, window)[1], average_true_range(candles, 14), 0.0) * (2 / 1.5)


@feature(
    family=_FAMILY,
    unit="fraction of the price",
    windows=(14,),
    lookback=lambda w: wilder_memory(w) + 1,
    missing="0 when nothing moves.",
)
def normalised_true_range(candles: Candles, window: int) -> FloatArray:
    r"""Average true range by the close.

    .. math:: W(TR) / C

    References
    ----------
    .. [1] Wilder, J. W. (1978). New concepts in technical trading systems.
    """
    return average_true_range(candles, window) / candles.close


@feature(family=_FAMILY, unit="0 to 1", windows=(14, 48), lookback=lambda w: w, missing=_FLAT_IS_MIDDLE)
def stochastic(candles: Candles, window: int) -> FloatArray:
    r"""Where the close lies in the range of the window; a half for a flat window.

    .. math:: \frac{C_t - \min L}{\max H - \min L}

    References
    ----------
    .. [1] Lane, G. (1984). Lane's stochastics.
    """
    return stochastic_place(candles, window)


@feature(family=_FAMILY, unit="0 to 1", windows=(14,), lookback=lambda w: w + 2, missing=_FLAT_IS_MIDDLE)
def slow_stochastic(candles: Candles, window: int) -> FloatArray:
    r"""Slow %K: mean over three candles of where the close lies in the range of its window.

    .. math:: \overline{K}_3, \qquad K_t = \frac{C_t - \min L}{\max H - \min L}

    References
    ----------
    .. [1] Lane, G. (1984). Lane's stochastics.
    """
    return slow_stochastic_place(candles, window)


@feature(family=_FAMILY, unit="-1 to 1", windows=(14,), lookback=lambda w: w + 4, missing="0 for a flat window.")
def stochastic_spread(candles: Candles, window: int) -> FloatArray:
    r"""Slow %K less slow %D, its mean over three candles: positive when the oscillator turns up.

    .. math:: \overline{K}_3 - \overline{\left(\overline{K}_3\right)}_3,
              \qquad K_t = \frac{C_t - \min L}{\max H - \min L}

    References
    ----------
    .. [1] Lane, G. (1984). Lane's stochastics.
    """
    slow = slow_stochastic_place(candles, window)
    return slow - rolling_mean(slow, 3)


@feature(family=_FAMILY, unit="-100 to 0", windows=(28,), lookback=lambda w: w, missing="-50 for a flat window.")
def williams_r(candles: Candles, window: int) -> FloatArray:
    r"""Williams' percent range: distance of the close from the top of the window's range; -50 for a flat window.

    .. math:: -100 \frac{\max H - C_t}{\max H - \min L}

    References
    ----------
    .. [1] Williams, L. (1979). How I made one million dollars last year trading commodities.
    """
    return 100 * (stochastic_place(candles, window) - 1)


@feature(
    family=_FAMILY, unit="mean deviations by 0.015", windows=(20,), lookback=lambda w: w, missing="0 for a flat window."
)
def cci(candles: Candles, window: int) -> FloatArray:
    r"""Commodity channel index: distance of the typical price from its mean, in mean deviations.

    .. math:: \frac{P_t - \bar P}{0.015 \cdot \overline{|P - \bar P|}}, \qquad P = (H + L + C) / 3

    References
    ----------
    .. [1] Lambert, D. (1980). Commodity channel index.
    """
    return deviation_index(typical_price(candles), window) * (1 / 0.015)
