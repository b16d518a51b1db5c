"""MLflow has every trial of a search once, below the run that first saw it, and what the search found."""

import mlflow
import pandas as pd

from algotrade.hooks.logged_trials import NUMBER, STUDY, log_search, log_trials


def trial(family, number, state, value, folds, **settings):
    known = {"family": family, "study": f"{family}-a", "number": number, "state": state}
    return known | {"value": value, "folds": folds} | settings


FIRST = [
    trial("lightgbm", 0, "complete", 0.69, 3, num_leaves=15),
    trial("lightgbm", 1, "pruned", 0.71, 1, num_leaves=40),
    trial("ridge", 0, "complete", 0.70, 3, penalty=0.1),
]
LATER = trial("lightgbm", 2, "complete", 0.68, 3, num_leaves=7)


def logged(parent):
    runs = mlflow.search_runs(filter_string=f"tags.`mlflow.parentRunId` = '{parent}'", output_format="list")
    return {(run.data.tags[STUDY], int(run.data.tags[NUMBER])): run.data for run in runs}


def test_a_resumed_search_logs_what_is_new_and_nothing_twice(tracking):
    with tracking.start_run() as first:
        log_trials(tracking, pd.DataFrame(FIRST))
    with tracking.start_run() as second:
        log_trials(tracking, pd.DataFrame([*FIRST, LATER]))
    with tracking.start_run() as third:
        log_trials(tracking, pd.DataFrame([*FIRST, LATER]))
    found = logged(first.info.run_id)
    assert found.keys() == {("lightgbm-a", 0), ("lightgbm-a", 1), ("ridge-a", 0)}
    assert found["lightgbm-a", 1].tags["state"] == "pruned"
    assert found["lightgbm-a", 1].metrics == {"log_loss": 0.71, "folds": 1}
    assert found["ridge-a", 0].params == {"penalty": "0.1"}
    assert logged(second.info.run_id).keys() == {("lightgbm-a", 2)}
    assert logged(third.info.run_id) == {}


def test_the_run_tells_what_the_search_found(tracking):
    search = {
        "study": "lightgbm-a",
        "trials": 3,
        "pruned": 1,
        "added": 2,
        "best_value": 0.68,
        "configured_value": None,
        "importance": {"num_leaves": 1.0},
    }
    with tracking.start_run() as run:
        log_search(tracking, {"lightgbm": search})
    data = mlflow.get_run(run.info.run_id).data
    assert data.tags["search.lightgbm.study"] == "lightgbm-a"
    numbers = {name.removeprefix("search.lightgbm."): value for name, value in data.metrics.items()}
    assert numbers == {"trials": 3, "pruned": 1, "added": 2, "best_value": 0.68, "importance.num_leaves": 1}


def test_a_run_without_a_search_logs_none(tracking):
    with tracking.start_run() as run:
        log_trials(tracking, pd.DataFrame({"family": [], "number": [], "value": []}))
        log_search(tracking, {})
    assert logged(run.info.run_id) == {}
