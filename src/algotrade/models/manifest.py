"""What a model bundle says about itself."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError

from algotrade.errors import BundleRejected, ConfigurationError
from algotrade.models.base import Model
from algotrade.models.signature import SIGNATURE_FILE, SigningKey, VerifyKey

MANIFEST_FILE = "manifest.json"
LABEL = "log(open[t+1+horizon] / open[t+1]), known at the open of t+1+horizon"
"""What every model of this package forecasts."""
_LIBRARIES = ("algotrade", "keras", "lightgbm", "numpy", "onnxruntime", "scikit-learn")


class Provenance(BaseModel):
    """What only the one who trained the model knows.

    Attributes
    ----------
    feature_names : tuple of str
        Columns of the feature matrix, in order.
    feature_fingerprint : str
        Of the feature set; serving refuses any other.
    feature_parameters : dict
        The parameters of feature engineering as they were configured, such as the names that were asked for.
    lookback : int
        Candles from which the feature set computes one row.
    horizon : int
        Candles that the forecast return spans.
    exchange, timeframe : str
    symbols : tuple of str
        That the model was trained on.
    training_start, training_end : datetime
        Open time of the first and last training sample, UTC.
    labels_known_until : datetime, optional
        When the last label is known that the model may have learned from.
    data_digest : str
        Of the candles.
    fold_scores : tuple of dict
        One for each fold, as ``validation.scores.fold_scores`` gives them.
    git_commit : str
    label : str
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    feature_names: tuple[str, ...]
    feature_fingerprint: str
    lookback: NonNegativeInt
    horizon: PositiveInt
    exchange: str
    timeframe: str
    symbols: tuple[str, ...]
    training_start: AwareDatetime
    training_end: AwareDatetime
    labels_known_until: AwareDatetime | None = None
    data_digest: str
    fold_scores: tuple[dict[str, Any], ...] = ()
    git_commit: str = "unknown"
    feature_parameters: dict[str, Any] = Field(default_factory=dict)
    label: str = LABEL

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Provenance of a mapping.

        Raises
        ------
        ConfigurationError
            If a field is missing, unknown or of the wrong kind; the known ones are named.
        """
        try:
            return cls(**fields)
        except ValidationError as error:
            complaints = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
            raise ConfigurationError(
                f"The provenance of a model bundle is not accepted: {complaints}. "
                f"Its fields are {', '.join(cls.model_fields)}."
            ) from error


class Manifest(Provenance):
    """Provenance with what the bundle adds: which model, which files, which libraries, when.

    Attributes
    ----------
    model : str
        Name among the models.
    version : str
    history : int
        Feature rows of one prediction.
    settings : dict
    libraries : dict of str to str
        Versions when the model was written.
    created_time : datetime
        UTC.
    files : dict of str to str
        SHA-256 of every file by its path in the bundle.
    """

    model: str
    version: str
    history: PositiveInt
    settings: dict[str, Any]
    libraries: dict[str, str]
    created_time: AwareDatetime
    files: dict[str, str]

    @classmethod
    def of(cls, model: Model, provenance: Provenance, files: dict[str, str], version: str | None) -> "Manifest":
        """Manifest of a model whose files are written."""
        created = datetime.now(UTC).replace(microsecond=0)
        return cls(
            **provenance.model_dump(),
            model=model.name,
            version=version or _version_of(provenance, files),
            history=model.history,
            settings=asdict(model.settings),
            libraries={name: installed_version(name) for name in _LIBRARIES},
            created_time=created,
            files=files,
        )

    def write(self, folder: Path, signing_key: SigningKey | None = None) -> None:
        """Write the manifest, sealed with a digest of its own content; with a key, the signature of the seal too."""
        content = json.loads(self.model_dump_json())
        content["digest"] = _seal(content)
        (folder / MANIFEST_FILE).write_text(json.dumps(content, indent=1) + "\n")
        if signing_key is not None:
            signing_key.sign(folder, content["digest"])

    @classmethod
    def read(cls, folder: Path, verify_key: VerifyKey | None = None) -> "Manifest":
        """Manifest of the bundle in ``folder``.

        Parameters
        ----------
        folder : Path
        verify_key : VerifyKey, optional
            That the bundle has to be signed with; without one a signature is not looked at.

        Raises
        ------
        BundleRejected
            If there is none, it was changed after it was written, or it is not signed with that key.
        """
        manifest, seal = cls.read_sealed(folder)
        if verify_key is not None:
            verify_key.check(folder, seal)
        return manifest

    @classmethod
    def read_sealed(cls, folder: Path) -> "tuple[Manifest, str]":
        """Manifest of the bundle in ``folder``, and the digest of its content that it is sealed with."""
        path = folder / MANIFEST_FILE
        if not path.is_file():
            raise BundleRejected(f"{folder} holds no {MANIFEST_FILE}, so it is no model bundle. Train a model first.")
        try:
            content = json.loads(path.read_text())
            seal = content.pop("digest", None)
            if seal != _seal(content):
                raise BundleRejected(f"{path} was changed after it was written. Fetch the bundle again.")
            return cls(**content), str(seal)
        except (ValueError, TypeError, AttributeError) as error:
            raise BundleRejected(f"{path} cannot be read as a manifest ({error}). Fetch the bundle again.") from error


def file_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in ``folder`` but its manifest and the signature of that, by its relative path."""
    sealing = {folder / MANIFEST_FILE, folder / SIGNATURE_FILE}
    return {
        path.relative_to(folder).as_posix(): _digest(path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path not in sealing
    }


def _version_of(provenance: Provenance, files: dict[str, str]) -> str:
    """Name of a content: the same files, made for the same features and labels on the same data, have the same one."""
    origin = (provenance.feature_fingerprint, provenance.data_digest, provenance.label, provenance.horizon)
    return _digest(json.dumps([*origin, files], sort_keys=True).encode())[:12]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _seal(content: dict[str, Any]) -> str:
    return _digest(json.dumps(content, sort_keys=True).encode())
