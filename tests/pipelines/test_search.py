"""The step of the search: settings of every model, kept trials, and what the search brought out of fold."""

import logging

import pandas as pd
import pytest

from algotrade.errors import ConfigurationError, StoreUnavailable, TooFewCandles
from algotrade.pipelines.training import nodes
from algotrade.validation import training_data
from tests.validation.conftest import HOUR, market

PARAMETERS = {
    "folds": {"folds": 2},
    "tuning": {"trials": 3, "inner_folds": 2, "families": ["lightgbm", "ridge"]},
    "models": {"lightgbm": {"max_rounds": 10, "num_threads": 1}},
    "candidates": ["lightgbm", "ridge", "logistic"],
}
TRIALS = ["family", "study", "number", "state", "value", "folds"]


def parameters(**tuning):
    return {**PARAMETERS, "tuning": PARAMETERS["tuning"] | tuning}


@pytest.fixture(scope="module")
def data():
    return training_data(*market(700, 2, strength=1.0, horizon=1), HOUR, history=2)


@pytest.fixture(scope="module")
def folds(data):
    return nodes.cut_folds(data, PARAMETERS)


@pytest.fixture(scope="module")
def searched(data, folds):
    return nodes.tune(data, folds, PARAMETERS)


def test_there_are_settings_for_every_model_of_the_run(searched):
    found, trials, searches = searched
    assert {"majority", "persistence", *PARAMETERS["candidates"]} <= found.keys()
    assert searches.keys() == {"lightgbm", "ridge"}
    for family, search in searches.items():
        assert found[family].items() >= search["best"].items()
    assert found["lightgbm"]["max_rounds"] == 10
    assert trials.columns.tolist()[:6] == TRIALS
    assert trials.groupby("family").size().to_dict() == {"lightgbm": 3, "ridge": 3}


def test_whole_numbers_stay_whole_in_the_table_and_in_its_file(searched, tmp_path):
    searched[1].to_parquet(tmp_path / "trials.parquet")
    read = pd.read_parquet(tmp_path / "trials.parquet")
    assert [type(value) for value in read.query("family == 'lightgbm'")["num_leaves"].tolist()] == [int] * 3


def test_a_second_run_reads_the_study_and_says_so(data, folds, tmp_path, caplog):
    kept = parameters(storage_url=f"sqlite:///{tmp_path}/studies.db", families=["ridge"])
    first = nodes.tune(data, folds, kept)
    with caplog.at_level(logging.INFO):
        second = nodes.tune(data, folds, kept)
    assert first[0] == second[0]
    pd.testing.assert_frame_equal(first[1], second[1])
    assert f"ridge: 0 trials run, 3 of study {first[2]['ridge']['study']} read" in caplog.text


def test_without_a_search_the_configured_settings_stay(data, folds):
    found, trials, searches = nodes.tune(data, folds, {**PARAMETERS, "tune": False})
    assert found["lightgbm"] == {"seed": 7, "max_rounds": 10, "num_threads": 1}
    assert (trials.columns.tolist(), len(trials), searches) == (TRIALS, 0, {})


def test_what_the_search_brought_is_measured_only_when_asked_for(data, folds, searched):
    prepared = nodes.prepare(data, folds, PARAMETERS)
    found, _, _ = searched
    walk = (data, folds, prepared, found, PARAMETERS)
    predictions = nodes.walk_baselines(*walk), nodes.walk_lightgbm(*walk)[0], nodes.walk_candidates(*walk)[0]
    assert nodes.compare_search(data, folds, prepared, found, *predictions, PARAMETERS) == {}
    other = {**parameters(compare=True), "models": {"lightgbm": {**found["lightgbm"], "learning_rate": 0.004}}}
    unchanged = {**found, "ridge": {}}
    effects = nodes.compare_search(data, folds, prepared, unchanged, *predictions, other)
    assert effects.keys() == {"lightgbm"}
    # Ten trees at such a rate learn next to nothing.
    assert 0 < effects["lightgbm"]["low"] < effects["lightgbm"]["value"] < effects["lightgbm"]["high"]


@pytest.mark.parametrize(
    ("tuning", "error", "said"),
    [
        ({"storage_url": "postgresql://me:secret@127.0.0.1:1/studies"}, StoreUnavailable, "does not answer"),
        ({"inner_folds": 90}, TooFewCandles, "90 inner folds"),
        ({"spaces": {"ridge": {"alpha": {"low": 1, "high": 2}}}}, ConfigurationError, "ridge.alpha is no number"),
        ({"families": ["lightgbm", "majority"]}, ConfigurationError, "no search space for 'majority'"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_a_model_is_fitted(data, folds, monkeypatch, tuning, error, said):
    monkeypatch.setattr("algotrade.validation.tuning.search.loss_of", None)
    with pytest.raises(error, match=said):
        nodes.tune(data, folds, parameters(**tuning))
