"""A model in a folder, with everything one needs to know to trust it.

::

    bundle/
      manifest.json     what the model is, where it came from, how it scored, the SHA-256 of every file
      signature.json    who vouches for the manifest, and so for all files; absent if no key was given
      preparation.json  which features the model sees, and the factors made of them; absent if it sees all as they are
      calibration.json  what is done to its probability, and the interval around its return; absent if nothing is
      model/            native files: LightGBM text, ONNX, JSON

Nothing is pickled: reading a bundle runs no code of its own.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.errors import BundleRejected, ModelError
from algotrade.models.base import MODELS, Model
from algotrade.models.calibration import Calibration
from algotrade.models.manifest import Manifest, Provenance, file_digests
from algotrade.models.preparation import Preparation
from algotrade.models.samples import Forecast, Samples
from algotrade.models.signature import SigningKey, VerifyKey

_MODEL_FOLDER = "model"
_PREPARATION_FILE = "preparation.json"
_CALIBRATION_FILE = "calibration.json"


@dataclass(frozen=True)
class ModelBundle:
    """A fitted model, what is done to feature rows before it sees them and to what it says, and its manifest.

    Windows are of raw feature rows, those that the feature set computes; the bundle prepares them itself.

    Attributes
    ----------
    manifest : Manifest
    model : Model
    preparation : Preparation
    calibration : Calibration
    """

    manifest: Manifest
    model: Model
    preparation: Preparation
    calibration: Calibration = field(default_factory=Calibration)

    @classmethod
    def load(
        cls, folder: Path, expected_fingerprint: str | None = None, verify_key: VerifyKey | None = None
    ) -> "ModelBundle":
        """Bundle in ``folder``, byte for byte as it was written.

        Needs neither TensorFlow nor anything else that only training uses.

        Parameters
        ----------
        folder : Path
        expected_fingerprint : str, optional
            Of the feature set that will feed the model.
        verify_key : VerifyKey, optional
            That the bundle has to be signed with; without one any unchanged bundle is accepted.

        Raises
        ------
        BundleRejected
            If a file was changed, is missing or was added (the file is named), the bundle is not signed as it has to
            be, or the model was trained on features with another fingerprint.
        """
        # The champion is a link that may be switched while its files are read.
        folder = folder.resolve()
        manifest = Manifest.read(folder, verify_key)
        _check_files(folder, manifest)
        if expected_fingerprint is not None and manifest.feature_fingerprint != expected_fingerprint:
            raise BundleRejected(
                f"{folder}: the model was trained on features with the fingerprint {manifest.feature_fingerprint}, "
                f"but {expected_fingerprint} would feed it. Train a model on the present features, "
                "or restore the code and configuration of the old ones."
            )
        model = MODELS[manifest.model].load(folder / _MODEL_FOLDER)
        return cls(manifest, model, _read_preparation(folder, manifest), _read_calibration(folder, manifest))

    def predict(self, windows: FloatArray) -> Forecast:
        """Forecast after each window of shape ``(history, F)`` in ``windows``, shape ``(n, history, F)``.

        Raises
        ------
        ModelError
            If the shape is another.
        """
        self._check_shape(windows.shape[1:])
        forecast = self.model.predict(self.preparation.of(Samples.of_windows(windows)))
        return replace(forecast, probability=self.calibration.calibrator.apply(forecast.probability))

    def predict_one(self, window: FloatArray) -> tuple[float, float]:
        """Probability and expected log return after one window of shape ``(history, F)``: the fast path.

        Raises
        ------
        ModelError
            If the shape is another.
        """
        self._check_shape(window.shape)
        probability, expected_return = self.model.predict_one(self.preparation.transform(window))
        return self.calibration.calibrator.apply_one(probability), expected_return

    def interval(self, expected_return: float, window: FloatArray | None = None) -> tuple[float, float]:
        """Ends of the interval in which the log return will lie, as often as ``calibration.interval.level`` says.

        Parameters
        ----------
        expected_return : float
            As ``predict_one`` gives it.
        window : ndarray, shape ``(history, F)``, optional
            That it was made of. With it the interval is as wide as prices have moved of late, if it was learned so;
            without it, as wide as it has to be on average.

        Raises
        ------
        ModelError
            If the bundle knows no interval, or the shape is another.
        """
        if self.calibration.interval is None:
            raise ModelError(
                f"Model {self.manifest.model} {self.manifest.version} was packaged without an interval: it had no "
                "out-of-fold predictions to learn one from. Train the model again with this version."
            )
        if window is not None:
            self._check_shape(window.shape)
        half = self.calibration.interval.half_width_of(window, self.manifest.feature_names)
        return expected_return - half, expected_return + half

    @property
    def interval_level(self) -> float | None:
        """Share of the log returns that ``interval`` contains; None where the bundle knows no interval."""
        return None if self.calibration.interval is None else self.calibration.interval.level

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if shape != (self.manifest.history, len(self.manifest.feature_names)):
            raise ModelError(
                f"Model {self.manifest.model} {self.manifest.version} reads {self.manifest.history} rows of "
                f"{len(self.manifest.feature_names)} features, not windows of shape {shape}. "
                "Build the windows with the feature set of the bundle."
            )


def write_bundle(  # noqa: PLR0913 - the parts of a bundle, each by its name
    folder: Path,
    model: Model,
    provenance: Provenance | Mapping[str, Any],
    version: str | None = None,
    *,
    preparation: Preparation | None = None,
    calibration: Calibration | None = None,
    signing_key: SigningKey | None = None,
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
        By default the beginning of a digest of the files, the data, the features and the label: the same content has
        the same version.
    preparation : Preparation, optional
        That the model was fitted on the result of; without one it sees the features as they are.
    calibration : Calibration, optional
        Learned from what the model said out of fold; without one it is served as it speaks.
    signing_key : SigningKey, optional
        To vouch for the bundle with.

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
        if calibration is not None and not calibration.is_nothing:
            content = json.dumps(calibration.to_json(), indent=1, allow_nan=False)
            (draft / _CALIBRATION_FILE).write_text(content + "\n")
        manifest = Manifest.of(model, known, file_digests(draft), version)
        manifest.write(draft, signing_key)
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        draft.rename(folder)
    return manifest


def sign_bundle(folder: Path, signing_key: SigningKey) -> Manifest:
    """Sign a bundle that is already there, if it is unchanged.

    Raises
    ------
    BundleRejected
        If it is not.
    """
    manifest, seal = Manifest.read_sealed(folder)
    _check_files(folder, manifest)
    signing_key.sign(folder, seal)
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


def _read_calibration(folder: Path, manifest: Manifest) -> Calibration:
    if _CALIBRATION_FILE not in manifest.files:
        return Calibration()
    return Calibration.from_json(json.loads((folder / _CALIBRATION_FILE).read_text()))


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
