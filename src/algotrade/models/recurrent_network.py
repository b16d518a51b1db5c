"""One recurrent network: trained by Keras, handed on as ONNX."""

import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray

Float32Array = npt.NDArray[np.float32]
Weights = list[Float32Array]
"""Kernel, recurrent kernel and bias of the LSTM (gates in Keras's order), kernel and bias of the output."""

_ONNX_OPERATORS = 17
_ONNX_FORMAT = 8
_MOST_CERTAIN = 1e-7


@dataclass(frozen=True)
class Shape:
    """What has to be compiled anew when it changes.

    Attributes
    ----------
    history, width : int
        Rows and columns of a sequence.
    units : int
    dropout : float
    """

    history: int
    width: int
    units: int
    dropout: float


@dataclass(frozen=True)
class Schedule:
    """How a network is trained.

    Attributes
    ----------
    learning_rate : float
    batch_size : int
        Sequences of a step; those of an epoch that fill no whole batch wait for the next epoch.
    epochs : int
        At most.
    patience : int
        Epochs without a better log loss on held-out sequences before training ends.
    seed : int
        Of the weights at the start, of the order of the sequences and of the dropout.
    """

    learning_rate: float
    batch_size: int
    epochs: int
    patience: int
    seed: int


@dataclass(frozen=True)
class Sequences:
    """Windows of rows that are stored once, with what came of them.

    Attributes
    ----------
    rows : ndarray of float32, shape ``(rows, width)``
    places : ndarray of int64, shape ``(n, history)``
        Rows of each sequence, oldest first.
    direction, weight : ndarray of float32, shape ``(n,)``
    """

    rows: Float32Array
    places: IntArray
    direction: Float32Array
    weight: Float32Array

    def __len__(self) -> int:
        return len(self.places)

    def batch(self, chosen: IntArray) -> tuple[Float32Array, Float32Array, Float32Array]:
        """Sequences of shape ``(k, history, width)``, their directions and their weights."""
        return self.rows[self.places[chosen]], self.direction[chosen], self.weight[chosen]


def train(shape: Shape, schedule: Schedule, training: Sequences, held_out: Sequences | None, threads: int) -> Weights:
    """Weights after training, at the best epoch on ``held_out`` if there is one.

    A function of its arguments: no global generator is read or seeded.
    """
    network = _compiled(shape, threads)
    with network.lock:
        return network.train(schedule, training, held_out)


class KerasNetwork:
    """LSTM → dropout → sigmoid, compiled once a process for each shape and started afresh for every fit.

    TensorFlow takes seconds to trace a network; folds and trials differ in their data only.
    """

    def __init__(self, shape: Shape, threads: int) -> None:
        keras = import_keras(threads)
        self.lock = threading.Lock()
        self._shape = shape
        self._dropout = keras.layers.Dropout(shape.dropout, seed=0)
        lstm, output = keras.layers.LSTM(shape.units), keras.layers.Dense(1, activation="sigmoid")
        self.network = keras.Sequential([keras.Input((shape.history, shape.width)), lstm, self._dropout, output])
        self._optimizer = keras.optimizers.Adam()
        self.network.compile(optimizer=self._optimizer, loss="binary_crossentropy")
        self._optimizer.build(self.network.trainable_variables)
        self._untouched = [variable.numpy() for variable in self._optimizer.variables]

    def train(self, schedule: Schedule, training: Sequences, held_out: Sequences | None) -> Weights:
        """Weights after training, at the best epoch on ``held_out`` if there is one."""
        base_rate = float(np.average(training.direction, weights=training.weight))
        self._start(schedule, starting_weights(self._shape, base_rate, schedule.seed))
        order = np.random.default_rng(schedule.seed)
        size = min(schedule.batch_size, len(training))
        best, best_loss, waited = self.network.get_weights(), np.inf, 0
        for _ in range(schedule.epochs):
            shuffled = order.permutation(len(training))
            for start in range(0, len(training) - size + 1, size):
                sequences, direction, weight = training.batch(shuffled[start : start + size])
                self.network.train_on_batch(sequences, direction, sample_weight=weight)
            loss = self._loss(held_out) if held_out is not None else -np.inf
            waited = 0 if loss < best_loss else waited + 1
            if waited == 0 or held_out is None:
                best, best_loss = self.network.get_weights(), loss
            if waited >= schedule.patience and held_out is not None:
                break
        return [np.asarray(weights, dtype=np.float32) for weights in best]

    def _start(self, schedule: Schedule, weights: Weights) -> None:
        self.network.set_weights(weights)
        for variable, value in zip(self._optimizer.variables, self._untouched, strict=True):
            variable.assign(value)
        self._optimizer.learning_rate.assign(schedule.learning_rate)
        self._dropout.seed_generator.state.assign([schedule.seed % 2**31, 0])

    def _loss(self, held_out: Sequences) -> float:
        sequences, direction, weight = held_out.batch(np.arange(len(held_out)))
        probability = np.asarray(self.network.predict_on_batch(sequences), dtype=np.float64)[:, 0]
        safe = np.clip(probability, _MOST_CERTAIN, 1 - _MOST_CERTAIN)
        return float(np.average(-np.log(np.where(direction > 0, safe, 1 - safe)), weights=weight))


