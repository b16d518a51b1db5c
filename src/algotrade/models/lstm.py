"""A small recurrent network over the last feature rows: trained by Keras, kept and predicted as ONNX."""

import logging
import os
import tempfile
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import FloatArray
from algotrade.errors import ModelError
from algotrade.models.base import MODELS, Model
from algotrade.models.configuration import STRICT
from algotrade.models.onnx_network import OnnxNetwork
from algotrade.models.return_scale import ReturnScale
from algotrade.models.samples import Forecast, LabelledSamples, Samples
from algotrade.models.standardisation import Standardiser

_NETWORK_FILE = "network.onnx"
_BATCH_OF_PREDICTIONS = 4096


@settings_dataclass(frozen=True, config=STRICT)
class LstmSettings:
    """Settings of the recurrent network.

    Attributes
    ----------
    history : int
        Feature rows that it reads for one prediction.
    units : int
        Width of the LSTM layer.
    dropout : float
        Share of its outputs that are left out in each training step.
    patience : int
        Epochs without a better log loss on the early-stopping samples before training ends.
    max_sequences : int
        Training sequences of one fit; more are thinned in even steps. Early stopping sees a quarter as many.
    limit : float
        Standardised features are cut at this absolute value.
    num_threads : int
        Of TensorFlow; the first fit of a process decides.
    """

    history: PositiveInt = 24
    units: PositiveInt = 24
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    learning_rate: PositiveFloat = 2e-3
    batch_size: PositiveInt = 512
    epochs: PositiveInt = 6
    patience: PositiveInt = 2
    max_sequences: PositiveInt = 20_000
    limit: PositiveFloat = 5.0
    num_threads: PositiveInt = 2
    seed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class _NetworkFit:
    standardiser: Standardiser
    network: OnnxNetwork
    scale: ReturnScale


