"""The search finds settings inside the first fold's training rows and nowhere else."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import ConfigurationError
from algotrade.models import LabelledSamples, Targets, build_model
from algotrade.validation import FoldSettings, TuningSettings, tune_lightgbm, walk_forward_folds

BASE = {"num_threads": 1, "max_rounds": 25, "patience": 5}
QUICK = TuningSettings(trials=7, inner_folds=2)


@pytest.fixture(scope="module")
def first_fold(predictable):
    return walk_forward_folds(predictable.open_time, predictable.known_at, 3_600_000, FoldSettings(folds=2))[0]


@pytest.fixture(scope="module")
def tuned(predictable, first_fold):
    seen = []
    return tune_lightgbm(BASE, predictable, first_fold, QUICK, seen.append), seen


def test_the_best_settings_are_ready_to_use_and_no_worse_than_the_configured(tuned):
    tuning, _ = tuned
    build_model("lightgbm", tuning.settings)
    assert tuning.settings["max_rounds"] == 25
    trials = tuning.trials.set_index("number")
    complete = trials[trials["state"] == "complete"]
    assert complete["value"].min() <= trials.loc[0, "value"]
    best = complete.loc[complete["value"].idxmin()]
    assert all(tuning.settings[name] == best[name] for name in ("num_leaves", "learning_rate", "lambda_l2"))


def test_the_first_trial_is_the_configuration_and_every_trial_is_reported(tuned):
    tuning, seen = tuned
    assert [trial.number for trial in seen] == tuning.trials["number"].tolist() == list(range(7))
    assert seen[0].parameters["num_leaves"] == build_model("lightgbm").settings.num_leaves
    assert set(tuning.trials["state"]) <= {"complete", "pruned"}


def test_the_search_can_be_repeated_and_sees_nothing_that_comes_after(tuned, predictable, first_fold):
    later = predictable.known_at > first_fold.train_until
    poisoned = np.where(later, -1, 1) * predictable.labelled.targets.forward_return
    changed = replace(predictable, labelled=LabelledSamples(predictable.labelled.samples, Targets.of_returns(poisoned)))
    again = tune_lightgbm(BASE, changed, first_fold, QUICK)
    pd.testing.assert_frame_equal(again.trials, tuned[0].trials)


def test_an_unknown_setting_is_refused(predictable, first_fold):
    with pytest.raises(ConfigurationError, match="leafs"):
        tune_lightgbm({"leafs": 3}, predictable, first_fold, QUICK)
