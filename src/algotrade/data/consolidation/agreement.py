"""Which venues stand far from the others at a candle."""

from dataclasses import dataclass

import numpy as np

from algotrade.data.consolidation.settings import ConsolidationSettings
from algotrade.data.consolidation.venues import Venues
from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray

_BPS = 1e4
_NORMAL = 1.4826
"""Times the median absolute deviation is the standard deviation of normal numbers."""


@dataclass(frozen=True)
class Agreement:
    """How far each venue is from the others, and whether it is left out.

    Attributes
    ----------
    deviation_bps : ndarray of shape (venues, n)
        The largest deviation of the venue's four prices, 0 where no other venue has a candle, NaN where the
        venue has none.
    left_out : ndarray of bool, shape (venues, n)
    """

    deviation_bps: FloatArray
    left_out: BoolArray


def agreement(venues: Venues, settings: ConsolidationSettings) -> Agreement:
    r"""Compare the venues candle by candle.

    Each of the four log prices of venue *v* is held against the median of the venues that have the candle:

    .. math:: d_v = |\log p_v - \operatorname{median}_u \log p_u|, \qquad
              d_v > \max(\text{max\_deviation},\; \text{mad\_multiple} \cdot 1.4826 \cdot \operatorname{median}_u d_u)

    and a venue with such a price is left out. Of two venues nobody can tell by the prices which one is wrong: their
    deviation is the distance between them, and if it is above ``max_deviation_bps``, the one with less volume in
    this candle is left out; with equal volumes both stay. A venue alone is believed.
    """
    present = venues.present
    count = present.sum(axis=0)
    log_price = np.log(venues.prices)
    distance = np.abs(log_price - _median(log_price, count))
    spread = _median(distance, count)
    pair = count == 2
    distance *= np.where(pair, 2.0, 1.0)
    least = settings.max_deviation_bps / _BPS
    limit = np.where(pair, least, np.maximum(least, settings.mad_multiple * _NORMAL * spread))
    # A venue without the candle compares as false.
    far = (distance > limit).any(axis=1)
    far &= ~pair | (venues.volume < np.fmax.reduce(venues.volume, axis=0))
    return Agreement(_BPS * distance.max(axis=1), far)


def _median(values: FloatArray, count: IntArray) -> FloatArray:
    """Median over the venues of the values that are not NaN, shape ``(4, n)``; ``count`` says how many there are."""
    ordered = _sorted(np.where(np.isnan(values), np.inf, values))
    return np.asarray((_chosen(ordered, (count - 1) // 2) + _chosen(ordered, count // 2)) / 2)


def _sorted(values: FloatArray) -> FloatArray:
    """The values in ascending order along the first axis, in place.

    Few venues, many candles: whole rows exchange their smaller and larger values, which takes a tenth of the time
    that numpy needs to sort column by column.
    """
    for last in range(len(values) - 1, 0, -1):
        for place in range(last):
            below, above = values[place], values[place + 1]
            smaller = np.minimum(below, above)
            np.maximum(below, above, out=above)
            below[...] = smaller
    return values


def _chosen(ordered: FloatArray, place: IntArray) -> FloatArray:
    """Of each candle, the value at its own place along the first axis."""
    chosen: FloatArray = ordered[0].copy()
    for row in range(1, int(place.max()) + 1):
        np.copyto(chosen, ordered[row], where=place == row)
    return chosen
