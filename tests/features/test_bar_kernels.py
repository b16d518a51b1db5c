"""The kernels of candles against pandas, against plain loops and against worst cases."""

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import FloatArray
from algotrade.features import bar_kernels


@pytest.fixture(scope="module")
def values() -> FloatArray:
    return np.random.default_rng(1).normal(3.0, 2.0, 211)


@pytest.mark.parametrize("window", [1, 2, 7, 50, 211, 300])
def test_rolling_extremes(values: FloatArray, window: int) -> None:
    others = values[::-1].copy()
    highest, lowest = bar_kernels.rolling_extremes(values, others, window)
    np.testing.assert_array_equal(highest, pd.Series(values).rolling(window).max())
    np.testing.assert_array_equal(lowest, pd.Series(others).rolling(window).min())


@pytest.mark.parametrize("window", [2, 5, 26])
@pytest.mark.parametrize("shape", ["random", "coarse", "rising", "falling", "constant"])
def test_since_highest_counts_from_the_latest_of_equals(values: FloatArray, window: int, shape: str) -> None:
    series = {
        "random": values,
        "coarse": np.round(values),
        "rising": np.arange(211.0),
        "falling": -np.arange(211.0),
        "constant": np.ones(211),
    }[shape]
    since = bar_kernels.since_highest(series, window)
    assert np.isnan(since[: window - 1]).all()
    for t in range(window - 1, len(series)):
        newest_first = series[t - window + 1 : t + 1][::-1]
        assert since[t] == newest_first.argmax()


def test_since_highest_and_lowest_are_mirrors(values: FloatArray) -> None:
    high, low = bar_kernels.since_highest_and_lowest(values, values, 20)
    mirrored_high, mirrored_low = bar_kernels.since_highest_and_lowest(-values, -values, 20)
    np.testing.assert_array_equal(high, mirrored_low)
    np.testing.assert_array_equal(low, mirrored_high)


def test_flow_oscillator_is_that_of_the_running_total(values: FloatArray) -> None:
    total = pd.Series(values).cumsum()
    fast, slow = (total.ewm(span=span, adjust=False).mean() for span in (3, 10))
    oscillation = bar_kernels.flow_oscillator(values, 3, 10)
    np.testing.assert_allclose(oscillation[150:], (fast - slow).iloc[150:], rtol=1e-9)


def test_flow_oscillator_does_not_lose_digits_to_a_large_total() -> None:
    flows = np.append(np.full(5_000, 1e12), np.random.default_rng(2).normal(0.0, 1.0, 400))
    alone = bar_kernels.flow_oscillator(flows[5_000:], 3, 10)
    np.testing.assert_allclose(bar_kernels.flow_oscillator(flows, 3, 10)[-100:], alone[-100:], atol=1e-9)


@pytest.mark.parametrize("kernel", ["mean", "extremes", "shape", "yang_zhang"])
def test_an_outlier_leaves_no_trace_once_it_is_gone(kernel: str, values: FloatArray) -> None:
    def run(series: FloatArray) -> FloatArray:
        return {
            "mean": lambda: bar_kernels.rolling_mean(series, 20),
            "extremes": lambda: np.subtract(*bar_kernels.rolling_extremes(series, series, 20)),
            "shape": lambda: bar_kernels.realised_moments(series, 20)[1],
            "yang_zhang": lambda: bar_kernels.yang_zhang_volatility(series, series, np.abs(series), 20),
        }[kernel]()

    struck = values.copy()
    struck[100] = 1e12
    np.testing.assert_allclose(run(struck)[125:], run(values)[125:], rtol=1e-12)
    assert not np.isclose(run(struck)[110], run(values)[110])


def test_line_distance_is_the_residual_of_a_straight_line(values: FloatArray) -> None:
    series, time = pd.Series(values), np.arange(24.0)
    mean, deviation = series.rolling(24).mean().to_numpy(), series.rolling(24).std().to_numpy()
    slopes = series.rolling(24).apply(lambda window: np.polyfit(time, window, 1)[0], raw=True).to_numpy()
    distances = bar_kernels.line_distance(values, mean, deviation, slopes, 24)
    slope, intercept = np.polyfit(time, values[-24:], 1)
    residuals = values[-24:] - slope * time - intercept
    assert distances[-1] == pytest.approx(residuals[-1] / np.sqrt((residuals**2).sum() / 22), rel=1e-9)


def test_log_share_is_bounded_below_and_even_without_a_whole() -> None:
    part, whole = np.array([1.0, 0.0, 0.0, np.nan]), np.array([4.0, 4.0, 0.0, 1.0])
    shares = bar_kernels.log_share(part, whole, 2.0, 1e-3)
    np.testing.assert_allclose(shares, [np.log(0.5), np.log(1e-3), 0.0, np.nan])


def test_a_deviation_of_nothing_is_nothing() -> None:
    assert (bar_kernels.deviation_index(np.full(60, 0.1), 20)[19:] == 0.0).all()
    skewness, kurtosis = bar_kernels.realised_moments(np.zeros(60), 20)
    assert (skewness[19:] == 0.0).all()
    assert (kurtosis[19:] == 3.0).all()
