"""Ranks across symbols, counted and sorted: both are scipy's, with equals, gaps and values that all but touch."""

import numpy as np
import pytest
from scipy.stats import rankdata

from algotrade.domain.candles import FloatArray
from algotrade.features.ranking import rank_across


def by_scipy(values: FloatArray) -> FloatArray:
    known = (~np.isnan(values)).sum(axis=1, keepdims=True)
    ranks = rankdata(values, axis=1, nan_policy="omit")
    return (ranks - 0.5) / np.maximum(known, 1)


@pytest.mark.parametrize("symbols", [1, 2, 5, 31, 32, 33, 64, 65, 200])
def test_ranks_are_scipys(symbols: int) -> None:
    rng = np.random.default_rng(symbols)
    values = np.where(rng.random((1_300, symbols)) < 0.3, 0.0, rng.normal(size=(1_300, symbols)))
    values[rng.random(values.shape) < 0.1] = np.nan
    values[7] = np.nan
    values[8, : symbols // 2] = -0.0
    np.testing.assert_allclose(rank_across(values), by_scipy(values), rtol=1e-14)
    np.testing.assert_array_equal(rank_across(np.asfortranarray(values)), rank_across(values))


@pytest.mark.parametrize("symbols", [8, 100])
def test_values_that_differ_in_their_last_bit_are_told_apart(symbols: int) -> None:
    values = np.empty((1, symbols))
    values[0, 0] = 1.0
    for column in range(1, symbols):
        values[0, column] = np.nextafter(values[0, column - 1], 0.0)
    expected = (np.arange(symbols)[::-1] + 0.5) / symbols
    np.testing.assert_allclose(rank_across(values)[0], expected, rtol=1e-14)


def test_a_nan_of_either_sign_takes_no_part() -> None:
    values = np.arange(80.0)[None]
    values[0, 3], values[0, 60] = np.nan, -np.nan
    values[0, 61] = np.copysign(np.nan, -1.0)
    np.testing.assert_allclose(rank_across(values), by_scipy(values))
