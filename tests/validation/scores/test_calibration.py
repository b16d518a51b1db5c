"""Calibration as it is: right, too sure, or off; and what chance alone would show."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from algotrade.validation.scores import TimeBlocks, calibration_scores
from algotrade.validation.scores.calibration import equal_bins


@pytest.fixture(scope="module")
def told(make_frame):
    """Forecasts whose true log odds are ``intercept + slope`` times those that they claim."""

    def made(slope: float, intercept: float = 0.0, seed: int = 0, times: int = 2000):
        random = np.random.default_rng(seed)
        odds = 0.8 * random.standard_normal((times, 2))
        rises = random.random((times, 2)) < expit(intercept + slope * odds)
        return make_frame(expit(odds), np.where(rises, 0.01, -0.01), fold=np.repeat([0, 1], times // 2))

    return made


def scores(frame, draws=300):
    return calibration_scores(frame, TimeBlocks.of(frame).resampled(draws))


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.4, 0.0), (1.6, 0.3)])
def test_the_line_is_found_and_its_interval_holds_the_truth(told, slope, intercept):
    found = scores(told(slope, intercept))
    assert found.slope.low < slope < found.slope.high
    assert found.intercept.low < intercept < found.intercept.high
    assert found.slope.high - found.slope.low < 0.5


def test_the_line_is_that_of_a_logistic_regression(told):
    frame = told(0.7, 0.2)
    odds, direction = logit(frame["probability"].to_numpy())[:, None], frame["forward_return"].to_numpy() > 0
    reference = LogisticRegression(C=np.inf, tol=1e-10).fit(odds, direction)
    found = scores(frame)
    assert found.slope.value == pytest.approx(reference.coef_[0, 0], abs=1e-4)
    assert found.intercept.value == pytest.approx(reference.intercept_[0], abs=1e-4)


def test_one_newton_step_is_enough_for_a_draw(told):
    frame = told(0.7, 0.2, times=600)
    resampling = TimeBlocks.of(frame).resampled(40, seed=3)
    error = scores(frame).slope.standard_error
    slopes = []
    for draw in range(40):
        weight = resampling.counts[draw, resampling.cell_of]
        odds, direction = logit(frame["probability"].to_numpy())[:, None], frame["forward_return"].to_numpy() > 0
        slopes.append(LogisticRegression(C=np.inf).fit(odds, direction, weight).coef_[0, 0])
    assert np.std(slopes) == pytest.approx(error, rel=0.35)


def test_the_error_of_a_perfect_forecaster_is_that_by_chance_and_of_a_boaster_far_above(told):
    right, boaster = scores(told(1.0)), scores(told(0.3))
    assert right.error.value < 2 * right.error_by_chance
    assert boaster.error.value > 3 * boaster.error_by_chance
    assert right.error.low >= 0


def test_a_forecast_that_never_changes_within_a_fold_has_no_slope_and_says_why(make_frame):
    random = np.random.default_rng(0)
    rate = np.repeat([0.4, 0.6], 200)[:, None] * np.ones((1, 2))
    found = scores(make_frame(rate, random.standard_normal((400, 2)), fold=np.repeat([0, 1], 200)))
    assert np.isnan(found.slope.value)
    assert found.slope.reason == "all forecasts of a fold are the same"
    assert np.isfinite(found.error.value)


def test_one_direction_and_a_perfect_separation_have_no_slope(make_frame):
    random = np.random.default_rng(0)
    probability = random.random((400, 2))
    assert scores(make_frame(probability, np.ones((400, 2)))).slope.reason == "all rows went the same way"
    parted = scores(make_frame(probability, np.where(probability > 0.5, 0.01, -0.01)))
    assert np.isnan(parted.slope.value)
    assert parted.slope.reason


def test_bins_hold_equally_many_and_keep_equal_values_together():
    values = np.random.default_rng(0).random(1000).round(2)
    bin_of = equal_bins(values, 5)
    assert np.bincount(bin_of).min() > 150
    assert all(len(set(bin_of[values == value])) == 1 for value in set(values))
    assert equal_bins(np.full(10, 0.5), 5).tolist() == [0] * 10
