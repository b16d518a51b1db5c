"""What every figure shares: palette, themes for light and dark, an empty canvas."""

import html
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from algotrade.errors import DataError
from algotrade.reporting.scorecard import BENCHMARKS, JUDGED_STRATEGY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HIGHLIGHT = "#2f86e0"
MUTED = "#8b919a"
FAINT = "#b3a48c"
GAIN, FLAT, LOSS = "rgba(47,134,224,0.65)", "rgba(139,145,154,0.08)", "rgba(217,96,59,0.65)"
UNDER_WATER = "rgba(47,134,224,0.13)"
PALETTE = ("#d9603b", "#1f9d78", "#8d7fe0", "#c08a00", "#d1578a", "#1698a8", "#7a8f2a", "#a8693f")
"""Mid-tones that keep their contrast on white and on near-black."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"


def theme(ink: str, grid: str, surface: str) -> dict[str, Any]:
    """A plotly template in three colours: text, grid lines and what is behind a hover label."""
    axis: dict[str, Any] = {
        "gridcolor": grid,
        "linecolor": grid,
        "zerolinecolor": grid,
        "tickcolor": grid,
        "automargin": True,
    }
    axis["title"] = {"font": {"size": 12}}
    return {
        # Heat map cells are tinted lightly enough for the ink of the page.
        "data": {"heatmap": [{"type": "heatmap", "textfont": {"color": ink}}]},
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": 12, "color": ink},
            "colorway": [HIGHLIGHT, *PALETTE],
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"bgcolor": surface, "bordercolor": grid, "font": {"color": ink, "family": FONT}},
            "legend": {"bgcolor": "rgba(0,0,0,0)"},
            "annotationdefaults": {"font": {"color": ink}},
            "shapedefaults": {"line": {"color": ink}},
            "updatemenudefaults": {"bgcolor": surface, "bordercolor": grid, "font": {"color": ink}},
        },
    }


THEMES: Mapping[str, dict[str, Any]] = {
    "neutral": theme("#7d838c", "rgba(128,134,145,0.28)", "#f4f5f7"),
    "light": theme("#3d444d", "#e3e6ea", "#ffffff"),
    "dark": theme("#b9c0ca", "#2c333c", "#1c2128"),
}
"""``neutral`` is what a figure carries, readable on any page; a page that knows its colours swaps in its own."""


def canvas(height: int = 380, **layout: Any) -> "Figure":
    """An empty transparent figure with the legend above the plot and no title: the page writes the title."""
    import plotly.graph_objects as go  # noqa: PLC0415  plotly takes a third of a second

    settings: dict[str, Any] = {
        "template": THEMES["neutral"],
        "height": height,
        "margin": {"l": 12, "r": 12, "t": 30, "b": 12},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "hovermode": "x unified",
    }
    return go.Figure(layout=settings | layout)


def without_data(message: str) -> "Figure":
    """A figure that says in words why there is nothing to draw."""
    figure = canvas(height=140, xaxis={"visible": False}, yaxis={"visible": False})
    figure.add_annotation(text=message, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    return figure


def has_rows(frame: pd.DataFrame, columns: Iterable[str], what: str) -> bool:
    """Whether the frame has rows to draw.

    Raises
    ------
    DataError
        If it has rows but lacks one of the columns.
    """
    missing = [column for column in columns if column not in frame.columns]
    if len(frame) and missing:
        raise DataError(
            f"The {what} frame lacks {', '.join(missing)}; found {', '.join(map(str, frame.columns))}. "
            "Pass the frame as the pipeline before reporting leaves it."
        )
    return len(frame) > 0


def plain(name: object) -> str:
    """A name as plotly shows it literally: plotly reads a little HTML in every text."""
    return html.escape(str(name), quote=False)


def colours(names: Iterable[object], *, fixed: Mapping[str, str] | None = None) -> dict[str, str]:
    """A colour for each name that depends on the set of names only, so that figures agree with each other."""
    chosen = dict(fixed or {})
    others = sorted({str(name) for name in names} - set(chosen))
    return chosen | {name: PALETTE[position % len(PALETTE)] for position, name in enumerate(others)}


def strategy_colours(names: Iterable[object], champion: str = JUDGED_STRATEGY) -> dict[str, str]:
    """Colours of strategies: the judged one stands out, benchmarks stay grey."""
    return colours(names, fixed={champion: HIGHLIGHT, **dict(zip(BENCHMARKS, (MUTED, FAINT), strict=True))})
