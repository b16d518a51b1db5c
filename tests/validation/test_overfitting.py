"""The published examples to their digits, and what the corrections do on pure noise."""

import numpy as np
import pytest

from algotrade.errors import BacktestError
from algotrade.validation.overfitting import (
    SharpeSample,
    deflated_sharpe,
    expected_maximum_sharpe,
    independent_trials,
    minimum_track_record,
    probabilistic_sharpe,
    probability_of_backtest_overfitting,
)

DAYS = 250


class TestPublishedExamples:
    def test_deflated_sharpe_of_bailey_and_lopez_de_prado_2014(self):
        sample = SharpeSample(2.5 / np.sqrt(DAYS), observations=1250, skewness=-3.0, kurtosis=10.0)
        variance = 0.5 / DAYS
        assert round(expected_maximum_sharpe(variance, 100), 4) == 0.1132
        assert round(deflated_sharpe(sample, variance, 100), 4) == 0.9004
        # With 46 trials instead of 100 the same discovery would have passed at 95 %.
        assert round(deflated_sharpe(sample, variance, 46), 4) == pytest.approx(0.9505, abs=1e-4)

    def test_probabilistic_sharpe_of_bailey_and_lopez_de_prado_2012(self):
        # Two years of months with an annual Sharpe ratio of 1.585: normal returns would pass at 95 %, these do not.
        assert round(probabilistic_sharpe(SharpeSample(0.458, 24)), 3) == 0.982
        assert round(probabilistic_sharpe(SharpeSample(0.458, 24, -2.448, 10.164)), 3) == 0.913

    @pytest.mark.parametrize(
        ("periods", "skewness", "kurtosis", "years"),
        [(252, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24), (12, -0.72, 5.78, 4.99)],
    )
    def test_track_records_of_bailey_and_lopez_de_prado_2012(self, periods, skewness, kurtosis, years):
        sample = SharpeSample(2.0 / np.sqrt(periods), 1, skewness, kurtosis)
        needed = minimum_track_record(sample, benchmark=1.0 / np.sqrt(periods), confidence=0.95)
        assert round(needed / periods, 2) == years


def test_sample_moments_are_those_of_scipy():
    from scipy import stats

    returns = np.random.default_rng(0).standard_t(5, 500) * 0.01 + 0.001
    sample = SharpeSample.of_returns(returns)
    assert sample.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert sample.skewness == pytest.approx(stats.skew(returns))
    assert sample.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False))


@pytest.mark.parametrize("returns", [np.zeros(50), np.full(50, 0.01), np.array([0.01, 0.02])])
def test_a_sample_without_information_has_no_probability(returns):
    sample = SharpeSample.of_returns(returns)
    assert np.isnan(probabilistic_sharpe(sample))
    assert np.isnan(minimum_track_record(sample))


def test_the_probability_is_uniform_under_no_skill():
    generator = np.random.default_rng(3)
    found = [probabilistic_sharpe(SharpeSample.of_returns(generator.standard_t(6, 400) * 0.01)) for _ in range(400)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.05)
    assert np.mean(np.array(found) > 0.95) == pytest.approx(0.05, abs=0.03)


def test_a_record_of_the_minimum_length_is_just_believed():
    sample = SharpeSample(0.1, 100, -0.5, 5.0)
    needed = minimum_track_record(sample, 0.02, 0.9)
    assert probabilistic_sharpe(SharpeSample(0.1, needed, -0.5, 5.0), 0.02) == pytest.approx(0.9)
    assert minimum_track_record(SharpeSample(0.0, 100), 0.1) == np.inf


def test_expected_maximum_is_what_simulation_shows():
    best = np.random.default_rng(1).normal(0.0, 0.3, (20_000, 50)).max(axis=1).mean()
    assert expected_maximum_sharpe(0.09, 50) == pytest.approx(best, rel=0.02)
    assert expected_maximum_sharpe(0.09, 1) == 0.0


@pytest.mark.parametrize(("variance", "trials"), [(-0.1, 5), (0.1, 0)])
def test_impossible_trials_are_refused(variance, trials):
    with pytest.raises(BacktestError, match="at least one trial"):
        expected_maximum_sharpe(variance, trials)


def test_the_best_of_many_skill_less_trials_is_deflated():
    generator = np.random.default_rng(9)
    fooled, deflated = [], []
    for _ in range(60):
        returns = generator.normal(0.0, 0.01, (500, 40))
        sharpes = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
        sample = SharpeSample.of_returns(returns[:, sharpes.argmax()])
        fooled.append(probabilistic_sharpe(sample) > 0.95)
        deflated.append(deflated_sharpe(sample, sharpes.var(ddof=1), 40) > 0.95)
    assert np.mean(fooled) > 0.7
    assert np.mean(deflated) < 0.1


def test_correlated_trials_count_for_fewer():
    generator = np.random.default_rng(2)
    independent = generator.normal(size=(2000, 10))
    assert independent_trials(independent) == pytest.approx(10.0, abs=0.3)
    copies = np.tile(independent[:, :1], (1, 10))
    assert independent_trials(copies) == pytest.approx(1.0)
    assert independent_trials(np.column_stack([copies, np.zeros(2000)])) == pytest.approx(2.0)


class TestProbabilityOfOverfitting:
    def test_is_a_half_on_noise(self):
        generator = np.random.default_rng(4)
        found = [
            probability_of_backtest_overfitting(generator.normal(0.0, 0.01, (400, 20)), groups=8).probability
            for _ in range(60)
        ]
        assert np.mean(found) == pytest.approx(0.5, abs=0.08)

    def test_is_zero_with_a_planted_edge(self):
        returns = np.random.default_rng(5).normal(0.0, 0.01, (800, 20))
        returns[:, 7] += 0.004
        estimate = probability_of_backtest_overfitting(returns)
        assert estimate.probability < 0.01
        assert (len(estimate.logits), estimate.trials) == (12_870, 20)
        assert (estimate.in_sample_sharpe > 0.2).all()

    def test_equals_the_definition_split_by_split(self):
        from itertools import combinations

        returns = np.random.default_rng(6).normal(0.001, 0.01, (43, 5))
        blocks = np.split(returns[3:], 4)
        logits = []
        for chosen in combinations(range(4), 2):
            inside = np.concatenate([blocks[i] for i in chosen])
            outside = np.concatenate([blocks[i] for i in range(4) if i not in chosen])
            ratios = [part.mean(axis=0) / part.std(axis=0, ddof=1) for part in (inside, outside)]
            rank = (ratios[1] <= ratios[1][ratios[0].argmax()]).sum() / 6
            logits.append(np.log(rank / (1 - rank)))
        estimate = probability_of_backtest_overfitting(returns, groups=4)
        np.testing.assert_allclose(estimate.logits, logits)
        assert estimate.probability == np.mean(np.array(logits) <= 0.0)

    def test_variants_that_never_trade_are_neither_good_nor_bad(self):
        assert (probability_of_backtest_overfitting(np.zeros((100, 5)), groups=4).logits == 0.0).all()

    @pytest.mark.parametrize(("shape", "groups"), [((100, 1), 8), ((100, 5), 7), ((10, 5), 8), ((100, 5), 2)])
    def test_too_little_to_estimate_from_is_refused(self, shape, groups):
        with pytest.raises(BacktestError, match="cannot be estimated"):
            probability_of_backtest_overfitting(np.zeros(shape), groups)
