"""How large moves were, as known at the close of each row."""

import numba
import numpy as np

from algotrade.domain.candles import FloatArray


def fewest_returns(window: int) -> int:
    """Returns without which a window says too little: half of them."""
    return (window + 1) // 2


@numba.njit(cache=True)
def causal_volatility(close: FloatArray, window: int) -> FloatArray:
    r"""Root mean square of the last ``window`` log returns of one candle, known at the close of each row.

    .. math:: \sigma_t = \sqrt{\frac{1}{|K|} \sum_{k \in K} r_k^2}, \qquad r_k = \log \frac{close_k}{close_{k-1}},
        \quad K \subseteq \{t - window + 1, \dots, t\}

    About zero instead of their mean, which a short window cannot tell from noise. A return exists where both of its
    candles do: a missing candle leaves two returns out, and is bridged by none. NaN where fewer than half of the
    returns are there, or the row has no candle itself. Summed afresh for each row, so that it depends on the window to
    the last bit and on nothing before; shape ``(n, symbols)``, unit: log return of one candle.

    Parameters
    ----------
    close : ndarray of float64, shape ``(n, symbols)``
    window : int
        Candles, at least 2.

    >>> causal_volatility(np.exp(np.array([[0.0], [0.3], [-0.1]])), window=2).round(4).ravel().tolist()
    [nan, 0.3, 0.3536]
    """
    rows, columns = close.shape
    least = (window + 1) // 2
    volatility = np.full((rows, columns), np.nan)
    for column in range(columns):
        squares = np.full(rows, np.nan)
        for row in range(1, rows):
            squares[row] = np.log(close[row, column] / close[row - 1, column]) ** 2
        for row in range(least, rows):
            count, total = 0, 0.0
            for past in range(max(row - window + 1, 1), row + 1):
                known = squares[past] == squares[past]
                count += 1 if known else 0
                total += squares[past] if known else 0.0
            if count >= least and not np.isnan(close[row, column]):
                volatility[row, column] = np.sqrt(total / count)
    return volatility
