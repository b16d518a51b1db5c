"""A search is kept: interrupted it goes on, complete it is read, and another one is never mixed in."""

import json
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from sqlalchemy.exc import OperationalError
from tests.validation.tuning import worker

from algotrade.data.studies import study_storage
from algotrade.errors import ConfigurationError, ModelError, StoreError, StoreUnavailable
from algotrade.validation import TuningSettings
from algotrade.validation.tuning import Range, inner_data, search_settings
from algotrade.validation.tuning import search as search_module

BASE = {"num_threads": 1, "max_rounds": 25, "patience": 5}
QUICK = TuningSettings(trials=7, inner_folds=2)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/deep/studies.db"


@pytest.fixture(scope="module")
def uninterrupted():
    return worker.searched(None, 8, study_name="shared")


def search_in(url, inner, tuning=QUICK):
    with study_storage(url) as storage:
        return search_settings("lightgbm", BASE, inner, tuning, storage)


def states(url):
    with study_storage(url) as storage:
        return {study.study_name: [trial.state.name for trial in storage.get_all_trials(study._study_id)]
                for study in storage.get_all_studies()}  # fmt: skip


def killed(url: str, trials: int, folds: int) -> None:
    command = [sys.executable, "-m", "tests.validation.tuning.worker", url, str(trials), str(folds)]
    ended = subprocess.run(command, cwd=ROOT, input="go\n", text=True, capture_output=True, check=False, timeout=120)
    assert ended.returncode == -9, ended.stderr


def test_a_complete_study_is_read_and_not_repeated(url, inner, monkeypatch):
    first = search_in(url, inner)
    monkeypatch.setattr(search_module, "loss_of", None)
    again = search_in(url, inner)
    assert (first.added, again.added) == (7, 0)
    assert again == replace(first, added=0)


def test_more_trials_go_on_where_the_search_ended_and_fewer_read_its_beginning(url, inner):
    short = search_in(url, inner, replace(QUICK, trials=4))
    longer = search_in(url, inner)
    assert (longer.added, longer.trials[:4]) == (3, short.trials)
    assert longer.trials == search_settings("lightgbm", BASE, inner, QUICK).trials
    assert search_in(url, inner, replace(QUICK, trials=4)) == replace(short, added=0)


def test_a_search_whose_process_was_killed_ends_with_the_trials_of_one_that_was_not(url, uninterrupted):
    killed(url, 8, folds=7)  # in the middle of the third trial
    search = worker.searched(url, 8, study_name="shared")
    assert 0 < search.added < 8
    pd.testing.assert_frame_equal(search.table(), uninterrupted.table(), check_exact=True)
    assert states(url)["lightgbm-shared"].count("FAIL") == 1


def test_a_trial_that_cannot_be_fitted_ends_the_search_and_is_tried_again(url, inner, uninterrupted, monkeypatch):
    def loss_of(*arguments):
        raise ModelError("All samples went the same way.")

    with monkeypatch.context() as patched:
        patched.setattr(search_module, "loss_of", loss_of)
        with pytest.raises(ModelError, match="same way"):
            worker.searched(url, 8, study_name="shared")
    assert states(url) == {"lightgbm-shared": ["FAIL"]}
    pd.testing.assert_frame_equal(worker.searched(url, 8, study_name="shared").table(), uninterrupted.table())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"spaces": {"lightgbm": {"num_leaves": Range(4, 9)}}}, "another space;"),
        ({"inner_folds": 3}, "another folds;"),
        ({"seed": 5}, "another search;"),
    ],
)
def test_a_named_study_of_another_search_is_refused_and_left_as_it_is(url, predictable, first_fold, changed, said):
    named = replace(QUICK, trials=2, study_name="winter")
    search_in(url, inner_data(predictable, first_fold, named), named)
    before = states(url)
    other = replace(named, trials=5, **changed)
    with pytest.raises(ConfigurationError, match=f"'lightgbm-winter' was made of {said}"):
        search_in(url, inner_data(predictable, first_fold, other), other)
    assert states(url) == before


