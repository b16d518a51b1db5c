"""A neural network as ONNX: predicted anywhere, without the library that trained it."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from algotrade.domain.candles import FloatArray


class OnnxNetwork:
    """Output of an ONNX graph with one input of shape ``(n, history, F)`` and one output of shape ``(n, 1)``.

    Runs on one thread: at these sizes more threads cost more than they bring. Safe in threads.

    Parameters
    ----------
    graph : bytes
        Serialised ONNX model.
    """

    def __init__(self, graph: bytes) -> None:
        self.graph = graph

    def __reduce__(self) -> tuple[type["OnnxNetwork"], tuple[bytes]]:
        # A session belongs to its process: a copy opens its own.
        return OnnxNetwork, (self.graph,)

    def __call__(self, windows: npt.NDArray[np.floating]) -> FloatArray:
        """Output for each window, shape ``(n,)``."""
        session, name = self._session
        return np.asarray(session.run(None, {name: windows.astype(np.float32, copy=False)})[0], dtype=np.float64)[:, 0]

    @cached_property
    def _session(self) -> tuple[Any, str]:
        import onnxruntime  # noqa: PLC0415  # kept out of start-up

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(self.graph, options, providers=["CPUExecutionProvider"])
        return session, session.get_inputs()[0].name
