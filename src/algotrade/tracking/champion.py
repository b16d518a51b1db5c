"""The folder that is served: switched from one champion to the next in one step."""

import fcntl
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from algotrade.errors import BundleRejected
from algotrade.models.bundle import ModelBundle
from algotrade.models.manifest import Manifest
from algotrade.models.signature import VerifyKey

logger = logging.getLogger(__name__)

EVIDENCE_SUFFIX = ".evidence.parquet"


@dataclass(frozen=True)
class Candidate:
    """A packaged model, and the folder that it was read from.

    Attributes
    ----------
    bundle : ModelBundle
    folder : Path
    """

    bundle: ModelBundle
    folder: Path


@dataclass(frozen=True)
class Reign:
    """The reigning champion, and what it said out of fold when it was chosen.

    Attributes
    ----------
    bundle : ModelBundle
    evidence : DataFrame
        Empty where it was not kept.
    """

    bundle: ModelBundle
    evidence: pd.DataFrame


@dataclass(frozen=True)
class ChampionFolder:
    """The champions below a folder of models, of which one is served.

    ``champion`` is a symbolic link to one of ``champions/VERSION``. Replacing a link is one step of the file system:
    whoever looks, whenever, and whatever is killed, finds the old champion or the new one, each of them whole.

    Attributes
    ----------
    models : Path
        Such as ``data/06_models``.
    verify_key : VerifyKey, optional
        That a bundle has to be signed with before it is served.
    """

    models: Path
    verify_key: VerifyKey | None = None

    @property
    def link(self) -> Path:
        """What is served."""
        return self.models / "champion"

    def folder_of(self, version: str) -> Path:
        """Where a champion is kept."""
        return self.models / "champions" / version

    def manifest(self) -> Manifest | None:
        """Manifest of the reigning champion, None where there is none.

        Raises
        ------
        BundleRejected
            If what is there is no bundle.
        """
        return Manifest.read(self.link.resolve()) if self.link.is_dir() else None

    def reigning(self, verify_key: VerifyKey | None = None) -> Reign | None:
        """The champion with its evidence, None where there is none.

        Raises
        ------
        BundleRejected
            If it was changed, or is not signed with that key.
        """
        if not self.link.is_dir():
            return None
        bundle = ModelBundle.load(self.link.resolve(), verify_key=verify_key)
        evidence = self._evidence_of(bundle.manifest.version)
        return Reign(bundle, pd.read_parquet(evidence) if evidence.is_file() else pd.DataFrame())

    def holds(self, version: str) -> bool:
        """Whether a champion is kept, unchanged; one that was changed is thrown away."""
        folder = self.folder_of(version)
        if not folder.is_dir():
            return False
        try:
            return ModelBundle.load(folder).manifest.version == version
        except BundleRejected as error:
            logger.warning("%s Another copy takes its place.", error)
            shutil.rmtree(folder)
            return False

    def keep(self, bundle: Path, version: str, evidence: Path | None) -> None:
        """Copy a bundle to where champions are kept, whole or not at all; one that is there unchanged stays."""
        target = self.folder_of(version)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new.") as scratch:
            if evidence is not None and not self._evidence_of(version).is_file():
                shutil.copy(evidence, Path(scratch) / "evidence")
                (Path(scratch) / "evidence").replace(self._evidence_of(version))
            if not self.holds(version):
                shutil.copytree(bundle, Path(scratch) / "bundle")
                (Path(scratch) / "bundle").rename(target)

    def crown(self, version: str | None) -> None:
        """Serve a champion that is kept, or none.

        Raises
        ------
        BundleRejected
            If it is not signed as it has to be; what was served stays.
        """
        if version is not None:
            Manifest.read(self.folder_of(version), self.verify_key)
        if self.link.is_dir() and not self.link.is_symlink():
            self._keep_what_was_put_there()
        if version is None:
            self.link.unlink(missing_ok=True)
            return
        with tempfile.TemporaryDirectory(dir=self.models, prefix=".crown.") as scratch:
            draft = Path(scratch) / "champion"
            # Made where it will be, so that the link is as short as it reads.
            draft.symlink_to(os.path.relpath(self.folder_of(version), self.models))
            draft.replace(self.link)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from changing the champion."""
        self.models.mkdir(parents=True, exist_ok=True)
        with (self.models / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _keep_what_was_put_there(self) -> None:
        """Move a folder that somebody put in the link's place to where champions are kept."""
        target = self.folder_of(Manifest.read(self.link).version)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            shutil.rmtree(target)
        self.link.rename(target)

    def _evidence_of(self, version: str) -> Path:
        return self.models / "champions" / f"{version}{EVIDENCE_SUFFIX}"


def why_no_champion(models: Path) -> str:
    """What to say where there is no champion: with the reason, if a gate gave one."""
    try:
        sentence = str(json.loads((models / "decision.json").read_text())["sentence"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"There is no champion: {models / 'champion'} holds no model. Train models with `make run` first."
    if sentence.startswith("There is no champion"):
        return f"{sentence} Train on other data or settings, or promote a version by hand (`algotrade models list`)."
    return f"There is no champion at {models / 'champion'}. `algotrade models promote VERSION` makes one."
