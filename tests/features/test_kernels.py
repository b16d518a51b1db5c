"""The kernels against numpy and pandas, and against the drift that they are made to avoid."""

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import FloatArray
from algotrade.features import kernels


@pytest.fixture(scope="module")
def values() -> FloatArray:
    return np.random.default_rng(1).normal(3.0, 2.0, 211)


def mean_deviation(values: FloatArray, window: int) -> FloatArray:
    return kernels.rolling_mean_deviation(values, kernels.rolling_sum(values, window) / window, window)


def deviation(values: FloatArray, window: int) -> FloatArray:
    return kernels.rolling_moments(values, window)[1]


def trend(values: FloatArray, window: int) -> FloatArray:
    return kernels.rolling_trend(values, window)[1]


def adaptive(values: FloatArray, window: int) -> FloatArray:
    return kernels.adaptive_mean(values, 5, window - 5)


@pytest.mark.parametrize("window", [1, 2, 7, 50, 211, 300])
def test_rolling_sum(values: FloatArray, window: int) -> None:
    expected = pd.Series(values).rolling(window).sum()
    np.testing.assert_allclose(kernels.rolling_sum(values, window), expected, rtol=1e-12)


@pytest.mark.parametrize("window", [2, 7, 50])
def test_rolling_moments(values: FloatArray, window: int) -> None:
    rolling = pd.Series(values).rolling(window)
    mean, deviation = kernels.rolling_moments(values, window)
    np.testing.assert_allclose(mean, rolling.mean(), rtol=1e-12)
    np.testing.assert_allclose(deviation, rolling.std(), rtol=1e-9)


def test_rolling_moments_do_not_mind_a_high_level(values: FloatArray) -> None:
    _, deviation = kernels.rolling_moments(values + 1e9, 20)
    np.testing.assert_allclose(deviation, kernels.rolling_moments((values + 1e9) - 1e9, 20)[1], rtol=1e-9)


@pytest.mark.parametrize("window", [3, 50])
def test_rolling_mean_deviation(values: FloatArray, window: int) -> None:
    expected = pd.Series(values).rolling(window).apply(lambda w: np.abs(w - w.mean()).mean(), raw=True)
    np.testing.assert_allclose(mean_deviation(values, window), expected, rtol=1e-12)


def test_rolling_rank_counts_equals_half(values: FloatArray) -> None:
    coarse = np.round(values)
    expected = pd.Series(coarse).rolling(20).rank(method="average").sub(0.5).div(20)
    np.testing.assert_allclose(kernels.rolling_rank(coarse, 20), expected, rtol=1e-12)


def test_rolling_trend_is_the_t_statistic_of_a_straight_line(values: FloatArray) -> None:
    window, time = values[-24:], np.arange(24.0)
    slope, intercept = np.polyfit(time, window, 1)
    residual = window - slope * time - intercept
    error = np.sqrt((residual**2).sum() / 22 / ((time - time.mean()) ** 2).sum())
    assert kernels.rolling_trend(values, 24)[1][-1] == pytest.approx(slope / error, rel=1e-9)


def test_adaptive_mean_is_talibs_where_both_have_forgotten() -> None:
    """In a trend, where Kaufman's mean is quick, 80 candles are all that matters."""
    import talib

    values = 100.0 + np.cumsum(np.random.default_rng(3).normal(0.5, 0.3, 400))
    expected = talib.KAMA(values, timeperiod=10)
    np.testing.assert_allclose(kernels.adaptive_mean(values, 10, 80)[200:], expected[200:], rtol=1e-6)


@pytest.mark.parametrize("kernel", [kernels.rolling_sum, deviation, mean_deviation, trend, adaptive])
def test_an_outlier_leaves_no_trace_once_it_is_gone(kernel: object, values: FloatArray) -> None:
    struck = values.copy()
    struck[100] = 1e15
    assert callable(kernel)
    np.testing.assert_allclose(kernel(struck, 20)[125:], kernel(values, 20)[125:], rtol=1e-12)
    assert not np.isclose(kernel(struck, 20)[110], kernel(values, 20)[110])


@pytest.mark.parametrize("kernel", [kernels.rolling_sum, deviation, mean_deviation, trend, kernels.rolling_rank])
def test_a_hole_is_unknown_for_exactly_one_window(kernel: object, values: FloatArray) -> None:
    holed = values.copy()
    holed[100] = np.nan
    assert callable(kernel)
    unknown = np.flatnonzero(np.isnan(kernel(holed, 20)))
    assert unknown.tolist() == [*range(19), *range(100, 120)]


@pytest.mark.parametrize("window", [3, 24, 100])
def test_every_row_of_the_trend_is_the_one_of_its_own_window(values: FloatArray, window: int) -> None:
    slopes, statistics = kernels.rolling_trend(values, window)
    for t in range(window - 1, len(values), 13):
        own = kernels.rolling_trend(values[t - window + 1 : t + 1].copy(), window)
        assert (slopes[t], statistics[t]) == pytest.approx((own[0][-1], own[1][-1]), rel=1e-9)


def test_every_row_of_the_adaptive_mean_starts_anew(values: FloatArray) -> None:
    means = kernels.adaptive_mean(values, 10, 80)
    for t in range(89, len(values)):
        mean = values[t - 79]
        for k in range(t - 78, t + 1):
            efficiency = abs(values[k] - values[k - 10]) / np.abs(np.diff(values[k - 10 : k + 1])).sum()
            mean += (efficiency * (2 / 3 - 2 / 31) + 2 / 31) ** 2 * (values[k] - mean)
        assert means[t] == pytest.approx(mean, rel=1e-12) if t >= 90 else True


def test_a_constant_has_no_spread_and_no_trend() -> None:
    constant = np.full(60, 0.1)
    assert (deviation(constant, 7)[6:] == 0).all()
    assert kernels.rolling_trend(np.full(60, 0.5), 24)[1][-1] == 0
