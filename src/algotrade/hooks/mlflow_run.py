"""kedro-mlflow with fewer requests: each parameter is sent once a run, a step's parameters together.

Imported by the settings only: kedro-mlflow imports MLflow, which takes seconds.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import mlflow
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH

_SECTION = "params:"


class MlflowRunHooks(MlflowHook):
    """kedro-mlflow's own hooks, except for how parameters are sent.

    kedro-mlflow sends every value of ``params:training`` in a request of its own, for each step that takes it: 1,500
    requests in a run of the main job, where 200 different values are known. Here a section goes out with the first
    step that takes it, in requests of a hundred values.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sent: set[str] = set()

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Open the run, which knows no parameter yet."""
        self._sent = set()
        super().before_pipeline_run(run_params, pipeline, catalog)

    @hook_impl
    def before_node_run(self, node: Node, catalog: DataCatalog, inputs: dict[str, Any], is_async: bool) -> None:
        """Send what no step before this one has sent."""
        sections = {name: value for name, value in inputs.items() if name.startswith(_SECTION)}
        new = {name.removeprefix(_SECTION): sections[name] for name in sections.keys() - self._sent}
        values = dict(self._flat(new)) if self.flatten else new
        # What is too long for MLflow is treated as configured, by kedro-mlflow.
        long = {name: value for name, value in values.items() if len(str(value)) > MAX_PARAM_VAL_LENGTH}
        super().before_node_run(node, catalog, {f"{_SECTION}{name}": value for name, value in long.items()}, is_async)
        short = {self.sanitize_param_name(name): value for name, value in values.items() if name not in long}
        if self._is_mlflow_enabled and short:
            mlflow.log_params(short)
        self._sent |= sections.keys()

    def _flat(self, values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
        for key, value in values.items():
            if isinstance(value, dict) and (self.recursive or not prefix):
                yield from self._flat(value, f"{prefix}{key}{self.sep}")
            else:
                yield f"{prefix}{key}", value
