"""Figures of what features were worth, fold by fold."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from algotrade.reporting.figures.canvas import FLAT, GAIN, LOSS, canvas, colours, has_rows, plain, without_data

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROW = 22
_MOST = 20


def importance_by_fold(by_fold: pd.DataFrame, top: int = _MOST) -> "Figure":
    """The features with the highest mean importance: bars, coloured by family, and a mark for each fold.

    Parameters
    ----------
    by_fold : DataFrame
        ``fold``, ``feature``, ``family``, ``importance``; one row a fold and feature.
    top : int
        How many to draw.
    """
    if not has_rows(by_fold, ("fold", "feature", "family", "importance"), "features_by_fold"):
        return without_data("No importance by fold: no model that reports any was walked forward.")
    names = _leading(by_fold, top)
    shown = by_fold[by_fold["feature"].isin(names)]
    mean = shown.groupby("feature")["importance"].mean()
    family = shown.groupby("feature")["family"].first()
    figure = canvas(height=90 + _ROW * len(names), hovermode="closest", bargap=0.25)
    colour = colours(by_fold["family"])
    for kind in sorted(set(family)):
        own = [name for name in names if family[name] == kind]
        figure.add_bar(
            orientation="h",
            name=plain(kind),
            y=[plain(name) for name in own],
            x=mean[own].to_numpy(dtype=np.float64),
            marker={"color": colour[str(kind)], "opacity": 0.55},
            hovertemplate="%{y}: %{x:.1%} in the mean<extra>" + plain(kind) + "</extra>",
        )
    figure.add_scatter(
        mode="markers",
        name="a fold",
        y=[plain(name) for name in shown["feature"]],
        x=shown["importance"].to_numpy(dtype=np.float64),
        customdata=shown["fold"].to_numpy(),
        marker={"symbol": "line-ns-open", "size": 11, "color": [colour[str(kind)] for kind in shown["family"]]},
        hovertemplate="%{y}: %{x:.1%} in fold %{customdata}<extra></extra>",
    )
    figure.update_xaxes(title_text="share of what the splits gained", tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=[plain(name) for name in names[::-1]],
        showgrid=False,
        dtick=1,
        tickfont_size=11,
    )
    return figure


def information_by_fold(by_fold: pd.DataFrame, top: int = _MOST) -> "Figure":
    """What the leading features tell alone, fold by fold: a row that keeps its colour keeps its sign.

    Parameters
    ----------
    by_fold : DataFrame
        ``fold``, ``feature``, ``importance``, ``information_coefficient``; one row a fold and feature.
    top : int
        How many to draw, those of the highest mean importance.
    """
    if not has_rows(by_fold, ("fold", "feature", "importance", "information_coefficient"), "features_by_fold"):
        return without_data("No information coefficients by fold: no model was walked forward.")
    names = _leading(by_fold, top)
    table = by_fold.pivot_table(index="feature", columns="fold", values="information_coefficient", dropna=False)
    values = table.reindex(names).to_numpy(dtype=np.float64)
    bound = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    figure = canvas(height=70 + _ROW * len(names), hovermode="closest")
    figure.add_heatmap(
        x=[str(fold) for fold in table.columns],
        y=[plain(name) for name in names],
        z=values,
        text=[["" if np.isnan(value) else f"{value:.2f}" for value in row] for row in values],
        texttemplate="%{text}",
        hovertemplate="%{y}, fold %{x}: %{z:.3f}<extra></extra>",
        colorscale=[[0, LOSS], [0.5, FLAT], [1, GAIN]],
        zmin=-(bound or 0.01),
        zmax=bound or 0.01,
        showscale=False,
        xgap=2,
        ygap=2,
    )
    figure.update_xaxes(title_text="fold", showgrid=False, type="category")
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category", dtick=1, tickfont_size=11)
    return figure


def _leading(by_fold: pd.DataFrame, top: int) -> list[str]:
    mean = by_fold.groupby("feature", sort=False)["importance"].mean()
    return [str(name) for name in mean.nlargest(top).index]
