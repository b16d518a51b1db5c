"""Risk rules on target weights, row by row: each takes weights of shape ``(n, symbols)`` and returns new ones."""

import numba
import numpy as np

from algotrade.domain.candles import FloatArray


def volatility_target(weights: FloatArray, volatility: FloatArray, target: float, maximum_scale: float) -> FloatArray:
    r"""Weights scaled so that the portfolio is expected to move by the target: :math:`w \min(m, \sigma^* / \sigma_t)`.

    Parameters
    ----------
    weights : ndarray of shape (n, symbols)
    volatility : ndarray of shape (n,)
        Expected annual volatility of each row, see :func:`~algotrade.risk.forecast.portfolio_volatility`.
        Where it is NaN nothing is known, and nothing scaled up: the factor is the smaller of 1 and ``maximum_scale``.
    target : float
        Annual volatility.
    maximum_scale : float
        Largest factor; 1 never levers up.

    References
    ----------
    .. [1] Moreira, A., Muir, T. (2017). Volatility-managed portfolios. Journal of Finance 72(4).

    >>> volatility_target(np.array([[0.5, 0.5], [0.5, 0.0]]), np.array([0.8, 0.2]), 0.4, 1.0).tolist()
    [[0.25, 0.25], [0.5, 0.0]]
    """
    known = np.where(np.isnan(volatility), max(target, target / maximum_scale), volatility)
    # A portfolio that is not expected to move gets the largest factor.
    scale = np.minimum(maximum_scale, target / np.maximum(known, target / maximum_scale))
    return np.asarray(weights * scale[:, None])


def weight_limit(weights: FloatArray, maximum: float) -> FloatArray:
    """Weights cut off where one symbol has more than the maximum, long or short.

    >>> weight_limit(np.array([[0.7, -0.5, 0.2]]), 0.4).tolist()
    [[0.4, -0.4, 0.2]]
    """
    return np.clip(weights, -maximum, maximum)


def gross_limit(weights: FloatArray, maximum: float) -> FloatArray:
    """Rows scaled down whose absolute weights sum to more than the maximum.

    >>> gross_limit(np.array([[0.5, -0.5], [0.25, 0.0]]), 0.5).tolist()
    [[0.25, -0.25], [0.25, 0.0]]
    """
    gross = np.abs(weights).sum(axis=1, keepdims=True)
    return np.asarray(weights * _shrinking(gross, np.full_like(gross, maximum)))


def net_limit(weights: FloatArray, maximum: float) -> FloatArray:
    """Rows whose weights sum to no more than the maximum, long or short: the heavier side is scaled down.

    >>> net_limit(np.array([[0.75, -0.25], [-0.75, 0.25]]), 0.25).tolist()
    [[0.5, -0.25], [-0.5, 0.25]]
    """
    longs = np.maximum(weights, 0.0).sum(axis=1, keepdims=True)
    shorts = np.maximum(-weights, 0.0).sum(axis=1, keepdims=True)
    long_scale, short_scale = _shrinking(longs, shorts + maximum), _shrinking(shorts, longs + maximum)
    return np.asarray(weights * np.where(weights > 0.0, long_scale, short_scale))


def _shrinking(exposure: FloatArray, maximum: FloatArray) -> FloatArray:
    """Factor that brings an exposure down to its maximum; 1 where it is not above it."""
    return np.divide(maximum, exposure, out=np.ones_like(exposure), where=exposure > maximum)


def turnover_limit(weights: FloatArray, maximum: float, initial_weights: FloatArray) -> FloatArray:
    """Weights that go to where they should be in steps: part of the way where all of it would be too much at once.

    The turnover of a row is half of all changes against the row before, as everywhere here: selling one symbol for
    another entirely is 1. Every change of a row is cut by the same factor, so a row lies between the last one and
    its target and keeps every limit that both of them keep.

    Parameters
    ----------
    weights : ndarray of shape (n, symbols)
    maximum : float
        Turnover of a row.
    initial_weights : ndarray of shape (symbols,)
        What this rule returned for the row before the first.

    >>> turnover_limit(np.array([[1.0], [1.0], [0.0]]), 0.25, np.zeros(1)).ravel().tolist()
    [0.5, 1.0, 0.5]
    """
    limited: FloatArray = _stepped(np.ascontiguousarray(weights), maximum, initial_weights.astype(np.float64))
    return limited


@numba.njit(cache=True)
def _stepped(weights: FloatArray, maximum: float, held: FloatArray) -> FloatArray:
    stepped = np.empty(weights.shape)
    for row in range(len(weights)):
        turnover = 0.0
        for column in range(len(held)):
            turnover += 0.5 * abs(weights[row, column] - held[column])
        part = maximum / turnover if turnover > maximum else 1.0
        for column in range(len(held)):
            # A whole step lands on the target itself and not beside it by a rounding.
            change = part * (weights[row, column] - held[column])
            held[column] = weights[row, column] if part == 1.0 else held[column] + change
            stepped[row, column] = held[column]
    return stepped
