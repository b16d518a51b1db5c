"""Which symbols move together, and trading the gaps between them; compiled."""

from typing import NamedTuple

import numba
import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray

SAME = 1e-6
"""Deviation of the gap below which two standardised prices are the same and rounding is all that is between them."""


class Bounds(NamedTuple):
    """When a pair is traded: deviations of its gap that open and close it, and the candles that it is measured on."""

    entry: float
    leave: float
    stop: float
    window: int


@numba.njit(cache=True)
def closest_pairs(returns: FloatArray, due: BoolArray, window: int, pairs: int, least: float) -> IntArray:
    """Columns of the most correlated pairs of each row, shape ``(n, pairs, 2)``, the smaller column first; -1 for none.

    Chosen in the rows that are due, from the ``window`` returns up to each, every symbol in one pair at most; kept
    until the next. Two symbols are compared where both have at least half of the window's returns in common.

    Parameters
    ----------
    returns : ndarray of shape (symbols, n)
    due : ndarray of bool, shape (n,)
    window : int
    pairs : int
        Largest number of pairs.
    least : float
        Smallest correlation of a pair.
    """
    symbols, rows = returns.shape
    chosen, latest = np.empty((rows, pairs, 2), dtype=np.int64), np.full((pairs, 2), -1)
    likeness = np.empty((symbols, symbols))
    for row in range(rows):
        # The first return needs the row before, so a full window of returns ends at row `window`.
        if due[row] and row >= window:
            for a in range(symbols):
                for b in range(a + 1, symbols):
                    likeness[a, b] = pair_moments(returns[a], returns[b], row, window)[4]
            _choose(likeness, least, latest)
        for place in range(pairs):
            chosen[row, place, 0], chosen[row, place, 1] = latest[place, 0], latest[place, 1]
    return chosen


