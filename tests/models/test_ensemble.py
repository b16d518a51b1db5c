"""The ensemble is the weighted mean of its members."""

import numpy as np
import pytest
from scipy.special import expit, logit

from algotrade.errors import ModelError
from algotrade.models import build_model

MEMBERS = {"logistic": {}, "majority": {}}


def test_probabilities_blend_in_logit_space_and_expected_returns_as_they_are(training, held_out):
    ensemble = build_model("ensemble", {"members": MEMBERS, "weights": {"logistic": 3.0, "majority": 1.0}})
    fitted = ensemble.fit(training, held_out)
    logistic, majority = (build_model(name).fit(training, held_out).predict(held_out.samples) for name in MEMBERS)
    forecast = fitted.predict(held_out.samples)
    expected = expit(0.75 * logit(logistic.probability) + 0.25 * logit(majority.probability))
    np.testing.assert_allclose(forecast.probability, expected, rtol=1e-12)
    np.testing.assert_allclose(forecast.expected_return, 0.75 * logistic.expected_return, rtol=1e-12)


def test_without_weights_all_members_count_the_same():
    assert build_model("ensemble", {"members": MEMBERS}).weights.tolist() == [0.5, 0.5]


def test_an_unfitted_ensemble_does_not_forecast(held_out):
    with pytest.raises(ModelError, match="not fitted"):
        build_model("ensemble", {"members": MEMBERS}).predict(held_out.samples)


def test_it_needs_the_history_of_its_neediest_member():
    assert build_model("ensemble", {"members": {"lightgbm": {}, "lstm": {"history": 9}}}).history == 9


def test_a_stack_adds_weighted_log_odds_and_an_intercept(training, held_out):
    learned = {"weights": {"logistic": 0.6, "majority": 0.0}, "intercept": 0.05}
    fitted = build_model("ensemble", {"members": MEMBERS, "method": "stack", **learned}).fit(training, held_out)
    logistic = build_model("logistic").fit(training, held_out).predict(held_out.samples)
    forecast = fitted.predict(held_out.samples)
    np.testing.assert_allclose(forecast.probability, expit(0.6 * logit(logistic.probability) + 0.05), rtol=1e-12)
    np.testing.assert_allclose(forecast.expected_return, 0.6 * logistic.expected_return, rtol=1e-12)
    window = held_out.samples.windows(1)[0]
    assert fitted.predict_one(window)[0] == pytest.approx(forecast.probability[0], abs=1e-12)


def test_a_stack_that_trusts_nobody_gives_the_base_rate(training, held_out):
    nothing = {"weights": {"logistic": 0.0, "majority": 0.0}, "intercept": logit(0.45)}
    fitted = build_model("ensemble", {"members": MEMBERS, "method": "stack", **nothing}).fit(training, held_out)
    np.testing.assert_allclose(fitted.predict(held_out.samples).probability, 0.45)