@MODELS.register("lstm")
@dataclass(frozen=True)
class Lstm(Model):
    """One LSTM layer and a sigmoid over standardised windows, ended by the log loss on early-stopping samples.

    Only ``fit`` needs TensorFlow; it seeds the global generators of Python, NumPy and TensorFlow. The
    expected return is scaled on the early-stopping samples, as ``ReturnScale`` tells.

    References
    ----------
    .. [1] Hochreiter, S., Schmidhuber, J. (1997). Long short-term memory. Neural Computation 9(8).
    """

    settings: LstmSettings = field(default_factory=LstmSettings)
    fitted: _NetworkFit | None = None

    name: ClassVar[str] = "lstm"
    settings_type: ClassVar[type[LstmSettings]] = LstmSettings

    @property
    def history(self) -> int:
        """Feature rows needed for one prediction."""
        return self.settings.history

    def fit(self, training: LabelledSamples, early_stopping: LabelledSamples | None = None) -> Self:
        """Train on at most ``max_sequences`` sequences; the standardisation sees training rows only."""
        training = training.thinned(self.settings.max_sequences)
        held_out = early_stopping.thinned(self.settings.max_sequences // 4 + 1) if early_stopping else None
        standardiser = Standardiser.fit(training.samples.last(), self.settings.limit)
        keras_network = train_network(self.settings, standardiser, training, held_out)
        network = OnnxNetwork(export_onnx(keras_network))
        judged = held_out or training
        probability = _probability(network, standardiser, self.history, judged.samples)
        scale = ReturnScale.fit(training.targets, probability, judged.targets)
        return replace(self, fitted=_NetworkFit(standardiser, network, scale))

    def predict(self, samples: Samples) -> Forecast:
        """Forecast from the last ``history`` rows of each sample."""
        if self.fitted is None:
            raise self.not_fitted()
        probability = _probability(self.fitted.network, self.fitted.standardiser, self.history, samples)
        return Forecast(probability, self.fitted.scale.expected_return(probability))

    def save(self, folder: Path) -> None:
        """Write the network as ONNX."""
        if self.fitted is None:
            raise self.not_fitted()
        (folder / _NETWORK_FILE).write_bytes(self.fitted.network.graph)
        self.write_parameters(
            folder, standardiser=self.fitted.standardiser.to_json(), scale=self.fitted.scale.to_json()
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        settings, content = cls.read_parameters(folder)
        path = folder / _NETWORK_FILE
        if not path.is_file():
            raise ModelError(f"{folder} holds no {_NETWORK_FILE}, the network of an LSTM. Train the model again.")
        standardiser, scale = Standardiser.from_json(content["standardiser"]), ReturnScale.from_json(content["scale"])
        return cls(settings, _NetworkFit(standardiser, OnnxNetwork(path.read_bytes()), scale))


def _probability(network: OnnxNetwork, standardiser: Standardiser, history: int, samples: Samples) -> FloatArray:
    batches = samples.batches(_BATCH_OF_PREDICTIONS)
    return np.concatenate(
        [np.zeros(0), *(network(standardiser.transform(batch.windows(history))) for batch in batches)]
    )


def train_network(
    settings: LstmSettings, standardiser: Standardiser, training: LabelledSamples, held_out: LabelledSamples | None
) -> Any:
    """Keras network trained on ``training``, at its best epoch on ``held_out`` if there is one."""
    keras = import_keras(settings.num_threads)
    keras.backend.clear_session()
    keras.utils.set_random_seed(settings.seed)
    # Batches of one shape: TensorFlow compiles the network anew for every other.
    batch_size = min(settings.batch_size, len(training))
    training = training.thinned(len(training) // batch_size * batch_size)
    windows, direction = _tensors(settings, standardiser, training)
    network = _build_network(keras, settings, windows.shape[2], base_rate=float(direction.mean()))
    network.fit(
        windows,
        direction,
        batch_size=batch_size,
        epochs=settings.epochs,
        validation_data=_tensors(settings, standardiser, held_out) if held_out else None,
        validation_batch_size=len(held_out) if held_out else None,
        callbacks=[keras.callbacks.EarlyStopping(patience=settings.patience, restore_best_weights=True)]
        if held_out
        else None,
        verbose=0,
    )
    return network


def _build_network(keras: Any, settings: LstmSettings, width: int, base_rate: float) -> Any:
    rate = min(max(base_rate, 0.01), 0.99)
    network = keras.Sequential(
        [
            keras.Input((settings.history, width)),
            keras.layers.LSTM(settings.units),
            keras.layers.Dropout(settings.dropout),
            # Starting at the base rate leaves the first epoch to learn what moves it.
            keras.layers.Dense(
                1,
                activation="sigmoid",
                kernel_initializer="zeros",
                bias_initializer=keras.initializers.Constant(float(np.log(rate / (1 - rate)))),
            ),
        ]
    )
    network.compile(optimizer=keras.optimizers.Adam(settings.learning_rate), loss="binary_crossentropy")
    return network


def _tensors(settings: LstmSettings, standardiser: Standardiser, labelled: LabelledSamples) -> tuple[Any, Any]:
    windows = np.concatenate(
        [
            standardiser.transform(batch.windows(settings.history)).astype(np.float32)
            for batch in labelled.samples.batches(_BATCH_OF_PREDICTIONS)
        ]
    )
    return windows, labelled.targets.direction.astype(np.float32)


def export_onnx(network: Any) -> bytes:
    """Serialised ONNX model of a Keras network, for any number of windows at a time."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Keras's bridge to tf2onnx asks numpy for names that it is about to define.
        warnings.simplefilter("ignore", FutureWarning)
        path = Path(folder) / _NETWORK_FILE
        network.export(str(path), format="onnx", verbose=False)
        return path.read_bytes()


def import_keras(num_threads: int) -> Any:
    """The keras package on a quiet TensorFlow with ``num_threads`` threads."""
    # TensorFlow reads these when it starts; values from outside win.
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(num_threads))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    import keras  # noqa: PLC0415  # takes seconds

    # It warns of one compilation a fit, which is what we ask for.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    return keras
