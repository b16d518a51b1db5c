"""What is left of a strategy when costs rise or its parameters move."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algotrade.backtesting.grid import grid_table
from algotrade.reporting.figures.canvas import (
    FLAT,
    GAIN,
    HIGHLIGHT,
    LOSS,
    MUTED,
    PALETTE,
    canvas,
    has_rows,
    plain,
    without_data,
)
from algotrade.reporting.formats import finite
from algotrade.reporting.scorecard import JUDGED_STRATEGY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

GRID_COLUMNS = ("strategy", "parameters", "sharpe")
MOST_VARIANTS = 1_500
"""Dots of a strategy; of more variants every n-th by Sharpe ratio is drawn, the ends included."""
_ROW = 38


def cost_sensitivity(robustness: Mapping[str, Mapping[str, Any]], strategy: str = JUDGED_STRATEGY) -> "Figure":
    """Total return of one strategy at multiples of its costs; dotted, where nothing is left.

    Parameters
    ----------
    robustness : mapping
        By strategy, with ``cost_sensitivity``: ``multiples`` (of ``multiple``, ``total_return``, ``sharpe``) and
        ``break_even_multiple``.
    strategy : str
    """
    found = robustness.get(strategy, {}).get("cost_sensitivity") or {}
    points = sorted(found.get("multiples", ()), key=lambda point: float(point["multiple"]))
    if not points:
        return without_data("Cost sensitivity was not computed.")
    figure = canvas(height=320, hovermode="closest")
    figure.add_scatter(
        x=[point["multiple"] for point in points],
        y=[finite(point["total_return"]) for point in points],
        customdata=["not defined" if finite(point["sharpe"]) is None else f"{point['sharpe']:.2f}" for point in points],
        name=plain(strategy),
        mode="lines+markers",
        line={"color": HIGHLIGHT, "width": 2.4},
        marker={"size": 8},
        hovertemplate="at %{x:g} times its costs: %{y:.1%}, Sharpe %{customdata}<extra></extra>",
    )
    figure.add_hline(y=0, line_width=1)
    even = finite(found.get("break_even_multiple"))
    if even is not None and even <= 1.5 * float(points[-1]["multiple"]):
        figure.add_vline(
            x=even, line={"width": 1.2, "dash": "dot"}, annotation_text=f"breaks even at {even:.2g} times its costs"
        )
    figure.update_xaxes(title_text="multiple of the configured costs", rangemode="tozero", zeroline=False)
    figure.update_yaxes(title_text="total return", tickformat=".0%")
    return figure


def variants(grid: pd.DataFrame, champion: str = JUDGED_STRATEGY) -> "Figure":
    """Sharpe ratio of every variant that was swept, a dot each, by strategy.

    Parameters
    ----------
    grid : DataFrame
        ``strategy``, ``parameters`` (JSON), ``sharpe`` (annual).
    champion : str
    """
    swept = grid[grid["sharpe"].notna()] if has_rows(grid, GRID_COLUMNS, "sweep_grid") else grid
    if swept.empty:
        return without_data("No variants to draw: none was swept.")
    names = sorted(swept["strategy"].unique(), key=lambda name: (name == champion, str(name)))
    figure = canvas(height=110 + _ROW * len(names), hovermode="closest", showlegend=False)
    labels: list[str] = []
    for place, name in enumerate(names):
        own = swept[swept["strategy"] == name].sort_values("sharpe", kind="stable")
        kept = np.unique(np.linspace(0, len(own) - 1, min(len(own), MOST_VARIANTS)).astype(np.int64))
        # Dots of a row are spread over its height in a fixed pattern: the golden ratio leaves no stripes.
        spread = (np.arange(len(kept)) * 0.618034) % 1.0 - 0.5
        figure.add_scatter(
            x=own["sharpe"].to_numpy(dtype=np.float64)[kept],
            y=place + 0.55 * spread,
            name=plain(name),
            mode="markers",
            marker={"color": HIGHLIGHT if name == champion else MUTED, "size": 6, "opacity": 0.55},
            customdata=[plain(text.replace('"', "").strip("{}")) for text in own["parameters"].iloc[kept]],
            hovertemplate="Sharpe %{x:.2f}: %{customdata}<extra></extra>",
        )
        configured = own[own["configured"].astype(bool)] if "configured" in own.columns else own.head(0)
        if len(configured):
            figure.add_scatter(
                x=configured["sharpe"].to_numpy(dtype=np.float64),
                y=[place] * len(configured),
                mode="markers",
                marker={"symbol": "diamond-open", "size": 13, "line": {"width": 2}, "color": PALETTE[0]},
                hovertemplate="as configured: %{x:.2f}<extra></extra>",
            )
        labels.append(f"{plain(name)}<br>best of {len(own):,}: {own['sharpe'].iloc[-1]:.2f}")
    figure.add_vline(x=0, line={"width": 1, "dash": "dot"})
    figure.update_xaxes(title_text="Sharpe", zeroline=False)
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=labels, showgrid=False, tickfont_size=11)
    return figure


def parameter_heat(grid: pd.DataFrame, strategy: str = JUDGED_STRATEGY) -> "Figure":
    """Median Sharpe ratio over two parameters of one strategy, whatever the others are; a plateau beats a peak.

    The two are those that move the Sharpe ratio most.

    Parameters
    ----------
    grid : DataFrame
        ``strategy``, ``parameters`` (JSON), ``sharpe``.
    strategy : str
    """
    if not has_rows(grid, GRID_COLUMNS, "sweep_grid") or not (grid["strategy"] == strategy).any():
        return without_data(f"No parameters of {plain(strategy)} were swept.")
    swept = grid_table(grid, strategy)
    swept = swept[swept["sharpe"].notna()].reset_index(drop=True)
    names = [name for name in swept.columns if name not in grid.columns and len(swept[name].astype(str).unique()) > 1]
    if len(names) < 2 or swept.empty:
        return without_data(f"A heat map takes two parameters that vary; {plain(strategy)} has {len(names)}.")
    across, down = sorted(sorted(names, key=lambda name: _spread(swept, name), reverse=True)[:2])
    table = swept.pivot_table(index=down, columns=across, values="sharpe", aggfunc="median").sort_index()
    values = table.to_numpy(dtype=np.float64)
    bound = float(np.nanmax(np.abs(values))) or 1.0
    figure = canvas(height=130 + 30 * len(table), hovermode="closest")
    figure.add_heatmap(
        x=_levels(table.columns),
        y=_levels(table.index),
        z=values,
        text=[["" if np.isnan(value) else f"{value:.2f}" for value in row] for row in values],
        texttemplate="%{text}" if values.size <= 150 else None,
        hovertemplate=f"{plain(across)} %{{x}}, {plain(down)} %{{y}}: Sharpe %{{z:.2f}}<extra></extra>",
        colorscale=[[0, LOSS], [0.5, FLAT], [1, GAIN]],
        zmin=-bound,
        zmax=bound,
        showscale=False,
        xgap=2,
        ygap=2,
    )
    figure.update_xaxes(type="category", showgrid=False, title_text=plain(across))
    figure.update_yaxes(type="category", showgrid=False, title_text=plain(down))
    return figure


def monte_carlo(robustness: Mapping[str, Mapping[str, Any]], champion: str = JUDGED_STRATEGY) -> "Figure":
    """Deepest drawdown of each strategy in the order in which its trades came, and in other orders.

    Parameters
    ----------
    robustness : mapping
        By strategy, with ``monte_carlo``: ``max_drawdown``, ``median``, ``worst_5_percent``, ``worst_1_percent``.
    champion : str
    """
    marks = (
        ("max_drawdown", "as it came", "diamond", None),
        ("median", "median order", "line-ns-open", MUTED),
        ("worst_5_percent", "1 order in 20", "circle-open", MUTED),
        ("worst_1_percent", "1 order in 100", "x-thin-open", MUTED),
    )
    found = {
        name: own["monte_carlo"]
        for name, own in robustness.items()
        if finite((own.get("monte_carlo") or {}).get("median")) is not None
    }
    if not found:
        return without_data("No orders of trades to draw: they were not computed, or there are too few trades.")
    names = sorted(found, key=lambda name: (name == champion, name))
    own = [HIGHLIGHT if name == champion else MUTED for name in names]
    figure = canvas(height=120 + _ROW * len(names), hovermode="closest")
    for name in names:
        ends = [finite(found[name][key]) for key in ("median", "worst_1_percent")]
        figure.add_scatter(
            x=ends, y=[plain(name)] * 2, mode="lines", line={"color": MUTED, "width": 1}, hoverinfo="skip",
            showlegend=False,
        )  # fmt: skip
    for key, label, symbol, shade in marks:
        figure.add_scatter(
            x=[finite(found[name][key]) for name in names],
            y=[plain(name) for name in names],
            name=label,
            mode="markers",
            marker={
                "symbol": symbol, "size": 11, "line": {"width": 2}, "color": shade or own
            },
            hovertemplate="%{y}, " + label + ": %{x:.1%}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="deepest drawdown", tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(type="category", showgrid=False)
    return figure


def _spread(swept: pd.DataFrame, name: str) -> float:
    """How far the mean Sharpe ratio moves over the values of a parameter."""
    means = swept.groupby(name)["sharpe"].mean()
    return float(means.max() - means.min())


def _levels(values: Iterable[Any]) -> list[str]:
    return [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
