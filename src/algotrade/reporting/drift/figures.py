"""Figures of a drift check: how far each feature is, how unusual that is, and what has moved."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray, from_milliseconds
from algotrade.monitoring.drift import Comparison
from algotrade.reporting.drift.tables import feature_table
from algotrade.reporting.figures.canvas import HIGHLIGHT, MUTED, PALETTE, canvas, plain
from algotrade.reporting.figures.sampling import time_labels

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DRIFT_FIGURES = ("drift_heat", "drift_timeline", "drift_distributions")
"""Names of the figures, in the order in which :func:`drift_figures` returns them."""
_ROW = 30
_WORST = 6
_BINS = 48
_LEAST = 0.02
"""Lowest point of the logarithmic axis."""
_ALARM = PALETTE[0]
_STEPS = (
    (0.5, "below half", "rgba(47,134,224,0.18)"),
    (0.8, "to 80 %", "rgba(47,134,224,0.42)"),
    (1.0, "to the threshold", "#f0c36a"),
    (2.0, "drifted", "#ea7a45"),
    (np.inf, "more than twice", "#bf2f1f"),
)
"""Largest statistic over its threshold, what the reader is told, and its colour."""


def drift_figures(comparison: Comparison) -> "dict[str, Figure]":
    """Every figure of a drift check by name."""
    table = feature_table(comparison)
    return {
        "drift_heat": heat(table),
        "drift_timeline": timeline(comparison),
        "drift_distributions": distributions(comparison, table["feature"].head(_WORST).tolist()),
    }


def heat(table: pd.DataFrame) -> "Figure":
    """A cell for each feature, a row for each family, the furthest first: coloured by statistic over threshold.

    Parameters
    ----------
    table : DataFrame
        As :func:`~algotrade.reporting.drift.tables.feature_table` gives it.
    """
    families = {family: rows for family, rows in table.groupby("family", sort=False)}  # noqa: C416 - keeps the order
    widest = max(len(rows) for rows in families.values())
    level, told = np.full((len(families), widest), np.nan), np.full((len(families), widest), "", dtype=object)
    for row, rows in enumerate(families.values()):
        ordered = rows.sort_values("excess", ascending=False)
        level[row, : len(rows)] = np.searchsorted([bound for bound, *_ in _STEPS], ordered["excess"])
        told[row, : len(rows)] = [_told(each) for each in ordered.to_dict("records")]
    figure = canvas(height=100 + _ROW * len(families), hovermode="closest", legend_itemclick=False)
    figure.add_heatmap(
        z=level,
        y=[plain(family) for family in families],
        text=told,
        texttemplate="",
        hovertemplate="%{text}<extra></extra>",
        hoverongaps=False,
        colorscale=_step_scale(),
        zmin=-0.5,
        zmax=len(_STEPS) - 0.5,
        showscale=False,
        xgap=2,
        ygap=3,
    )
    for _, label, colour in _STEPS:
        figure.add_scatter(
            x=[None], y=[None], name=label, mode="markers", marker={"color": colour, "size": 11, "symbol": "square"}
        )
    figure.update_xaxes(visible=False, showgrid=False, range=[-0.5, widest - 0.5])
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, dtick=1, tickfont_size=11)
    return figure


def timeline(comparison: Comparison) -> "Figure":
    """The largest statistic of every window of the reference over the threshold, and that of the newest window."""
    calibration, origin = comparison.reference.calibration, comparison.reference.origin
    length = comparison.reference.settings.current_candles
    ends = from_milliseconds((calibration.starts + length) * origin.timeframe_ms)
    newest = from_milliseconds(np.array([int(comparison.current.candle[-1]) + 1]) * origin.timeframe_ms)
    figure = canvas(height=300, hovermode="closest")
    figure.add_scatter(
        x=time_labels(ends),
        y=np.maximum(calibration.extremes / calibration.bound, _LEAST).round(3),
        name="windows of the training span",
        mode="lines",
        line={"color": MUTED, "width": 1.6},
        hovertemplate="to %{x|%Y-%m-%d}: %{y:.2f} of the threshold<extra></extra>",
    )
    figure.add_scatter(
        x=time_labels(newest),
        y=[round(max(comparison.extreme / calibration.bound, _LEAST), 3)],
        name="newest window",
        mode="markers",
        marker={"color": _ALARM if comparison.detected else HIGHLIGHT, "size": 13, "symbol": "diamond"},
        hovertemplate="to %{x|%Y-%m-%d}: %{y:.2f} of the threshold<extra></extra>",
    )
    figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=1, y1=1, line_width=1, line_dash="dot")
    figure.update_xaxes(type="date", showgrid=False)
    figure.update_yaxes(title_text="over the threshold", type="log", tickformat=".3~f", dtick="D2")
    return figure


def distributions(comparison: Comparison, features: Sequence[str]) -> "Figure":
    """How the values of some features were distributed in the reference (grey), and are now (coloured)."""
    from plotly.subplots import make_subplots  # noqa: PLC0415 - plotly takes a third of a second

    names = comparison.reference.origin.names
    rows = -(-len(features) // 2)
    empty = canvas(height=90 + 190 * rows, hovermode="closest", barmode="overlay", bargap=0)
    figure = make_subplots(
        rows=rows, cols=2, subplot_titles=[plain(name) for name in features], vertical_spacing=0.55 / (rows + 1),
        horizontal_spacing=0.06, figure=empty,
    )  # fmt: skip
    for place, name in enumerate(features):
        column = names.index(name)
        then, now = (
            values[np.isfinite(values)]
            for values in (comparison.reference.sample.features[:, column], comparison.current.features[:, column])
        )
        for trace in _then_and_now(np.asarray(then, dtype=np.float64), now, legend=place == 0):
            figure.add_trace(trace, row=place // 2 + 1, col=place % 2 + 1)
    figure.update_annotations(font_size=12)
    figure.update_yaxes(visible=False, rangemode="tozero")
    figure.update_xaxes(nticks=5, tickfont_size=10)
    return figure


def _then_and_now(then: FloatArray, now: FloatArray, *, legend: bool) -> list[Any]:
    """Histograms of two samples in the same bins; one without a value is left out."""
    import plotly.graph_objects as go  # noqa: PLC0415

    both = [sample for sample in (then, now) if len(sample)]
    if not both:
        return [go.Bar(x=[], y=[], showlegend=False)]
    low = min(float(np.quantile(sample, 0.002)) for sample in both)
    high = max(float(np.quantile(sample, 0.998)) for sample in both)
    edges = np.linspace(low, high, _BINS + 1) if high > low else np.linspace(low - 0.5, low + 0.5, _BINS + 1)
    middle = ((edges[1:] + edges[:-1]) / 2).round(6)
    before, after = (100 * np.histogram(np.clip(s, low, high), edges)[0] / max(len(s), 1) for s in (then, now))
    return [
        go.Bar(
            x=middle, y=before.round(3), name="training", marker_color=MUTED, opacity=0.45, showlegend=legend,
            legendgroup="training", hovertemplate="%{x}: %{y:.1f} % in training<extra></extra>",
        ),
        go.Scatter(
            x=middle, y=after.round(3), name="now", mode="lines", showlegend=legend, legendgroup="now",
            line={"color": HIGHLIGHT, "width": 2, "shape": "hvh"}, hovertemplate="%{x}: %{y:.1f} % now<extra></extra>",
        ),
    ]  # fmt: skip


def _told(row: Mapping[Any, Any]) -> str:
    return (
        f"<b>{plain(row['feature'])}</b>: {row['excess']:.2f} of the threshold by {row['measure']}<br>"
        f"PSI {row['psi']:.3f} ({row['psi_threshold']:.3f}), KS {row['ks']:.3f} ({row['ks_threshold']:.3f})<br>"
        f"Wasserstein {row['wasserstein']:.3f} sd ({row['wasserstein_threshold']:.3f}), "
        f"missing {100 * row['missing_current']:.1f} % (was {100 * row['missing_reference']:.1f} %)"
    )


def _step_scale() -> list[list[Any]]:
    n = len(_STEPS)
    return [[edge / n, colour] for place, (_, _, colour) in enumerate(_STEPS) for edge in (place, place + 1)]
