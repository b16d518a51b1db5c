"""Figures of what the strategies earned and lost."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algotrade.reporting.figures.canvas import HIGHLIGHT, MUTED, canvas, has_rows, plain, without_data
from algotrade.reporting.figures.curves import EQUITY_COLUMNS, NO_EQUITY, add_lines, curves, daily
from algotrade.reporting.scorecard import BENCHMARK_STRATEGY, JUDGED_STRATEGY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LOG_SCALE_FROM = 3.0
"""A span of this factor or more is drawn on a log axis, where equal distances are equal returns."""
_BINS = 41


def equity_curves(equity: pd.DataFrame, champion: str = JUDGED_STRATEGY) -> "Figure":
    """Growth of 1 under every strategy, on a log axis where the span asks for it.

    Parameters
    ----------
    equity : DataFrame
        Long: ``strategy``, ``time``, ``equity``.
    champion : str
        The strategy to highlight.
    """
    grown = curves(equity, champion) if has_rows(equity, EQUITY_COLUMNS, "equity") else {}
    if not grown:
        return without_data(NO_EQUITY)
    figure = canvas(height=460)
    add_lines(figure, grown, champion, hover="%{y:.3f}")
    low = min(series.min() for series in grown.values())
    high = max(series.max() for series in grown.values())
    scales = ["log", "linear"] if low > 0 else ["linear"]
    wide = low > 0 and high / low >= LOG_SCALE_FROM
    figure.update_yaxes(type="log" if wide else "linear", tickformat=".3~g", nticks=8, title_text="growth of 1")
    if len(scales) > 1:
        figure.update_layout(margin_b=68, updatemenus=[_scale_buttons(scales, active=0 if wide else 1)])
    return figure


def drawdowns(equity: pd.DataFrame, champion: str = JUDGED_STRATEGY) -> "Figure":
    """Loss since the highest equity so far, by strategy; the deepest point is the maximum drawdown."""
    grown = curves(equity, champion) if has_rows(equity, EQUITY_COLUMNS, "equity") else {}
    if not grown:
        return without_data(NO_EQUITY)
    figure = canvas(height=320)
    under_water = {name: series / series.cummax() - 1.0 for name, series in grown.items()}
    add_lines(figure, under_water, champion, hover="%{y:.1%}", filled=True)
    figure.update_yaxes(tickformat=".0%")
    return figure


def daily_returns(equity: pd.DataFrame, champion: str = JUDGED_STRATEGY) -> "Figure":
    """How the daily returns of the judged strategy are spread, the market's behind them.

    Parameters
    ----------
    equity : DataFrame
        Long: ``strategy``, ``time``, ``equity``.
    champion : str
    """
    grown = curves(equity, champion) if has_rows(equity, EQUITY_COLUMNS, "equity") else {}
    returns = {name: daily(grown[name]).to_numpy() for name in (BENCHMARK_STRATEGY, champion) if name in grown}
    if champion not in returns or not np.ptp(returns[champion]) > 0.0:
        return without_data("No daily returns to draw: they do not vary.")
    reach = max(float(np.quantile(np.abs(values), 0.99)) for values in returns.values())
    edges = np.linspace(-reach, reach, _BINS + 1)
    figure = canvas(height=320, barmode="overlay", bargap=0.06)
    for name, values in returns.items():
        # What lies beyond the edges is counted in the outermost bars.
        counted = np.histogram(np.clip(values, -reach, reach), edges)[0] / len(values)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2.0,
            y=counted,
            name=plain(name),
            marker_color=HIGHLIGHT if name == champion else MUTED,
            opacity=0.75 if name == champion else 0.45,
            hovertemplate="%{y:.1%} of days",
        )
    lowest = float(np.quantile(returns[champion], 0.05))
    figure.add_vline(x=lowest, line={"width": 1, "dash": "dot"}, annotation_text="5 % of days are worse")
    figure.update_xaxes(tickformat=".1%", zeroline=False)
    figure.update_yaxes(tickformat=".0%", title_text="share of days")
    return figure


def _scale_buttons(scales: list[str], active: int) -> dict[str, Any]:
    return {
        "type": "buttons",
        "direction": "right",
        "active": active,
        "x": 1,
        "xanchor": "right",
        # Below the time axis: above the plot a narrow screen needs the width for the legend.
        "y": 0,
        "yanchor": "top",
        "pad": {"t": 30},
        "showactive": False,  # plotly paints the active button near-white in every theme
        "buttons": [{"label": scale, "method": "relayout", "args": [{"yaxis.type": scale}]} for scale in scales],
    }
