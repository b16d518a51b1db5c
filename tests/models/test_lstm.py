"""The network is the same in Keras and in ONNX, reads its window and nothing else, and can be repeated."""

import copy

import numpy as np

from algotrade.models import Samples
from algotrade.models.lstm import export_onnx, train_network
from algotrade.models.onnx_network import OnnxNetwork
from algotrade.models.standardisation import Standardiser
from algotrade.validation.scores import auc


def test_onnx_forecasts_as_keras_does_for_any_number_of_windows(small_lstm, training, held_out, fitted_lstm):
    standardiser = Standardiser.fit(training.samples.last(), small_lstm.settings.limit)
    keras_network = train_network(small_lstm.settings, standardiser, training, held_out)
    network = OnnxNetwork(export_onnx(keras_network))
    windows = standardiser.transform(held_out.samples.windows(4))
    expected = keras_network.predict(windows.astype(np.float32), verbose=0)[:, 0]
    np.testing.assert_allclose(network(windows), expected, atol=1e-5)
    np.testing.assert_allclose(network(windows[:1]), expected[:1], atol=1e-5)
    # The same seed and samples made the network of the fixture.
    np.testing.assert_allclose(fitted_lstm.predict(held_out.samples).probability, expected, atol=1e-6)


def test_a_planted_relation_is_found(fitted_lstm, held_out):
    forecast = fitted_lstm.predict(held_out.samples)
    assert auc(forecast.probability, held_out.targets.direction) > 0.65
    assert fitted_lstm.fitted.scale.slope > 0


def test_a_forecast_depends_on_its_window_only(fitted_lstm, held_out):
    windows = held_out.samples.windows(4)[:3].copy()
    longer = np.concatenate([np.full((3, 2, 5), 9.0), windows], axis=1)
    expected = fitted_lstm.predict(Samples.of_windows(windows)).probability
    np.testing.assert_array_equal(fitted_lstm.predict(Samples.of_windows(longer)).probability, expected)
    windows[:, 0] += 1.0
    assert (fitted_lstm.predict(Samples.of_windows(windows)).probability != expected).all()


def test_a_copy_forecasts_alike(fitted_lstm, held_out):
    few = held_out.samples.take(np.arange(5))
    expected = fitted_lstm.predict(few).probability
    np.testing.assert_array_equal(copy.deepcopy(fitted_lstm).predict(few).probability, expected)
