"""What a run leaves in MLflow."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol

from algotrade.hooks.lineage import LINEAGE
from algotrade.hooks.logged_sweeps import log_sweep_grid, log_trial_count, log_walk_forward
from algotrade.hooks.logged_trials import log_search, log_trials

_INPUTS = ("candles", "features")
_FIGURE = "figure_"
_DETAILS = ("intervals", "robustness", "stress", "attribution")
"""What is known of a strategy besides its figures: hundreds of numbers, which are logged as one file instead."""
_REFUSED = re.compile(r"[^\w\-. :/]")
"""What MLflow does not take in the name of a metric; a name from the configuration may have it."""


class TrackingHooks:
    """What a run leaves in MLflow, beside the parameters that kedro-mlflow logs."""

    def __init__(self) -> None:
        self._catalog: CatalogProtocol[Any, Any] | None = None
        self._logged: set[str] = set()

    @hook_impl
    def before_pipeline_run(self, catalog: CatalogProtocol[Any, Any]) -> None:
        """Know where the frames of this run are kept."""
        self._catalog, self._logged = catalog, set()

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Log what is to be found again to the open MLflow run."""
        self._log(_TRACKED.get(dataset_name), data)
        if dataset_name.startswith(_FIGURE):
            name = dataset_name.removeprefix(_FIGURE)
            self._log(lambda mlflow, figure: mlflow.log_figure(figure, f"figures/{name}.html"), data)
        self._log_input(dataset_name, data)

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Log what the run stands on, of a pipeline that is run alone too."""
        if dataset_name == "universe":
            self._log(_log_lineage, data)
        self._log_input(dataset_name, data)

    def _log_input(self, name: str, data: Any) -> None:
        """Log a frame that models are made of as a dataset of the run, once, if its lineage is known."""
        if name not in _INPUTS or name in self._logged or self._catalog is None or LINEAGE not in data.attrs:
            return
        self._logged.add(name)
        path = str(self._catalog[name]._describe()["filepath"])
        self._log(lambda _, frame: _log_frame(frame, name, path), data)

    @staticmethod
    def _log(log: Callable[[Any, Any], None] | None, data: Any) -> None:
        if log is None:
            return
        import mlflow  # noqa: PLC0415 - heavy, and needed only here

        if mlflow.active_run() is not None:
            log(mlflow, data)


def _log_frame(frame: pd.DataFrame, name: str, path: str) -> None:
    from algotrade.hooks.logged_frames import log_frame  # noqa: PLC0415 - imports MLflow

    log_frame(frame, name, path)


def _log_lineage(mlflow: Any, universe: Mapping[str, Any]) -> None:
    mlflow.set_tags({f"data.{key}": universe[key] for key in ("source", "exchange", "timeframe", "data_digest")})


def _log_retraining(mlflow: Any, found: Mapping[str, Any]) -> None:
    """Whether the run has trained, what came of it and why, as tags that the list of runs can show."""
    fired = [trigger["trigger"] for trigger in found["triggers"] if trigger["fired"]]
    mlflow.set_tags(
        {
            "retraining.outcome": found["outcome"],
            "retraining.trained": found["trained"],
            "retraining.triggers": "+".join(fired) or "none",
            "retraining.sentence": found["sentence"],
        }
    )
    mlflow.log_dict(dict(found), "retraining.json")


def _log_metrics(mlflow: Any, metrics: Mapping[str, Any]) -> None:
    """Figures as metrics, by which runs are compared, and everything as a file."""
    strategies = {
        name: {key: value for key, value in own.items() if key not in _DETAILS}
        for name, own in metrics.get("strategies", {}).items()
    }
    mlflow.log_metrics(dict(_flat_numbers({**metrics, "strategies": strategies})))
    mlflow.log_dict(dict(metrics), "metrics.json")


_TRACKED: dict[str, Callable[[Any, Any], None]] = {
    "universe": _log_lineage,
    "feature_spec": lambda mlflow, spec: mlflow.set_tag("feature_fingerprint", spec["fingerprint"]),
    "tuning_trials": log_trials,
    "search_summary": log_search,
    "sweep_grid": log_sweep_grid,
    "trial_count": log_trial_count,
    "walk_forward": log_walk_forward,
    "metrics": _log_metrics,
    "report": lambda mlflow, page: mlflow.log_text(page, "report.html"),
    "scorecard": lambda mlflow, text: mlflow.log_text(text, "scorecard.md"),
    "run_record": lambda mlflow, record: mlflow.log_dict(record.to_json(), "run_record.json"),
    "retraining": _log_retraining,
}


def _flat_numbers(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    for key, value in values.items():
        name = f"{prefix}{_REFUSED.sub('_', key)}"
        if isinstance(value, Mapping):
            yield from _flat_numbers(value, f"{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)
