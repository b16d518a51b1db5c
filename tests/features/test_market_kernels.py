"""The kernels of markets against pandas, and against the drift that they are made to avoid."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import FloatArray
from algotrade.features import market_kernels, panel_kernels

Kernel = Callable[[FloatArray], FloatArray]


@pytest.fixture(scope="module")
def values() -> FloatArray:
    return np.random.default_rng(1).normal(3.0, 2.0, 211)


@pytest.fixture(scope="module")
def block() -> FloatArray:
    """Five series with holes, one of them late, one all unknown."""
    rng = np.random.default_rng(2)
    block = rng.normal(3.0, 2.0, (5, 211))
    block[rng.random(block.shape) < 0.2] = np.nan
    block[3, :90], block[4] = np.nan, np.nan
    return block


@pytest.mark.parametrize("window", [5, 48, 100])
@pytest.mark.parametrize("lag", [0, 1, 3])
def test_rolling_covariance(values: FloatArray, window: int, lag: int) -> None:
    other = 0.5 * np.roll(values, lag) + np.random.default_rng(3).normal(0, 1, len(values))
    correlation, slope, covariance = market_kernels.rolling_covariance(values, other, lag, window)
    x, y = pd.Series(values).shift(lag), pd.Series(other)
    np.testing.assert_allclose(correlation, x.rolling(window).corr(y), rtol=1e-9)
    np.testing.assert_allclose(covariance, x.rolling(window).cov(y), rtol=1e-9)
    np.testing.assert_allclose(slope, x.rolling(window).cov(y) / x.rolling(window).var(), rtol=1e-9)


@pytest.mark.parametrize("window", [6, 24, 96])
def test_largest_bridge(values: FloatArray, window: int) -> None:
    found = market_kernels.largest_bridge(values, window, 6)
    for t in range(window - 1, len(values)):
        own = values[t - window + 1 : t + 1]
        bridge = (np.cumsum(own) - np.arange(1, window + 1) / window * own.sum())[window // 6 - 1 : -1 : window // 6]
        assert found[t] == pytest.approx(bridge[np.abs(bridge).argmax()])


def test_two_starts_of_the_filter_meet() -> None:
    """Whatever came before, after 241 rows it makes less than 1e-10 of a difference."""
    rng = np.random.default_rng(4)
    seen = rng.normal(0, 0.1, 241)
    before = np.full(50, 60.0)
    ends = [market_kernels.two_state_filter(np.r_[sign * before, seen], 0.95)[-1] for sign in (-1, 1)]
    assert ends[0] == pytest.approx(ends[1], abs=1e-10)


@pytest.mark.parametrize("window", [3, 50, 300])
def test_rolling_mean_and_moments_of_what_is_known(block: FloatArray, window: int) -> None:
    minimum = max(window // 2, 1)
    means, variances = panel_kernels.rolling_known(block, window, minimum)
    rolling = pd.DataFrame(block.T).rolling(window, min_periods=minimum)
    np.testing.assert_allclose(means.T[window - 1 :], rolling.mean()[window - 1 :], rtol=1e-9)
    np.testing.assert_allclose(variances.T[window - 1 :], rolling.var(ddof=0)[window - 1 :], rtol=1e-9, atol=1e-12)
    assert np.isnan(means.T[: window - 1]).all()
    np.testing.assert_allclose(panel_kernels.rolling_mean(block, window, minimum), means, rtol=1e-9)


def test_rolling_fit_leaves_out_what_is_not_known(block: FloatArray, values: FloatArray) -> None:
    correlation, slope, residual, excess = panel_kernels.rolling_fit(values, block, 40, 20)
    for series, t in ((0, 60), (1, 100), (2, 210), (3, 200)):
        own, common = block[series, t - 39 : t + 1], values[t - 39 : t + 1]
        known = np.isfinite(own)
        line = np.polyfit(common[known], own[known], 1)
        assert slope[series, t] == pytest.approx(line[0])
        assert correlation[series, t] == pytest.approx(np.corrcoef(common[known], own[known])[0, 1])
        assert residual[series, t] == pytest.approx(np.std(own[known] - np.polyval(line, common[known])))
        assert excess[series, t] == pytest.approx((own[known] - line[0] * common[known]).sum())
    assert np.isnan(slope[4]).all()
    assert np.isnan(slope[3, :100]).all()


def test_across_symbols(block: FloatArray) -> None:
    frame = pd.DataFrame(block)
    means = panel_kernels.mean_across(block)
    np.testing.assert_allclose(means, frame.mean(), rtol=1e-12)
    np.testing.assert_allclose(panel_kernels.deviation_across(block, means), frame.std(ddof=0), rtol=1e-9)
    np.testing.assert_allclose(panel_kernels.sign_across(block), np.sign(frame).mean(), rtol=1e-12)
    largest = panel_kernels.largest_across(block)
    some = frame.notna().any().to_numpy()
    np.testing.assert_array_equal(largest[some], frame.loc[:, some].idxmax())
    assert (largest[~some] == -1).all()
    np.testing.assert_array_equal(panel_kernels.of_each(block, largest), frame.max())


OF_SERIES: dict[str, Kernel] = {
    "covariance": lambda v: market_kernels.rolling_covariance(v, v, 1, 20)[0],
    "slope": lambda v: market_kernels.rolling_covariance(np.sin(3 * v), v, 0, 20)[1],
    "entropy": lambda v: market_kernels.rolling_entropy(np.abs(v), 20),
    "bridge": lambda v: market_kernels.largest_bridge(v, 20, 4),
    "hurst": lambda v: market_kernels.rolling_hurst(v, 12),
    "side impacts": lambda v: market_kernels.side_impacts(v, np.ones(len(v)), 20)[1],
    "known mean": lambda v: panel_kernels.rolling_mean(v[None], 20, 10)[0],
    "known variance": lambda v: panel_kernels.rolling_known(v[None], 20, 10)[1][0],
    "fit": lambda v: panel_kernels.rolling_fit(np.sin(3 * v), v[None], 20, 10)[2][0],
}


@pytest.mark.parametrize("kernel", OF_SERIES.values(), ids=OF_SERIES)
def test_an_outlier_leaves_no_trace_once_it_is_gone(kernel: Kernel, values: FloatArray) -> None:
    struck = values - 3.0
    before = kernel(struck.copy())
    struck[100] = 1e15
    np.testing.assert_allclose(kernel(struck)[125:], before[125:], rtol=1e-9)
    assert not np.allclose(kernel(struck)[100:120], before[100:120])


@pytest.mark.parametrize("kernel", OF_SERIES.values(), ids=OF_SERIES)
def test_what_comes_before_makes_no_difference(kernel: Kernel, values: FloatArray) -> None:
    np.testing.assert_allclose(kernel(values)[70:], kernel(values[37:])[33:], rtol=1e-9, atol=1e-12)
