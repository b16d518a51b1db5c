"""Each statistic is what the literature says, and stays defined where there is little to compare."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from algotrade.monitoring.drift.grid import CELLS, Grid
from algotrade.monitoring.drift.joint import Pairs
from algotrade.monitoring.drift.observations import kept
from algotrade.monitoring.drift.statistics import MEASURES, counts_of, of_feature


def measured(reference, window, bins: int = 10) -> dict[str, float]:
    reference, window = np.asarray(reference, dtype=float), np.asarray(window, dtype=float)
    grid = Grid.of(reference, bins)
    counts = (counts_of(grid, values) for values in (reference, window))
    return dict(zip(MEASURES, of_feature(grid, *counts, grid.beyond(window).mean()), strict=True))


SHAPES = {
    "shifted": lambda random: random.normal(0.7, 1, 900),
    "wider": lambda random: random.normal(0, 2.5, 900),
    "heavy tails": lambda random: random.standard_t(2, 900),
    "far away": lambda random: random.normal(30, 1, 900),
    "the same": lambda random: random.normal(0, 1, 900),
    "rounded": lambda random: random.normal(0, 1, 900).round(),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_kolmogorov_smirnov_and_wasserstein_agree_with_scipy(shape):
    random = np.random.default_rng(3)
    reference, window = random.normal(0, 1, 5000), SHAPES[shape](random)

    found = measured(reference, window)

    assert found["ks"] == pytest.approx(ks_2samp(reference, window).statistic, abs=1.01 / CELLS)
    expected = wasserstein_distance(reference, window) / reference.std()
    assert found["wasserstein"] == pytest.approx(expected, rel=0.02, abs=0.01)


def test_the_stability_index_is_the_sum_over_the_deciles_of_the_reference():
    reference, window = np.arange(1000.0), np.repeat(np.arange(0.0, 1000.0, 100.0), [50, 150] + [100] * 8) + 50
    p, q = np.full(10, 0.101 / 1.01), np.array([0.051, 0.151] + [0.101] * 8) / 1.01

    assert measured(reference, window)["psi"] == pytest.approx(((q - p) * np.log(q / p)).sum(), rel=1e-9)


def test_equal_distributions_are_at_no_distance():
    values = np.random.default_rng(0).normal(size=2000)
    assert max(measured(values, values).values()) == pytest.approx(0.0, abs=1e-12)


def test_a_constant_is_compared_with_what_it_became():
    assert set(measured(np.full(500, 3.0), np.full(50, 3.0)).values()) == {0.0}
    for other in (2.0, 4.0):
        found = measured(np.full(500, 3.0), np.full(50, other))
        assert found["ks"] == 1.0
        assert found["psi"] > 3
        assert found["wasserstein"] == pytest.approx(1.0)
    assert measured(np.full(500, 3.0), np.r_[np.full(40, 3.0), np.full(10, 3.0001)])["ks"] == pytest.approx(0.2)


def test_a_feature_that_turns_constant_is_far_even_at_its_own_median():
    found = measured(np.random.default_rng(0).normal(size=2000), np.zeros(300))
    assert found["ks"] == pytest.approx(0.5, abs=0.02)
    assert found["psi"] > 3


def test_an_atom_is_a_cell_of_its_own():
    reference = np.r_[np.zeros(600), np.linspace(-1, 1, 400)]
    found = measured(reference, np.r_[np.full(60, 1e-9), np.linspace(-1, 1, 40)])
    assert found["ks"] == pytest.approx(0.6, abs=0.01)


def test_missing_values_are_compared_and_change_nothing_else():
    random = np.random.default_rng(1)
    reference, window = random.normal(size=2000), random.normal(0.4, 1, 500)
    full = measured(reference, window)
    holed = measured(reference, np.r_[window, np.full(500, np.nan)])
    assert (full["missing"], holed["missing"]) == (0.0, 0.5)
    assert holed["ks"] == pytest.approx(full["ks"])


@pytest.mark.parametrize(("reference", "window"), [(1.0, np.nan), (np.nan, 1.0)])
def test_without_a_value_on_one_side_only_the_missing_share_tells(reference, window):
    assert measured(np.full(100, reference), np.full(50, window)) == {
        "psi": 0.0, "ks": 0.0, "wasserstein": 0.0, "missing": 1.0,
    }  # fmt: skip


def test_the_numbers_of_pairs_are_differences_of_means_and_fisher_transformed_correlations():
    random = np.random.default_rng(5)
    scores = random.normal(size=(3000, 3)) @ np.array([[1.0, 0.6, 0.0], [0.0, 0.8, 0.0], [0.0, 0.0, 1.0]]) + [0, 0, 1]
    pairs = Pairs.of(np.array([0, 1, 2]), most=10)
    numbers = pairs.numbers(pairs.sums(scores, np.array([0, 3000])))[0]
    mean = scores.mean(axis=0)
    np.testing.assert_allclose(numbers[:3], [mean[0] - mean[1], mean[0] - mean[2], mean[1] - mean[2]], atol=1e-9)
    assert np.tanh(numbers[3]) == pytest.approx(np.corrcoef(scores.T)[0, 1], abs=0.02)
    assert numbers[4:] == pytest.approx([0.0, 0.0], abs=0.05)


def test_sums_of_stretches_add_up_to_those_of_all_rows():
    scores = np.random.default_rng(6).normal(size=(50, 4))
    pairs = Pairs.of(np.arange(4), most=10)
    parts = pairs.sums(scores, np.array([0, 20, 20, 50]))
    assert not parts[1].any()
    np.testing.assert_allclose(parts.sum(axis=0), pairs.sums(scores, np.array([0, 50]))[0], atol=1e-9)


def test_many_pairs_are_thinned_evenly_and_one_feature_has_none():
    pairs = Pairs.of(np.arange(40), most=100)
    assert len(pairs) == 100
    assert set(np.concatenate([pairs.first, pairs.second])) == set(range(40))
    assert len(Pairs.of(np.array([7]), most=100)) == 0


def test_a_sample_keeps_whole_candles_of_every_hour():
    candle = np.repeat(np.arange(24 * 2000), 2)
    chosen = kept(candle, 0.1)
    assert chosen.mean() == pytest.approx(0.1, rel=0.05)
    assert (chosen[::2] == chosen[1::2]).all()
    by_hour = np.bincount(candle[chosen] % 24, minlength=24)
    assert by_hour.min() > 0.8 * by_hour.mean()
    assert (kept(candle[5000:], 0.1) == chosen[5000:]).all()
