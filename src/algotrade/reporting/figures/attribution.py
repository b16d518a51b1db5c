"""Where the profit came from, and what went wrong in hard times."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from algotrade.reporting.figures.canvas import HIGHLIGHT, PALETTE, canvas, has_rows, plain, without_data
from algotrade.reporting.scorecard import JUDGED_STRATEGY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ATTRIBUTION_COLUMNS = ("strategy", "by", "group", "pnl")
DIMENSIONS = ("symbol", "side", "regime", "signal")
_MOST_GROUPS = 12
_ROW = 24


def attribution_by_group(
    parts: pd.DataFrame, currency: str = "quote currency", strategy: str = JUDGED_STRATEGY
) -> "Figure":
    """Profit of one strategy after costs by symbol, side, regime of the market and strength of the signal.

    Parameters
    ----------
    parts : DataFrame
        ``strategy``, ``by``, ``group``, ``pnl`` (quote currency, net).
    currency : str
    strategy : str
    """
    own = _own(parts, strategy)
    shown = [_largest(own[own["by"] == by]) for by in DIMENSIONS]
    bars = pd.concat([rows.iloc[::-1] for rows in reversed(shown)])
    if bars.empty:
        return without_data("Attribution was not computed.")
    pnl = bars["pnl"].to_numpy(dtype=np.float64)
    figure = canvas(height=110 + _ROW * len(bars), hovermode="closest", bargap=0.25)
    figure.add_bar(
        orientation="h",
        # plotly orders groups of one name where it first meets it; a mark without width tells them apart.
        y=[
            [plain(by) for by in bars["by"]],
            [
                plain(group) + "\u200b" * DIMENSIONS.index(by)
                for by, group in zip(bars["by"], bars["group"], strict=True)
            ],
        ],
        x=pnl,
        marker_color=_signs(pnl),
        hovertemplate="%{y}: %{x:,.0f}<extra></extra>",
    )
    figure.update_xaxes(title_text=f"profit after costs, {plain(currency)}", tickformat="~s")
    figure.update_yaxes(showgrid=False, tickfont_size=11, dividercolor="rgba(0,0,0,0)")
    return figure


def attribution_by_month(
    parts: pd.DataFrame, currency: str = "quote currency", strategy: str = JUDGED_STRATEGY
) -> "Figure":
    """Profit of one strategy after costs, month by month."""
    own = _own(parts, strategy)
    months = own[own["by"] == "month"].sort_values("group")
    if months.empty:
        return without_data("Attribution by month was not computed.")
    pnl = months["pnl"].to_numpy(dtype=np.float64)
    figure = canvas(height=300, hovermode="closest", bargap=0.2)
    figure.add_bar(
        x=[plain(month) for month in months["group"]],
        y=pnl,
        marker_color=_signs(pnl),
        hovertemplate="%{x}: %{y:,.0f}<extra></extra>",
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(title_text=plain(currency), tickformat="~s")
    return figure


def stress(tests: pd.DataFrame, strategy: str = JUDGED_STRATEGY) -> "Figure":
    """Total return of one strategy in every stress, beside its return without it where that is known.

    Parameters
    ----------
    tests : DataFrame
        ``strategy``, ``scenario``, ``total_return``, ``max_drawdown``; a test without a return is left out.
    strategy : str
    """
    if not has_rows(tests, ("strategy", "scenario", "total_return", "max_drawdown"), "stress"):
        return without_data("Stress tests were not computed.")
    own = tests[(tests["strategy"] == strategy) & tests["total_return"].notna()].iloc[::-1]
    if own.empty:
        return without_data(f"No stress test of {plain(strategy)} has a result on this history.")
    figure = canvas(height=120 + 2 * _ROW * len(own), hovermode="y unified", barmode="group", bargap=0.3)
    names = [plain(name) for name in own["scenario"]]
    for column, name, sign, colour in (
        ("max_drawdown", "maximum drawdown", -1.0, PALETTE[0]),
        ("total_return", "return", 1.0, HIGHLIGHT),
    ):
        figure.add_bar(
            orientation="h",
            y=names,
            x=sign * own[column].to_numpy(dtype=np.float64),
            name=name,
            marker_color=colour,
            hovertemplate="%{x:.1%}",
        )
    figure.update_layout(legend_traceorder="reversed")
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(type="category", showgrid=False, dtick=1, tickfont_size=11)
    return figure


def _own(parts: pd.DataFrame, strategy: str) -> pd.DataFrame:
    if not has_rows(parts, ATTRIBUTION_COLUMNS, "attribution"):
        return pd.DataFrame(columns=list(ATTRIBUTION_COLUMNS))
    return parts[(parts["strategy"] == strategy) & parts["pnl"].notna()]


def _largest(rows: pd.DataFrame) -> pd.DataFrame:
    """The groups with the largest profits and losses, in the order in which they came."""
    size = rows["pnl"].astype(float).abs()
    return rows.loc[size.nlargest(_MOST_GROUPS).index.sort_values()] if len(rows) else rows


def _signs(pnl: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[str]:
    return [HIGHLIGHT if value >= 0.0 else PALETTE[0] for value in pnl]
