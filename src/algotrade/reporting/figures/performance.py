"""Figures of what the strategies earned, lost and paid."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algotrade.reporting.figures.canvas import (
    FLAT,
    GAIN,
    HIGHLIGHT,
    LOSS,
    PALETTE,
    UNDER_WATER,
    canvas,
    has_rows,
    plain,
    strategy_colours,
    without_data,
)
from algotrade.reporting.figures.sampling import thinned, time_labels
from algotrade.reporting.formats import finite
from algotrade.reporting.scorecard import BENCHMARK_STRATEGY, JUDGED_STRATEGY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

EQUITY_COLUMNS = ("strategy", "time", "equity")
NO_EQUITY = "No equity to draw: no strategy was backtested."
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS_PER_YEAR = 365
"""Crypto markets do not close."""
LOG_SCALE_FROM = 3.0
"""A span of this factor or more is drawn on a log axis, where equal distances are equal returns."""


def curves(equity: pd.DataFrame, champion: str = JUDGED_STRATEGY) -> "dict[str, pd.Series[float]]":
    """Each strategy's growth of 1, oldest first; the market first and the judged strategy last, hence on top."""
    found = {}
    for name, rows in equity.groupby("strategy", sort=True):
        series = rows.set_index("time")["equity"].astype(float).dropna().sort_index()
        if len(series) and series.iloc[0] > 0:
            found[str(name)] = series / series.iloc[0]
    order = sorted(found, key=lambda name: (name == champion, name != BENCHMARK_STRATEGY, name))
    return {name: found[name] for name in order}


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
    _add_lines(figure, grown, champion, hover="%{y:.3f}")
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
    _add_lines(figure, under_water, champion, hover="%{y:.1%}", filled=True)
    figure.update_yaxes(tickformat=".0%")
    return figure


def rolling_sharpe(equity: pd.DataFrame, champion: str = JUDGED_STRATEGY, window: int = 90) -> "Figure":
    """Annualised Sharpe ratio of the last ``window`` days, by strategy, from daily closes of equity."""
    grown = curves(equity, champion) if has_rows(equity, EQUITY_COLUMNS, "equity") else {}
    rolled = {name: _rolling_sharpe(series, window) for name, series in grown.items()}
    rolled = {name: series for name, series in rolled.items() if len(series)}
    if not rolled:
        return without_data(f"Rolling Sharpe needs more than {window} days of equity.")
    figure = canvas(height=320)
    _add_lines(figure, rolled, champion, hover="%{y:.2f}")
    figure.add_hline(y=0, line_width=1, line_dash="dot")
    return figure


def monthly_returns(equity: pd.DataFrame, strategy: str = JUDGED_STRATEGY) -> "Figure":
    """Return of each month, year by year, and of the whole year in the last column."""
    grown = curves(equity, strategy) if has_rows(equity, EQUITY_COLUMNS, "equity") else {}
    if strategy not in grown:
        return without_data(f"No equity of {plain(strategy)} to draw.")
    returns = monthly_table(grown[strategy])
    values = returns.to_numpy(dtype=np.float64)
    bound = float(np.nanmax(np.abs(values[:, :-1]))) or 0.01
    figure = canvas(height=96 + 38 * len(returns), hovermode="closest")
    figure.add_heatmap(
        x=list(returns.columns),
        y=[str(year) for year in returns.index],
        z=values,
        text=[["" if np.isnan(value) else f"{100 * value:.1f}" for value in row] for row in values],
        texttemplate="%{text}",
        hovertemplate="%{x} %{y}: %{z:.2%}<extra></extra>",
        colorscale=[[0, LOSS], [0.5, FLAT], [1, GAIN]],
        zmin=-bound,
        zmax=bound,
        showscale=False,
        xgap=2,
        ygap=2,
    )
    figure.update_xaxes(side="top", showgrid=False, type="category", tickangle=0)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    return figure


def monthly_table(growth: "pd.Series[float]") -> pd.DataFrame:
    """Returns as fractions: one row a year, columns the twelve months and ``Year``; NaN where there is no data.

    Parameters
    ----------
    growth : Series
        Equity by aware UTC time, oldest first, starting at 1.
    """
    times = pd.DatetimeIndex(growth.index).tz_convert("UTC").tz_localize(None)
    closes = growth.set_axis(times).groupby(times.to_period("M")).last()
    returns = closes / closes.shift(fill_value=1.0) - 1.0
    years = pd.PeriodIndex(returns.index).year
    table = pd.DataFrame({"year": years, "month": pd.PeriodIndex(returns.index).month, "r": returns.to_numpy()})
    wide = table.pivot_table(index="year", columns="month", values="r").reindex(columns=range(1, 13))
    wide.columns = pd.Index(MONTHS)
    wide["Year"] = (1.0 + returns).groupby(years).prod() - 1.0
    return wide


def costs_by_strategy(strategies: Mapping[str, Mapping[str, Any]], currency: str = "quote currency") -> "Figure":
    """Fees and slippage that each strategy paid, stacked, in quote currency.

    Parameters
    ----------
    strategies : mapping
        By name, with ``fees_paid`` and ``slippage_paid``.
    currency : str
        Name of the unit on the axis.
    """
    if not strategies:
        return without_data("No costs to draw: no strategy was backtested.")
    paid = {
        name: [finite(metrics.get(key)) or 0.0 for key in ("fees_paid", "slippage_paid")]
        for name, metrics in strategies.items()
    }
    names = sorted(paid, key=lambda name: sum(paid[name]))
    figure = canvas(height=110 + 34 * len(names), barmode="stack", hovermode="y unified", legend_traceorder="normal")
    for position, (part, colour) in enumerate((("fees", HIGHLIGHT), ("slippage", PALETTE[0]))):
        figure.add_bar(
            orientation="h",
            name=part,
            y=[plain(name) for name in names],
            x=[paid[name][position] for name in names],
            marker_color=colour,
            hovertemplate="%{x:,.0f}",
        )
    figure.update_xaxes(title_text=f"paid, {plain(currency)}", tickformat="~s", rangemode="tozero")
    figure.update_yaxes(type="category", showgrid=False)
    return figure


def _rolling_sharpe(growth: "pd.Series[float]", window: int) -> "pd.Series[float]":
    daily = growth.groupby(pd.DatetimeIndex(growth.index).floor("D")).last().pct_change().dropna()
    spread = daily.rolling(window).std()
    # A flat stretch has no risk to divide by: a gap in the line is the honest picture.
    sharpe: pd.Series[float] = daily.rolling(window).mean() / spread.where(spread > 0) * np.sqrt(DAYS_PER_YEAR)
    return sharpe.dropna()


def _add_lines(
    figure: "Figure",
    series_by_name: "Mapping[str, pd.Series[float]]",
    champion: str,
    hover: str,
    *,
    filled: bool = False,
) -> None:
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
