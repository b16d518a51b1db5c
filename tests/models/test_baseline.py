"""The baselines are what their names say."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from algotrade.errors import ModelError
from algotrade.models import LabelledSamples, Samples, Targets, build_model


def test_majority_gives_the_base_rate_and_no_expected_return(training, held_out):
    forecast = build_model("majority").fit(training).predict(held_out.samples)
    assert set(forecast.probability) == {training.targets.direction.mean()}
    assert not forecast.expected_return.any()


def test_logistic_agrees_with_scikit_learn_on_its_standardised_features(training, held_out):
    model = build_model("logistic", {"penalty": 0.01}).fit(training, held_out)
    standardise = model.fitted.standardiser.transform
    reference = LogisticRegression(C=100 / len(training)).fit(
        standardise(training.samples.last()), training.targets.direction
    )
    expected = reference.predict_proba(standardise(held_out.samples.last()))[:, 1]
    np.testing.assert_allclose(model.predict(held_out.samples).probability, expected, atol=1e-9)


def test_logistic_learns_its_scale_from_training_rows_only(training, held_out):
    shifted = LabelledSamples(Samples(held_out.samples.features + 100, held_out.samples.ends), held_out.targets)
    one, other = (build_model("logistic").fit(training, rows).fitted.standardiser for rows in (held_out, shifted))
    np.testing.assert_array_equal(one.centre, other.centre)
    np.testing.assert_array_equal(one.centre, np.median(training.samples.last(), axis=0))


def test_a_missing_feature_counts_as_its_median(training):
    model = build_model("logistic").fit(training)
    row = np.zeros((1, 5))
    filled = row.copy()
    row[0, 2], filled[0, 2] = np.nan, np.median(training.samples.last()[:, 2])
    missing, present = (model.predict(Samples(rows, np.array([0]))).probability for rows in (row, filled))
    np.testing.assert_allclose(missing, present, rtol=1e-12)


def test_logistic_refuses_labels_of_one_direction(training):
    rising = LabelledSamples(training.samples, Targets.of_returns(np.full(len(training), 0.01)))
    with pytest.raises(ModelError, match="same way"):
        build_model("logistic").fit(rising)
