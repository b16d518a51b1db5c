"""Window statistics against pandas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algotrade.strategies.windows import log_returns, window_maximum, window_mean, window_mean_std, window_minimum


@pytest.mark.parametrize("window", [2, 5, 24])
def test_mean_and_deviation_are_those_of_pandas(window):
    generator = np.random.default_rng(1)
    values = generator.normal(9.0, 0.1, (200, 3))
    values[generator.random(values.shape) < 0.1] = np.nan
    mean, deviation = window_mean_std(values, window)
    rolling = pd.DataFrame(values).rolling(window, min_periods=max(2, (window + 1) // 2))
    np.testing.assert_allclose(mean[window - 1 :], rolling.mean()[window - 1 :], rtol=1e-12)
    np.testing.assert_allclose(deviation[window - 1 :], rolling.std()[window - 1 :], rtol=1e-7)
    assert np.isnan(mean[: window - 1]).all()
    np.testing.assert_allclose(window_mean(values, window), mean, rtol=1e-12)


@given(st.integers(0, 1_000), st.integers(2, 30), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_the_same_window_gives_the_same_bits_wherever_it_is_cut(first, window, cut):
    values = np.random.default_rng(2).normal(9.0, 0.1, (100, 2))
    values[20:27, 0] = np.nan
    whole, part = window_mean_std(values, window, first), window_mean_std(values[cut:], window, first + cut)
    known = cut + window - 1
    means = window_mean(values, window, first), window_mean(values[cut:], window, first + cut)
    assert np.array_equal(means[0][known:], means[1][window - 1 :], equal_nan=True)
    assert all(np.array_equal(a[known:], b[window - 1 :], equal_nan=True) for a, b in zip(whole, part, strict=True))


def test_nothing_drifts_after_an_outlier():
    values = np.random.default_rng(3).normal(9.0, 1e-3, (5_000, 1))
    values[100] = 1e9
    mean, deviation = window_mean_std(values, 50)
    rolled = np.lib.stride_tricks.sliding_window_view(values[:, 0], 50)[-4_000:]
    np.testing.assert_allclose(mean[-4_000:, 0], rolled.mean(axis=1), rtol=1e-13)
    np.testing.assert_allclose(deviation[-4_000:, 0], rolled.std(axis=1, ddof=1), rtol=1e-9)


@pytest.mark.parametrize("window", [1, 2, 5, 24, 200])
def test_extremes_are_those_of_pandas(window):
    generator = np.random.default_rng(4)
    values = generator.normal(9.0, 0.1, (150, 3))
    values[generator.random(values.shape) < 0.2] = np.nan
    values[40:90, 1] = np.nan
    rolling = pd.DataFrame(values).rolling(window, min_periods=max(1, (window + 1) // 2))
    for found, expected in (
        (window_maximum(values, window), rolling.max()),
        (window_minimum(values, window), rolling.min()),
    ):
        assert np.array_equal(found[window - 1 :], expected[window - 1 :], equal_nan=True)
        assert np.isnan(found[: window - 1]).all()


def test_log_returns_are_missing_where_a_candle_is():
    returns = log_returns(np.array([[1.0], [np.nan], [np.e], [np.e**2]]))
    assert np.isnan(returns[:3]).all()
    assert returns[3, 0] == pytest.approx(1.0)
    assert np.isnan(log_returns(np.ones((3, 1)), window=5)).all()
