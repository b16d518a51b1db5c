"""What trading cost."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from algotrade.reporting.figures.canvas import HIGHLIGHT, PALETTE, canvas, plain, without_data
from algotrade.reporting.formats import finite

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_PARTS = (("fees_paid", "fees"), ("slippage_paid", "slippage"), ("funding_paid", "funding"), ("borrow_paid", "borrow"))


def costs_by_strategy(strategies: Mapping[str, Mapping[str, Any]], currency: str = "quote currency") -> "Figure":
    """Fees, slippage, funding and borrow that each strategy paid, stacked, in quote currency.

    Parameters
    ----------
    strategies : mapping
        By name, with ``fees_paid`` and ``slippage_paid``; ``funding_paid`` (negative if received) and
        ``borrow_paid`` are drawn where they are known.
    currency : str
        Name of the unit on the axis.
    """
    if not strategies:
        return without_data("No costs to draw: no strategy was backtested.")
    paid = {name: [finite(metrics.get(key)) or 0.0 for key, _ in _PARTS] for name, metrics in strategies.items()}
    parts = [place for place in range(len(_PARTS)) if place < 2 or any(costs[place] for costs in paid.values())]
    names = sorted(paid, key=lambda name: sum(paid[name]))
    figure = canvas(height=110 + 34 * len(names), barmode="relative", hovermode="y unified", legend_traceorder="normal")
    for position in parts:
        figure.add_bar(
            orientation="h",
            name=_PARTS[position][1],
            y=[plain(name) for name in names],
            x=[paid[name][position] for name in names],
            marker_color=(HIGHLIGHT, *PALETTE)[position],
            hovertemplate="%{x:,.0f}",
        )
    figure.update_xaxes(title_text=f"paid, {plain(currency)}", tickformat="~s", rangemode="tozero")
    figure.update_yaxes(type="category", showgrid=False)
    return figure
