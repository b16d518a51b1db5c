"""What happens around every run: clear errors, progress, timings, tracking."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click
import pandas as pd
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from algotrade.errors import AlgotradeError
from algotrade.monitoring.run_log import configure_logging, name_run
from algotrade.pipelines.parameters import check_parameters

logger = logging.getLogger("algotrade.run")


class UserErrorHooks:
    """A mistake in the input ends in one message, not in a traceback."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Refuse unknown parameters before anything is read."""
        try:
            check_parameters(context.params)
        except AlgotradeError as error:
            raise _for_the_terminal(error) from error

    @hook_impl(trylast=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Show our own errors as they are; anything else stays a traceback."""
        name_run(None)
        cause = _algotrade_cause(error)
        if cause is not None and cause is not error:
            raise _for_the_terminal(cause) from error
        if cause is not None and click.get_current_context(silent=True) is not None:
            raise _for_the_terminal(cause) from error


def _algotrade_cause(error: BaseException | None) -> AlgotradeError | None:
    # Kedro wraps what a dataset raises into a DatasetError.
    while error is not None and not isinstance(error, AlgotradeError):
        error = error.__cause__
    return error


def _for_the_terminal(error: AlgotradeError) -> Exception:
    """Give the error the form that the caller shows best: a plain message on the command line."""
    if click.get_current_context(silent=True) is None:
        return error
    return click.ClickException(str(error))


class ProgressHooks:
    """Log lines that name the run, its pipelines and its steps."""

    @hook_impl
    def after_context_created(self) -> None:
        """Take over the log format from Kedro's default."""
        configure_logging()

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Pipeline) -> None:
        """Name the run."""
        name_run(run_params["run_id"])
        logger.info("%d steps to run", len(pipeline.nodes))

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Tell which step begins."""
        logger.info("%s ...", node.name)

    @hook_impl(trylast=True)
    def after_pipeline_run(self, run_result: Mapping[str, Any], catalog: CatalogProtocol[Any, Any]) -> None:
        """Print the scorecard when the run made one, and where the report is."""
        name_run(None)
        if "scorecard" in run_result:
            click.echo(f"\n{run_result['scorecard'].load()}")
            click.echo(f"Report: {catalog['report']._describe()['filepath']}")


class TimingHooks:
    """Seconds spent in each pipeline, loading and saving included, kept in the catalog's ``timings``.

    Steps run one after another; what passes between two events belongs to the step of the later one.
    """

    def __init__(self) -> None:
        self._last_event = 0.0
        self._seconds: dict[str, float] = {}

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget the run before."""
        self._last_event, self._seconds = time.perf_counter(), {}

    @hook_impl
    def after_dataset_loaded(self, node: Node) -> None:
        """Charge a load to its step."""
        self._charge(node)

    @hook_impl
    def after_dataset_saved(self, node: Node) -> None:
        """Charge a save to its step."""
        self._charge(node)

    @hook_impl
    def after_node_run(self, node: Node, catalog: CatalogProtocol[Any, Any]) -> None:
        """Charge the computation to its step and write down what each pipeline took so far."""
        seconds = self._charge(node)
        logger.info("%s took %.1f s", node.name, seconds)
        if "timings" not in catalog:
            return
        earlier = catalog.load("timings") if catalog.exists("timings") else {}
        catalog.save("timings", {**earlier, **{name: round(spent, 2) for name, spent in self._seconds.items()}})

    def _charge(self, node: Node) -> float:
        now = time.perf_counter()
        seconds, self._last_event = now - self._last_event, now
        for pipeline in node.tags:
            self._seconds[pipeline] = self._seconds.get(pipeline, 0.0) + seconds
        return seconds


class TrackingHooks:
    """What a run leaves in MLflow, beside the parameters that kedro-mlflow logs."""

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Log what is to be found again to the open MLflow run."""
        self._log(_TRACKED.get(dataset_name), data)

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Log what the run stands on, of a pipeline that is run alone too."""
        if dataset_name == "universe":
            self._log(_log_lineage, data)

    @staticmethod
    def _log(log: Callable[[Any, Any], None] | None, data: Any) -> None:
        if log is None:
            return
        import mlflow  # noqa: PLC0415 - heavy, and needed only here

        if mlflow.active_run() is not None:
            log(mlflow, data)


def _log_trials(mlflow: Any, trials: pd.DataFrame) -> None:
    """Each trial of the search as a run below the run of its pipeline."""
    for trial in trials.dropna(subset="value").to_dict("records"):
        number, state, loss = trial.pop("number"), trial.pop("state"), trial.pop("value")
        with mlflow.start_run(run_name=f"trial-{number}", nested=True, tags={"state": state}):
            mlflow.log_params(trial)
            mlflow.log_metric("log_loss", loss)


def _log_lineage(mlflow: Any, universe: Mapping[str, Any]) -> None:
    mlflow.set_tags({f"data.{key}": universe[key] for key in ("source", "exchange", "timeframe", "data_digest")})


_TRACKED: dict[str, Callable[[Any, Any], None]] = {
    "universe": _log_lineage,
    "feature_spec": lambda mlflow, spec: mlflow.set_tag("feature_fingerprint", spec["fingerprint"]),
    "tuning_trials": _log_trials,
    "metrics": lambda mlflow, metrics: mlflow.log_metrics(dict(_flat_numbers(metrics))),
    "report": lambda mlflow, page: mlflow.log_text(page, "report.html"),
    "scorecard": lambda mlflow, text: mlflow.log_text(text, "scorecard.md"),
}


def _flat_numbers(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flat_numbers(value, f"{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)
