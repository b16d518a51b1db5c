"""What it cost to turn decisions into positions: the price when it was decided against the price that was paid."""

import numpy as np

from algotrade.backtesting.result import BacktestResult

PARTS = ("delay", "spread", "impact", "fees")


def implementation_shortfall(result: BacktestResult) -> dict[str, float | int | None]:
    """Cost of execution against the close at which each fill was decided, quote currency and basis points.

    ``delay``: from the decision to the reference price of the fill (gains count negative), ``spread`` and ``impact``:
    from there to the price that was paid, ``fees``. Their sum ``total`` is what an account that trades at the
    prices it decides on would have kept. Each also in basis points of the notional, as ``delay_bps`` and so on;
    None where nothing was traded. What could not be filled at all is not in it.

    References
    ----------
    .. [1] Perold, A. (1988). The implementation shortfall: paper versus reality. Journal of Portfolio Management 14(3).
    """
    fills = result.fills
    size, slippage, price, decided = (
        fills[name].to_numpy(dtype=np.float64) for name in ("size", "slippage", "price", "decision_price")
    )
    sign = np.where(fills["side"] == "buy", 1.0, -1.0)
    # A symbol that had no candle when it was decided has no price then: nothing is known of a delay.
    against = np.where(np.isfinite(decided), sign * (price - decided) * size, slippage)
    parts = {
        "delay": float((against - slippage).sum()),
        "spread": float(fills["spread"].sum()),
        "impact": float(fills["impact"].sum()),
        "fees": result.fees_paid,
    }
    parts["total"] = sum(parts[name] for name in PARTS)
    notional = float(fills["notional"].sum())
    in_bps = {f"{name}_bps": 1e4 * value / notional if notional > 0.0 else None for name, value in parts.items()}
    return {**parts, **in_bps, "notional": notional, "fills": len(fills)}
