"""Where in the day and the week a candle opens (UTC), on a circle so that midnight has no edge."""

import numpy as np

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features.base import feature

_FAMILY = "calendar"
_DAY_MS = 86_400_000
_WEEK_MS = 7 * _DAY_MS
_UNIT = "-1 to 1"


@feature(family=_FAMILY, unit=_UNIT, lookback=1)
def hour_sin(candles: Candles) -> FloatArray:
    r"""Sine of the time of day.

    .. math:: \sin(2 \pi \cdot \text{fraction of the day})

    References
    ----------
    .. [1] Hansen, P., Kim, C. and Kimbrough, W. (2024). Periodicity in cryptocurrency volatility and liquidity.
    """
    return np.sin(_angle(candles, _DAY_MS))


@feature(family=_FAMILY, unit=_UNIT, lookback=1)
def hour_cos(candles: Candles) -> FloatArray:
    r"""Cosine of the time of day.

    .. math:: \cos(2 \pi \cdot \text{fraction of the day})

    References
    ----------
    .. [1] Hansen, P., Kim, C. and Kimbrough, W. (2024). Periodicity in cryptocurrency volatility and liquidity.
    """
    return np.cos(_angle(candles, _DAY_MS))


@feature(family=_FAMILY, unit=_UNIT, lookback=1)
def weekday_sin(candles: Candles) -> FloatArray:
    r"""Sine of the time of week.

    .. math:: \sin(2 \pi \cdot \text{fraction of the week})

    References
    ----------
    .. [1] Caporale, G. and Plastun, A. (2019). The day of the week effect in the cryptocurrency market.
    """
    return np.sin(_angle(candles, _WEEK_MS))


@feature(family=_FAMILY, unit=_UNIT, lookback=1)
def weekday_cos(candles: Candles) -> FloatArray:
    r"""Cosine of the time of week.

    .. math:: \cos(2 \pi \cdot \text{fraction of the week})

    References
    ----------
    .. [1] Caporale, G. and Plastun, A. (2019). The day of the week effect in the cryptocurrency market.
    """
    return np.cos(_angle(candles, _WEEK_MS))


def _angle(candles: Candles, period_ms: int) -> FloatArray:
    return np.asarray(2 * np.pi * (candles.open_time % period_ms) / period_ms)
