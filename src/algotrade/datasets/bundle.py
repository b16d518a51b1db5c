"""Model bundles as catalog entries: the candidates of a run, and the champion."""

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from algotrade.data.keys import BundleKeys
from algotrade.errors import BundleRejected, ModelError, NoChampion
from algotrade.models.bundle import ModelBundle, write_bundle
from algotrade.monitoring.run_log import current_run
from algotrade.tracking import EVIDENCE_SUFFIX, Candidate, ChampionFolder, Championship, ModelRegistry, Reign
from algotrade.tracking.champion import why_no_champion
from algotrade.tracking.registry import MODEL_NAME

logger = logging.getLogger(__name__)


class _Bundles(AbstractDataset[Any, Any]):
    """A folder with bundles, and the keys that they are signed and checked with.

    Parameters
    ----------
    filepath : str
    credentials : mapping, optional
        ``signing_key`` and ``verify_key``; those of the environment by default.
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(
        self,
        filepath: str,
        credentials: dict[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self._folder = Path(filepath)
        self._credentials = credentials
        self.metadata = metadata

    @property
    def _keys(self) -> BundleKeys:
        return BundleKeys.of(self._credentials)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


class CandidatesDataset(_Bundles):
    """The candidates of a run: a folder with one bundle each, its evidence beside it."""

    def load(self) -> dict[str, Candidate]:
        """Read each bundle and check every file of it."""
        if not self._exists():
            raise BundleRejected(f"{self._folder} holds no candidate. Run the training pipeline first.")
        key = self._keys.verifying
        return {
            path.name: Candidate(ModelBundle.load(path, verify_key=key), path.absolute()) for path in self._bundles()
        }

    def save(self, data: dict[str, dict[str, Any]]) -> None:
        """Write a fitted ``model`` each, with its ``preparation``, ``provenance`` and ``evidence``; others go."""
        key = self._keys.signing
        for path in self._bundles():
            if path.name not in data:
                shutil.rmtree(path)
                path.with_name(f"{path.name}{EVIDENCE_SUFFIX}").unlink(missing_ok=True)
        for name, made in data.items():
            parts = {part: value for part, value in made.items() if part != "evidence"}
            manifest = write_bundle(self._folder / name, **parts, signing_key=key)
            made["evidence"].to_parquet(self._folder / f"{name}{EVIDENCE_SUFFIX}")
            logger.info("%s: %s, version %s", self._folder / name, manifest.model, manifest.version)

    def _bundles(self) -> list[Path]:
        found = self._folder.iterdir() if self._folder.is_dir() else ()
        return sorted(path for path in found if path.is_dir() and not path.name.startswith("."))

    def _exists(self) -> bool:
        return bool(self._bundles())


class ChampionDataset(_Bundles):
    """The champion; saving a decision of the gate carries it out.

    Parameters
    ----------
    filepath : str
        Folder of the models, with ``candidates`` and ``champion`` in it.
    model_name : str
        In the registry.
    credentials : mapping, optional
        ``verify_key``; that of the environment by default.
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(
        self,
        filepath: str,
        model_name: str = MODEL_NAME,
        credentials: dict[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(filepath, credentials, metadata)
        self._model_name = model_name

    def load(self) -> ModelBundle:
        """Read the bundle that reigns and check every file of it."""
        reign = ChampionFolder(self._folder).reigning(self._keys.verifying)
        if reign is None:
            raise NoChampion(why_no_champion(self._folder))
        return reign.bundle

    def save(self, data: dict[str, Any]) -> None:
        """Put the challenger of a decision on the throne if it passed, and write the decision into the book."""
        candidate = self._folder / "candidates" / str(data["challenger"]["name"])
        evidence = candidate.with_name(f"{candidate.name}{EVIDENCE_SUFFIX}")
        key = self._keys.verifying
        championship = Championship.of(self._folder, ModelRegistry(self._model_name), key)
        championship.settle(data, candidate, evidence if evidence.is_file() else None, current_run())

    def _exists(self) -> bool:
        return ChampionFolder(self._folder).link.is_dir()


class ReigningDataset(_Bundles):
    """The champion with its evidence as the run finds them, None where there is none."""

    def load(self) -> Reign | None:
        """Read it and check every file of the bundle."""
        return ChampionFolder(self._folder).reigning(self._keys.verifying)

    def save(self, data: None) -> None:  # noqa: ARG002 - Kedro's signature
        """Refuse: only a decision changes the champion."""
        raise ModelError("The reigning champion is only read. Save a decision of the gate as `champion` instead.")
