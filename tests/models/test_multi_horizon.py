"""One model, several horizons: each is what its family alone would forecast over it."""

from dataclasses import replace

import numpy as np
import pytest

from algotrade.errors import ConfigurationError, ModelError
from algotrade.models import LabelledSamples, Targets, build_model
from algotrade.models.multi_horizon import MultiHorizon

SETTINGS = {"lightgbm": {"min_data_in_leaf": 20, "max_rounds": 20, "num_threads": 1}, "logistic": {}}


def with_further(labelled: LabelledSamples, seed: int) -> LabelledSamples:
    """Over 24 candles the second feature tells the return, over 2 none does."""
    random = np.random.default_rng(seed)
    features = labelled.samples.last()
    further = {2: random.standard_normal(len(labelled)), 24: features[:, 1] + random.standard_normal(len(labelled))}
    return replace(labelled, targets=replace(labelled.targets, further=further))


@pytest.fixture(scope="module")
def parts(training, held_out) -> tuple[LabelledSamples, LabelledSamples]:
    return with_further(training, 0), with_further(held_out, 1)


@pytest.mark.parametrize("family", sorted(SETTINGS))
def test_every_horizon_is_forecast_as_its_family_alone_would(parts, family):
    settings = {"family": family, "settings": SETTINGS[family], "horizon": 8}
    fitted = build_model("multi_horizon", settings).fit(*parts)
    samples = parts[1].samples
    forecasts = fitted.predict_horizons(samples)
    assert list(forecasts) == [8, 2, 24]
    alone = build_model(family, SETTINGS[family])
    for horizon, forecast in forecasts.items():
        own = [
            replace(part, targets=Targets.of_returns(part.targets.further.get(horizon, part.targets.forward_return)))
            for part in parts
        ]
        expected = alone.fit(*own).predict(samples)
        np.testing.assert_array_equal(forecast.probability, expected.probability)
        np.testing.assert_array_equal(forecast.expected_return, expected.expected_return)
    np.testing.assert_array_equal(fitted.predict(samples).probability, forecasts[8].probability)


def test_all_horizons_survive_saving(parts, tmp_path):
    fitted = build_model("multi_horizon", {"settings": SETTINGS["lightgbm"]}).fit(*parts)
    fitted.save(tmp_path)
    loaded = MultiHorizon.load(tmp_path)
    assert loaded.horizons == (8, 2, 24)
    expected, found = (model.predict_horizons(parts[1].samples) for model in (fitted, loaded))
    for horizon in fitted.horizons:
        np.testing.assert_array_equal(found[horizon].probability, expected[horizon].probability)


def test_it_needs_the_history_of_its_family():
    assert build_model("multi_horizon", {"family": "lstm", "settings": {"history": 9}}).history == 9


def test_parts_of_different_labels_are_refused(parts, held_out):
    with pytest.raises(ModelError, match=r"horizon 2, only of \[\]"):
        build_model("multi_horizon", {"family": "logistic"}).fit(parts[0], held_out)


@pytest.mark.parametrize(
    ("settings", "helps"),
    [
        ({"family": "multi_horizon"}, "ensemble, lightgbm, logistic, lstm, ridge"),
        ({"family": "persistence"}, "cannot be made of 'persistence'"),
        ({"family": "oracle"}, "Unknown model 'oracle'"),
        ({"settings": {"num_leafs": 3}}, "num_leaves"),
    ],
)
def test_a_family_that_makes_no_sense_is_refused(settings, helps):
    with pytest.raises(ConfigurationError, match=helps):
        build_model("multi_horizon", settings)
