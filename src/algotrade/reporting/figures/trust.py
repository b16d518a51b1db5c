"""Figures of how far forecasts can be trusted, and of what they lean on."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray
from algotrade.reporting.figures.canvas import (
    FLAT,
    GAIN,
    HIGHLIGHT,
    LOSS,
    MUTED,
    canvas,
    colours,
    has_rows,
    plain,
    without_data,
)

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROW = 22
_MOST = 20
_HIT_COLUMNS = ("model", "by", "bucket", "hit_rate", "low", "high", "confidence")
_KINDS = {
    "permutation": "rise of the log loss when it tells of another time",
    "shap": "mean size of what it adds to the log odds",
}


def hit_rate_by_confidence(hit_rates: pd.DataFrame, champion: str | None = None) -> "Figure":
    """How often a model was right, by how sure it said it was; on the dotted line it is as good as its word.

    Parameters
    ----------
    hit_rates : DataFrame
        ``model``, ``by``, ``bucket``, ``hit_rate``, ``low``, ``high``, ``confidence``.
    champion : str, optional
        The model to highlight, and to draw intervals of.
    """
    if not has_rows(hit_rates, _HIT_COLUMNS, "hit_rates"):
        return without_data("No hit rates to draw: no model was judged.")
    shown = hit_rates[hit_rates["by"] == "confidence"]
    figure = canvas(height=420, hovermode="closest")
    sure = [float(shown["confidence"].min()), float(shown["confidence"].max())]
    figure.add_scatter(
        x=sure, y=sure, mode="lines", name="its word", hoverinfo="skip",
        line={"color": MUTED, "dash": "dot", "width": 1.2},
    )  # fmt: skip
    colour = colours(shown["model"], fixed={champion: HIGHLIGHT} if champion else None)
    for name, rows in shown.sort_values("confidence").groupby("model"):
        figure.add_scatter(
            x=rows["confidence"].to_numpy(dtype=np.float64),
            y=rows["hit_rate"].to_numpy(dtype=np.float64),
            error_y=_reach(rows, "hit_rate") if name == champion else None,
            name=plain(name),
            mode="lines+markers",
            line={"color": colour[str(name)], "width": 2.4 if name == champion else 1.3},
            hovertemplate="said %{x:.1%}, was right %{y:.1%}<extra>" + plain(name) + "</extra>",
        )
    figure.update_xaxes(title_text="mean probability of the way it leaned", tickformat=".0%")
    figure.update_yaxes(title_text="share that went that way", tickformat=".0%")
    return figure


def hit_rates_by_group(hit_rates: pd.DataFrame) -> "Figure":
    """How often each model was right, by symbol and by regime of the market; grey where chance alone would do.

    Parameters
    ----------
    hit_rates : DataFrame
        ``model``, ``by``, ``bucket``, ``hit_rate``, ``low``, ``high``, ``confidence``.
    """
    if not has_rows(hit_rates, _HIT_COLUMNS, "hit_rates"):
        return without_data("No hit rates to draw: no model was judged.")
    shown = hit_rates[hit_rates["by"] != "confidence"].sort_values(["by", "bucket"])
    groups = shown[["by", "bucket"]].drop_duplicates().to_numpy().tolist()
    models = sorted(shown["model"].unique())
    tables = [
        shown.pivot_table(index=["by", "bucket"], columns="model", values=end, dropna=False).reindex(columns=models)
        for end in ("hit_rate", "low", "high")
    ]
    rate, low, high = (table.loc[[tuple(group) for group in groups]].to_numpy(dtype=np.float64) for table in tables)
    certain = (low > 0.5) | (high < 0.5)
    figure = canvas(height=90 + _ROW * len(groups), hovermode="closest")
    figure.add_heatmap(
        x=[plain(name) for name in models],
        y=[plain(bucket) for _, bucket in groups],
        z=np.where(certain, rate - 0.5, 0.0),
        customdata=np.stack([rate, low, high], axis=-1),
        text=[["" if np.isnan(value) else f"{100 * value:.1f}" for value in row] for row in rate],
        texttemplate="%{text}",
        hovertemplate="%{x}, %{y}: %{customdata[0]:.1%} (%{customdata[1]:.1%} to %{customdata[2]:.1%})<extra></extra>",
        colorscale=[[0, LOSS], [0.5, FLAT], [1, GAIN]],
        zmin=-_bound(rate),
        zmax=_bound(rate),
        showscale=False,
        xgap=2,
        ygap=2,
    )
    figure.update_xaxes(showgrid=False, type="category")
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category", dtick=1, tickfont_size=11)
    return figure


def explanation(explained: pd.DataFrame, top: int = _MOST) -> "Figure":
    """What the best candidate leans on, with intervals, coloured by family.

    Parameters
    ----------
    explained : DataFrame
        ``model``, ``feature``, ``family``, ``kind``, ``value``, ``low``, ``high``; of several models the first.
    top : int
        How many features to draw.
    """
    if not has_rows(explained, ("model", "feature", "family", "kind", "value", "low", "high"), "explanation"):
        return without_data("No explanation: no candidate was walked forward.")
    own = explained[explained["model"] == explained["model"].iloc[0]]
    best = own[own["kind"] == own["kind"].iloc[0]].nlargest(top, "value")
    figure = canvas(height=110 + _ROW * len(best), hovermode="closest", bargap=0.25)
    colour = colours(explained["family"])
    for family, rows in best.groupby("family", sort=True):
        figure.add_bar(
            orientation="h",
            name=plain(family),
            y=[plain(name) for name in rows["feature"]],
            x=rows["value"].to_numpy(dtype=np.float64),
            error_x=_reach(rows, "value"),
            marker={"color": colour[str(family)], "opacity": 0.75},
            hovertemplate="%{y}: %{x:.4f}<extra>" + plain(family) + "</extra>",
        )
    title = f"{best['model'].iloc[0]}: {_KINDS.get(best['kind'].iloc[0], best['kind'].iloc[0])}"
    figure.update_xaxes(title_text=plain(title))
    order = [plain(name) for name in best["feature"]][::-1]
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=order, showgrid=False, dtick=1, tickfont_size=11
    )
    return figure


def _reach(rows: pd.DataFrame, value: str) -> dict[str, Any]:
    """Whiskers from ``low`` to ``high``."""
    return {
        "type": "data",
        "symmetric": False,
        "array": (rows["high"] - rows[value]).to_numpy(dtype=np.float64),
        "arrayminus": (rows[value] - rows["low"]).to_numpy(dtype=np.float64),
        "thickness": 1,
        "width": 3,
        "color": MUTED,
    }


def _bound(rate: FloatArray) -> float:
    known = np.abs(rate[np.isfinite(rate)] - 0.5)
    return float(known.max(initial=0.01))
