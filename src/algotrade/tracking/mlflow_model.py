"""A bundle as MLflow sees it: a folder with an ``MLmodel`` that tells signature and loader, and the bundle in it.

::

    MLmodel             signature: windows of shape (n, history, F) -> probability and expected return
    bundle/             the bundle, as it was packaged
    evidence.parquet    what the model said out of fold
    model_card.md       where there is one
"""

import platform
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.models.bundle import ModelBundle
from algotrade.models.manifest import Manifest

BUNDLE_FOLDER = "bundle"
EVIDENCE_FILE = "evidence.parquet"
CARD_FILE = "model_card.md"
_LOADER = "algotrade.tracking.mlflow_model"


def write_mlflow_model(folder: Path, bundle: Path, manifest: Manifest, evidence: Path | None, card: str = "") -> None:
    """Write everything that MLflow keeps of a bundle into an empty folder."""
    from mlflow.models import Model  # noqa: PLC0415 - heavy

    shutil.copytree(bundle, folder / BUNDLE_FOLDER)
    if evidence is not None:
        shutil.copy(evidence, folder / EVIDENCE_FILE)
    if card:
        (folder / CARD_FILE).write_text(card)
    model = Model(signature=signature_of(manifest))
    model.add_flavor(
        "python_function", loader_module=_LOADER, data=BUNDLE_FOLDER, python_version=platform.python_version()
    )
    model.save(str(folder / "MLmodel"))


def signature_of(manifest: Manifest) -> Any:
    """MLflow's signature: float64 windows of raw feature rows in, a probability and an expected return each out."""
    from mlflow.models import ModelSignature  # noqa: PLC0415 - heavy
    from mlflow.types import Schema, TensorSpec  # noqa: PLC0415

    number = np.dtype("float64")
    windows = TensorSpec(number, (-1, manifest.history, len(manifest.feature_names)))
    answers = [TensorSpec(number, (-1,), name) for name in ("probability", "expected_return")]
    return ModelSignature(Schema([windows]), Schema(answers))


class BundleFunction:
    """The bundle as MLflow's ``python_function`` calls it."""

    def __init__(self, bundle: ModelBundle) -> None:
        self._bundle = bundle

    def predict(self, model_input: FloatArray, params: dict[str, Any] | None = None) -> dict[str, FloatArray]:
        """Probability and expected return after each window; there are no parameters."""
        del params
        forecast = self._bundle.predict(np.asarray(model_input, dtype=np.float64))
        return {"probability": forecast.probability, "expected_return": forecast.expected_return}


def _load_pyfunc(path: str) -> BundleFunction:
    """What ``mlflow.pyfunc.load_model`` calls; nothing is unpickled."""
    return BundleFunction(ModelBundle.load(Path(path)))
