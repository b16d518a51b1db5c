"""One training at a time, and the training that a retraining run decided on."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from pluggy import PluginManager

from algotrade.data.lock import FileLock
from algotrade.errors import AlgotradeError, ConfigurationError
from algotrade.hooks.errors import for_the_terminal

logger = logging.getLogger("algotrade.run")

PLAN = "retraining_plan"
_RECORD = "run_record"
_LOCK_FILE = "training.lock"
_TRAINS = ("training", "retraining")


class RetrainingHooks:
    """Keeps runs that train out of each other's way, and runs the training where a plan asks for it.

    Kedro decides what to run before it reads anything, so a pipeline cannot leave its own steps out. The training
    therefore runs as a pipeline of its own, on the same catalog, with the same hooks and in the same MLflow run,
    when the step that makes the plan is done and before the step that tells what came of it.
    """

    def __init__(self) -> None:
        self._hooks: PluginManager | None = None
        self._lock: FileLock | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Know the hooks that every step of the training is to have."""
        self._hooks = context._hook_manager

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: Mapping[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Lock the models against other runs that would replace them."""
        self._release()
        if _RECORD not in catalog or not any(node.tags & {*_TRAINS} for node in pipeline.nodes):
            return
        folder = Path(catalog[_RECORD]._describe()["filepath"]).parent
        lock = FileLock(folder / _LOCK_FILE)
        try:
            lock.acquire(f"`kedro run` of {'+'.join(run_params['pipeline_names'] or ['the main job'])}")
        except AlgotradeError as error:
            raise for_the_terminal(error) from error
        self._lock = lock

    @hook_impl(trylast=True)
    def after_node_run(
        self, node: Node, catalog: CatalogProtocol[Any, Any], outputs: Mapping[str, Any], run_id: str
    ) -> None:
        """Train, if that is what the step has decided."""
        if PLAN not in node.outputs or not outputs[PLAN]["train"]:
            return
        if self._hooks is None:
            raise ConfigurationError(
                "The retraining pipeline decides in a process that does not belong to the run, as with ParallelRunner. "
                "Run it with the SequentialRunner, which is the default, or the ThreadRunner."
            )
        from kedro.runner import SequentialRunner  # noqa: PLC0415 - only where there is something to train

        from algotrade.pipelines.training import create_pipeline  # noqa: PLC0415

        training = create_pipeline()
        logger.info("%d steps of the training to run", len(training.nodes))
        SequentialRunner().run(training, catalog, self._hooks, run_id)

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self) -> None:
        """Let the next one train."""
        self._release()

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self) -> None:
        """Let the next one train."""
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None
