"""Weights of positions that are left alone: they drift with prices."""

import numba
import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.strategies.view import MarketView

LONGEST_GAP = 500
"""Candles across which a growth is still that of the price; after a longer gap it is taken as 1."""


def growth_factors(view: MarketView) -> FloatArray:
    """Close of each decided row over the one before it, shape ``(len(view), symbols)``; 1 where either is unknown.

    Through a gap the price is the last one known.
    """
    close = _last_known(view.panel.close)
    growth = np.ones(close.shape)
    growth[1:] = close[1:] / close[:-1]
    return np.where(np.isfinite(growth), growth, 1.0)[view.warmup :]


def _last_known(close: FloatArray) -> FloatArray:
    """Close of each row or the last one before it, NaN where that is more than ``LONGEST_GAP`` rows back."""
    rows = np.arange(len(close))[:, None]
    source = np.maximum.accumulate(np.where(np.isnan(close), -1, rows), axis=0)
    known = np.take_along_axis(close, np.maximum(source, 0), axis=0)
    return np.where((source >= 0) & (rows - source <= LONGEST_GAP), known, np.nan)


def drifting_shares(growth: FloatArray, present: BoolArray, equal: BoolArray, held: FloatArray) -> FloatArray:
    r"""Equal shares, bought when first listed, that then drift with prices; shape ``(n, symbols)``.

    .. math:: w_{t,i} = \frac{w_{t-1,i}\, g_{t,i}}{1 - \sum_j w_{t-1,j} + \sum_j w_{t-1,j}\, g_{t,j}}

    The cash of a symbol that is not listed yet waits for it.

    Parameters
    ----------
    growth : ndarray of shape (n, symbols)
        See :func:`growth_factors`.
    present : ndarray of bool, shape (n, symbols)
        Where there is a candle.
    equal : ndarray of bool, shape (n,)
        Rows in which the shares are made equal again: symbols that are not there keep what they have, the others
        share the rest.
    held : ndarray of shape (symbols,)
        Weights before the first row.
    """
    growth, present = np.ascontiguousarray(growth), np.ascontiguousarray(present)
    return np.asarray(_drift(growth, present, equal, held.astype(np.float64)))


@numba.njit(cache=True)
def _drift(growth: FloatArray, present: BoolArray, equal: BoolArray, held: FloatArray) -> FloatArray:
    weights = np.empty(growth.shape)
    for row in range(len(growth)):
        cash, grown, unlisted = 1.0, 0.0, 0
        for column in range(len(held)):
            cash -= held[column]
            held[column] *= growth[row, column]
            grown += held[column]
            unlisted += held[column] == 0.0
        cash = max(cash, 0.0)
        total = cash + grown
        for column in range(len(held)):
            if held[column] != 0.0:
                held[column] /= total
            elif present[row, column] and not equal[row]:
                held[column] = cash / total / unlisted
        if equal[row]:
            _share(present[row], held)
        for column in range(len(held)):
            weights[row, column] = held[column]
    return weights


@numba.njit(cache=True)
def _share(present: BoolArray, held: FloatArray) -> None:
    """Divide what the absent do not hold equally among the present."""
    free, sharing = 1.0, 0
    for column in range(len(held)):
        if present[column]:
            sharing += 1
        else:
            free -= held[column]
    for column in range(len(held)):
        if present[column]:
            held[column] = max(free, 0.0) / sharing
