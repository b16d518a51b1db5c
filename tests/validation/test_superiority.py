"""The reality check and Hansen's test cry wolf as rarely as they promise, and find an edge that is there."""

import numpy as np
import pytest

from algotrade.errors import BacktestError
from algotrade.validation.overfitting import superiority


def panel(seed: int, days: int = 250, variants: int = 12, correlation: float = 0.0) -> np.ndarray:
    """Excess returns without skill that share a market, and remember yesterday by ``correlation``."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(0.0, 0.01, (days + 50, variants)) + generator.normal(0.0, 0.005, (days + 50, 1))
    for row in range(1, len(noise)):
        noise[row] += correlation * noise[row - 1]
    return noise[50:]


def rejections(level: float, simulations: int, **kwargs: float) -> dict[str, float]:
    found = [superiority(panel(seed, **kwargs), draws=200, seed=seed) for seed in range(simulations)]
    return {
        name: float(np.mean([getattr(one, name) <= level for one in found])) for name in ("reality_check", "consistent")
    }


def test_without_skill_one_search_in_ten_is_significant_at_ten_per_cent():
    shares = rejections(0.1, 250)
    assert 0.05 < shares["reality_check"] < 0.16
    assert 0.05 < shares["consistent"] < 0.17


def test_days_that_remember_each_other_do_not_double_that():
    shares = rejections(0.1, 150, days=500, correlation=0.2)
    assert shares["reality_check"] < 0.2
    assert shares["consistent"] < 0.2


@pytest.mark.slow
@pytest.mark.parametrize(("correlation", "most"), [(0.0, 0.125), (0.2, 0.16)])
def test_the_size_in_a_longer_history(correlation, most):
    shares = rejections(0.1, 800, days=730, correlation=correlation)
    assert 0.07 < shares["reality_check"] < most
    assert 0.07 < shares["consistent"] < most


def test_a_planted_edge_is_found():
    hits = []
    for seed in range(60):
        excess = panel(seed)
        excess[:, 3] += 0.0025
        found = superiority(excess, draws=300, seed=seed)
        hits.append(found.consistent < 0.05 and found.reality_check < 0.05 and found.best == 3)
    assert np.mean(hits) > 0.8


def test_hopeless_variants_weaken_the_reality_check_but_not_hansens_test():
    hansen, white = [], []
    for seed in range(40):
        excess = panel(seed, days=300, variants=40)
        excess[:, 0] += 0.002
        excess[:, 1:] = 3.0 * excess[:, 1:] - 0.02  # erratic, and far worse than the benchmark
        found = superiority(excess, draws=300, seed=seed)
        hansen.append(found.consistent)
        white.append(found.reality_check)
    assert np.mean(np.array(hansen) < 0.05) > 0.8
    assert np.mean(np.array(white) < 0.05) < 0.3


def test_the_bounds_enclose_the_consistent_p_value():
    for seed in range(20):
        found = superiority(panel(seed) - 0.0005, draws=200, seed=seed)
        assert found.lower <= found.consistent <= found.upper


def test_variants_that_are_the_benchmark_cannot_beat_it():
    found = superiority(np.zeros((100, 4)))
    assert (found.reality_check, found.consistent, found.variants, found.periods) == (1.0, 1.0, 4, 100)


def test_many_variants_are_tested_part_by_part(monkeypatch):
    import sys

    whole = superiority(panel(1, variants=30), draws=200)
    monkeypatch.setattr(sys.modules["algotrade.validation.overfitting.superiority"], "_AT_ONCE", 7)
    assert superiority(panel(1, variants=30), draws=200) == whole


def test_the_same_seed_finds_the_same():
    assert superiority(panel(1), seed=3) == superiority(panel(1), seed=3)


@pytest.mark.parametrize("excess", [np.zeros((19, 3)), np.zeros((50, 0)), np.zeros(50), np.full((50, 2), np.nan)])
def test_too_little_to_test_is_refused(excess):
    with pytest.raises(BacktestError, match="cannot be tested"):
        superiority(excess)
