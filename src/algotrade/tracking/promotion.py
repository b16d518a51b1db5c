"""Who reigns: alias and served folder moved together, and the book says why."""

import getpass
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from algotrade.errors import BundleRejected, ConfigurationError, ModelError
from algotrade.models.signature import VerifyKey
from algotrade.tracking.champion import ChampionFolder
from algotrade.tracking.history import DecisionHistory, Kind, Record
from algotrade.tracking.registry import BY_HAND, CHAMPION, PASSED, SENTENCE_TAG, ModelRegistry, RegisteredVersion

_FIT_TO_REIGN = (PASSED, BY_HAND)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Championship:
    """The registry's alias, the folder that is served, and the book of decisions.

    The alias is moved first, because a registry can fail to answer; then the folder, in one step. If that fails the
    alias goes back. A process killed between the two leaves the old champion served and the alias ahead of it: the
    folder counts, ``mismatch`` tells, and the next decision sets it right.

    Attributes
    ----------
    folder : ChampionFolder
    registry : ModelRegistry
    history : DecisionHistory
    """

    folder: ChampionFolder
    registry: ModelRegistry
    history: DecisionHistory

    @classmethod
    def of(cls, models: Path, registry: ModelRegistry, verify_key: VerifyKey | None = None) -> "Championship":
        """Championship below a folder of models, in which only those reign that were signed with the key, if any."""
        return cls(ChampionFolder(models, verify_key), registry, DecisionHistory(models / "decisions.jsonl"))

    def promote(self, text: str, reason: str = "", *, force: bool = False) -> RegisteredVersion:
        """Make a registered version the champion.

        Parameters
        ----------
        text : str
            Version, its unique beginning, or the registry's number.
        reason : str
            Goes into the book.
        force : bool
            Also if the gate did not pass it; then there must be a reason.

        Raises
        ------
        RegistryError
            If the registry cannot be used or does not know the version.
        ModelError
            If the gate did not pass it and it is not forced, or it reigns already.
        ConfigurationError
            If it is forced without a reason.
        """
        version = self.registry.find(text)
        if version.gate not in _FIT_TO_REIGN and not force:
            raise ModelError(
                f"{_title(version)} has not passed the gate ({version.gate}): "
                f"{version.tags.get(SENTENCE_TAG, 'it was not the best candidate of its run')} "
                "`--force --reason TEXT` promotes it all the same."
            )
        if force and not reason.strip():
            raise ConfigurationError("`--force` overrules the gate, so somebody has to say why: add `--reason TEXT`.")
        with self.folder.locked():
            self._refuse_the_same(version)
            self._fetch(version)
            self._move(version.version, "promote", _user(), reason or "by hand")
        return version

    def rollback(self, reason: str = "") -> RegisteredVersion:
        """Make the champion before the present one the champion again.

        Raises
        ------
        ModelError
            If there was none.
        RegistryError
            If the registry cannot be used.
        """
        with self.folder.locked():
            version = self.registry.find(self.history.champion_before(self._reigning()))
            self._fetch(version)
            self._move(version.version, "rollback", _user(), reason or "by hand")
        return version

    def settle(self, decision: Mapping[str, Any], bundle: Path, evidence: Path | None, run: str) -> None:
        """Carry out what the gate decided about a registered challenger, and write it into the book."""
        version = str(decision["challenger"]["version"])
        with self.folder.locked():
            if decision["outcome"] == "promoted":
                self.folder.keep(bundle, version, evidence)
                self._move(version, "gate", run, str(decision["sentence"]), decision)
                return
            before = self._reigning()
            self._heal_alias(before)
            self.history.append(_record("gate", run, str(decision["sentence"]), (before, before), decision))

    def mismatch(self) -> str:
        """In words, where the registry's alias is not at the champion that is served; empty where it is."""
        alias, served = self.registry.aliases().get(CHAMPION), self._reigning()
        if alias == served:
            return ""
        return f"The registry's champion is {alias or 'none'}, but {served or 'none'} is served, and that counts."

    def _move(self, version: str, kind: Kind, who: str, reason: str, details: Mapping[str, Any] | None = None) -> None:
        before = self._reigning()
        self.registry.point(CHAMPION, version)
        try:
            self.folder.crown(version)
        except (OSError, BundleRejected):
            self._heal_alias(before)
            raise
        self.history.append(_record(kind, who, reason, (before, version), details or {}))
        logger.info("The champion is %s now, it was %s: %s", version, before or "none", reason)

    def _heal_alias(self, served: str | None) -> None:
        if self.registry.aliases().get(CHAMPION) == served:
            return
        known = {version.version for version in self.registry.versions()}
        self.registry.point(CHAMPION, served if served in known else None)

    def _fetch(self, version: RegisteredVersion) -> None:
        if self.folder.holds(version.version):
            return
        with tempfile.TemporaryDirectory(prefix="algotrade-") as scratch:
            bundle, evidence = self.registry.fetch(version, Path(scratch))
            self.folder.keep(bundle, version.version, evidence)

    def _refuse_the_same(self, version: RegisteredVersion) -> None:
        if version.version == self._reigning() and CHAMPION in version.aliases:
            raise ModelError(f"{_title(version)} is the champion already; nothing was changed.")

    def _reigning(self) -> str | None:
        manifest = self.folder.manifest()
        return None if manifest is None else manifest.version


def _record(
    kind: Kind, who: str, reason: str, versions: tuple[str | None, str | None], details: Mapping[str, Any]
) -> Record:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Record(now, kind, who, reason, versions[0], versions[1], dict(details))


def _title(version: RegisteredVersion) -> str:
    return f"{version.tags.get('model', 'model')} {version.version}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
