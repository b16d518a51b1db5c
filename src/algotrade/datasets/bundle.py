"""Model bundles in a folder and in MLflow's registry, as catalog entries."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from algotrade.models.bundle import ModelBundle, write_bundle
from algotrade.models.manifest import Manifest

logger = logging.getLogger(__name__)


class BundleDataset(AbstractDataset[dict[str, Any], ModelBundle]):
    """A model bundle in a folder, written whole or not at all, loaded only if it is unchanged.

    Parameters
    ----------
    filepath : str
        Folder of the bundle.
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(self, filepath: str, metadata: Mapping[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> ModelBundle:
        """Read the bundle and check every file of it."""
        return ModelBundle.load(self._folder)

    def save(self, data: dict[str, Any]) -> None:
        """Write a fitted ``model`` with its ``preparation``, ``version`` and ``provenance``."""
        manifest = write_bundle(
            self._folder, data["model"], data["provenance"], data["version"], data.get("preparation")
        )
        logger.info("%s: %s, version %s", self._folder, manifest.model, manifest.version)

    def _exists(self) -> bool:
        return (self._folder / "manifest.json").is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


class ModelRegistryDataset(AbstractDataset[dict[str, Manifest], dict[str, str]]):
    """Bundles registered in MLflow: files as artifacts of the run, one model version each, found by alias.

    Parameters
    ----------
    model_name : str
        Of the registered model.
    folders : mapping of str to str
        Folder of the bundle that each alias is to point to.
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(self, model_name: str, folders: Mapping[str, str], metadata: Mapping[str, Any] | None = None) -> None:
        self._model_name = model_name
        self._folders = dict(folders)
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """Bundle version that each alias points to."""
        from mlflow import MlflowClient  # noqa: PLC0415 - heavy

        client = MlflowClient()
        aliases = client.get_registered_model(self._model_name).aliases
        return {
            alias: str(client.get_model_version(self._model_name, number).tags["bundle_version"])
            for alias, number in aliases.items()
        }

    def save(self, data: dict[str, Manifest]) -> None:
        """Log each bundle's files to the active run, register them and point the alias at them."""
        import mlflow  # noqa: PLC0415 - heavy

        client = mlflow.MlflowClient()
        self._ensure_model(client)
        run = mlflow.active_run() or mlflow.start_run()
        for alias, manifest in data.items():
            mlflow.log_artifacts(self._folders[alias], f"bundles/{alias}")
            registered = client.create_model_version(
                self._model_name,
                source=f"runs:/{run.info.run_id}/bundles/{alias}",
                run_id=run.info.run_id,
                tags={
                    "model": manifest.model,
                    "bundle_version": manifest.version,
                    "feature_fingerprint": manifest.feature_fingerprint,
                    "data_digest": manifest.data_digest,
                    "git_commit": manifest.git_commit,
                },
            )
            client.set_registered_model_alias(self._model_name, alias, registered.version)

    def _ensure_model(self, client: Any) -> None:
        if not client.search_registered_models(f"name = '{self._model_name}'"):
            client.create_registered_model(self._model_name)

    def _describe(self) -> dict[str, Any]:
        return {"model_name": self._model_name}
