"""A Bento of the champion after a run that has decided about it, where that is asked for."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol

from algotrade.errors import ConfigurationError
from algotrade.hooks.errors import for_the_terminal
from algotrade.pipelines.parameters import ServingParameters

logger = logging.getLogger("algotrade.run")

CHAMPION = "champion"
_COMMAND = (sys.executable, "-c", "from algotrade.cli import cli; cli()", "bento")


class PackagingHooks:
    """Packages the champion at the end of a run that has decided about it, if ``serving.bento`` says so."""

    def __init__(self) -> None:
        self._wanted = False
        self._decided = False

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Know whether it is asked for."""
        self._wanted = ServingParameters.parse(context.params.get("serving") or {}).bento

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Nothing has been decided yet."""
        self._decided = False

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Know that there may be another champion."""
        self._decided |= dataset_name == CHAMPION

    @hook_impl(trylast=True)
    def after_pipeline_run(self, catalog: CatalogProtocol[Any, Any]) -> None:
        """Package the champion, if there is one; the same one is not packaged twice."""
        if not self._wanted or not self._decided:
            return
        models = Path(catalog[CHAMPION]._describe()["filepath"])
        if not (models / CHAMPION).is_dir():
            return
        # In a process of its own: pipelines know nothing of the service, and need not load it.
        done = subprocess.run(_COMMAND, env=_environment(models), capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            error = ConfigurationError(f"The champion could not be packaged. {done.stderr.strip()}")
            raise for_the_terminal(error)
        logger.info("%s", done.stdout.partition(". From any folder")[0])


def _environment(models: Path) -> dict[str, str]:
    home = os.environ.get("BENTOML_HOME") or str((models.parent / ".bentoml").absolute())
    return {**os.environ, "ALGOTRADE_BUNDLE": str((models / CHAMPION).absolute()), "BENTOML_HOME": home}
