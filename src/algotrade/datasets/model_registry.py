"""MLflow's model registry as a catalog entry."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from algotrade.tracking import EVIDENCE_SUFFIX, ModelRegistry, Registration
from algotrade.tracking.registry import CHALLENGER, MODEL_NAME


class ModelRegistryDataset(AbstractDataset[dict[str, Any], dict[str, str]]):
    """Every candidate registered: files as artifacts of the run, one version each, with what the gate said.

    Parameters
    ----------
    candidates : str
        Folder of their bundles.
    model_name : str
        Of the registered model.
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(
        self, candidates: str, model_name: str = MODEL_NAME, metadata: Mapping[str, Any] | None = None
    ) -> None:
        self._candidates = Path(candidates)
        self._model_name = model_name
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """Bundle version that each alias points to."""
        return ModelRegistry(self._model_name).aliases()

    def save(self, data: dict[str, Any]) -> None:
        """Register ``candidates`` with ``tags`` and ``cards``, and leave the ``decision`` with run and challenger."""
        import mlflow  # noqa: PLC0415 - heavy

        run = mlflow.active_run()
        if run is not None:
            self._register(data, run.info.run_id)
            return
        with mlflow.start_run() as own:
            self._register(data, own.info.run_id)

    def _register(self, data: dict[str, Any], run_id: str) -> None:
        registry, decision = ModelRegistry(self._model_name), data["decision"]
        registry.register([self._registration(name, data) for name in data["candidates"]], run_id)
        registry.log_decision(run_id, decision)
        registry.tag_gate(decision)
        registry.point(CHALLENGER, data["challenger"])

    def _registration(self, name: str, data: dict[str, Any]) -> Registration:
        evidence = self._candidates / f"{name}{EVIDENCE_SUFFIX}"
        return Registration(
            bundle=self._candidates / name,
            manifest=data["candidates"][name],
            evidence=evidence if evidence.is_file() else None,
            card=data.get("cards", {}).get(name, ""),
            tags=data.get("tags", {}),
        )

    def _describe(self) -> dict[str, Any]:
        return {"candidates": str(self._candidates), "model_name": self._model_name}
