"""Which run, which step, how long, and where the report is."""

import logging
import time
from collections.abc import Mapping
from typing import Any

import click
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from algotrade.monitoring.run_log import configure_logging, name_run

logger = logging.getLogger("algotrade.run")


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
