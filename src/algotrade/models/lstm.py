"""A small recurrent network over the last feature rows: trained by Keras, kept and predicted as ONNX."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import FloatArray
from algotrade.errors import ModelError
from algotrade.models.base import MODELS, Model
from algotrade.models.configuration import STRICT
from algotrade.models.onnx_network import OnnxNetwork
from algotrade.models.recurrent_network import Schedule, Sequences, Shape, onnx_graph, train
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

    One network for all symbols; a window is of one symbol and without a gap. A missing feature counts as the median
    of the training rows. Only ``fit`` needs TensorFlow; the seed alone decides what is random in it. The expected
    return is scaled on the early-stopping samples, as ``ReturnScale`` tells.

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

    def learn(self, training: LabelledSamples, early_stopping: LabelledSamples | None) -> Self:
        """Train on at most ``max_sequences`` sequences; the standardisation sees training rows only."""
        training = training.thinned(self.settings.max_sequences)
        held_out = early_stopping.thinned(self.settings.max_sequences // 4 + 1) if early_stopping else None
        standardiser = Standardiser.fit(training.samples.last(), self.settings.limit)
        sequences = self.sequences(training, standardiser)
        shape = self.shape(sequences.rows.shape[1])
        held_out_sequences = self.sequences(held_out, standardiser) if held_out else None
        weights = train(shape, self.schedule, sequences, held_out_sequences, self.settings.num_threads)
        network = OnnxNetwork(onnx_graph(shape, weights))
        judged = held_out or training
        probability = _probability(network, standardiser, self.history, judged.samples)
        scale = ReturnScale.fit(training.targets, probability, judged.targets)
        return replace(self, fitted=_NetworkFit(standardiser, network, scale))

    @property
    def schedule(self) -> Schedule:
        """How the network is trained."""
        own = self.settings
        return Schedule(own.learning_rate, own.batch_size, own.epochs, own.patience, own.seed)

    def shape(self, width: int) -> Shape:
        """Shape of the network on so many features."""
        return Shape(self.settings.history, width, self.settings.units, self.settings.dropout)

    def sequences(self, labelled: LabelledSamples, standardiser: Standardiser) -> Sequences:
        """What the network is trained on."""
        rows, places = labelled.samples.window_rows(self.history)
        direction, weight = labelled.targets.direction, labelled.targets.weight
        standardised = standardiser.transform(rows).astype(np.float32)
        return Sequences(standardised, places, direction.astype(np.float32), weight.astype(np.float32))

    def predict(self, samples: Samples) -> Forecast:
        """Forecast from the last ``history`` rows of each sample."""
        if self.fitted is None:
            raise self.not_fitted()
        probability = _probability(self.fitted.network, self.fitted.standardiser, self.history, samples)
        return Forecast(probability, self.fitted.scale.expected_return(probability))

    def predict_one(self, window: FloatArray) -> tuple[float, float]:
        """Forecast from one window, as ``predict`` up to the order of float32 sums, and faster."""
        if self.fitted is None:
            raise self.not_fitted()
        probability = float(self.fitted.network(self.fitted.standardiser.transform(window)[None])[0])
        return probability, self.fitted.scale.slope * (probability - self.fitted.scale.base_rate)

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
    parts = [np.zeros(0)]
    for batch in samples.batches(_BATCH_OF_PREDICTIONS):
        rows, places = batch.window_rows(history)
        parts.append(network(standardiser.transform(rows).astype(np.float32)[places]))
    return np.concatenate(parts)
