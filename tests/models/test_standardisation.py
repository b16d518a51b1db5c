"""Standardised features are of one size whatever came in."""

import numpy as np

from algotrade.models.standardisation import Standardiser


def test_normal_columns_come_out_standard_normal():
    rows = 7 + 3 * np.random.default_rng(0).standard_normal((20_000, 2))
    scaled = Standardiser.fit(rows, limit=10).transform(rows)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=0.03)


def test_one_spike_does_not_move_the_scale():
    rows = np.random.default_rng(0).standard_normal((1000, 1))
    spiked = rows.copy()
    spiked[0] = 1e9
    calm, moved = Standardiser.fit(rows, limit=5), Standardiser.fit(spiked, limit=5)
    np.testing.assert_allclose(calm.scale, moved.scale, rtol=0.02)
    assert np.abs(moved.transform(spiked)).max() == 5


def test_columns_without_values_or_spread_come_out_as_zeros():
    rows = np.column_stack([np.full(10, np.nan), np.full(10, 3.0)])
    np.testing.assert_array_equal(Standardiser.fit(rows, limit=5).transform(rows), np.zeros((10, 2)))


def test_a_flag_that_is_mostly_off_keeps_a_finite_scale():
    rows = np.zeros((1000, 1))
    rows[:20] = 1.0
    scaled = Standardiser.fit(rows, limit=5).transform(rows)
    assert np.isfinite(scaled).all()
    assert scaled.max() == 5
