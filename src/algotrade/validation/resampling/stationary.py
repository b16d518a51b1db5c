"""Histories that could have been: blocks of random length, drawn from the one that was."""

import numpy as np
import numpy.typing as npt

from algotrade.domain.candles import FloatArray
from algotrade.errors import BacktestError

IndexArray = npt.NDArray[np.int32]


def stationary_rows(rows: int, draws: int, length: float, seed: int, part: int = 0) -> IndexArray:
    """Rows of each resampled history, shape ``(draws, rows)``, by the stationary bootstrap.

    Blocks begin anywhere, are geometrically long with the mean ``length`` and go on at the beginning where they pass
    the end, which makes every resampled history stationary. Two series of as many rows that get the same seed and
    length are resampled together.

    Parameters
    ----------
    rows, draws : int
        At least 1.
    length : float
        Mean length of a block, at least 1.
    seed : int
    part : int
        Of draws that are made part by part, where all of them at once would be too many.

    Raises
    ------
    BacktestError
        If one of them is out of range.

    References
    ----------
    .. [1] Politis, D. and Romano, J. (1994). The stationary bootstrap. Journal of the American Statistical
       Association 89.
    """
    if rows < 1 or draws < 1 or not length >= 1.0:
        raise BacktestError(
            f"{draws} draws of {rows} rows in blocks of {length:g} cannot be made; each number must be at least 1."
        )
    generator = np.random.default_rng((seed, part))
    start = generator.integers(0, rows, (draws, rows), dtype=np.int32)
    begins = generator.random((draws, rows), dtype=np.float32) < 1.0 / length
    begins[:, 0] = True
    place = np.arange(rows, dtype=np.int32)
    first = np.maximum.accumulate(np.where(begins, place, np.int32(0)), axis=1)
    chosen = np.take_along_axis(start, first, axis=1)
    chosen += place - first
    chosen %= rows
    return np.asarray(chosen)


def resampled_means(values: FloatArray, chosen: IndexArray) -> FloatArray:
    """Mean of each column over each resampled history, shape ``(draws, columns)``, of ``(rows, columns)`` values."""
    rows = values.shape[0]
    draw = np.arange(len(chosen), dtype=np.int64)[:, None] * rows
    counts = np.bincount((draw + chosen).ravel(), minlength=len(chosen) * rows).reshape(len(chosen), rows)
    return np.asarray(counts.astype(np.float64) @ values / rows)
