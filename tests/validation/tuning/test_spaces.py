"""What may be searched is written down, checked before anything runs, and changed by the configuration."""

from dataclasses import asdict

import optuna
import pytest

from algotrade.errors import ConfigurationError
from algotrade.models import MODELS, build_model
from algotrade.pipelines.parameters import TrainingParameters
from algotrade.validation.tuning import SPACES, Range, search_space
from algotrade.validation.tuning.results import SLOT
from algotrade.validation.tuning.sampling import TrialSampler


@pytest.mark.parametrize("family", SPACES)
def test_every_value_of_a_space_is_accepted_by_its_model_and_the_defaults_lie_inside(family):
    space, settings = search_space(family, {}), build_model(family).settings
    assert space.nearest(settings) == {name: getattr(settings, name) for name in space.ranges}
    for end in ("low", "high"):
        values = {name: getattr(limits, end) for name, limits in space.ranges.items()}
        MODELS[family].settings_type(**{**asdict(settings), **values})


def test_a_range_can_be_changed_added_and_taken_out():
    space = search_space("lightgbm", {}, {"num_leaves": Range(2, 8), "patience": Range(5, 50), "lambda_l2": None})
    assert space.ranges["num_leaves"] == Range(2, 8)
    assert space.ranges.keys() == SPACES["lightgbm"].keys() - {"lambda_l2"} | {"patience"}
    assert space.whole == {"num_leaves", "min_data_in_leaf", "patience"}


def test_configured_settings_outside_of_the_space_are_moved_to_its_edge():
    settings = build_model("lightgbm", {"num_leaves": 200, "lambda_l2": 0}).settings
    assert search_space("lightgbm", {}).nearest(settings).items() >= {"num_leaves": 63, "lambda_l2": 0.01}.items()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"leafs": Range(1, 2)}, "spaces.lightgbm.leafs is no number that it sets. Known are: bagging_fraction"),
        ({"seed": Range(1, 2)}, "the best of several seeds is luck"),
        ({"max_bin": Range(15, 255)}, "all trials share the bins"),
        ({"num_leaves": Range(63, 4)}, "is from 63 to 4. Give the lower value as `low`"),
        ({"lambda_l2": Range(0, 1, log=True)}, "starts at 0 on a logarithmic scale"),
        ({"num_leaves": Range(2.5, 4)}, "takes whole numbers"),
        ({"learning_rate": Range(0.1, 2.0)}, "search space lightgbm are not accepted: learning_rate"),
        (dict.fromkeys(SPACES["lightgbm"]), "Nothing is left to search"),
    ],
)
def test_a_range_that_cannot_be_searched_is_refused(changes, said):
    with pytest.raises(ConfigurationError, match=said):
        search_space("lightgbm", {}, changes)


@pytest.mark.parametrize(
    ("tuning", "said"),
    [
        ({"families": ["majority"]}, "no search space for 'majority'. Known are: lightgbm, l"),
        ({"families": ["lightgbn"]}, "'lightgbn', which is no model of this run"),
        ({"spaces": {"lightgbm": {"num_leaves": {"low": 9, "high": 2}}}}, "from 9 to 2"),
        ({"spaces": {"lightgbm": {"num_leaves": {"low": 9, "hihg": 12}}}}, "hihg"),
        ({"trials_by_family": {"lstm": 0}}, "greater than 0"),
        ({"pruner": "harsh"}, "'median', 'successive_halving' or 'none'"),
    ],
)
def test_parameters_of_the_search_are_checked_before_anything_runs(tuning, said):
    with pytest.raises(ConfigurationError, match=said):
        TrainingParameters.parse({"tuning": tuning})
    if "pruner" not in tuning and "hihg" not in said and "greater" not in said:
        assert TrainingParameters.parse({"tuning": tuning, "tune": False}).tune is False


def test_a_trial_asks_only_for_settings_of_the_space():
    sampler = TrialSampler(search_space("logistic", {}), first={}, seed=0)
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial({}, user_attrs={SLOT: 1})
    with pytest.raises(ConfigurationError, match=r"'leafs' is not in the search space\. There are: "):
        study.ask().suggest_float("leafs", 0, 1)
