"""Where the bundles lie that a service may load, and which of them is the champion."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from algotrade.errors import BundleRejected, ModelError
from algotrade.inference.problems import ModelRefused, NoPreviousModel
from algotrade.inference.schemas import Role
from algotrade.models.bundle import ModelBundle
from algotrade.models.manifest import MANIFEST_FILE, Manifest
from algotrade.models.signature import VerifyKey
from algotrade.tracking.champion import ChampionFolder
from algotrade.tracking.history import DecisionHistory, Record

Stamp = tuple[tuple[int, int, int] | None, ...]
"""Changes whenever another bundle lies somewhere on the shelf."""


@dataclass(frozen=True)
class Shelf:
    """The bundle to serve, and those of the latest run and of former champions beside it.

    Attributes
    ----------
    champion : Path
        Folder or link of the bundle to serve. Where it is called ``champion`` the others lie beside it, in
        ``candidates`` and ``champions``; any other folder is alone.
    verify_key : VerifyKey, optional
        That every bundle has to be signed with.
    """

    champion: Path
    verify_key: VerifyKey | None = None

    @property
    def models(self) -> Path | None:
        """Folder that the champion is chosen in; None where a bundle was named that nobody promotes."""
        return self.champion.parent if self.champion.name == "champion" else None

    def stamp(self) -> Stamp:
        """What lies here, told from three looks at the file system."""
        places = [self.champion / MANIFEST_FILE]
        if self.models is not None:
            places += [self.models / "candidates", self.models / "champions"]
        return tuple(_look(place) for place in places)

    def load(self, folder: Path) -> ModelBundle:
        """Bundle in ``folder``, unchanged and signed as it has to be.

        Raises
        ------
        BundleRejected
            If it is not.
        """
        return ModelBundle.load(folder, verify_key=self.verify_key)

    def others(self) -> Iterator[tuple[Path, Role]]:
        """Bundles that could be served beside the champion: those of the latest run, then former champions."""
        if self.models is None:
            return
        for name, role in (("candidates", "challenger"), ("champions", "former")):
            folders = [path.parent for path in (self.models / name).glob(f"*/{MANIFEST_FILE}")]
            for folder in sorted(folders, key=_written, reverse=True):
                if not folder.name.startswith("."):
                    yield folder, role  # type: ignore[misc]  # the literals above

    def step_back(self, who: str) -> str:
        """Make the champion before the present one the champion again, and write it into the book of decisions.

        The registry is not asked: the folder counts, and `algotrade models list` tells where its alias is behind.

        Raises
        ------
        NoPreviousModel
            If there was none.
        ModelRefused
            If it is not kept any more, was changed or is not signed as it has to be; the present one stays.
        """
        if self.models is None:
            raise NoPreviousModel(f"{self.champion} was named to be served; only a champion follows another one.")
        folder, history = ChampionFolder(self.models, self.verify_key), DecisionHistory(self.models / "decisions.jsonl")
        with folder.locked():
            manifest = folder.manifest()
            before = None if manifest is None else manifest.version
            try:
                version = history.champion_before(before)
            except ModelError as error:
                raise NoPreviousModel(str(error)) from error
            try:
                self.load(folder.folder_of(version))
                folder.crown(version)
            except BundleRejected as error:
                raise ModelRefused(f"{error} The champion is still {before}.") from error
            now = datetime.now(UTC).isoformat(timespec="seconds")
            history.append(Record(now, "rollback", who, "over HTTP", before, version))
        return version


def version_of(folder: Path) -> str | None:
    """Version of the bundle in a folder; None where there is no readable one."""
    try:
        return Manifest.read(folder).version
    except BundleRejected:
        return None


def _look(place: Path) -> tuple[int, int, int] | None:
    try:
        found = place.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _written(folder: Path) -> int:
    return folder.stat().st_mtime_ns
