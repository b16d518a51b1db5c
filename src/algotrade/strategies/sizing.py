"""How large a position is: an equal share of the equity, less where a symbol moves more than is aimed at."""

import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.strategies.history import volatility
from algotrade.strategies.view import MarketView


def volatility_cap(view: MarketView, window: int, target_volatility: float) -> FloatArray:
    r"""Part of its full weight that a symbol gets at a volatility target: :math:`\min(1, \sigma^* / \sigma_t)`.

    Parameters
    ----------
    view : MarketView
    window : int
        Candles of the volatility.
    target_volatility : float
        Annual standard deviation of log returns up to which a symbol gets its full weight.

    Returns
    -------
    ndarray of shape (len(view), symbols)
        In (0, 1]; NaN where the volatility is not known.

    References
    ----------
    .. [1] Moreira, A., Muir, T. (2017). Volatility-managed portfolios. Journal of Finance 72(4).
    """
    annual = volatility(view.panel, window)[view.warmup :] * np.sqrt(view.panel.timeframe.candles_per_year)
    return np.asarray(np.minimum(1.0, target_volatility / annual))


def equal_shares(candidates: BoolArray) -> FloatArray:
    """One part of the equity in as many as there are candidates in the row, shape ``(n, 1)``."""
    return np.asarray(1.0 / np.maximum(candidates.sum(axis=1, keepdims=True), 1))
