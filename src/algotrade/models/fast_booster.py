"""One row through a LightGBM model in tens of microseconds."""

import ctypes
import logging
import threading
import weakref
from typing import Any

import numpy as np

from algotrade.domain.candles import FloatArray

_PREDICT_NORMAL = 0
_FLOAT64 = 1
_ALL_ITERATIONS = -1

_logger = logging.getLogger(__name__)


class FastBooster:
    """Predictions of single rows, equal to ``Booster.predict`` to the last bit and safe in threads.

    LightGBM's C interface keeps a prepared configuration for single rows that its Python interface does
    not reach. A configuration and its buffers may serve one thread at a time, so every thread gets its
    own. Where the interface is missing, ``Booster.predict`` on one thread answers instead.

    Parameters
    ----------
    booster : lightgbm.Booster
        Kept alive by this object; must not be trained further.

    References
    ----------
    .. [1] LightGBM C API, ``LGBM_BoosterPredictForMatSingleRowFastInit``.
    """

    def __init__(self, booster: Any) -> None:
        self._booster = booster
        self._width: int = booster.num_feature()
        self._local = threading.local()
        self._library = _single_row_library()

    def __reduce__(self) -> tuple[type["FastBooster"], tuple[Any]]:
        # Handles belong to one process and one booster: a copy prepares its own.
        return FastBooster, (self._booster,)

    @property
    def is_native(self) -> bool:
        """Whether the C interface is used."""
        return self._library is not None

    def predict(self, row: FloatArray) -> float:
        """Prediction for one row of shape ``(F,)``; NaN is a missing value."""
        if self._library is None:
            return float(self._booster.predict(row[None], num_threads=1)[0])
        lane = getattr(self._local, "lane", None)
        if lane is None:
            lane = self._local.lane = _Lane(self._library, self._booster, self._width)
        return lane.predict(row)


class _Lane:
    """Configuration and buffers of one thread."""

    def __init__(self, library: Any, booster: Any, width: int) -> None:
        from lightgbm.basic import _safe_call  # noqa: PLC0415  # kept out of start-up

        self._check = _safe_call
        self._booster = booster
        self._row = np.zeros(width)
        self._result = np.zeros(1)
        self._length = ctypes.c_int64(0)
        self._config = ctypes.c_void_p()
        self._call = library.LGBM_BoosterPredictForMatSingleRowFast
        self._check(
            library.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster._handle,
                ctypes.c_int(_PREDICT_NORMAL),
                ctypes.c_int(0),
                ctypes.c_int(_ALL_ITERATIONS),
                ctypes.c_int(_FLOAT64),
                ctypes.c_int32(width),
                ctypes.c_char_p(b"num_threads=1"),
                ctypes.byref(self._config),
            )
        )
        self._arguments = (
            self._config,
            self._row.ctypes.data_as(ctypes.c_void_p),
            ctypes.byref(self._length),
            self._result.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
        )
        weakref.finalize(self, library.LGBM_FastConfigFree, self._config)

    def predict(self, row: FloatArray) -> float:
        self._row[:] = row
        self._check(self._call(*self._arguments))
        return float(self._result[0])


def _single_row_library() -> Any | None:
    """LightGBM's shared library, or nothing if this version does not offer what single rows need."""
    from lightgbm import basic  # noqa: PLC0415  # kept out of start-up

    library = getattr(basic, "_LIB", None)
    if hasattr(basic, "_safe_call") and hasattr(library, "LGBM_BoosterPredictForMatSingleRowFast"):
        return library
    _logger.warning("LightGBM has no single-row interface here; predictions of one row take about 75 microseconds.")
    return None
