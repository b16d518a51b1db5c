"""Model bundles in MLflow's registry: files first, versions then, aliases last, so that nothing is there by half."""

import hashlib
import json
import logging
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from algotrade.errors import BundleRejected, RegistryError
from algotrade.models.bundle import ModelBundle
from algotrade.models.manifest import Manifest
from algotrade.tracking.mlflow_model import BUNDLE_FOLDER, EVIDENCE_FILE, write_mlflow_model
from algotrade.tracking.reachability import clear_errors, require_answer

MODEL_NAME = "algotrade"
VERSION_TAG = "bundle_version"
GATE_TAG = "gate"
SENTENCE_TAG = "gate_sentence"
CHAMPION = "champion"
CHALLENGER = "challenger"
PASSED = "passed"
BY_HAND = "by hand"
_LONGEST_TAG = 4_500
_LONGEST_DESCRIPTION = 4_500
_SOURCE = re.compile(r"runs:/(?P<run>[^/]+)/(?P<path>.+)")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Registration:
    """A packaged model that is to be registered.

    Attributes
    ----------
    bundle : Path
        Its folder.
    manifest : Manifest
    evidence : Path, optional
        Its out-of-fold predictions.
    card : str
        Its model card, empty if there is none.
    tags : mapping of str to str
        Beyond those that the manifest tells.
    """

    bundle: Path
    manifest: Manifest
    evidence: Path | None = None
    card: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_tags(self) -> dict[str, str]:
        """Lineage of the version, as MLflow keeps it."""
        manifest = self.manifest
        lineage = {
            "model": manifest.model,
            VERSION_TAG: manifest.version,
            "files_digest": files_digest(manifest),
            "feature_fingerprint": manifest.feature_fingerprint,
            "data_digest": manifest.data_digest,
            "git_commit": manifest.git_commit,
            "exchange": manifest.exchange,
            "timeframe": manifest.timeframe,
            "symbols": "+".join(manifest.symbols),
            "horizon": str(manifest.horizon),
            "training_start": manifest.training_start.isoformat(),
            "training_end": manifest.training_end.isoformat(),
            **self.tags,
        }
        return {name: value[:_LONGEST_TAG] for name, value in lineage.items()}


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of the registry.

    Attributes
    ----------
    number : int
        MLflow's.
    version : str
        Of the bundle.
    created_time : datetime
    source : str
        Where its files are.
    tags : dict of str to str
    aliases : tuple of str
    """

    number: int
    version: str
    created_time: datetime
    source: str
    tags: dict[str, str]
    aliases: tuple[str, ...] = ()

    @property
    def gate(self) -> str:
        """What the gate said of it."""
        return self.tags.get(GATE_TAG, "not judged")


@dataclass(frozen=True)
class ModelRegistry:
    """The versions of one registered model.

    Attributes
    ----------
    name : str
    uri : str, optional
        Of the tracking server or database; the one that MLflow was told by default.
    """

    name: str = MODEL_NAME
    uri: str | None = None

    @cached_property
    def address(self) -> str:
        """URI of the registry."""
        import mlflow  # noqa: PLC0415 - heavy

        return self.uri or str(mlflow.get_tracking_uri())

    @cached_property
    def _client(self) -> Any:
        from mlflow import MlflowClient  # noqa: PLC0415 - heavy
        from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR  # noqa: PLC0415

        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(value=False)  # a bar a file, over our own lines
        require_answer(self.address)
        with clear_errors(self.address):
            return MlflowClient(tracking_uri=self.address, registry_uri=self.address)

    def register(self, registrations: Sequence[Registration], run_id: str) -> dict[str, int]:
        """Number of each bundle's version, by bundle version; one that is there already keeps its own.

        Of all bundles the files are logged to the run before the first version is made. A version comes with all its
        tags in one transaction: whatever fails, and whenever, no version is there without its files or its lineage,
        and the next try makes exactly those that are missing.

        Raises
        ------
        RegistryError
            If the registry cannot be used.
        """
        known = {version.version: version.number for version in self.versions()}
        new = [each for each in registrations if each.manifest.version not in known]
        for each in registrations:
            if each.manifest.version in known:
                logger.info("%s is registered already, as version %d", _title(each), known[each.manifest.version])
        with clear_errors(self.address):
            for each in new:
                self._log_files(each, run_id)
            if new:
                self._ensure_model()
            for each in new:
                source = f"runs:/{run_id}/{_artifact_path(each)}"
                made = self._client.create_model_version(
                    self.name, source, run_id, tags=each.all_tags, description=_description(each.card)
                )
                known[each.manifest.version] = int(made.version)
                logger.info("%s is registered as version %s", _title(each), made.version)
        return {each.manifest.version: known[each.manifest.version] for each in registrations}

    def require(self) -> None:
        """Raise a RegistryError if the registry cannot be used."""
        with clear_errors(self.address):
            self._client.search_experiments(max_results=1)
            self._client.search_registered_models(max_results=1)

    def versions(self) -> list[RegisteredVersion]:
        """All registered bundles, the newest first.

        Raises
        ------
        RegistryError
            If the registry cannot be used.
        """
        with clear_errors(self.address):
            aliases = self._aliases_by_number()
            found, token = [], None
            while True:
                page = self._client.search_model_versions(f"name = '{self.name}'", page_token=token)
                found += [_registered(each, aliases) for each in page if VERSION_TAG in each.tags]
                token = page.token
                if not token:
                    return sorted(found, key=lambda version: -version.number)

    def find(self, text: str) -> RegisteredVersion:
        """The version that is meant: a bundle version, its unique beginning, or the registry's number.

        Raises
        ------
        RegistryError
            If there is none, or there are several.
        """
        everything = self.versions()
        exact = [version for version in everything if text in {version.version, str(version.number)}]
        matching = exact or [version for version in everything if text and version.version.startswith(text)]
        if len(matching) != 1:
            known = ", ".join(version.version for version in everything[:10]) or "none"
            kind = "is ambiguous" if matching else "is not registered"
            raise RegistryError(f"The model version {text!r} {kind}. Registered are, the newest first: {known}.")
        return matching[0]

    def aliases(self) -> dict[str, str]:
        """Bundle version that each alias points to."""
        return {alias: version.version for version in self.versions() for alias in version.aliases}

    def point(self, alias: str, version: str | None) -> None:
        """Point an alias at a bundle version, or away from all of them."""
        number = None if version is None else self.find(version).number
        with clear_errors(self.address):
            if number is not None:
                self._client.set_registered_model_alias(self.name, alias, str(number))
            elif alias in self._aliases():
                self._client.delete_registered_model_alias(self.name, alias)

    def tag(self, version: str, tags: Mapping[str, str]) -> None:
        """Add what became known of a version, such as what was decided about it."""
        number = self.find(version).number
        with clear_errors(self.address):
            for name, value in tags.items():
                self._client.set_model_version_tag(self.name, str(number), name, value[:_LONGEST_TAG])

    def log_decision(self, run_id: str, decision: Mapping[str, Any]) -> None:
        """Leave a decision with the run that made it: as an artifact and in two tags."""
        with clear_errors(self.address):
            self._client.log_dict(run_id, dict(decision), "decision.json")
            self._client.set_tag(run_id, "gate.outcome", str(decision["outcome"]))
            self._client.set_tag(run_id, "gate.sentence", str(decision["sentence"])[:_LONGEST_TAG])

    def tag_gate(self, decision: Mapping[str, Any]) -> None:
        """Tag the challenger with what the gate said; of the champion itself there is nothing new to say."""
        challenger, before = decision["challenger"], decision["champion_before"] or {}
        if challenger["version"] == before.get("version"):
            return
        said = {"promoted": PASSED, "by hand": BY_HAND}.get(str(decision["outcome"]), "failed")
        self.tag(challenger["version"], {GATE_TAG: said, SENTENCE_TAG: str(decision["sentence"])})

    def fetch(self, version: RegisteredVersion, folder: Path) -> tuple[Path, Path | None]:
        """Bundle and evidence of a version, fetched into an empty folder and checked file by file.

        Raises
        ------
        RegistryError
            If the files cannot be had.
        BundleRejected
            If they are not those that were registered.
        """
        parts = _SOURCE.fullmatch(version.source)
        if parts is None:
            raise RegistryError(f"Version {version.version} has its files at {version.source}, not with an MLflow run.")
        with clear_errors(self.address):
            fetched = Path(self._client.download_artifacts(parts["run"], parts["path"], str(folder)))
        bundle = fetched / BUNDLE_FOLDER
        manifest = ModelBundle.load(bundle).manifest
        if files_digest(manifest) != version.tags.get("files_digest") or manifest.version != version.version:
            raise BundleRejected(
                f"The registry keeps other files for {version.version} than were registered: they are of "
                f"{manifest.version}. Train the model again."
            )
        evidence = fetched / EVIDENCE_FILE
        return bundle, evidence if evidence.is_file() else None

    def _log_files(self, registration: Registration, run_id: str) -> None:
        with tempfile.TemporaryDirectory(prefix="algotrade-") as scratch:
            folder = Path(scratch)
            write_mlflow_model(
                folder, registration.bundle, registration.manifest, registration.evidence, registration.card
            )
            self._client.log_artifacts(run_id, str(folder), _artifact_path(registration))

    def _ensure_model(self) -> None:
        if not self._client.search_registered_models(f"name = '{self.name}'"):
            self._client.create_registered_model(self.name)

    def _aliases(self) -> dict[str, str]:
        found = self._client.search_registered_models(f"name = '{self.name}'")
        return {alias: str(number) for each in found for alias, number in each.aliases.items()}

    def _aliases_by_number(self) -> dict[str, list[str]]:
        by_number: dict[str, list[str]] = {}
        for alias, number in self._aliases().items():
            by_number.setdefault(number, []).append(alias)
        return by_number


def files_digest(manifest: Manifest) -> str:
    """One digest of all files of a bundle."""
    return hashlib.sha256(json.dumps(manifest.files, sort_keys=True).encode()).hexdigest()


def _registered(found: Any, aliases: Mapping[str, Sequence[str]]) -> RegisteredVersion:
    return RegisteredVersion(
        number=int(found.version),
        version=found.tags[VERSION_TAG],
        created_time=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC),
        source=found.source,
        tags=dict(found.tags),
        aliases=tuple(sorted(aliases.get(str(found.version), ()))),
    )


def _artifact_path(registration: Registration) -> str:
    return f"models/{registration.manifest.model}-{registration.manifest.version}"


def _description(card: str) -> str:
    """The card as far as the registry has room for it; the artifact has all of it."""
    if len(card) <= _LONGEST_DESCRIPTION:
        return card
    whole = card[:_LONGEST_DESCRIPTION].rpartition("\n")[0]
    return f"{whole}\n\n(The rest is in model_card.md beside the bundle.)"


def _title(registration: Registration) -> str:
    return f"{registration.manifest.model} {registration.manifest.version}"