def test_a_study_of_other_data_or_settings_has_another_name(url, inner, predictable, first_fold):
    own = search_in(url, inner, replace(QUICK, trials=1)).study
    targets = predictable.labelled.targets
    forward_return = targets.forward_return + np.where(np.arange(len(predictable)) == 9, 1e-12, 0)
    nudged = replace(targets, forward_return=forward_return)
    other_data = replace(predictable, labelled=replace(predictable.labelled, targets=nudged))
    one = replace(QUICK, trials=1)
    names = {own, search_in(url, inner_data(other_data, first_fold, one), one).study}
    with study_storage(url) as storage:
        names.add(search_settings("lightgbm", {**BASE, "max_rounds": 26}, inner, one, storage).study)
        same = search_settings("lightgbm", {**BASE, "num_threads": 2}, inner, one, storage)
    assert len(names) == 3
    assert (same.study, same.added) == (own, 0)


def test_a_study_of_another_program_is_refused(url, inner):
    with study_storage(url) as storage:
        foreign = optuna.create_study(storage=storage, study_name="lightgbm-theirs")
        foreign.add_trial(optuna.trial.create_trial(value=0.1))
    with pytest.raises(ConfigurationError, match="by another program"):
        search_in(url, inner, replace(QUICK, study_name="theirs"))
    assert states(url) == {"lightgbm-theirs": ["COMPLETE"]}


@pytest.mark.parametrize(
    ("bad", "error", "said"),
    [
        ("nonsense", ConfigurationError, "no URL of a database"),
        ("mysql://host/studies", ConfigurationError, "begins with mysql. Known are: postgresql, sqlite"),
        ("postgresql://me:secret@127.0.0.1:1/studies", StoreUnavailable, r"me:\*\*\*@127.0.0.1:1.*does not answer"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_without_its_password(bad, error, said):
    with pytest.raises(error, match=said) as raised, study_storage(bad):
        pass
    assert "secret" not in str(raised.value)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("not a database, but notes " * 100)
    with (
        pytest.raises(StoreError, match=r"notes.db, cannot be used: file is not a database"),
        study_storage(f"sqlite:///{path}"),
    ):
        pass
    assert path.read_text().startswith("not a database")


def test_a_database_that_goes_away_in_the_middle_is_an_error_that_says_what_is_kept(url):
    said = r"server closed the connection\. Trials that have ended are kept"
    with pytest.raises(StoreUnavailable, match=said), study_storage(url):
        raise OperationalError("SELECT 1", {}, Exception("server closed\nthe connection"))


@pytest.mark.parametrize(("silent_for", "taken_over"), [("-300 seconds", True), ("-5 seconds", False)])
def test_the_trial_of_another_machine_is_taken_over_when_its_heartbeats_stop(
    url, tmp_path, inner, silent_for, taken_over
):
    one = replace(QUICK, trials=1, study_name="far", timeout_seconds=2.0)
    search_in(url, inner, one)
    with sqlite3.connect(tmp_path / "deep" / "studies.db") as database:
        database.execute("UPDATE trials SET state = 'RUNNING'")
        far = json.dumps({"machine": "elsewhere", "process": 1, "token": "t"})
        database.execute("UPDATE trial_user_attributes SET value_json = ? WHERE key = 'worker'", (far,))
        database.execute("UPDATE trial_heartbeats SET heartbeat = datetime('now', ?)", (silent_for,))
    search = search_in(url, inner, one)
    assert (search.added == 1) == taken_over
    assert states(url)["lightgbm-far"] == (["FAIL", "COMPLETE"] if taken_over else ["RUNNING"])


def test_a_trial_whose_worker_never_gave_its_name_is_taken_over_in_the_end(url, tmp_path, inner, monkeypatch):
    monkeypatch.setattr("algotrade.validation.tuning.study._SECONDS_NAMELESS", 0.5)
    one = replace(QUICK, trials=1, study_name="nameless")
    search_in(url, inner, one)
    with sqlite3.connect(tmp_path / "deep" / "studies.db") as database:
        database.execute("UPDATE trials SET state = 'RUNNING'")
        database.execute("DELETE FROM trial_user_attributes")
    started = time.monotonic()
    assert search_in(url, inner, one).added == 1
    assert time.monotonic() - started > 0.5
