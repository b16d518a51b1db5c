"""Figures of how the history was cut: what each fold does with it, and the ways through all of it."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algotrade.reporting.figures.canvas import HIGHLIGHT, MUTED, PALETTE, canvas, has_rows, plain, without_data
from algotrade.reporting.figures.sampling import time_labels

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LAYOUT = ("fold", "symbol", "part", "before", "rows", "start", "end")
_PATHS = ("model", "path", "gain", "auc")
_COLOURS = {
    "training": MUTED,
    "early stopping": PALETTE[1],
    "purged": PALETTE[0],
    "embargo": PALETTE[3],
    "test": HIGHLIGHT,
}
_MARKED = {"purged": 11, "embargo": 5}
"""Parts that are hours long in a figure of years: the height of the mark that makes both of them visible."""
_ROW = 24
_RAGGED = 0.01
_MOST_SYMBOLS = 24


def fold_spans(layout: pd.DataFrame) -> "Figure":
    """What each fold trains on, leaves out, stops early on and tests; below it symbols that come late or go early.

    Parameters
    ----------
    layout : DataFrame
        ``fold``, ``symbol``, ``part``, ``before``, ``rows``, ``start``, ``end``, as ``fold_layout`` gives them.
    """
    if not has_rows(layout, _LAYOUT, "fold_rows"):
        return without_data("No folds to draw.")
    folds, ragged = sorted(layout["fold"].unique()), _ragged(layout)
    lanes = {fold: float(position) for position, fold in enumerate(folds)}
    symbols = {symbol: len(folds) + 0.4 + 0.7 * position for position, symbol in enumerate(ragged)}
    figure = canvas(height=int(96 + _ROW * (len(lanes) + 0.7 * len(symbols))), hovermode="closest")
    spans = layout.groupby(["part", "before", "fold"]).agg(
        rows=("rows", "sum"), start=("start", "min"), end=("end", "max")
    )
    for part, colour in _COLOURS.items():
        own = spans.loc[[part]] if part in spans.index else spans.iloc[:0]
        if len(own):
            _add_spans(figure, part, colour, own.reset_index(), lanes)
    for symbol, lane in symbols.items():
        _add_symbol(figure, layout[layout["symbol"] == symbol], lane)
    names = [f"fold {fold}" for fold in folds] + [plain(symbol) for symbol in symbols]
    figure.update_xaxes(type="date")
    places = [*lanes.values(), *symbols.values()]
    figure.update_yaxes(tickvals=places, ticktext=names, range=[places[-1] + 0.6, -0.6], showgrid=False, zeroline=False)
    return figure


def path_scores(paths: pd.DataFrame) -> "Figure":
    """Area under the curve and gain of log loss of each model on every path: how far one history lets scores scatter.

    Parameters
    ----------
    paths : DataFrame
        ``model``, ``path``, ``gain``, ``auc``, as the combinatorial walk leaves it.
    """
    if not has_rows(paths, _PATHS, "combinatorial_paths"):
        return without_data("No combinatorial cross-validation: `training.combinatorial` is null.")
    order = paths.groupby("model")["gain"].mean().sort_values().index
    figure = canvas(
        height=120 + 34 * len(order),
        hovermode="closest",
        showlegend=False,
        xaxis={"domain": [0.0, 0.47], "title": {"text": "AUC; dotted: a coin"}},
        xaxis2={"domain": [0.53, 1.0], "anchor": "y", "title": {"text": "log loss saved against the base rate"}},
    )
    for axis, metric, zero in (("x", "auc", 0.5), ("x2", "gain", 0.0)):
        for name in order:
            values = paths.loc[paths["model"] == name, metric].to_numpy(dtype=np.float64)
            colour = HIGHLIGHT if name == order[-1] else MUTED
            figure.add_scatter(
                x=values, y=[plain(name)] * len(values), xaxis=axis, mode="markers",
                marker={"size": 9, "opacity": 0.65, "color": colour},
                hovertemplate=f"{plain(name)}: %{{x:.4f}} on one path<extra></extra>",
            )  # fmt: skip
            figure.add_scatter(
                x=[values.mean()], y=[plain(name)], xaxis=axis, mode="markers",
                marker={"symbol": "line-ns-open", "size": 20, "color": colour, "line": {"width": 2}},
                hovertemplate=f"{plain(name)}: %{{x:.4f}} on average<extra></extra>",
            )  # fmt: skip
        figure.add_shape(
            type="line", xref=axis, x0=zero, x1=zero, yref="paper", y0=0, y1=1, line_width=1, line_dash="dot"
        )
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=[plain(name) for name in order])
    return figure


def _add_spans(figure: "Figure", part: str, colour: str, spans: pd.DataFrame, lanes: dict[Any, float]) -> None:
    starts, ends = time_labels(pd.Index(spans["start"])), time_labels(pd.Index(spans["end"]))
    # One trace a part, its segments parted by empty points: a bar chart cannot start bars at dates.
    x = [point for start, end in zip(starts, ends, strict=True) for point in (start, end, None)]
    y = [point for fold in spans["fold"] for point in (lanes[fold], lanes[fold], None)]
    said = [
        f"{part}{f' before {before}' if before else ''}, fold {fold}: {rows:,} rows, {start} to {end}"
        for before, fold, rows, start, end in zip(
            spans["before"], spans["fold"], spans["rows"], starts, ends, strict=True
        )
    ]
    text = [point for line in said for point in (line, line, None)]
    figure.add_scatter(
        x=x, y=y, name=part, mode="lines+markers" if part in _MARKED else "lines",
        text=text, hovertemplate="%{text}<extra></extra>",
        line={"color": colour, "width": 13},
        marker={"symbol": "line-ns", "size": _MARKED.get(part), "line": {"width": 3, "color": colour}},
    )  # fmt: skip


def _add_symbol(figure: "Figure", rows: pd.DataFrame, lane: float) -> None:
    """The span in which a symbol has rows, and in strong colour where it is tested."""
    symbol, tested = str(rows["symbol"].iloc[0]), rows[rows["part"] == "test"]
    first, last = time_labels(pd.Index([rows["start"].min(), rows["end"].max()]))
    joined = f", tested from fold {tested['fold'].min()} on" if len(tested) else ", never tested"
    figure.add_scatter(
        x=[first, last], y=[lane, lane], mode="lines", showlegend=False, line={"color": MUTED, "width": 3},
        hovertemplate=f"{plain(symbol)}: {first} to {last}{joined}<extra></extra>",
    )  # fmt: skip
    if len(tested):
        starts, ends = time_labels(pd.Index(tested["start"])), time_labels(pd.Index(tested["end"]))
        figure.add_scatter(
            x=[point for start, end in zip(starts, ends, strict=True) for point in (start, end, None)],
            y=[lane, lane, None] * len(tested),
            mode="lines",
            showlegend=False,
            line={"color": HIGHLIGHT, "width": 5},
            hoverinfo="skip",
        )


def _ragged(layout: pd.DataFrame) -> list[str]:
    """Symbols whose rows begin later, or end earlier, than those of the others, the latest to be listed last."""
    spans = layout.groupby("symbol").agg(start=("start", "min"), end=("end", "max"))
    first, last = spans["start"].min(), spans["end"].max()
    slack = (last - first) * _RAGGED
    ragged = spans[(spans["start"] > first + slack) | (spans["end"] < last - slack)]
    return [str(symbol) for symbol in ragged.sort_values("start").index[:_MOST_SYMBOLS]]
