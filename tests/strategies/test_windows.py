"""Window statistics against pandas."""

import numpy as np
import pandas as pd
import pytest

from algotrade.strategies.windows import log_returns, window_mean_std


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


def test_the_same_window_gives_the_same_bits_wherever_it_lies():
    values = np.random.default_rng(2).normal(9.0, 0.1, (100, 2))
    whole, part = window_mean_std(values, 10), window_mean_std(values[40:], 10)
    assert all(np.array_equal(a[49:], b[9:]) for a, b in zip(whole, part, strict=True))


def test_log_returns_are_missing_where_a_candle_is():
    returns = log_returns(np.array([[1.0], [np.nan], [np.e], [np.e**2]]))
    assert np.isnan(returns[:3]).all()
    assert returns[3, 0] == pytest.approx(1.0)
    assert np.isnan(log_returns(np.ones((3, 1)), window=5)).all()
