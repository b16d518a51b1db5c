"""Figures of what the models learned, and how they were tested."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algotrade.reporting.figures.canvas import HIGHLIGHT, MUTED, canvas, colours, has_rows, plain, without_data

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROW = 22


def fold_scores(scores: pd.DataFrame, champion: str | None = None) -> "Figure":
    """AUC and accuracy of every model on every fold, against the 0.5 of a coin.

    Parameters
    ----------
    scores : DataFrame
        ``model``, ``fold``, ``auc``, ``accuracy``; one row a model and fold.
    champion : str, optional
        The model to highlight.
    """
    if not has_rows(scores, ("model", "fold", "auc", "accuracy"), "fold_scores"):
        return without_data("No fold scores to draw: no model was judged.")
    figure = canvas(height=460, yaxis={"domain": [0.55, 1.0]}, yaxis2={"domain": [0.0, 0.45], "anchor": "x"})
    colour = _model_colours(scores["model"], champion)
    for axis, metric in (("y", "auc"), ("y2", "accuracy")):
        for name, rows in scores.sort_values("fold").groupby("model"):
            figure.add_scatter(
                x=rows["fold"].to_list(),
                y=rows[metric].to_numpy(dtype=np.float64),
                yaxis=axis,
                name=plain(name),
                legendgroup=str(name),
                showlegend=metric == "auc",
                mode="lines+markers",
                line={"color": colour[str(name)], "width": 2.4 if name == champion else 1.3},
                marker={"size": 7},
                hovertemplate="%{y:.3f}",
            )
        figure.add_shape(
            type="line", xref="paper", x0=0, x1=1, yref=axis, y0=0.5, y1=0.5, line_width=1, line_dash="dot"
        )
    figure.update_layout(yaxis=_around_half(scores["auc"], "AUC"), yaxis2=_around_half(scores["accuracy"], "accuracy"))
    figure.update_xaxes(
        title_text="fold", dtick=max(1, scores["fold"].nunique() // 12), showgrid=False, zeroline=False, anchor="y2"
    )
    return figure


def feature_importance(importance: pd.DataFrame, top: int = 25) -> "Figure":
    """The features that the champion leans on most, coloured by family.

    Parameters
    ----------
    importance : DataFrame
        ``feature``, ``family``, ``importance``; in any order and unit.
    top : int
        How many to draw.
    """
    if not has_rows(importance, ("feature", "family", "importance"), "importance"):
        return without_data("No feature importance: the champion does not report any.")
    best = importance.nlargest(top, "importance")
    order = [plain(name) for name in best["feature"]]
    figure = canvas(height=90 + _ROW * len(best), hovermode="closest", bargap=0.25)
    colour = colours(importance["family"])
    for family, rows in best.groupby("family", sort=True):
        figure.add_bar(
            orientation="h",
            name=plain(family),
            y=[plain(name) for name in rows["feature"]],
            x=rows["importance"].to_numpy(dtype=np.float64),
            marker_color=colour[str(family)],
            hovertemplate="%{y}: %{x:.3~s}<extra>" + plain(family) + "</extra>",
        )
    figure.update_xaxes(title_text="importance", tickformat="~s", rangemode="tozero")
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=order[::-1], showgrid=False, dtick=1, tickfont_size=11
    )
    return figure


def calibration(bins: pd.DataFrame, champion: str | None = None) -> "Figure":
    """How often prices rose when a model said so: on the diagonal a probability means what it says.

    Parameters
    ----------
    bins : DataFrame
        ``model``, ``mean_probability``, ``observed_frequency``, ``count``; one row a model and bin.
    champion : str, optional
        The model to highlight.
    """
    needed = ("model", "mean_probability", "observed_frequency", "count")
    if not has_rows(bins, needed, "calibration"):
        return without_data("No calibration to draw: no model gave probabilities.")
    filled = bins[bins["count"] > 0].dropna(subset=list(needed))
    if not len(filled):
        return without_data("No calibration to draw: every bin is empty.")
    low, high = _padded(filled["mean_probability"])
    figure = canvas(height=420, hovermode="closest")
    figure.add_scatter(
        x=[low, high], y=[low, high], mode="lines", line={"color": MUTED, "dash": "dot", "width": 1.2},
        name="perfect", hoverinfo="skip",
    )  # fmt: skip
    colour = _model_colours(filled["model"], champion)
    for name, rows in filled.sort_values("mean_probability").groupby("model"):
        figure.add_scatter(
            x=rows["mean_probability"].to_numpy(dtype=np.float64),
            y=rows["observed_frequency"].to_numpy(dtype=np.float64),
            name=plain(name),
            mode="lines+markers",
            line={"color": colour[str(name)], "width": 2.4 if name == champion else 1.3},
            marker={"size": 5 + 11 * np.sqrt(rows["count"].to_numpy(dtype=np.float64) / filled["count"].max())},
            customdata=rows["count"].to_numpy(),
            hovertemplate="predicted %{x:.3f}, observed %{y:.3f}, %{customdata:,} times<extra>"
            + plain(name)
            + "</extra>",
        )
    figure.update_xaxes(title_text="predicted probability of a rise", range=[low, high], tickformat=".2~f")
    figure.update_yaxes(title_text="observed frequency", tickformat=".2~f")
    return figure


def _model_colours(names: "pd.Series[Any]", champion: str | None) -> dict[str, str]:
    return colours(names, fixed={champion: HIGHLIGHT} if champion else None)


def _around_half(values: "pd.Series[float]", title: str) -> dict[str, Any]:
    low, high = _padded(pd.concat([values.astype(float), pd.Series([0.5])]))
    return {"title": {"text": title}, "range": [low, high], "tickformat": ".2~f", "nticks": 6}


def _padded(values: "pd.Series[float]") -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = max(0.08 * (high - low), 0.01)
    return low - margin, high + margin
