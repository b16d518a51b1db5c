"""Laws that every registered model keeps; a new one meets them unasked."""

from pathlib import Path

import numpy as np
import pytest

from algotrade.errors import ModelError
from algotrade.models import MODELS, LabelledSamples, Model, Samples, Targets, build_model

# Only to be quick: a model that is not named here is tested with its defaults.
_TINY_LSTM = {"history": 4, "units": 3, "epochs": 1, "batch_size": 256}
_TINY_TREES = {"min_data_in_leaf": 20, "max_rounds": 30, "num_threads": 1}
QUICK = {
    "lightgbm": _TINY_TREES,
    "lstm": _TINY_LSTM,
    "ensemble": {"members": {"lightgbm": _TINY_TREES, "logistic": {}}, "weights": {"lightgbm": 0.7, "logistic": 0.3}},
}
LONGEST_HISTORY = 24


def samples(rows: int, seed: int) -> LabelledSamples:
    random = np.random.default_rng(seed)
    features = random.standard_normal((rows, 4))
    returns = 0.01 * (features[:, 0] + random.standard_normal(rows))
    ends = np.arange(LONGEST_HISTORY - 1, rows)
    return LabelledSamples(Samples(features, ends), Targets.of_returns(returns[ends]))


TRAINING, EARLY_STOPPING, LATER = samples(700, 0), samples(300, 1), samples(300, 2).samples


@pytest.fixture(scope="module", params=list(MODELS))
def unfitted(request) -> Model:
    return build_model(request.param, QUICK.get(request.param, {}))


@pytest.fixture(scope="module")
def fitted(unfitted) -> Model:
    return unfitted.fit(TRAINING, EARLY_STOPPING)


def test_a_forecast_is_a_probability_and_a_finite_return_for_each_sample(fitted):
    forecast = fitted.predict(LATER)
    assert forecast.probability.shape == forecast.expected_return.shape == (len(LATER),)
    assert forecast.probability.dtype == forecast.expected_return.dtype == np.float64
    assert ((forecast.probability > 0) & (forecast.probability < 1)).all()
    assert np.isfinite(forecast.expected_return).all()


def test_a_loaded_model_forecasts_identically_and_keeps_no_pickle(fitted, tmp_path):
    fitted.save(tmp_path)
    loaded = type(fitted).load(tmp_path)
    assert loaded.settings == fitted.settings
    assert (loaded.name, loaded.history) == (fitted.name, fitted.history)
    expected, found = fitted.predict(LATER), loaded.predict(LATER)
    np.testing.assert_array_equal(found.probability, expected.probability)
    np.testing.assert_array_equal(found.expected_return, expected.expected_return)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} <= {".json", ".txt", ".onnx"}


def test_the_same_seed_and_samples_give_the_same_forecasts(fitted, unfitted):
    again = unfitted.fit(TRAINING, EARLY_STOPPING)
    np.testing.assert_allclose(again.predict(LATER).probability, fitted.predict(LATER).probability, atol=1e-7)


def test_one_window_is_forecast_as_among_many(fitted):
    few = LATER.take(np.arange(5))
    forecast = fitted.predict(few)
    for position, window in enumerate(few.windows(fitted.history)):
        expected = (forecast.probability[position], forecast.expected_return[position])
        np.testing.assert_allclose(fitted.predict_one(window), expected, atol=1e-6)


def test_missing_features_are_accepted(fitted):
    windows = LATER.windows(fitted.history)[:20].copy()
    windows[:, :, 1] = np.nan
    assert np.isfinite(fitted.predict(Samples.of_windows(windows)).probability).all()


def test_a_forecast_never_looks_past_the_end_of_its_sample(fitted):
    features = LATER.features.copy()
    features[150:] = 1e3
    earlier = LATER.take(LATER.ends < 150)
    expected = fitted.predict(earlier).probability
    np.testing.assert_array_equal(fitted.predict(Samples(features, earlier.ends)).probability, expected)


def test_fitting_needs_no_early_stopping_samples(unfitted):
    assert len(unfitted.fit(TRAINING).predict(LATER).probability) == len(LATER)


def test_an_unfitted_model_neither_forecasts_nor_saves(unfitted, tmp_path):
    for use in (lambda: unfitted.predict(LATER), lambda: unfitted.save(tmp_path)):
        with pytest.raises(ModelError, match="not fitted"):
            use()


def test_an_empty_folder_is_no_model(unfitted, tmp_path: Path):
    with pytest.raises(ModelError, match="Train the model again"):
        type(unfitted).load(tmp_path)


def test_the_registered_name_is_the_models_own(unfitted):
    assert MODELS[unfitted.name] is type(unfitted)
