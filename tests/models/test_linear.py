"""The linear models agree with scikit-learn, and their probabilities with what came true."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import Ridge as RidgeRegression

from algotrade.models import LabelledSamples, Samples, Targets, build_model
from algotrade.validation.scores import log_loss

LINEAR = ("logistic", "ridge")


def weighted(samples: LabelledSamples, seed: int = 0) -> LabelledSamples:
    weight = np.random.default_rng(seed).exponential(size=len(samples))
    return LabelledSamples(samples.samples, Targets.of_returns(samples.targets.forward_return, weight / weight.mean()))


def test_logistic_agrees_with_scikit_learn_on_its_standardised_features(training, held_out):
    training = weighted(training)
    model = build_model("logistic", {"penalty": 0.01}).fit(training, held_out)
    standardise = model.fitted.score.standardiser.transform
    reference = LogisticRegression(C=100 / len(training)).fit(
        standardise(training.samples.last()), training.targets.direction, sample_weight=training.targets.weight
    )
    expected = reference.predict_proba(standardise(held_out.samples.last()))[:, 1]
    np.testing.assert_allclose(model.predict(held_out.samples).probability, expected, atol=1e-9)


def test_ridge_agrees_with_scikit_learn_on_its_standardised_features(training, held_out):
    training = weighted(training)
    model = build_model("ridge", {"penalty": 0.02}).fit(training, held_out)
    standardise = model.fitted.score.standardiser.transform
    reference = RidgeRegression(alpha=0.02 * len(training)).fit(
        standardise(training.samples.last()), training.targets.target, sample_weight=training.targets.weight
    )
    expected = reference.predict(standardise(held_out.samples.last()))
    np.testing.assert_allclose(model.fitted.score(held_out.samples.last()), expected, atol=1e-9)


def test_ridge_learns_the_target_and_is_steep_by_the_forward_return(training, held_out):
    scaled = Targets.of_returns(training.targets.forward_return, target=100 * training.targets.forward_return)
    plain, other = (
        build_model("ridge").fit(LabelledSamples(training.samples, targets), held_out)
        for targets in (training.targets, scaled)
    )
    np.testing.assert_allclose(other.fitted.score.coefficients, 100 * plain.fitted.score.coefficients, rtol=1e-9)
    expected, found = (model.predict(held_out.samples) for model in (plain, other))
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-5)
    np.testing.assert_allclose(found.expected_return, expected.expected_return, atol=1e-7)


@pytest.mark.parametrize(("rows", "loss"), [(30, 0.02), (590, 0.005)])
def test_a_ridge_score_becomes_a_probability_that_loses_little_to_the_truth(training, held_out, rows, loss):
    model = build_model("ridge").fit(training, held_out.take(np.arange(rows)))
    random = np.random.default_rng(5)
    features = random.standard_normal((20_000, 5))
    # The samples of `planted`: one deviation of signal, one of noise.
    returns = 0.01 * (features[:, 0] + random.standard_normal(20_000))
    probability = model.predict(Samples(features, np.arange(20_000))).probability
    truth = expit(1.702 * features[:, 0])  # the logistic curve nearest to the normal one
    assert log_loss(probability, returns > 0) < log_loss(truth, returns > 0) + loss


def test_held_out_rows_that_contradict_ridge_never_turn_it_around(training, held_out):
    turned = LabelledSamples(held_out.samples, Targets.of_returns(-held_out.targets.forward_return))
    model = build_model("ridge").fit(training, turned)
    forecast = model.predict(held_out.samples)
    assert model.fitted.link.slope >= 0
    np.testing.assert_allclose(forecast.probability, training.targets.direction.mean(), atol=1e-3)


@pytest.mark.parametrize("name", LINEAR)
def test_the_scale_is_learned_from_training_rows_only(training, held_out, name):
    shifted = LabelledSamples(Samples(held_out.samples.features + 100, held_out.samples.ends), held_out.targets)
    one, other = (build_model(name).fit(training, rows).fitted.score.standardiser for rows in (held_out, shifted))
    np.testing.assert_array_equal(one.centre, other.centre)
    np.testing.assert_array_equal(one.centre, np.median(training.samples.last(), axis=0))


@pytest.mark.parametrize("name", LINEAR)
def test_a_missing_feature_counts_as_its_median(training, name):
    model = build_model(name).fit(training)
    row = np.zeros((1, 5))
    filled = row.copy()
    row[0, 2], filled[0, 2] = np.nan, np.median(training.samples.last()[:, 2])
    missing, present = (model.predict(Samples(rows, np.array([0]))).probability for rows in (row, filled))
    np.testing.assert_allclose(missing, present, rtol=1e-12)
