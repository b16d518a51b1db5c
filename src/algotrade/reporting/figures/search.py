"""Figures of the search for settings: how it went, and which settings mattered."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algotrade.reporting.figures.canvas import MUTED, canvas, colours, has_rows, plain, without_data

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROW = 24
_COLUMNS = ("family", "number", "state", "value")


def search_history(trials: pd.DataFrame) -> "Figure":
    """The value of every trial by its number, the best so far, and dotted what the configured settings are worth.

    Pruned trials are crosses; one that is worse than every complete trial is drawn on the upper edge.

    Parameters
    ----------
    trials : DataFrame
        ``family``, ``number``, ``state``, ``value``; trial 0 has the configured settings.
    """
    if not has_rows(trials, _COLUMNS, "tuning_trials"):
        return without_data("No trials to draw: no settings were searched.")
    complete = trials[trials["state"] == "complete"]
    if complete.empty:
        return without_data("No trials to draw: none is complete.")
    low, high = float(complete["value"].min()), float(complete["value"].max())
    pad = 0.08 * (high - low) or 1e-4
    figure = canvas(height=400, hovermode="closest")
    for family, colour in colours(trials["family"]).items():
        _draw_family(figure, family, trials[trials["family"] == family], colour, high + pad / 2)
    figure.update_xaxes(title_text="trial", rangemode="tozero", zeroline=False)
    figure.update_yaxes(title_text="inner log loss", range=[low - pad, high + pad], tickformat=".4f")
    return figure


def search_importance(searches: Mapping[str, Mapping[str, Any]]) -> "Figure":
    """Share of each searched setting in what the trials of its family differ by, the largest on top.

    Parameters
    ----------
    searches : mapping
        By family, with ``importance``: a mapping from setting to share, the largest first.
    """
    shown = {family: search["importance"] for family, search in searches.items() if search["importance"]}
    if not shown:
        return without_data("No importance of settings: too few trials are complete.")
    bars = [(f"{name} ({family})", share, family) for family, shares in shown.items() for name, share in shares.items()]
    figure = canvas(height=90 + _ROW * len(bars), hovermode="closest", bargap=0.25)
    colour = colours(shown)
    for family in shown:
        own = [(name, share) for name, share, owner in bars if owner == family]
        figure.add_bar(
            orientation="h",
            name=plain(family),
            y=[plain(name) for name, _ in own],
            x=[share for _, share in own],
            marker_color=colour[family],
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    figure.update_xaxes(title_text="share of the variance", tickformat=".0%", rangemode="tozero")
    names = [plain(name) for name, _, _ in bars]
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=names[::-1], showgrid=False, dtick=1)
    return figure


def _draw_family(figure: "Figure", family: str, trials: pd.DataFrame, colour: str, edge: float) -> None:
    complete, pruned = (trials[trials["state"] == state] for state in ("complete", "pruned"))
    best = complete["value"].cummin()
    shared: dict[str, Any] = {"legendgroup": family}
    figure.add_scatter(
        **shared,
        x=complete["number"].to_numpy(dtype=np.int64),
        y=best.to_numpy(dtype=np.float64),
        name=f"{plain(family)}: best so far",
        mode="lines",
        line={"color": colour, "width": 2, "shape": "hv"},
        hoverinfo="skip",
    )
    for rows, name, marker in (
        (complete, "complete", {"color": colour, "size": 7}),
        (pruned, "pruned", {"color": MUTED, "size": 7, "symbol": "x-thin-open"}),
    ):
        if len(rows):
            figure.add_scatter(
                **shared,
                x=rows["number"].to_numpy(dtype=np.int64),
                y=np.minimum(rows["value"].to_numpy(dtype=np.float64), edge),
                customdata=rows["value"].to_numpy(dtype=np.float64),
                name=f"{plain(family)}: {name}",
                mode="markers",
                marker=marker,
                hovertemplate="trial %{x}: %{customdata:.5f}<extra>" + f"{plain(family)}, {name}</extra>",
            )
    if len(complete) and complete["number"].iloc[0] == 0:
        figure.add_hline(y=float(complete["value"].iloc[0]), line={"color": colour, "width": 1, "dash": "dot"})
