"""Scores agree with the references, and the AUC's error with what repetition shows."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn import metrics

from algotrade.domain.candles import from_milliseconds
from algotrade.validation import auc_interval, calibration_table, fold_scores, model_scores, scores

STEP = 3_600_000
START = 1_700_006_400_000


def predictions_of(probability: np.ndarray, forward_return: np.ndarray, horizon: int = 1, fold=0) -> pd.DataFrame:
    """Predictions of shape ``(times, symbols)`` as a frame."""
    count, symbols = probability.shape
    open_time = START + STEP * np.tile(np.arange(count, dtype=np.int64), symbols)
    return pd.DataFrame(
        {
            "model": "m",
            "fold": np.tile(np.broadcast_to(fold, count), symbols),
            "symbol": np.repeat([f"C{column}" for column in range(symbols)], count),
            "open_time": from_milliseconds(open_time),
            "probability": probability.T.ravel(),
            "expected_return": probability.T.ravel() - 0.5,
            "forward_return": forward_return.T.ravel(),
            "known_at": from_milliseconds(open_time + (1 + horizon) * STEP),
        }
    )


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    probability = random.random(500).round(2)  # rounded: ties
    return probability, random.random(500) < probability


def test_scores_agree_with_scikit_learn(sample):
    probability, direction = sample
    assert scores.auc(probability, direction) == pytest.approx(metrics.roc_auc_score(direction, probability))
    assert scores.accuracy(probability, direction) == pytest.approx(
        metrics.accuracy_score(direction, probability > 0.5)
    )
    assert scores.balanced_accuracy(probability, direction) == pytest.approx(
        metrics.balanced_accuracy_score(direction, probability > 0.5)
    )
    assert scores.brier(probability, direction) == pytest.approx(metrics.brier_score_loss(direction, probability))
    safe = np.clip(probability, 1e-7, 1 - 1e-7)
    assert scores.log_loss(safe, direction) == pytest.approx(metrics.log_loss(direction, safe))


def test_the_information_coefficient_is_spearmans(sample):
    probability, _ = sample
    returns = probability + np.random.default_rng(1).standard_normal(500)
    assert scores.information_coefficient(probability, returns) == pytest.approx(spearmanr(probability, returns)[0])
    assert scores.information_coefficient(np.zeros(500), returns) == 0.0


def test_scores_that_need_both_directions_are_nan_without_them():
    rising = np.ones(3, dtype=bool)
    assert np.isnan(scores.auc(np.array([0.1, 0.2, 0.3]), rising))
    assert np.isnan(scores.balanced_accuracy(np.array([0.1, 0.2, 0.3]), rising))


def test_a_certain_and_wrong_forecast_has_a_finite_loss():
    assert 10 < scores.log_loss(np.array([0.0]), np.array([True])) < 20


def test_a_drifting_base_rate_is_not_mistaken_for_knowledge():
    """Each fold forecasts the last fold's base rate: constant within, misleading across folds."""
    direction = np.repeat([0.9, 0.1, 0.9, 0.1], 100) > np.tile(np.linspace(0.005, 0.995, 100), 4)
    rate = np.repeat([0.1, 0.9, 0.1, 0.9], 100)
    returns = np.where(direction, 0.01, -0.01)
    predictions = predictions_of(rate[:, None], returns[:, None], fold=np.repeat([0, 1, 2, 3], 100))
    assert scores.auc(rate, direction) < 0.2
    assert model_scores(predictions)["m"]["auc"] == 0.5
    assert auc_interval(predictions).auc == 0.5


def test_model_scores_are_the_means_of_folds_by_rows(sample):
    probability, direction = sample
    returns = np.where(direction, 0.01, -0.01)
    predictions = predictions_of(probability[:, None], returns[:, None], fold=np.repeat([0, 1], [100, 400]))
    by_fold, overall = fold_scores(predictions), model_scores(predictions)["m"]
    assert by_fold["rows"].tolist() == [100, 400]
    assert (overall["folds"], overall["rows"]) == (2, 500)
    for score in scores.SCORES:
        assert overall[score] == pytest.approx(0.2 * by_fold[score][0] + 0.8 * by_fold[score][1])


def test_calibration_bins_hold_equally_many_and_tell_what_happened():
    random = np.random.default_rng(0)
    probability = random.random((20_000, 1))
    returns = np.where(random.random((20_000, 1)) < probability, 0.01, -0.01)
    table = calibration_table(predictions_of(probability, returns), bins=10)
    assert table["count"].tolist() == [2000] * 10
    assert table["bin"].tolist() == list(range(10))
    np.testing.assert_allclose(table["observed_frequency"], table["mean_probability"], atol=0.04)


def test_a_constant_forecast_has_one_bin():
    table = calibration_table(predictions_of(np.full((50, 1), 0.5), np.ones((50, 1))))
    assert table[["bin", "count"]].to_numpy().tolist() == [[0, 50]]


def test_the_standard_error_of_independent_rows_is_delongs(sample):
    probability, direction = sample
    returns = np.where(direction, 0.01, -0.01)
    interval = auc_interval(predictions_of(probability[:, None], returns[:, None], horizon=1))
    rises, falls = probability[direction], probability[~direction]
    placed = (rises[:, None] > falls) + 0.5 * (rises[:, None] == falls)
    delong = np.sqrt(placed.mean(axis=1).var(ddof=1) / len(rises) + placed.mean(axis=0).var(ddof=1) / len(falls))
    assert interval.auc == pytest.approx(scores.auc(probability, direction))
    assert interval.standard_error == pytest.approx(delong, rel=0.25)


def overlapping(seed: int, times: int = 1200, symbols: int = 4, horizon: int = 12) -> pd.DataFrame:
    """Forecasts that know nothing, of overlapping returns that share a market."""
    random = np.random.default_rng(seed)
    moves = random.standard_normal((times + horizon, 1)) + 0.3 * random.standard_normal((times + horizon, symbols))
    sums = np.cumsum(np.vstack([np.zeros(symbols), moves]), axis=0)
    returns = sums[horizon : horizon + times] - sums[:times]
    slow = np.convolve(random.standard_normal(times + 49), np.ones(50) / 50, mode="valid")[:, None]
    return predictions_of(0.5 + 0.1 * slow + 0.01 * random.standard_normal((times, symbols)), returns, horizon)


def test_the_interval_covers_chance_although_labels_overlap_and_symbols_move_together():
    intervals = [auc_interval(overlapping(seed)) for seed in range(150)]
    covered = np.mean([each.low <= 0.5 <= each.high for each in intervals])
    spread = np.std([each.auc for each in intervals])
    assert 0.88 <= covered <= 1.0
    assert np.mean([each.standard_error for each in intervals]) == pytest.approx(spread, rel=0.3)
    # Rows taken for independent would claim a third of that.
    independent = np.sqrt(1 / (12 * 2400) * 2)
    assert spread > 3 * independent


def test_one_direction_only_has_no_interval():
    interval = auc_interval(predictions_of(np.random.default_rng(0).random((50, 1)), np.ones((50, 1))))
    assert np.isnan(interval.standard_error)
