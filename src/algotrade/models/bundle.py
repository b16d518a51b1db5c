"""A model in a folder, with everything one needs to know to trust it.

::

    bundle/
      manifest.json     what the model is, where it came from, how it scored, the SHA-256 of every file
      preparation.json  which features the model sees, and the factors made of them; absent if it sees all as they are
      model/            native files: LightGBM text, ONNX, JSON

Nothing is pickled: reading a bundle runs no code of its own.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.errors import BundleRejected, ModelError
from algotrade.models.base import MODELS, Model
from algotrade.models.manifest import Manifest, Provenance, file_digests
from algotrade.models.preparation import Preparation
from algotrade.models.samples import Forecast, Samples

_MODEL_FOLDER = "model"
_PREPARATION_FILE = "preparation.json"


@dataclass(frozen=True)
class ModelBundle:
    """A fitted model, what is done to feature rows before it sees them, and what its manifest says of it.

    Windows are of raw feature rows, those that the feature set computes; the bundle prepares them itself.

    Attributes
    ----------
    manifest : Manifest
    model : Model
    preparation : Preparation
    """

    manifest: Manifest
    model: Model
    preparation: Preparation

    @classmethod
    def load(cls, folder: Path, expected_fingerprint: str | None = None) -> "ModelBundle":
        """Bundle in ``folder``, byte for byte as it was written.

        Needs neither TensorFlow nor anything else that only training uses.

        Parameters
        ----------
        folder : Path
        expected_fingerprint : str, optional
            Of the feature set that will feed the model.

        Raises
        ------
        BundleRejected
            If a file was changed, is missing or was added (the file is named), or the model was trained on
            features with another fingerprint.
        """
        manifest = Manifest.read(folder)
        _check_files(folder, manifest)
        if expected_fingerprint is not None and manifest.feature_fingerprint != expected_fingerprint:
            raise BundleRejected(
                f"{folder}: the model was trained on features with the fingerprint {manifest.feature_fingerprint}, "
                f"but {expected_fingerprint} would feed it. Train a model on the present features, "
                "or restore the code and configuration of the old ones."
            )
        model = MODELS[manifest.model].load(folder / _MODEL_FOLDER)
        return cls(manifest, model, _read_preparation(folder, manifest))

    def predict(self, windows: FloatArray) -> Forecast:
        """Forecast after each window of shape ``(history, F)`` in ``windows``, shape ``(n, history, F)``.

        Raises
        ------
        ModelError
            If the shape is another.
        """
        self._check_shape(windows.shape[1:])
        return self.model.predict(self.preparation.of(Samples.of_windows(windows)))

    def predict_one(self, window: FloatArray) -> tuple[float, float]:
        """Probability and expected log return after one window of shape ``(history, F)``: the fast path.

        Raises
        ------
        ModelError
            If the shape is another.
        """
        self._check_shape(window.shape)
        return self.model.predict_one(self.preparation.transform(window))

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if shape != (self.manifest.history, len(self.manifest.feature_names)):
            raise ModelError(
                f"Model {self.manifest.model} {self.manifest.version} reads {self.manifest.history} rows of "
                f"{len(self.manifest.feature_names)} features, not windows of shape {shape}. "
                "Build the windows with the feature set of the bundle."
            )


def write_bundle(
    folder: Path,
    model: Model,
    provenance: Provenance | Mapping[str, Any],
    version: str | None = None,
    preparation: Preparation | None = None,
) -> Manifest:
    """Write a fitted model with its manifest into ``folder``, all of it or nothing.

    A bundle that is already there is replaced. The folder appears under its name only when it is complete.

    Parameters
    ----------
    folder : Path
    model : Model
        Fitted.
    provenance : Provenance or mapping
        What only the caller knows.
    version : str, optional
        The time of writing and the beginning of the files' digest by default.
    preparation : Preparation, optional
        That the model was fitted on the result of; without one it sees the features as they are.

    Raises
    ------
    ConfigurationError
        If the provenance lacks a field or has an unknown one.
    ModelError
        If the model is not fitted, or the preparation is of other features than the provenance names.
    """
    known = provenance if isinstance(provenance, Provenance) else Provenance.parse(provenance)
    if preparation is not None and preparation.feature_names != known.feature_names:
        raise ModelError(_other_features(str(folder), preparation, known))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        draft = Path(scratch) / "new"
        (draft / _MODEL_FOLDER).mkdir(parents=True)
        model.save(draft / _MODEL_FOLDER)
        if preparation is not None and not preparation.is_nothing:
            preparation.save(draft / _PREPARATION_FILE)
        manifest = Manifest.of(model, known, file_digests(draft), version)
        manifest.write(draft)
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        draft.rename(folder)
    return manifest


def _read_preparation(folder: Path, manifest: Manifest) -> Preparation:
    if _PREPARATION_FILE not in manifest.files:
        return Preparation.nothing(manifest.feature_names)
    preparation = Preparation.load(folder / _PREPARATION_FILE)
    if preparation.feature_names != manifest.feature_names:
        raise BundleRejected(_other_features(str(folder), preparation, manifest))
    # What is compiled on first use is compiled now, not while the first request waits.
    preparation.transform(np.zeros((1, len(manifest.feature_names))))
    return preparation


def _other_features(folder: str, preparation: Preparation, known: Provenance) -> str:
    return (
        f"{folder}: the preparation is of {len(preparation.feature_names)} features, the model of "
        f"{len(known.feature_names)}, and they are not the same. Train the model again."
    )


def _check_files(folder: Path, manifest: Manifest) -> None:
    found = file_digests(folder)
    for name in sorted(manifest.files.keys() | found.keys()):
        if name not in found:
            raise BundleRejected(f"{folder}: {name} is missing. Fetch the bundle again or train the model again.")
        if name not in manifest.files:
            raise BundleRejected(f"{folder}: {name} does not belong to the bundle. Remove it.")
        if manifest.files[name] != found[name]:
            raise BundleRejected(
                f"{folder}: {name} was changed after it was written (its SHA-256 is {found[name][:12]}, "
                f"not {manifest.files[name][:12]}). Fetch the bundle again or train the model again."
            )
