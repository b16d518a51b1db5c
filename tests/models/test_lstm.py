"""The network is the same in Keras and in ONNX, reads its window and nothing else, and can be repeated."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from algotrade.errors import ModelError
from algotrade.models import LabelledSamples, Samples, Targets, build_model
from algotrade.models.onnx_network import OnnxNetwork
from algotrade.models.recurrent_network import (
    KerasNetwork,
    Shape,
    onnx_graph,
    starting_weights,
    train,
)
from algotrade.models.standardisation import Standardiser
from algotrade.validation.scores import auc


@pytest.mark.parametrize(("history", "width", "units"), [(4, 5, 4), (24, 54, 24), (1, 1, 1)])
def test_onnx_forecasts_as_keras_does_for_any_number_of_windows(history, width, units):
    shape, random = Shape(history, width, units, dropout=0.2), np.random.default_rng(0)
    weights = starting_weights(shape, base_rate=0.4, seed=3)
    weights[3] = (20 * random.standard_normal(weights[3].shape)).astype(np.float32)
    keras_network = KerasNetwork(shape, threads=1).network
    keras_network.set_weights(weights)
    windows = random.standard_normal((300, history, width)).astype(np.float32)
    expected = keras_network.predict(windows, verbose=0)[:, 0]
    network = OnnxNetwork(onnx_graph(shape, weights))
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(network(windows), expected, atol=1e-5)
    np.testing.assert_allclose(network(windows[:1]), expected[:1], atol=1e-5)


def test_a_fitted_model_serves_what_keras_was_trained_to(small_lstm, training, held_out, fitted_lstm):
    standardiser = Standardiser.fit(training.samples.last(), small_lstm.settings.limit)
    parts = [small_lstm.sequences(part, standardiser) for part in (training, held_out)]
    shape = small_lstm.shape(5)
    keras_network = KerasNetwork(shape, threads=2)
    keras_network.network.set_weights(train(shape, small_lstm.schedule, *parts, 2))
    windows = standardiser.transform(held_out.samples.windows(4)).astype(np.float32)
    expected = keras_network.network.predict(windows, verbose=0)[:, 0]
    np.testing.assert_allclose(fitted_lstm.predict(held_out.samples).probability, expected, atol=1e-5)


def test_the_same_seed_trains_the_same_network_whatever_was_trained_before(small_lstm, training, held_out):
    again = small_lstm.fit(training, held_out).fitted.network.graph
    other = replace(small_lstm, settings=replace(small_lstm.settings, seed=1)).fit(training, held_out)
    small_lstm.fit(held_out)
    assert small_lstm.fit(training, held_out).fitted.network.graph == again
    assert other.fitted.network.graph != again


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


def test_a_window_that_may_cross_a_gap_or_a_symbol_is_refused(small_lstm, training):
    short = LabelledSamples(replace(training.samples, history=3), training.targets)
    with pytest.raises(ModelError, match="3 rows of one symbol without a gap"):
        small_lstm.fit(short)
    with pytest.raises(ModelError, match="a window of 4"):
        small_lstm.fit(LabelledSamples(Samples(training.samples.features, training.samples.ends - 1), training.targets))


def test_training_ends_at_the_best_epoch_on_the_held_out_sequences(training, held_out):
    turned = LabelledSamples(held_out.samples, Targets.of_returns(-held_out.targets.forward_return))
    settings = {"history": 2, "units": 4, "batch_size": 256, "learning_rate": 0.02, "patience": 2}
    one, many = (build_model("lstm", {**settings, "epochs": epochs}).fit(training, turned) for epochs in (1, 9))
    # Each epoch forecasts the turned samples worse: the first one is the best, and the third one the last.
    assert many.fitted.network.graph == one.fitted.network.graph
    assert (
        build_model("lstm", {**settings, "epochs": 9}).fit(training).fitted.network.graph != many.fitted.network.graph
    )


def test_a_copy_forecasts_alike(fitted_lstm, held_out):
    few = held_out.samples.take(np.arange(5))
    expected = fitted_lstm.predict(few).probability
    np.testing.assert_array_equal(copy.deepcopy(fitted_lstm).predict(few).probability, expected)
