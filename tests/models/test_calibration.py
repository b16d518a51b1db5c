"""A calibrator keeps order, undoes what clearly is off, and leaves alone what is not."""

import json

import numpy as np
import pytest
from scipy.special import expit, logit

from algotrade.errors import ConfigurationError, ModelError
from algotrade.models.calibration import (
    Calibration,
    CalibrationSettings,
    Identity,
    Isotonic,
    Platt,
    calibrator_from_json,
    fit_calibrator,
)
from algotrade.models.configuration import parse_settings
from algotrade.models.intervals import ReturnInterval

KINDS = [
    Identity(),
    Platt(0.6, 0.1),
    Platt(3.0, -0.2),
    Isotonic((0.2, 0.4, 0.7), (0.3, 0.3, 0.6)),
]
LEVELS = np.concatenate([[0.0, 1e-12], np.linspace(0.001, 0.999, 501), [1 - 1e-12, 1.0]])


def told(slope: float, count: int = 4000, intercept: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts whose true log odds are ``intercept + slope`` times those that they claim, and what came of them."""
    random = np.random.default_rng(seed)
    odds = 0.6 * random.standard_normal(count)
    return expit(odds), random.random(count) < expit(intercept + slope * odds)


def loss(probability: np.ndarray, direction: np.ndarray) -> float:
    return float(-np.log(np.where(direction, probability, 1 - probability)).mean())


@pytest.mark.parametrize("calibrator", KINDS, ids=str)
def test_every_calibrator_keeps_order_stays_a_probability_and_survives_json(calibrator):
    applied = calibrator.apply(LEVELS)
    assert (np.diff(applied) >= 0).all()
    assert ((applied >= 0) & (applied <= 1)).all()
    restored = calibrator_from_json(json.loads(json.dumps(calibrator.to_json())))
    assert restored == calibrator
    np.testing.assert_array_equal(restored.apply(LEVELS), applied)


@pytest.mark.parametrize("calibrator", KINDS, ids=str)
def test_one_probability_alone_is_calibrated_as_among_many_to_the_last_bit(calibrator):
    values = np.random.default_rng(0).random(2000)
    assert [calibrator.apply_one(float(value)) for value in values] == calibrator.apply(values).tolist()


@pytest.mark.parametrize("calibrator", KINDS, ids=str)
def test_a_missing_probability_stays_missing(calibrator):
    assert np.isnan(calibrator.apply(np.array([0.4, np.nan]))).tolist() == [False, True]
    assert np.isnan(calibrator.apply_one(float("nan")))


@pytest.mark.parametrize("slope", [0.2, 0.5, 2.5])
def test_the_line_undoes_what_is_clearly_off(slope):
    probability, direction = told(slope)
    found = fit_calibrator(CalibrationSettings(), probability, direction, labels=4000)
    assert found.slope == pytest.approx(slope, abs=0.15)
    fresh, came = told(slope, seed=1)
    assert loss(found.apply(fresh), came) < loss(fresh, came)


def test_what_is_right_is_mostly_left_alone_and_never_by_much_off():
    found = [fit_calibrator(CalibrationSettings(), *told(1.0, 1500, seed=seed), labels=1500) for seed in range(60)]
    untouched = [each for each in found if each == Identity()]
    # Within one standard error, so two times in three.
    assert 0.5 < len(untouched) / len(found) < 0.85
    assert all(abs(each.slope - 1) < 0.25 for each in found if isinstance(each, Platt))


def test_the_same_rows_convince_less_when_they_overlap():
    probability, direction = told(0.7, 3000)
    slopes = [fit_calibrator(CalibrationSettings(), probability, direction, labels).to_json() for labels in (3000, 40)]
    assert slopes[0]["slope"] < 0.85
    assert slopes[1] == {"kind": "none"}


def test_caution_decides_how_clear_a_finding_has_to_be():
    probability, direction = told(0.7, 3000)
    slopes = [
        fit_calibrator(CalibrationSettings(caution=caution), probability, direction, labels=1000).slope
        for caution in (0.0, 1.0, 4.0)
    ]
    assert slopes[0] < slopes[1] < slopes[2] < 1


def test_the_base_rate_is_moved_only_if_that_is_asked_for():
    probability, direction = told(1.0, intercept=0.5)
    plain, moved = (
        fit_calibrator(CalibrationSettings(intercept=wanted), probability, direction, labels=4000)
        for wanted in (False, True)
    )
    shifts = [logit(each.apply(probability)).mean() - logit(probability).mean() for each in (plain, moved)]
    assert shifts[0] == pytest.approx(0.0, abs=1e-9)
    assert shifts[1] == pytest.approx(0.5, abs=0.12)


def test_a_base_rate_that_is_off_is_not_taken_for_too_much_or_too_little_confidence():
    """All forecasts expect too few rises, but by how much they differ is right."""
    probability, direction = told(1.0, 20_000, intercept=0.6)
    low = expit(logit(probability) - 0.8)
    found = fit_calibrator(CalibrationSettings(caution=0.0), low, direction, labels=20_000)
    assert found.slope == pytest.approx(1.0, abs=0.06)


def test_a_forecast_that_is_turned_around_is_flattened_but_not_turned():
    probability, direction = told(-1.0)
    found = fit_calibrator(CalibrationSettings(), probability, direction, labels=4000)
    assert 0 < found.slope < 0.1


def test_the_staircase_finds_a_bend_that_no_line_has():
    random = np.random.default_rng(0)
    probability = random.uniform(0.05, 0.95, 8000)
    direction = random.random(8000) < np.where(probability > 0.6, 0.7, 0.4)
    found = fit_calibrator(CalibrationSettings("isotonic"), probability, direction, labels=8000)
    assert found.apply_one(0.5) == pytest.approx(0.4, abs=0.05)
    assert found.apply_one(0.8) == pytest.approx(0.7, abs=0.05)
    assert 0 < found.apply_one(0.0) < found.apply_one(1.0) < 1


def test_the_staircase_is_never_certain():
    probability = np.linspace(0.1, 0.9, 100)
    found = fit_calibrator(CalibrationSettings("isotonic"), probability, probability > 0.5, labels=10)
    assert found.apply_one(0.0) == pytest.approx(1 / 12)
    assert found.apply_one(1.0) == pytest.approx(11 / 12)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
@pytest.mark.parametrize(
    ("probability", "direction"),
    [
        (np.zeros(0), np.zeros(0, dtype=bool)),
        (np.full(50, 0.6), np.arange(50) % 2 == 0),
        (np.linspace(0.2, 0.8, 50), np.ones(50, dtype=bool)),
    ],
    ids=["no row", "constant", "one direction"],
)
def test_where_there_is_nothing_to_learn_nothing_is_changed(method, probability, direction):
    assert fit_calibrator(CalibrationSettings(method), probability, direction, labels=5) == Identity()


def test_a_perfect_separation_is_survived():
    probability = np.linspace(0.2, 0.8, 200)
    found = fit_calibrator(CalibrationSettings(caution=0.0), probability, probability > 0.5, labels=200)
    assert np.isfinite(found.apply(probability)).all()


def test_a_staircase_of_one_step_is_none():
    probability = np.linspace(0.2, 0.8, 200)
    assert fit_calibrator(CalibrationSettings("isotonic"), probability, probability < 0.5, labels=200) == Identity()


def test_nothing_is_learned_if_none_is_asked_for():
    assert fit_calibrator(CalibrationSettings("none"), *told(0.2), labels=4000) == Identity()


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": "oracle"},
        {"kind": "platt", "slope": -1.0, "intercept": 0.0},
        {"kind": "platt", "slope": 1.0},
        {"kind": "isotonic", "given": [0.2, 0.1], "observed": [0.1, 0.2]},
        {"kind": "isotonic", "given": [0.1, 0.2], "observed": [0.2, 0.1]},
        {"kind": "isotonic", "given": [0.5], "observed": [0.5]},
    ],
)
def test_what_is_no_calibrator_is_refused(content):
    with pytest.raises(ModelError, match="Train the model again"):
        calibrator_from_json(content)


def test_an_unknown_method_is_refused_at_the_door():
    with pytest.raises(ConfigurationError, match="method"):
        parse_settings(CalibrationSettings, {"method": "beta"}, "calibration")


def test_a_calibration_survives_json():
    whole = Calibration(Platt(0.8, 0.0), ReturnInterval(0.9, 0.02, "realised_volatility_48", 4.5, 0.001))
    assert Calibration.from_json(json.loads(json.dumps(whole.to_json()))) == whole
    assert Calibration.from_json(Calibration().to_json()).is_nothing
    assert not whole.is_nothing


def test_logits_of_calibrated_forecasts_are_a_line_of_those_before():
    np.testing.assert_allclose(logit(Platt(0.5, 0.2).apply(LEVELS[5:-5])), 0.2 + 0.5 * logit(LEVELS[5:-5]), atol=1e-12)
