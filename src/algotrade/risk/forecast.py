"""How much a portfolio is expected to move, from what its symbols did lately."""

import numba
import numpy as np

from algotrade.domain.candles import FloatArray, Panel


def portfolio_volatility(panel: Panel, weights: FloatArray, window: int, half_life: float | None = None) -> FloatArray:
    r"""Annual volatility that the weights of each row would have had over the window before it.

    .. math:: \sigma_t = \sqrt{m \sum_{k=0}^{w-1} \lambda_k \left(\sum_i w_{t,i}\, r_{t-k,i}\right)^2}, \qquad
              \lambda_k \propto 2^{-k/h}, \quad \sum_k \lambda_k = 1

    with :math:`m` candles a year. That is :math:`\sqrt{m\, w_t' \Sigma_t w_t}` with the trailing covariance
    :math:`\Sigma_t` about zero: over a candle the mean is small against its own error. Rows in which one of the held
    symbols has no return are left out.

    Parameters
    ----------
    panel : Panel
        With context rows before the first weights.
    weights : ndarray of shape (n, symbols)
        Of the last ``n`` rows of the panel.
    window : int
        Candles looked back.
    half_life : float, optional
        Candles after which a return counts half as much (exponentially weighted); all count alike by default.

    Returns
    -------
    ndarray of shape (n,)
        0 where nothing is held; NaN where fewer than half of the window's returns are known.

    References
    ----------
    .. [1] J.P. Morgan/Reuters (1996). RiskMetrics technical document, 4th edition.
    """
    returns = np.full(panel.close.shape, np.nan)
    returns[1:] = panel.close[1:] / panel.close[:-1] - 1.0
    decay = 1.0 if half_life is None else 0.5 ** (1.0 / half_life)
    importance = decay ** np.arange(window, dtype=np.float64)
    variance = _trailing_variance(np.ascontiguousarray(returns), np.ascontiguousarray(weights), importance)
    return np.asarray(np.sqrt(variance * panel.timeframe.candles_per_year))


@numba.njit(cache=True)
def _trailing_variance(returns: FloatArray, weights: FloatArray, importance: FloatArray) -> FloatArray:
    window, context = len(importance), len(returns) - len(weights)
    variance, held = np.zeros(len(weights)), np.zeros(weights.shape[1], dtype=np.int64)
    for row in range(len(weights)):
        count = 0
        for column in range(weights.shape[1]):
            if weights[row, column] != 0.0:
                held[count] = column
                count += 1
        if count == 0:
            continue
        known, total, squares, now = 0, 0.0, 0.0, context + row
        for back in range(min(window, now + 1)):
            move = 0.0
            for place in range(count):
                move += weights[row, held[place]] * returns[now - back, held[place]]
            if move == move:  # noqa: PLR0124  (not NaN: every held symbol has a return)
                known += 1
                total += importance[back]
                squares += importance[back] * move * move
        variance[row] = squares / total if known >= max(2, (window + 1) // 2) else np.nan
    return variance
