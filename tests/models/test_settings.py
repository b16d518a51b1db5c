"""A typing error in the configuration is an error, not a parameter."""

import pytest

from algotrade.errors import ConfigurationError
from algotrade.models import build_model, longest_history


def test_an_unknown_setting_is_refused_and_the_known_ones_are_named():
    with pytest.raises(ConfigurationError, match=r"model lightgbm: num_leafs\. Known are: .*num_leaves"):
        build_model("lightgbm", {"num_leafs": 31})


def test_a_value_that_makes_no_sense_is_refused():
    with pytest.raises(ConfigurationError, match=r"learning_rate = -1"):
        build_model("lightgbm", {"learning_rate": -1})


def test_an_unknown_model_is_refused_and_the_known_ones_are_named():
    with pytest.raises(
        ConfigurationError, match="ensemble, lightgbm, logistic, lstm, majority, multi_horizon, persistence, ridge"
    ):
        build_model("oracle")


def test_the_longest_history_suits_all_models():
    assert longest_history({"lightgbm": {}, "lstm": {"history": 12}}) == 12


@pytest.mark.parametrize(
    "settings",
    [
        {"members": {}},
        {"members": {"ensemble": {}}},
        {"weights": {"lightgbm": 1.0}},
        {"weights": {"lightgbm": 0.0, "lstm": 0.0}},
        {"weights": {"lightgbm": -1.0, "lstm": 2.0}},
        {"method": "vote"},
        {"intercept": 0.1},
        {"method": "stack", "weights": {"lightgbm": 1.0}},
    ],
)
def test_an_ensemble_that_makes_no_sense_is_refused(settings):
    with pytest.raises(ConfigurationError):
        build_model("ensemble", settings)
