"""The months of a strategy, year by year."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from algotrade.reporting.figures.canvas import FLAT, GAIN, LOSS, canvas, has_rows, plain, without_data
from algotrade.reporting.figures.curves import EQUITY_COLUMNS, curves
from algotrade.reporting.scorecard import JUDGED_STRATEGY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
