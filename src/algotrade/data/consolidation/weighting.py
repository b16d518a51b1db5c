"""Candles of several venues as one candle."""

import numpy as np

from algotrade.domain.candles import VALUE_COLUMNS, BoolArray, FloatArray

_VOLUME = VALUE_COLUMNS.index("volume")


def combined(numbers: FloatArray, kept: BoolArray) -> FloatArray:
    r"""Prices weighted by volume, volumes and trades summed, over the venues that are kept.

    .. math:: p = \sum_v \frac{V_v}{\sum_u V_u} p_v, \qquad p \in \{\text{open}, \text{high}, \text{low}, \text{close}\}

    with equal weights where nobody traded. All four prices share their weights, so the order of low, open, close
    and high survives; the consolidated high is thus the venues' typical high and not the highest trade anywhere,
    which one thin venue would make. A sum is NaN where a kept venue does not give its part.

    Parameters
    ----------
    numbers : ndarray of shape (venues, 8, n)
        The value columns of candles, in their order.
    kept : ndarray of bool, shape (venues, n)
        At least one venue a candle.

    Returns
    -------
    ndarray of shape (8, n)

    >>> one, other = [1.0, 2.0, 1.0, 2.0, 30.0, 9.0, 5.0, 15.0], [3.0, 4.0, 3.0, 4.0, 10.0, 8.0, np.nan, 5.0]
    >>> combined(np.array([one, other])[:, :, None], np.ones((2, 1), dtype=bool))[:, 0].tolist()
    [1.5, 2.5, 1.5, 2.5, 40.0, 17.0, nan, 20.0]
    """
    known = np.where(kept[:, None], numbers, 0.0)
    result = _summed(known)
    total, equal = result[_VOLUME], kept / kept.sum(axis=0)
    weights = np.divide(known[:, _VOLUME], total, out=equal, where=total > 0)
    prices = numbers[:, :_VOLUME]
    if not kept.all():
        prices = np.where(kept[:, None], prices, np.nan)
    # Weights add up to 1 only to the last digit; a mean of equal prices is that price.
    lowest, highest = np.fmin.reduce(prices, axis=0), np.fmax.reduce(prices, axis=0)
    np.clip(_summed(weights[:, None] * known[:, :_VOLUME]), lowest, highest, out=result[:_VOLUME])
    return result


def _summed(values: FloatArray) -> FloatArray:
    """Sum over the venues, one after the other: the order of numpy's own sum may depend on the number of candles."""
    total: FloatArray = values[0].copy()
    for of_venue in values[1:]:
        total += of_venue
    return total
