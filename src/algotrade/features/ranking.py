"""Ranks across the symbols of a row, in a time that hardly grows with their number."""

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.features.compilation import compiled

# Up to here counting what is below and above beats sorting.
_COUNTED = 32
_TILE = 64
_ROWS_AT_ONCE = 1_024
_ALL_BUT_SIGN = 0x7FFF_FFFF_FFFF_FFFF


def rank_across(values: FloatArray) -> FloatArray:
    """Share of the row's known values below each, equals counted half; values and ranks of shape ``(n, symbols)``.

    NaN takes no part and has no rank.

    >>> rank_across(np.array([[3.0, 1.0, np.nan, 3.0]])).round(3).tolist()
    [[0.667, 0.167, nan, 0.667]]
    """
    return _by_counting(values) if values.shape[1] <= _COUNTED else _by_sorting(values)


def _by_sorting(values: FloatArray) -> FloatArray:
    n, symbols = values.shape
    bits = (symbols - 1).bit_length()
    ranks = np.empty((symbols, n))
    for first in range(0, n, _ROWS_AT_ONCE):
        keys = np.empty((min(_ROWS_AT_ONCE, n - first), symbols), dtype=np.int64)
        _sortable(values, first, bits, keys)
        # NumPy sorts whole numbers several at a time, and nothing that carries an index along.
        keys.sort(axis=1)
        _rank_sorted(values, first, bits, keys, ranks)
    return ranks.T


@compiled
def _sortable(values: FloatArray, first: int, bits: int, keys: IntArray) -> None:
    """Whole numbers in the order of the values, the column in their last bits; what is not known comes last."""
    rows, symbols = keys.shape
    for column in range(symbols):
        patterns = values[first : first + rows, column].copy().view(np.int64)
        for row in range(rows):
            key = patterns[row] ^ ((patterns[row] >> 63) & _ALL_BUT_SIGN)
            if np.isnan(values[first + row, column]):
                key = _ALL_BUT_SIGN
            keys[row, column] = ((key >> bits) << bits) | column


@compiled
def _rank_sorted(values: FloatArray, first: int, bits: int, keys: IntArray, ranks: FloatArray) -> None:
    rows, symbols = keys.shape
    columns, ordered = np.empty(symbols, dtype=np.int64), np.empty(symbols)
    ranked = np.empty((_TILE, symbols))
    for start in range(0, rows, _TILE):
        count = min(_TILE, rows - start)
        for row in range(count):
            known = _exact_order(values[first + start + row], keys[start + row], bits, columns, ordered)
            _rank_ordered(ordered, columns, known, ranked[row])
        for column in range(symbols):
            for row in range(count):
                ranks[column, first + start + row] = ranked[row, column]


@compiled
def _exact_order(row: FloatArray, keys: IntArray, bits: int, columns: IntArray, ordered: FloatArray) -> int:
    """Put the known values in order; the keys, which lack the last bits of the values, have all but done it."""
    known = 0
    for key in keys:
        column = key & ((1 << bits) - 1)
        value = row[column]
        if np.isnan(value):
            columns[known:] = keys[known:] & ((1 << bits) - 1)
            break
        place = known
        while place > 0 and ordered[place - 1] > value:
            ordered[place], columns[place] = ordered[place - 1], columns[place - 1]
            place -= 1
        ordered[place], columns[place] = value, column
        known += 1
    return known


@compiled
def _rank_ordered(ordered: FloatArray, columns: IntArray, known: int, ranks: FloatArray) -> None:
    first = 0
    while first < known:
        last = first
        while last + 1 < known and ordered[last + 1] == ordered[first]:
            last += 1
        for place in range(first, last + 1):
            ranks[columns[place]] = (first + last + 1) / (2 * known)
        first = last + 1
    for place in range(known, len(columns)):
        ranks[columns[place]] = np.nan


@compiled
def _by_counting(values: FloatArray) -> FloatArray:
    """Rows are looked at several at a time, so that values which lie side by side are read together."""
    n, symbols = values.shape
    ranks = np.empty((symbols, n))
    rows, ranked = np.empty((_TILE, symbols)), np.empty((_TILE, symbols))
    for first in range(0, n, _TILE):
        count = min(_TILE, n - first)
        for column in range(symbols):
            for row in range(count):
                rows[row, column] = values[first + row, column]
        for row in range(count):
            _count(rows[row], ranked[row])
        for column in range(symbols):
            for row in range(count):
                ranks[column, first + row] = ranked[row, column]
    return ranks.T


@compiled
def _count(row: FloatArray, ranks: FloatArray) -> None:
    known = np.int32(0)
    for value in row:
        known += np.int32(not np.isnan(value))
    for k in range(len(row)):
        own, below, above = row[k], np.int32(0), np.int32(0)
        for other in range(len(row)):
            below += np.int32(row[other] < own)
            above += np.int32(row[other] > own)
        ranks[k] = np.nan if np.isnan(own) else (below - above + known) / (2 * known)
