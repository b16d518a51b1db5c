"""The search finds settings inside the first fold's training rows and nowhere else."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import ConfigurationError, TooFewCandles
from algotrade.models import LabelledSamples, Targets, build_model
from algotrade.models.preparation import PreparationSettings
from algotrade.validation import TuningSettings
from algotrade.validation.tuning import SPACES, Range, inner_data, search_settings
from algotrade.validation.tuning.losses import boosted_loss, fitted_loss

BASE = {"num_threads": 1, "max_rounds": 25, "patience": 5}
QUICK = TuningSettings(trials=7, inner_folds=2)


@pytest.fixture(scope="module")
def found(inner):
    seen = []
    return search_settings("lightgbm", BASE, inner, QUICK, on_trial=seen.append), seen


def test_the_best_settings_are_ready_to_use_and_no_worse_than_the_configured(found):
    search, _ = found
    build_model("lightgbm", search.settings)
    assert search.settings["max_rounds"] == 25
    assert search.best.value <= search.configured.value
    complete = search.table().query("state == 'complete'")
    best = complete.loc[complete["value"].idxmin()]
    assert all(search.settings[name] == best[name] for name in SPACES["lightgbm"])


def test_the_first_trial_is_the_configuration_and_every_trial_is_reported(found):
    search, seen = found
    assert tuple(seen) == search.trials
    assert [trial.number for trial in seen] == list(range(7))
    assert search.added == 7
    assert seen[0].parameters == {name: getattr(build_model("lightgbm").settings, name) for name in SPACES["lightgbm"]}
    assert search.table().columns.tolist()[:6] == ["family", "study", "number", "state", "value", "folds"]


def test_the_search_can_be_repeated_and_sees_nothing_that_comes_after(found, predictable, first_fold):
    later = predictable.known_at > first_fold.train_until
    poisoned = np.where(later, -1, 1) * predictable.labelled.targets.forward_return
    changed = replace(predictable, labelled=LabelledSamples(predictable.labelled.samples, Targets.of_returns(poisoned)))
    again = search_settings("lightgbm", BASE, inner_data(changed, first_fold, QUICK), QUICK)
    pd.testing.assert_frame_equal(again.table(), found[0].table())


def test_inner_folds_are_purged_and_end_with_the_training_of_the_first_fold(inner, first_fold):
    assert inner.inside.known_at.max() <= first_fold.train_until
    for cut in inner.cuts:
        assert cut.test_end <= first_fold.train_until
        assert cut.train_until <= cut.test_start


def test_another_seed_tries_other_settings(inner, found):
    other = search_settings("lightgbm", BASE, inner, replace(QUICK, trials=3, seed=1))
    assert other.study != found[0].study
    assert other.trials[0] == found[0].trials[0]
    assert other.trials[1].parameters != found[0].trials[1].parameters


@pytest.mark.parametrize("balance", [False, True])
def test_values_on_shared_bins_are_those_of_the_model_fitted_alone(inner, balance):
    base = {**BASE, "balance": balance}
    folds = [replace(fold, training=weighted(fold.training)) for fold in inner.folds]
    shared, alone = boosted_loss(base, folds), fitted_loss("lightgbm", folds)
    for position in range(len(folds)):
        for changed in ({"num_leaves": 6, "learning_rate": 0.1}, {"min_data_in_leaf": 40}):
            assert shared({**base, **changed}, position) == alone({**base, **changed}, position)


def weighted(samples):
    """The samples with unequal weights, some of them zero, and most falls left out."""
    weight = np.arange(len(samples)) % 4 + 0.0
    targets = replace(samples.targets, weight=np.where(samples.targets.direction, weight, weight * (weight > 2)))
    return replace(samples, targets=targets)


@pytest.mark.parametrize("family", sorted(SPACES.keys() - {"lightgbm", "lstm"}))
def test_every_family_is_searched_by_the_same_rules(inner, family):
    search = search_settings(family, {}, inner, replace(QUICK, trials=4))
    assert search.best.value <= search.configured.value < np.log(2)
    assert len({str(trial.parameters) for trial in search.trials}) == 4
    build_model(family, search.settings)


@pytest.mark.slow
def test_the_network_is_searched_by_the_same_rules(inner):
    settings = {"history": 3, "epochs": 2, "max_sequences": 400, "units": 8, "num_threads": 1}
    search = search_settings("lstm", settings, inner, replace(QUICK, trials=3))
    again = search_settings("lstm", settings, inner, replace(QUICK, trials=3))
    pd.testing.assert_frame_equal(search.table(), again.table())
    assert search.settings["history"] == 3


@pytest.mark.parametrize("pruner", ["median", "successive_halving"])
def test_trials_that_lag_behind_are_pruned_across_folds_but_never_the_configured_one(predictable, first_fold, pruner):
    # Few trees and hardly any steps in half of the space: these trials lag behind from the first fold on.
    spaces = {"lightgbm": dict.fromkeys(SPACES["lightgbm"]) | {"learning_rate": Range(1e-4, 0.3, log=True)}}
    tuning = TuningSettings(trials=14, inner_folds=4, pruner=pruner, spaces=spaces)
    data = inner_data(predictable, first_fold, tuning)
    search = search_settings("lightgbm", {**BASE, "learning_rate": 1e-4}, data, tuning)
    pruned = [trial for trial in search.trials if trial.state == "pruned"]
    assert pruned
    assert all(trial.folds < 4 for trial in pruned)
    assert all(trial.folds == 4 for trial in search.trials if trial.state == "complete")
    assert search.configured.state == "complete"
    whole = search_settings("lightgbm", {**BASE, "learning_rate": 1e-4}, data, replace(tuning, pruner="none"))
    assert {trial.state for trial in whole.trials} == {"complete"}


def test_importance_finds_the_setting_that_matters(predictable, first_fold):
    spaces = {"lightgbm": dict.fromkeys(SPACES["lightgbm"])}
    spaces["lightgbm"] |= {"learning_rate": Range(1e-4, 0.3, log=True), "patience": Range(20, 60)}
    tuning = TuningSettings(trials=12, inner_folds=2, pruner="none", spaces=spaces)
    search = search_settings("lightgbm", BASE, inner_data(predictable, first_fold, tuning), tuning)
    assert list(search.importance) == ["learning_rate", "patience"]
    assert search.importance["learning_rate"] > 0.8
    assert sum(search.importance.values()) == pytest.approx(1)
    assert search.to_json()["importance"] == search.importance


def test_the_preparation_is_fitted_inside_each_inner_fold(predictable, first_fold):
    factors = PreparationSettings(factors={"kind": "pca", "count": 2})
    data = inner_data(predictable, first_fold, QUICK, preparation=factors)
    widths = {fold.training.samples.last().shape[1] for fold in data.folds}
    assert widths == {predictable.labelled.samples.features.shape[1] + 2}
    assert len({fold.training.samples.prepare for fold in data.folds}) == len(data.cuts)


def test_too_few_rows_for_the_inner_folds_are_refused_in_terms_of_the_search(make_market, first_fold, predictable):
    with pytest.raises(TooFewCandles, match=r"The search has the \d+ training rows .* 400 inner folds.*inner_folds"):
        inner_data(predictable, first_fold, replace(QUICK, inner_folds=400))


def test_an_unknown_setting_is_refused(inner):
    with pytest.raises(ConfigurationError, match="leafs"):
        search_settings("lightgbm", {"leafs": 3}, inner, QUICK)


def test_time_that_is_up_leaves_what_is_there(inner):
    search = search_settings("lightgbm", BASE, inner, replace(QUICK, timeout_seconds=1e-3))
    assert len(search.trials) == 1
    assert search.settings == {**search.base, **search.configured.parameters}
