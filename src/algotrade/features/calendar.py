"""When a candle opens (UTC): on circles, so that midnight has no edge, and in the sessions of the world's markets."""

import numpy as np

from algotrade.domain.candles import Candles, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.features.base import feature
from algotrade.features.compilation import compiled
from algotrade.features.derived import clock

_FAMILY = "calendar"
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_WEEK_MS = 7 * _DAY_MS
_UNIT = "-1 to 1"
_FLAG = "0 or 1"


@feature(family=_FAMILY, unit=_UNIT, lookback=1)
def hour_sin(candles: Candles) -> FloatArray:
    r"""Sine of the time of day.

    .. math:: \sin(2 \pi \cdot \text{fraction of the day})

    References
    ----------
    .. [1] Hansen, P., Kim, C. and Kimbrough, W. (2024). Periodicity in cryptocurrency volatility and liquidity.
    """
    return clock(candles, _DAY_MS)[0]


@feature(family=_FAMILY, unit=_UNIT, lookback=1)
def hour_cos(candles: Candles) -> FloatArray:
    r"""Cosine of the time of day.

    .. math:: \cos(2 \pi \cdot \text{fraction of the day})

    References
    ----------
    .. [1] Hansen, P., Kim, C. and Kimbrough, W. (2024). Periodicity in cryptocurrency volatility and liquidity.
    """
    return clock(candles, _DAY_MS)[1]


@feature(family=_FAMILY, unit=_UNIT, lookback=1)
def weekday_sin(candles: Candles) -> FloatArray:
    r"""Sine of the time of week.

    .. math:: \sin(2 \pi \cdot \text{fraction of the week})

    References
    ----------
    .. [1] Caporale, G. and Plastun, A. (2019). The day of the week effect in the cryptocurrency market.
    """
    return clock(candles, _WEEK_MS)[0]


@feature(family=_FAMILY, unit=_UNIT, lookback=1)
def weekday_cos(candles: Candles) -> FloatArray:
    r"""Cosine of the time of week.

    .. math:: \cos(2 \pi \cdot \text{fraction of the week})

    References
    ----------
    .. [1] Caporale, G. and Plastun, A. (2019). The day of the week effect in the cryptocurrency market.
    """
    return clock(candles, _WEEK_MS)[1]


@feature(family=_FAMILY, unit=_FLAG, lookback=1)
def weekend(candles: Candles) -> FloatArray:
    r"""1 for a candle that opens on a Saturday or Sunday.

    .. math:: \mathbb{1}[\text{day of the week} \in \{\text{Saturday}, \text{Sunday}\}]

    References
    ----------
    .. [1] Aharon, D. and Qadan, M. (2019). Bitcoin and the day-of-the-week effect.
    """
    # The epoch was a Thursday.
    return _within(candles.open_time, _WEEK_MS, 2 * _DAY_MS, 4 * _DAY_MS)


@feature(family=_FAMILY, unit=_FLAG, lookback=1)
def asia_session(candles: Candles) -> FloatArray:
    r"""1 for a candle that opens from 00:00 up to, not at, 08:00 UTC: the trading day of Tokyo and Hong Kong.

    .. math:: \mathbb{1}[0 \le \text{hour} < 8]

    References
    ----------
    .. [1] Eross, A., McGroarty, F., Urquhart, A. and Wolfe, S. (2019). The intraday dynamics of bitcoin.
    """
    return _within(candles.open_time, _DAY_MS, 0, 8 * _HOUR_MS)


@feature(family=_FAMILY, unit=_FLAG, lookback=1)
def europe_session(candles: Candles) -> FloatArray:
    r"""1 for a candle that opens from 07:00 up to, not at, 16:00 UTC: the trading day of London and Frankfurt.

    .. math:: \mathbb{1}[7 \le \text{hour} < 16]

    References
    ----------
    .. [1] Eross, A., McGroarty, F., Urquhart, A. and Wolfe, S. (2019). The intraday dynamics of bitcoin.
    """
    return _within(candles.open_time, _DAY_MS, 7 * _HOUR_MS, 16 * _HOUR_MS)


