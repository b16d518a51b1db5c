"""Technical indicators of single candles: bodies, shadows, where closes lie, and the money that went there."""

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.bar_kernels import (
    bodies_by_ranges,
    body_balance,
    flow_oscillator,
    money_flow_share,
    rolling_mean,
    shadow_balance,
)
from algotrade.features.base import ema_memory, feature
from algotrade.features.derived import close_place, money_flow, typical_price, volume_over
from algotrade.features.kernels import quotient
from algotrade.features.window_formulas import sum_by

_FAMILY = "technical"
_NO_RANGE = "A candle without a range has the value 0."
_NO_RANGES = "0 for a window of candles without a range."


@feature(family=_FAMILY, unit="-1 to 1", windows=(1, 8, 24), lookback=lambda w: w, missing=_NO_RANGE)
def close_location(candles: Candles, window: int) -> FloatArray:
    r"""Mean place of the close between low and high: 1 at the high, -1 at the low, 0 for a flat candle.

    .. math:: \overline{\frac{(C - L) - (H - C)}{H - L}}

    References
    ----------
    .. [1] Chaikin, M. (1966). Volume accumulation.
    """
    place = close_place(candles)
    return place if window == 1 else rolling_mean(place, window)


@feature(family=_FAMILY, unit="-1 to 1", windows=(8,), lookback=lambda w: w, missing=_NO_RANGES)
def wick_imbalance(candles: Candles, window: int) -> FloatArray:
    r"""Lower less upper wicks by the ranges of the window: rejection of low prices is positive.

    .. math:: \frac{\sum (\min(O, C) - L) - (H - \max(O, C))}{\sum (H - L)}

    References
    ----------
    .. [1] Nison, S. (1991). Japanese candlestick charting techniques.
    """
    return shadow_balance(candles.open, candles.high, candles.low, candles.close, window)


@feature(family=_FAMILY, unit="0 to 1", windows=(8,), lookback=lambda w: w, missing=_NO_RANGES)
def body_share(candles: Candles, window: int) -> FloatArray:
    r"""Bodies by ranges of the window: 0 for nothing but shadows, 1 for none.

    .. math:: \frac{\sum |C - O|}{\sum (H - L)}

    References
    ----------
    .. [1] Nison, S. (1991). Japanese candlestick charting techniques.
    """
    return bodies_by_ranges(candles.open, candles.high, candles.low, candles.close, window)


@feature(family=_FAMILY, unit="-1 to 1", windows=(14,), lookback=lambda w: w, missing=_NO_RANGE)
def balance_of_power(candles: Candles, window: int) -> FloatArray:
    r"""Mean balance of power: the body of a candle, with its sign, by the range.

    .. math:: \overline{\frac{C - O}{H - L}}

    References
    ----------
    .. [1] Livshin, I. (2001). Balance of power.
    """
    return body_balance(candles.open, candles.high, candles.low, candles.close, window)


@feature(family=_FAMILY, unit="0 to 100", windows=(14,), lookback=lambda w: w + 1, missing="50 without turnover.")
def mfi(candles: Candles, window: int) -> FloatArray:
    r"""Money flow index: share of the turnover on candles whose typical price rose; 50 without turnover.

    .. math:: 100 \frac{\sum_{\Delta P > 0} P V}{\sum_{\Delta P \ne 0} P V}

    References
    ----------
    .. [1] Quong, G. and Soudack, A. (1989). Volume-weighted RSI: money flow.
    """
    return 100 * money_flow_share(typical_price(candles), candles.volume, window)


@feature(family=_FAMILY, unit="-1 to 1", windows=(20,), lookback=lambda w: w, missing="0 for a window without volume.")
def chaikin_money_flow(candles: Candles, window: int) -> FloatArray:
    r"""Change of the accumulation/distribution line over the window by the volume traded in it.

    .. math:: \frac{\sum V ((C - L) - (H - C)) / (H - L)}{\sum V}

    References
    ----------
    .. [1] Chaikin, M. (1982). Chaikin money flow.
    """
    return sum_by(money_flow(candles), volume_over(candles, window), window, 0.0)


@feature(
    family=_FAMILY,
    unit="mean volumes of 20 candles",
    lookback=ema_memory(10) + 20,
    missing="0 for a window without volume.",
)
def chaikin_oscillator(candles: Candles) -> FloatArray:
    r"""Fast less slow exponential mean of the accumulation/distribution line, by the mean volume.

    .. math:: \frac{EMA_3(A) - EMA_{10}(A)}{\overline{V}_{20}}, \qquad A_t = \sum_{k \le t} V \frac{2C - L - H}{H - L}

    References
    ----------
    .. [1] Chaikin, M. (1982). The Chaikin oscillator.
    """
    return 20 * quotient(flow_oscillator(money_flow(candles), 3, 10), volume_over(candles, 20), 0.0)
