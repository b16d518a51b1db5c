"""Lines of strategies over time: which of them are drawn, in which order and colour."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from algotrade.domain import performance
from algotrade.reporting.figures.canvas import UNDER_WATER, plain, strategy_colours
from algotrade.reporting.figures.sampling import thinned, time_labels
from algotrade.reporting.scorecard import BENCHMARKS, JUDGED_STRATEGY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

EQUITY_COLUMNS = ("strategy", "time", "equity")
NO_EQUITY = "No equity to draw: no strategy was backtested."
MOST_OTHERS = 3
"""Strategies that are neither judged nor a benchmark and have a line: the best. Tables have all of them."""


def curves(equity: pd.DataFrame, champion: str = JUDGED_STRATEGY) -> "dict[str, pd.Series[float]]":
    """Growth of 1 of the judged strategy, the benchmarks and the best three others, oldest first.

    The market comes first and the judged strategy last, hence on top.
    """
    found = {}
    for name, rows in equity.groupby("strategy", sort=True):
        series = rows.set_index("time")["equity"].astype(float).dropna().sort_index()
        if len(series) and series.iloc[0] > 0:
            found[str(name)] = series / series.iloc[0]
    others = [name for name in found if name != champion and name not in BENCHMARKS]
    best = sorted(others, key=lambda name: float(found[name].iloc[-1]))[-MOST_OTHERS:]
    shown = [name for name in found if name not in others or name in best]
    order = sorted(shown, key=lambda name: (name == champion, name not in BENCHMARKS, name))
    return {name: found[name] for name in order}


def daily(growth: "pd.Series[float]") -> "pd.Series[float]":
    """Simple returns of UTC days, the first of which counts from 1."""
    return performance.daily_returns(growth, 1.0)


def add_lines(
    figure: "Figure",
    series_by_name: "Mapping[str, pd.Series[float]]",
    champion: str,
    hover: str,
    *,
    filled: bool = False,
) -> None:
    """A line a strategy, the judged one wide, with no more points than a screen shows."""
    colour = strategy_colours(series_by_name, champion)
    for name, series in series_by_name.items():
        drawn = thinned(series)
        highlighted = name == champion
        figure.add_scatter(
            x=time_labels(drawn.index),
            y=drawn.to_numpy(),
            name=plain(name),
            mode="lines" if len(drawn) > 1 else "markers",
            line={"color": colour[name], "width": 2.4 if highlighted else 1.3},
            opacity=1.0 if highlighted else 0.85,
            fill="tozeroy" if filled and highlighted else None,
            fillcolor=UNDER_WATER,
            hovertemplate=hover,
        )
    figure.update_layout(legend_traceorder="reversed")
    figure.update_xaxes(type="date", showgrid=False)
