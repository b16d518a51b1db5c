"""The trials of a search in MLflow: each of them once, however often its study is read."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

STUDY = "search.study"
"""Tag of the run of a trial: the study that it belongs to."""
NUMBER = "search.trial"
"""Tag of the run of a trial: its number in the study."""
_NOT_SETTINGS = {"family", "study", "number", "state", "value", "folds"}


def log_trials(mlflow: Any, trials: pd.DataFrame) -> None:
    """Each trial as a run below the open one, unless a run of the experiment has logged it already."""
    for study, own in trials.groupby("study", sort=False) if len(trials) else ():
        known = _logged(mlflow, str(study))
        for trial in own[~own["number"].isin(known)].to_dict("records"):
            _log_trial(mlflow, {str(name): value for name, value in trial.items()})


def log_search(mlflow: Any, searches: Mapping[str, Any]) -> None:
    """What each search found, by family, into the open run."""
    for family, search in searches.items():
        mlflow.set_tag(f"search.{family}.study", search["study"])
        numbers = {name: search[name] for name in ("best_value", "configured_value", "trials", "pruned", "added")}
        numbers |= {f"importance.{name}": share for name, share in search["importance"].items()}
        known = {f"search.{family}.{name}": float(value) for name, value in numbers.items() if value is not None}
        mlflow.log_metrics(known)
    if searches:
        mlflow.log_dict(dict(searches), "search.json")


def _logged(mlflow: Any, study: str) -> set[int]:
    runs = mlflow.search_runs(
        experiment_ids=[mlflow.active_run().info.experiment_id],
        filter_string=f"tags.`{STUDY}` = '{study}'",
        output_format="list",
    )
    return {int(run.data.tags[NUMBER]) for run in runs}


def _log_trial(mlflow: Any, trial: Mapping[str, Any]) -> None:
    tags = {"state": trial["state"], STUDY: trial["study"], NUMBER: str(trial["number"])}
    settings = {name: value for name, value in trial.items() if name not in _NOT_SETTINGS and not pd.isna(value)}
    with mlflow.start_run(run_name=f"{trial['family']}-trial-{trial['number']}", nested=True, tags=tags):
        mlflow.log_params(settings)
        mlflow.log_metrics({"log_loss": trial["value"], "folds": trial["folds"]})