@numba.njit(cache=True)
def pair_moments(a: FloatArray, b: FloatArray, row: int, window: int) -> tuple[float, float, float, float, float]:
    """Means and standard deviations of two series over their common rows of a window, and their correlation.

    In the order mean, mean, deviation, deviation, correlation; the correlation is NaN where fewer than half of the
    rows are common, or one of the two did not move.
    """
    count, total_a, total_b = 0, 0.0, 0.0
    for past in range(row - window + 1, row + 1):
        if a[past] == a[past] and b[past] == b[past]:  # neither is missing
            count += 1
            total_a += a[past]
            total_b += b[past]
    if count < max(3, (window + 1) // 2):
        return np.nan, np.nan, np.nan, np.nan, np.nan
    mean_a, mean_b, aa, bb, ab = total_a / count, total_b / count, 0.0, 0.0, 0.0
    for past in range(row - window + 1, row + 1):
        if a[past] == a[past] and b[past] == b[past]:
            from_a, from_b = a[past] - mean_a, b[past] - mean_b
            aa += from_a * from_a
            bb += from_b * from_b
            ab += from_a * from_b
    deviation_a, deviation_b = np.sqrt(aa / (count - 1)), np.sqrt(bb / (count - 1))
    correlation = ab / np.sqrt(aa * bb) if aa > 0.0 and bb > 0.0 else np.nan
    return mean_a, mean_b, deviation_a, deviation_b, correlation


@numba.njit(cache=True)
def _choose(likeness: FloatArray, least: float, chosen: IntArray) -> None:
    """Write the most alike pairs, the closest first, no symbol twice."""
    symbols = len(likeness)
    taken = np.zeros(symbols, dtype=np.bool_)
    for place in range(len(chosen)):
        first, second, best = -1, -1, -np.inf
        for a in range(symbols):
            for b in range(a + 1, symbols):
                if not taken[a] and not taken[b] and likeness[a, b] >= least and likeness[a, b] > best:
                    first, second, best = a, b, likeness[a, b]
        chosen[place, 0], chosen[place, 1] = first, second
        if first >= 0:
            taken[first], taken[second] = True, True


@numba.njit(cache=True)
def trade_gaps(prices: FloatArray, watched: IntArray, held: FloatArray, bounds: Bounds) -> FloatArray:
    """Weights of each book after each decision, shape ``(decided, books, symbols)``.

    Positions close first; the widest gaps that are watched then get the books that are free, unless a symbol of
    theirs is held in another.

    Parameters
    ----------
    prices : ndarray of shape (symbols, n)
        Log prices, context included.
    watched : ndarray of shape (decided, pairs, 2)
        See :func:`closest_pairs`; ``pairs`` is the number of books.
    held : ndarray of shape (books, symbols)
        Weights before the first decision.
    bounds : Bounds
    """
    books, symbols = held.shape
    context, share = prices.shape[1] - len(watched), 1.0 / min(books, max(symbols // 2, 1))
    weights, used = np.empty((len(watched), books, symbols)), np.zeros(symbols, dtype=np.bool_)
    for row in range(len(watched)):
        used[:] = False
        for book in range(books):
            _close(prices, context + row, held[book], bounds)
            for column in range(symbols):
                used[column] |= held[book, column] != 0.0
        for book in range(books):
            free = True
            for column in range(symbols):
                free &= held[book, column] == 0.0
            if free:
                _open(prices, context + row, watched[row], (held[book], used, share), bounds)
        for book in range(books):
            for column in range(symbols):
                weights[row, book, column] = held[book, column]
    return weights


@numba.njit(cache=True)
def _gap(a: FloatArray, b: FloatArray, row: int, window: int) -> tuple[float, float, float]:
    """Gap in its own standard deviations, hedge ratio and correlation of two log prices; NaN where not known.

    The gap alone is NaN where one of them has no candle in this row.
    """
    if row < window - 1:
        return np.nan, np.nan, np.nan
    mean_a, mean_b, deviation_a, deviation_b, correlation = pair_moments(a, b, row, window)
    apart = np.sqrt(2.0 * max(1.0 - correlation, 0.0))
    if not apart > SAME:
        return np.nan, np.nan, np.nan
    gap = (a[row] - mean_a) / deviation_a - (b[row] - mean_b) / deviation_b
    return gap / apart, deviation_a / deviation_b, correlation


@numba.njit(cache=True)
def _close(prices: FloatArray, row: int, held: FloatArray, bounds: Bounds) -> None:
    """Empty a book whose gap has closed, has become too wide or is not known any more."""
    first, second = -1, -1
    for column in range(len(held)):
        if held[column] != 0.0:
            first, second = (column, -1) if first < 0 else (first, column)
    if first < 0:
        return
    gap, _, correlation = _gap(prices[first], prices[second], row, bounds.window)
    # As it was bet on: positive, falling to zero.
    open_gap = -gap if held[first] > 0.0 else gap
    if np.isnan(correlation) or open_gap < bounds.leave or open_gap > bounds.stop:
        held[first], held[second] = 0.0, 0.0


@numba.njit(cache=True)
def _open(
    prices: FloatArray, row: int, watched: IntArray, book: tuple[FloatArray, BoolArray, float], bounds: Bounds
) -> None:
    """Put the pair with the widest tradable gap into a free book."""
    held, used, share = book
    first, second, widest, hedge = -1, -1, bounds.entry, np.nan
    side = 0.0
    for place in range(len(watched)):
        a, b = watched[place, 0], watched[place, 1]
        if a < 0 or used[a] or used[b]:
            continue
        gap, ratio, correlation = _gap(prices[a], prices[b], row, bounds.window)
        if widest < abs(gap) <= bounds.stop and correlation > 0.0:
            first, second, widest, hedge = a, b, abs(gap), ratio
            side = -1.0 if gap > 0.0 else 1.0
    if first >= 0:
        used[first], used[second] = True, True
        held[first], held[second] = side * share / (1.0 + hedge), -side * share * hedge / (1.0 + hedge)
