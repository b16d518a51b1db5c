"""Statistics of the last rows that depend on those rows alone, to the last bit.

Each window is summed afresh instead of sliding, so that a strategy resumed from its lookback gets
exactly the numbers that the whole history gives. Missing candles are left out of a window.
"""

import numba
import numpy as np

from algotrade.domain.candles import FloatArray


def log_returns(close: FloatArray, window: int = 1) -> FloatArray:
    """Log return over ``window`` rows, NaN where either candle is missing, shape ``(n, symbols)``."""
    returns = np.full(close.shape, np.nan)
    if window < len(close):
        returns[window:] = np.log(close[window:] / close[:-window])
    return returns


@numba.njit(cache=True)
def window_mean_std(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Mean and sample standard deviation over the last ``window`` rows, each of shape ``(n, symbols)``.

    NaN before a full window of rows, and where fewer than half of them (or than two) have a value.
    """
    rows, columns = values.shape
    mean, deviation = np.full((rows, columns), np.nan), np.full((rows, columns), np.nan)
    least = max(2, (window + 1) // 2)
    for row in range(window - 1, rows):
        count, total, squares = np.zeros(columns), np.zeros(columns), np.zeros(columns)
        for past in range(row - window + 1, row + 1):
            for column in range(columns):
                value = values[past, column]
                known = value == value  # noqa: PLR0124  (not NaN, and branch-free for the compiler)
                count[column] += 1.0 if known else 0.0
                total[column] += value if known else 0.0
        centre = total / np.maximum(count, 1.0)
        for past in range(row - window + 1, row + 1):
            for column in range(columns):
                distance = values[past, column] - centre[column]
                squares[column] += distance * distance if distance == distance else 0.0  # noqa: PLR0124
        for column in range(columns):
            if count[column] >= least:
                mean[row, column] = centre[column]
                deviation[row, column] = np.sqrt(squares[column] / (count[column] - 1.0))
    return mean, deviation
