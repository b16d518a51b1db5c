"""Statistics of the last rows that depend on those rows and their times alone, to the last bit.

A value is put together from the end of one block of rows and the beginning of the next: constant time a value, and
nothing is subtracted, so nothing drifts. Blocks begin where the time grid says, so that a strategy resumed from its
lookback gets exactly the numbers that the whole history gives. Missing candles are left out of a window.
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


def window_mean_std(values: FloatArray, window: int, first: int = 0) -> tuple[FloatArray, FloatArray]:
    """Mean and sample standard deviation over the last ``window`` rows, each of shape ``(n, symbols)``.

    NaN before a full window of rows, and where fewer than half of them (or than two) have a value.

    Parameters
    ----------
    values : ndarray of shape (n, symbols)
        NaN where there is none.
    window : int
    first : int
        Place of the first row on its time grid.

    References
    ----------
    .. [1] Chan, T., Golub, G., LeVeque, R. (1983). Algorithms for computing the sample variance.
       The American Statistician 37(3): moments of two parts put together.
    """
    mean, deviation = _moments(np.ascontiguousarray(values.T), window, first % window)
    return mean.T, deviation.T


def window_mean(values: FloatArray, window: int, first: int = 0) -> FloatArray:
    """Mean over the last ``window`` rows, as of :func:`window_mean_std` and several times as fast."""
    mean: FloatArray = _means(np.ascontiguousarray(values.T), window, first % window).T
    return mean


def window_maximum(values: FloatArray, window: int) -> FloatArray:
    """Largest of the last ``window`` rows, shape ``(n, symbols)``.

    NaN before a full window of rows, and where fewer than half of them have a value.

    References
    ----------
    .. [1] van Herk, M. (1992). A fast algorithm for local minimum and maximum filters. Pattern Recognition Letters 13.

    >>> window_maximum(np.array([[1.0], [3.0], [2.0], [np.nan], [0.5]]), 2).ravel().tolist()
    [nan, 3.0, 3.0, 2.0, 0.5]
    """
    largest: FloatArray = _maxima(np.ascontiguousarray(values.T), window).T
    return largest


def window_minimum(values: FloatArray, window: int) -> FloatArray:
    """Smallest of the last ``window`` rows; see :func:`window_maximum`."""
    return -window_maximum(-values, window)


@numba.njit(cache=True)
def _means(series: FloatArray, window: int, phase: int) -> FloatArray:
    mean = np.full(series.shape, np.nan)
    sums, counts, least = np.zeros(window + 1), np.zeros(window + 1), max(2, (window + 1) // 2)
    rows = series.shape[1]
    for column in range(series.shape[0]):
        values = series[column]
        for start in range(-phase, rows, window):
            # Sums of what the window still holds of the block before, from each of its rows to its end.
            count, total = 0.0, 0.0
            for k in range(window - 1, 0, -1) if start > 0 else range(0):
                value = values[start - window + k] if start - window + k >= 0 else np.nan
                known = value == value  # noqa: PLR0124  (not NaN)
                count += 1.0 if known else 0.0
                total += value if known else 0.0
                sums[k], counts[k] = total, count
            count, total = 0.0, 0.0
            for k in range(max(0, -start), min(window, rows - start)):
                value = values[start + k]
                known = value == value  # noqa: PLR0124
                count += 1.0 if known else 0.0
                total += value if known else 0.0
                both = count + counts[k + 1] if k + 1 < window else count
                if start + k >= window - 1 and both >= least:
                    mean[column, start + k] = (total + sums[k + 1]) / both
    return mean


@numba.njit(cache=True)
def _moments(series: FloatArray, window: int, phase: int) -> tuple[FloatArray, FloatArray]:
    mean, deviation = np.full(series.shape, np.nan), np.full(series.shape, np.nan)
    suffix, least = np.zeros((3, window + 1)), max(2, (window + 1) // 2)
    share_of = 1.0 / np.maximum(np.arange(window + 1), 1)  # dividing would take most of the time
    rows = series.shape[1]
    for column in range(series.shape[0]):
        values = series[column]
        for start in range(-phase, rows, window):
            # Moments of what the window still holds of the block before, from each of its rows to its end.
            count, centre, squares = 0, 0.0, 0.0
            for k in range(window - 1, 0, -1) if start > 0 else range(0):
                value = values[start - window + k] if start - window + k >= 0 else np.nan
                if value == value:  # noqa: PLR0124  (not NaN)
                    count += 1
                    distance = value - centre
                    centre += distance * share_of[count]
                    squares += distance * (value - centre)
                suffix[0, k], suffix[1, k], suffix[2, k] = count, centre, squares
            count, centre, squares = 0, 0.0, 0.0
            for k in range(max(0, -start), min(window, rows - start)):
                value = values[start + k]
                if value == value:  # noqa: PLR0124
                    count += 1
                    distance = value - centre
                    centre += distance * share_of[count]
                    squares += distance * (value - centre)
                before = int(suffix[0, k + 1]) if k + 1 < window else 0
                total, row = count + before, start + k
                if row < window - 1 or total < least:
                    continue
                apart = suffix[1, k + 1] - centre if before > 0 else 0.0
                part = before * share_of[total]
                spread = squares + apart * apart * count * part + (suffix[2, k + 1] if before > 0 else 0.0)
                mean[column, row] = centre + part * apart
                deviation[column, row] = np.sqrt(spread * share_of[total - 1])
    return mean, deviation


@numba.njit(cache=True)
def _maxima(series: FloatArray, window: int) -> FloatArray:
    largest = np.full(series.shape, np.nan)
    rows, least = series.shape[1], max(1, (window + 1) // 2)
    suffix, known = np.empty(rows + 1), np.zeros(rows + 1, dtype=np.int64)
    for column in range(series.shape[0]):
        values = series[column]
        for row in range(rows - 1, -1, -1):
            value = values[row] if values[row] == values[row] else -np.inf
            ends_block = (row + 1) % window == 0 or row == rows - 1
            suffix[row] = value if ends_block else max(value, suffix[row + 1])
        prefix = -np.inf
        for row in range(rows):
            present = values[row] == values[row]
            known[row + 1] = known[row] + (1 if present else 0)
            value = values[row] if present else -np.inf
            prefix = value if row % window == 0 else max(prefix, value)
            if row >= window - 1 and known[row + 1] - known[row + 1 - window] >= least:
                largest[column, row] = max(suffix[row + 1 - window], prefix)
    return largest
