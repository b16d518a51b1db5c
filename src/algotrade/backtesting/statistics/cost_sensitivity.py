"""What is left of a strategy when trading costs more, and what it could afford to pay."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from algotrade.backtesting.result import BacktestResult
from algotrade.backtesting.statistics.figures import periods_per_year
from algotrade.domain import performance
from algotrade.domain.costs import Costs

_LARGEST_MULTIPLE = 64.0
_LARGEST_BPS = 999.0
_PRECISION = 1e-3
Simulation = Callable[[Costs], BacktestResult]
"""The same decisions, paid for at other costs."""


def scaled_costs(costs: Costs, multiple: float) -> Costs:
    """Costs of trading ``multiple`` times as high: fees, spread and impact; what holding takes stays.

    >>> scaled_costs(Costs(fee_bps=10.0, slippage_bps=5.0), 2.0).round_trip_bps
    60.0
    """

    def bps(rate: float) -> float:
        return min(rate * multiple, _LARGEST_BPS)

    return replace(
        costs,
        fee_bps=bps(costs.fee_bps),
        slippage_bps=bps(costs.slippage_bps),
        maker_fee_bps=None if costs.maker_fee_bps is None else max(bps(costs.maker_fee_bps), -99.0),
        fee_tiers=tuple(
            replace(tier, maker_bps=max(bps(tier.maker_bps), -99.0), taker_bps=bps(tier.taker_bps))
            for tier in costs.fee_tiers
        ),
        volatility_slippage=costs.volatility_slippage * multiple,
        impact=min(costs.impact * multiple, 99.0),
    )


def cost_sensitivity(simulation: Simulation, costs: Costs, multiples: Sequence[float]) -> dict[str, Any]:
    """Figures of a strategy at multiples of its costs, and the cost at which nothing is left.

    Parameters
    ----------
    simulation : callable
        Result of the same decisions at given costs.
    costs : Costs
        As configured.
    multiples : sequence of float

    Returns
    -------
    dict
        ``paid_bps`` (fees and slippage over notional at the configured costs), ``multiples`` (a list of ``multiple``,
        ``total_return``, ``sharpe``, ``max_drawdown``), ``break_even_bps`` and ``break_even_multiple`` (one-sided cost
        at which the total return is 0; None where it loses even without costs, never trades, or wins at any cost),
        ``note`` (says which, else empty).
    """
    found = {multiple: simulation(scaled_costs(costs, multiple)) for multiple in dict.fromkeys((*multiples, 0.0, 1.0))}
    multiple, note = _break_even(lambda factor: _total(simulation(scaled_costs(costs, factor))), found)
    at_break_even = None if multiple is None else _paid_bps(simulation(scaled_costs(costs, multiple)))
    return {
        "paid_bps": _paid_bps(found[1.0]),
        "multiples": [{"multiple": factor, **_figures(found[factor])} for factor in multiples],
        "break_even_bps": at_break_even,
        "break_even_multiple": multiple,
        "note": note,
    }


def _break_even(total: Callable[[float], float], found: dict[float, BacktestResult]) -> tuple[float | None, str]:
    """Multiple of the costs at which the total return is 0, by halving; None with a reason where there is none."""
    if not len(found[1.0].fills):
        return None, "it never trades"
    if _total(found[0.0]) <= 0.0:
        return None, "it loses even without costs"
    low, high = 0.0, 1.0
    while total(high) > 0.0:
        low, high = high, 2.0 * high
        if high > _LARGEST_MULTIPLE:
            return None, f"it still wins at {low:g} times its costs"
    while high - low > _PRECISION * high:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if total(middle) > 0.0 else (low, middle)
    return 0.5 * (low + high), ""


def _total(result: BacktestResult) -> float:
    return result.final_equity / result.initial_cash - 1.0


def _paid_bps(result: BacktestResult) -> float | None:
    traded = float(result.fills["notional"].sum())
    return 1e4 * (result.fees_paid + result.slippage_paid) / traded if traded > 0.0 else None


def _figures(result: BacktestResult) -> dict[str, float | None]:
    daily = performance.daily_returns(result.equity, result.initial_cash)
    ratio = performance.sharpe(daily, periods_per_year(result))
    return {
        "total_return": _total(result),
        "sharpe": ratio if np.isfinite(ratio) else None,
        "max_drawdown": performance.max_drawdown(result.equity, result.initial_cash),
    }
