"""Resampled histories keep what neighbours share, and blocks are as long as the literature has them."""

import numpy as np
import pytest

from algotrade.errors import BacktestError
from algotrade.validation.resampling import block_length, resampled_means, stationary_rows


def autoregression(generator: np.random.Generator, count: int, correlation: float) -> np.ndarray:
    noise = generator.normal(size=count)
    values = np.zeros(count)
    for row in range(1, count):
        values[row] = correlation * values[row - 1] + noise[row]
    return values


class TestBlockLength:
    def test_of_a_series_that_other_programs_agree_on(self):
        # The value that Sheppard's arch documents for this series, after Patton's own program.
        noise = np.random.RandomState(0).standard_normal(10_100)
        for row in range(1, len(noise)):
            noise[row] += 0.3 * noise[row - 1]
        assert block_length(noise[100:]) == pytest.approx(13.635665, rel=1e-6)

    @pytest.mark.parametrize("correlation", [0.3, 0.6, -0.4])
    def test_of_an_autoregression_is_that_of_theory(self, correlation):
        # Politis and White (2004): (2 rho / (1 - rho^2))^(2/3) n^(1/3) where rho is all there is to know.
        generator = np.random.default_rng(1)
        found = [block_length(autoregression(generator, 5000, correlation)) for _ in range(15)]
        theory = (2 * abs(correlation) / (1 - correlation**2)) ** (2 / 3) * 5000 ** (1 / 3)
        assert np.median(found) == pytest.approx(theory, rel=0.25)

    def test_of_noise_is_short(self):
        generator = np.random.default_rng(2)
        assert np.median([block_length(generator.normal(size=365)) for _ in range(50)]) < 3.0

    def test_is_bounded_where_the_memory_is_longer_than_the_series(self):
        assert block_length(np.arange(300.0)) <= 3 * np.sqrt(300)

    @pytest.mark.parametrize("values", [np.zeros(0), np.ones(5), np.full(50, 0.01), np.zeros(50)])
    def test_what_says_nothing_is_taken_for_independent(self, values):
        assert block_length(values) == 1.0


class TestStationaryRows:
    def test_blocks_go_on_and_are_as_long_as_asked_for(self):
        rows = stationary_rows(500, 200, 8.0, seed=3)
        goes_on = (rows[:, 1:] == (rows[:, :-1] + 1) % 500).mean()
        assert goes_on == pytest.approx(1 - 1 / 8 + 1 / 8 / 500, abs=0.005)
        assert (rows.min(), rows.max()) == (0, 499)
        counts = np.bincount(rows.ravel(), minlength=500)
        assert counts.std() / counts.mean() < 0.3, "every day is drawn about as often"

    def test_length_one_is_the_ordinary_bootstrap(self):
        rows = stationary_rows(400, 100, 1.0, seed=0)
        assert (rows[:, 1:] == rows[:, :-1] + 1).mean() < 0.01

    def test_the_same_seed_draws_the_same(self):
        np.testing.assert_array_equal(stationary_rows(50, 10, 4.0, 5), stationary_rows(50, 10, 4.0, 5))
        assert (stationary_rows(50, 10, 4.0, 5) != stationary_rows(50, 10, 4.0, 6)).any()
        assert (stationary_rows(50, 10, 4.0, 5) != stationary_rows(50, 10, 4.0, 5, part=1)).any()

    def test_the_error_of_a_mean_is_that_of_dependent_values(self):
        generator = np.random.default_rng(4)
        values = autoregression(generator, 2000, 0.5)
        rows = stationary_rows(2000, 600, block_length(values), 0)
        error = resampled_means(values[:, None], rows).std()
        assert error == pytest.approx(2.0 / np.sqrt(2000), rel=0.25)  # 1 / (1 - 0.5), over the root of n
        assert resampled_means(values[:, None], stationary_rows(2000, 600, 1.0, 0)).std() < 0.75 * error

    def test_means_are_those_of_the_drawn_rows(self):
        values = np.random.default_rng(5).normal(size=(40, 3))
        rows = stationary_rows(40, 7, 3.0, 1)
        np.testing.assert_allclose(resampled_means(values, rows), values[rows].mean(axis=1), rtol=1e-12)

    @pytest.mark.parametrize("asked", [(0, 10, 2.0), (10, 0, 2.0), (10, 10, 0.5), (10, 10, float("nan"))])
    def test_what_cannot_be_drawn_is_refused(self, asked):
        with pytest.raises(BacktestError, match="at least 1"):
            stationary_rows(*asked, seed=0)
