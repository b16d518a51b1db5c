"""How much of the deepest drawdown was the order in which the trades happened to come."""

from typing import Any

import numpy as np
import numpy.typing as npt

from algotrade.domain import performance
from algotrade.domain.candles import FloatArray

_AT_ONCE = 200_000


def trade_order(pnl: npt.ArrayLike, initial_equity: float, orders: int = 500, seed: int = 0) -> dict[str, Any]:
    """Deepest drawdown, and whether the account survives, over random orders of the same trades.

    The account is followed from trade to trade; what is earned in total is the same in every order.

    Parameters
    ----------
    pnl : array of shape (trades,)
        Of closed trades after costs, in the order in which they were closed, quote currency.
    initial_equity : float
    orders : int
        Tried, besides the one that was.
    seed : int

    Returns
    -------
    dict
        ``trades``, ``orders``, ``max_drawdown`` (of the order that was), ``median``, ``worst_5_percent``,
        ``worst_1_percent`` (of all orders), ``as_deep`` (share of the orders that fall at least as deep), ``ruined``
        (share that loses everything on the way). Numbers are None for fewer than two trades.

    References
    ----------
    .. [1] Aronson, D. (2006). Evidence-based technical analysis, chapter 5.
    """
    values = np.asarray(pnl, dtype=np.float64)
    if len(values) < 2:
        names = ("max_drawdown", "median", "worst_5_percent", "worst_1_percent", "as_deep", "ruined")
        return {"trades": len(values), "orders": 0, **dict.fromkeys(names)}
    seen = performance.max_drawdown(initial_equity + np.cumsum(values), initial_equity)
    depth = _depths(values, initial_equity, orders, np.random.default_rng(seed))
    median, bad, worst = (float(level) for level in np.quantile(depth, [0.5, 0.95, 0.99]))
    return {
        "trades": len(values),
        "orders": orders,
        "max_drawdown": seen,
        "median": median,
        "worst_5_percent": bad,
        "worst_1_percent": worst,
        # The order that was is one of those that could have been; sums in another order differ by rounding.
        "as_deep": float((1 + (depth >= seen - 1e-12).sum()) / (1 + orders)),
        "ruined": float((depth >= 1.0).mean()),
    }


def _depths(values: FloatArray, initial_equity: float, orders: int, generator: np.random.Generator) -> FloatArray:
    """Deepest drawdown of each order, shape ``(orders,)``; an account that is ruined has lost everything."""
    depth, step = np.empty(orders), max(_AT_ONCE // len(values), 1)
    for first in range(0, orders, step):
        count = min(step, orders - first)
        shuffled = generator.permuted(np.broadcast_to(values, (count, len(values))), axis=1)
        equity = initial_equity + np.cumsum(shuffled, axis=1)
        peak = np.maximum(np.maximum.accumulate(equity, axis=1), initial_equity)
        depth[first : first + count] = np.minimum((1.0 - equity / peak).max(axis=1), 1.0)
    return depth
