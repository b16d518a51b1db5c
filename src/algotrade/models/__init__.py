"""Models: features of the past in, the probability of a rise and the expected return out.

A model is one file. It fits, predicts, saves natively (text, ONNX, JSON; never pickle) and loads
without the library that trained it. Dropping a file that registers itself in ``MODELS`` into this
package and naming it in ``conf/`` is all it takes; the contract tests find it.
"""

from algotrade.models.base import MODELS, Model, build_model, longest_history
from algotrade.models.bundle import ModelBundle, sign_bundle, write_bundle
from algotrade.models.manifest import Manifest, Provenance
from algotrade.models.preparation import EXTRACTORS, Preparation, PreparationSettings
from algotrade.models.samples import Forecast, LabelledSamples, Samples, Targets, sample_ends, usable_rows
from algotrade.models.signature import SigningKey, VerifyKey

__all__ = [
    "EXTRACTORS",
    "MODELS",
    "Forecast",
    "LabelledSamples",
    "Manifest",
    "Model",
    "ModelBundle",
    "Preparation",
    "PreparationSettings",
    "Provenance",
    "Samples",
    "SigningKey",
    "Targets",
    "VerifyKey",
    "build_model",
    "longest_history",
    "sample_ends",
    "sign_bundle",
    "usable_rows",
    "write_bundle",
]