_compiled = lru_cache(maxsize=8)(KerasNetwork)


def starting_weights(shape: Shape, base_rate: float, seed: int) -> Weights:
    """Weights before training: Keras's own initialisers for the LSTM, and an output that says the base rate.

    Starting at the base rate leaves the first epoch to learn what moves it.
    """
    random, units = np.random.default_rng(seed), shape.units
    reach = np.sqrt(6 / (shape.width + 4 * units))
    kernel = random.uniform(-reach, reach, (shape.width, 4 * units))
    orthogonal, triangular = np.linalg.qr(random.standard_normal((4 * units, units)))
    bias = np.concatenate([np.zeros(units), np.ones(units), np.zeros(2 * units)])
    rate = min(max(base_rate, 0.01), 0.99)
    recurrent = (orthogonal * np.sign(np.diag(triangular))).T
    parts: list[FloatArray] = [kernel, recurrent, bias, np.zeros((units, 1)), np.log([rate / (1 - rate)])]
    return [part.astype(np.float32) for part in parts]


def onnx_graph(shape: Shape, weights: Weights) -> bytes:
    """Serialised ONNX model with these weights, for any number of windows; the same weights give the same bytes."""
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415  # training only

    kernel, recurrent, bias, output_kernel, output_bias = weights
    constants = {
        "W": _gates(kernel.T)[None],
        "R": _gates(recurrent.T)[None],
        "B": np.concatenate([_gates(bias), np.zeros_like(bias)])[None],
        "output_kernel": output_kernel,
        "output_bias": output_bias,
        "first": np.array([0], dtype=np.int64),
    }
    nodes = [
        helper.make_node("Transpose", ["windows"], ["steps"], perm=[1, 0, 2]),
        helper.make_node("LSTM", ["steps", "W", "R", "B"], ["", "states"], hidden_size=shape.units),
        helper.make_node("Squeeze", ["states", "first"], ["state"]),
        helper.make_node("Gemm", ["state", "output_kernel", "output_bias"], ["log_odds"]),
        helper.make_node("Sigmoid", ["log_odds"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "lstm",
        [helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["n", shape.history, shape.width])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    operators = [helper.make_opsetid("", _ONNX_OPERATORS)]
    content: bytes = helper.make_model(graph, opset_imports=operators, ir_version=_ONNX_FORMAT).SerializeToString()
    return content


def _gates(stacked: Float32Array) -> Float32Array:
    """Input, output, forget, cell gate: ONNX's order of what Keras keeps as input, forget, cell, output."""
    entered, forgotten, cell, shown = np.split(stacked, 4)
    return np.concatenate([entered, shown, forgotten, cell])


def import_keras(threads: int) -> Any:
    """The keras package on a quiet TensorFlow with so many threads; the first call of a process decides."""
    # TensorFlow reads these when it starts; values from outside win.
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(threads))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    import keras  # noqa: PLC0415  # takes seconds

    return keras