@feature(family=_FAMILY, unit=_FLAG, lookback=1)
def us_session(candles: Candles) -> FloatArray:
    r"""1 for a candle that opens from 13:00 up to, not at, 21:00 UTC: New York's day in summer and in winter time.

    .. math:: \mathbb{1}[13 \le \text{hour} < 21]

    References
    ----------
    .. [1] Eross, A., McGroarty, F., Urquhart, A. and Wolfe, S. (2019). The intraday dynamics of bitcoin.
    """
    return _within(candles.open_time, _DAY_MS, 13 * _HOUR_MS, 21 * _HOUR_MS)


@feature(family=_FAMILY, unit=_UNIT, lookback=1)
def funding_sin(candles: Candles) -> FloatArray:
    r"""Sine of the time to the next settlement of funding, at 00:00, 08:00 and 16:00 UTC.

    .. math:: -\sin(2 \pi \cdot \text{minutes to the settlement} / 480)

    References
    ----------
    .. [1] He, S., Manela, A., Ross, O. and von Wachter, V. (2022). Fundamentals of perpetual futures.
    """
    return clock(candles, 8 * _HOUR_MS)[0]


@feature(family=_FAMILY, unit=_UNIT, lookback=1)
def funding_cos(candles: Candles) -> FloatArray:
    r"""Cosine of the time to the next settlement of funding: 1 at 00:00, 08:00 and 16:00 UTC, -1 half-way.

    .. math:: \cos(2 \pi \cdot \text{minutes to the settlement} / 480)

    References
    ----------
    .. [1] He, S., Manela, A., Ross, O. and von Wachter, V. (2022). Fundamentals of perpetual futures.
    """
    return clock(candles, 8 * _HOUR_MS)[1]


@feature(family=_FAMILY, unit=_UNIT, lookback=1)
def month_turn(candles: Candles) -> FloatArray:
    r"""How near the turn of the month is: 1 at midnight before the first, -1 in the middle of the month.

    .. math:: \cos(2 \pi \cdot \text{fraction of the month})

    References
    ----------
    .. [1] Ariel, R. (1987). A monthly effect in stock returns.
    """
    return _turn_of_month(candles.open_time)


@compiled
def _within(time_ms: IntArray, period_ms: int, start_ms: int, stop_ms: int) -> FloatArray:
    """1 from one time of the period to before another, 0 outside."""
    values = np.empty(len(time_ms))
    for t in range(len(time_ms)):
        place = time_ms[t] % period_ms
        values[t] = 1.0 if start_ms <= place < stop_ms else 0.0
    return values


@compiled
def _turn_of_month(time_ms: IntArray) -> FloatArray:
    """Cosine of the angle that has been covered of the round that a month is."""
    values = np.empty(len(time_ms))
    start, stop = 0, 0
    for t in range(len(time_ms)):
        if not start <= time_ms[t] < stop:
            start, stop = _month_around(time_ms[t] // _DAY_MS)
        values[t] = np.cos(2.0 * np.pi * (time_ms[t] - start) / (stop - start))
    return values


@compiled
def _month_around(day: int) -> tuple[int, int]:
    """Milliseconds at which the month of a day since the epoch begins and ends, in the Gregorian calendar.

    References
    ----------
    .. [1] Hinnant, H. (2013). chrono-compatible low-level date algorithms.
    """
    # Years begin in March here, so that the odd day of a leap year is the last one, and come in eras of 400.
    in_era = (day + 719_468) % 146_097
    year = (in_era - in_era // 1_460 + in_era // 36_524 - in_era // 146_096) // 365
    in_year = in_era - (365 * year + year // 4 - year // 100)
    month = (5 * in_year + 2) // 153
    first = (153 * month + 2) // 5
    leap = 1 if year % 4 == 3 and (year % 100 != 99 or year % 400 == 399) else 0
    days = (153 * (month + 1) + 2) // 5 - first if month != 11 else 28 + leap
    start = day - (in_year - first)
    return start * _DAY_MS, (start + days) * _DAY_MS
