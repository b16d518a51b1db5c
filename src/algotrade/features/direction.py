"""Technical indicators of direction: which way new highs and lows lead, and how clearly."""

import numpy as np

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.bar_kernels import cloud_distance
from algotrade.features.base import feature, wilder_memory
from algotrade.features.derived import directional, middle_price, since_extremes

_FAMILY = "technical"
_NEVER_MOVED = "0 when nothing has moved in all the candles that there are."


@feature(
    family=_FAMILY,
    unit="0 to 100",
    windows=(14,),
    lookback=lambda w: wilder_memory(w) + 6 * w,
    missing="Stands still while the price moves in neither direction.",
)
def adx(candles: Candles, window: int) -> FloatArray:
    r"""Average directional index: strength of the trend, whichever its direction.

    .. math:: 100\, W\!\left(\frac{|DI^+ - DI^-|}{DI^+ + DI^-}\right)

    References
    ----------
    .. [1] Wilder, J. W. (1978). New concepts in technical trading systems.
    """
    return directional(candles, window)[2]


@feature(
    family=_FAMILY,
    unit="-100 to 100",
    windows=(14,),
    lookback=lambda w: wilder_memory(w) + 1,
    missing=_NEVER_MOVED,
)
def di_difference(candles: Candles, window: int) -> FloatArray:
    r"""Upward less downward directional indicator.

    .. math:: 100 \frac{W(DM^+) - W(DM^-)}{W(TR)}

    References
    ----------
    .. [1] Wilder, J. W. (1978). New concepts in technical trading systems.
    """
    plus, minus, _ = directional(candles, window)
    return plus - minus


@feature(
    family=_FAMILY,
    unit="0 to 100",
    windows=(7,),
    lookback=lambda w: wilder_memory(w) + 1,
    missing=_NEVER_MOVED,
)
def plus_di(candles: Candles, window: int) -> FloatArray:
    r"""Upward directional indicator: smoothed new highs by the smoothed true range.

    .. math:: 100\, W(DM^+) / W(TR)

    References
    ----------
    .. [1] Wilder, J. W. (1978). New concepts in technical trading systems.
    """
    return directional(candles, window)[0]


@feature(
    family=_FAMILY,
    unit="0 to 100",
    windows=(7,),
    lookback=lambda w: wilder_memory(w) + 1,
    missing=_NEVER_MOVED,
)
def minus_di(candles: Candles, window: int) -> FloatArray:
    r"""Downward directional indicator: smoothed new lows by the smoothed true range.

    .. math:: 100\, W(DM^-) / W(TR)

    References
    ----------
    .. [1] Wilder, J. W. (1978). New concepts in technical trading systems.
    """
    return directional(candles, window)[1]


@feature(
    family=_FAMILY,
    unit="-100 to 100",
    windows=(25,),
    lookback=lambda w: w + 1,
    missing="Of equal highs, and of equal lows, the latest counts: 0 for a flat window.",
)
def aroon(candles: Candles, window: int) -> FloatArray:
    r"""Aroon oscillator: how much more recent the window's high is than its low.

    .. math:: 100 \frac{(\text{candles since the low}) - (\text{candles since the high})}{w}

    References
    ----------
    .. [1] Chande, T. (1995). The time price oscillator.
    """
    since_high, since_low = since_extremes(candles, window + 1)
    return (since_low - since_high) * (100 / window)


@feature(
    family=_FAMILY,
    unit="0 to 100",
    windows=(14,),
    lookback=lambda w: w + 1,
    missing="Of equal highs the latest counts: 100 for a flat window.",
)
def aroon_up(candles: Candles, window: int) -> FloatArray:
    r"""How recent the highest high of the window is: 100 now, 0 a window ago.

    .. math:: 100 \frac{w - (\text{candles since the high})}{w}

    References
    ----------
    .. [1] Chande, T. (1995). The time price oscillator.
    """
    return 100 - since_extremes(candles, window + 1)[0] * (100 / window)


@feature(
    family=_FAMILY,
    unit="0 to 100",
    windows=(14,),
    lookback=lambda w: w + 1,
    missing="Of equal lows the latest counts: 100 for a flat window.",
)
def aroon_down(candles: Candles, window: int) -> FloatArray:
    r"""How recent the lowest low of the window is: 100 now, 0 a window ago.

    .. math:: 100 \frac{w - (\text{candles since the low})}{w}

    References
    ----------
    .. [1] Chande, T. (1995). The time price oscillator.
    """
    return 100 - since_extremes(candles, window + 1)[1] * (100 / window)


@feature(family=_FAMILY, unit="log ratio", lookback=26)
def ichimoku_cross(candles: Candles) -> FloatArray:
    r"""Conversion line over base line of the Ichimoku chart.

    .. math:: \ln(M_9 / M_{26}), \qquad M_w = \tfrac{1}{2} (\max_w H + \min_w L)

    References
    ----------
    .. [1] Hosoda, G. (1969). Ichimoku kinko hyo.
    """
    conversion, base = middle_price(candles, 9), middle_price(candles, 26)
    return np.log(conversion / base)


@feature(family=_FAMILY, unit="log ratio", lookback=78)
def ichimoku_cloud(candles: Candles) -> FloatArray:
    r"""Distance of the close from the middle of the Ichimoku cloud.

    The cloud that lies over a candle was drawn 26 candles before, from the candles up to then.

    .. math:: \ln \frac{C_t}{\tfrac{1}{2} (A_{t-26} + B_{t-26})}, \qquad
              A = \tfrac{1}{2} (M_9 + M_{26}), \quad B = M_{52}, \quad M_w = \tfrac{1}{2} (\max_w H + \min_w L)

    References
    ----------
    .. [1] Hosoda, G. (1969). Ichimoku kinko hyo.
    """
    middles = (middle_price(candles, window) for window in (9, 26, 52))
    return cloud_distance(candles.close, *middles)
