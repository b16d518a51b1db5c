"""Correlations of neighbours against their definition, and Lo's Sharpe ratio against his paper."""

import numpy as np
import pytest

from algotrade.domain import performance
from algotrade.domain.autocorrelation import (
    autocorrelations,
    autocovariances,
    bartlett_weights,
    long_run_sum,
    newey_west_lag,
)
from algotrade.domain.sharpe_scaling import aggregation_factor, corrected_sharpe, standard_error


def autoregression(seed: int, count: int, correlation: float, mean: float = 0.0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0.0, 0.01, count)
    values = np.zeros(count)
    for row in range(1, count):
        values[row] = correlation * values[row - 1] + noise[row]
    return values + mean


def test_covariances_are_those_of_the_definition():
    values = autoregression(0, 57, 0.4)
    centred = values - values.mean()
    direct = [np.sum(centred[lag:] * centred[: len(centred) - lag]) / 57 for lag in range(6)]
    np.testing.assert_allclose(autocovariances(values, 5), direct, rtol=1e-10)
    np.testing.assert_allclose(autocorrelations(values, 5), np.array(direct[1:]) / direct[0], rtol=1e-10)
    weights = 1 - np.arange(1, 6) / 6
    assert long_run_sum(centred, 5) == pytest.approx(57 * (direct[0] + 2 * np.sum(weights * direct[1:])))
    np.testing.assert_allclose(bartlett_weights(5), weights)


def test_what_does_not_vary_has_no_correlations():
    assert np.isnan(autocorrelations(np.ones(30), 3)).all()
    assert newey_west_lag(1) == 0


class TestLo2002:
    @pytest.mark.parametrize(
        ("correlation", "periods", "printed"),
        [
            (0.0, 12, 3.46),
            (0.2, 12, 2.88),
            (-0.2, 12, 4.17),
            (0.9, 12, 1.21),
            (0.9, 2, 1.03),
            (0.9, 250, 3.70),
            (0.0, 250, 15.81),
        ],
    )
    def test_scale_factors_of_table_2(self, correlation, periods, printed):
        correlations = correlation ** np.arange(1, periods)
        assert round(aggregation_factor(correlations, periods), 2) == printed

    @pytest.mark.parametrize(
        ("ratio", "observations", "printed"),
        [(0.50, 12, 0.306), (1.00, 60, 0.158), (1.50, 60, 0.188), (3.00, 24, 0.479)],
    )
    def test_standard_errors_of_table_1(self, ratio, observations, printed):
        # Two returns in equal parts have no skewness and a kurtosis of 1, normal ones 3: take quantiles.
        from scipy.stats import norm

        values = norm.ppf((np.arange(200_000) + 0.5) / 200_000)
        many = standard_error(values / values.std() + ratio, lags=0) * np.sqrt(200_000)
        assert round(many / np.sqrt(observations), 3) == pytest.approx(printed, abs=1e-3)


def test_independent_returns_keep_their_sharpe_ratio():
    returns = autoregression(1, 200_000, 0.0, mean=0.0005)
    found = corrected_sharpe(returns)
    assert found.factor == pytest.approx(1.0, abs=0.02)
    assert found.sharpe == pytest.approx(performance.sharpe(returns) * found.factor)


@pytest.mark.parametrize(("correlation", "expected"), [(0.3, np.sqrt(0.7 / 1.3)), (-0.3, np.sqrt(1.3 / 0.7))])
def test_trending_days_flatter_the_sharpe_ratio_and_reverting_ones_hide_it(correlation, expected):
    found = corrected_sharpe(autoregression(2, 100_000, correlation, mean=0.0005), lags=30)
    assert found.factor == pytest.approx(expected, rel=0.03)


def test_the_standard_error_is_what_simulation_shows():
    ratios = [performance.sharpe(autoregression(seed, 400, 0.3, mean=0.001), 1.0) for seed in range(800)]
    errors = [standard_error(autoregression(seed, 400, 0.3, mean=0.001), lags=12) for seed in range(60)]
    assert np.mean(errors) == pytest.approx(np.std(ratios), rel=0.12)


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, 0.01, 0.01], [0.0] * 40])
def test_a_sharpe_ratio_that_is_not_defined_cannot_be_corrected(returns):
    found = corrected_sharpe(returns)
    assert np.isnan([found.sharpe, found.factor, found.standard_error]).all()


def test_impossible_correlations_have_no_factor():
    assert np.isnan(aggregation_factor([-0.9, -0.9], 10))
