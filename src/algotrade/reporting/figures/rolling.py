"""Figures over a moving window: an edge should not live in one season."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from algotrade.domain.performance import DAYS_PER_YEAR
from algotrade.reporting.figures.canvas import canvas, has_rows, without_data
from algotrade.reporting.figures.curves import EQUITY_COLUMNS, add_lines, curves, daily
from algotrade.reporting.scorecard import BENCHMARK_STRATEGY, JUDGED_STRATEGY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    Returns = pd.Series[float]
    Rolled = Callable[[Returns], Returns]

WINDOW_DAYS = 90
SHORT_WINDOW_DAYS = 30
"""Of a history that is shorter than two long windows."""


def rolling_sharpe(equity: pd.DataFrame, champion: str = JUDGED_STRATEGY, window: int | None = None) -> "Figure":
    """Annualised Sharpe ratio of the last ``window`` days, by strategy, from daily closes of equity.

    Parameters
    ----------
    equity : DataFrame
        Long: ``strategy``, ``time``, ``equity``.
    champion : str
    window : int, optional
        Days; by default 90, and 30 where the history is shorter than 180.
    """
    days = window or _window(equity)

    def rolled(returns: "Returns") -> "Returns":
        spread = returns.rolling(days).std()
        # A flat stretch has no risk to divide by: a gap in the line is the honest picture.
        ratio: Returns = returns.rolling(days).mean() / spread.where(spread > 0) * np.sqrt(DAYS_PER_YEAR)
        return ratio

    return _drawn(equity, champion, rolled, "Sharpe", days, ".2f")


def rolling_volatility(equity: pd.DataFrame, champion: str = JUDGED_STRATEGY, window: int | None = None) -> "Figure":
    """Annualised volatility of daily returns over the last ``window`` days, by strategy."""
    days = window or _window(equity)

    def rolled(returns: "Returns") -> "Returns":
        annual: Returns = returns.rolling(days).std() * np.sqrt(DAYS_PER_YEAR)
        return annual

    return _drawn(equity, champion, rolled, "volatility", days, ".0%")


def rolling_beta(equity: pd.DataFrame, champion: str = JUDGED_STRATEGY, window: int | None = None) -> "Figure":
    """How much of the market's daily return each strategy went along with over the last ``window`` days."""
    days = window or _window(equity)
    grown = curves(equity, champion) if has_rows(equity, EQUITY_COLUMNS, "equity") else {}
    if BENCHMARK_STRATEGY not in grown:
        return without_data(f"Rolling beta needs {BENCHMARK_STRATEGY} as the market.")
    market = daily(grown[BENCHMARK_STRATEGY])

    def rolled(returns: "Returns") -> "Returns":
        variance = market.rolling(days).var()
        covariance: Returns = returns.rolling(days).cov(market)
        return covariance / variance.where(variance > 0)

    others = equity[equity["strategy"] != BENCHMARK_STRATEGY]
    return _drawn(others, champion, rolled, "beta", days, ".2f")


def _window(equity: pd.DataFrame) -> int:
    if not has_rows(equity, EQUITY_COLUMNS, "equity"):
        return WINDOW_DAYS
    days = (equity["time"].max() - equity["time"].min()) / pd.Timedelta(days=1)
    return WINDOW_DAYS if days >= 2 * WINDOW_DAYS else SHORT_WINDOW_DAYS


def _drawn(equity: pd.DataFrame, champion: str, rolled: "Rolled", what: str, days: int, form: str) -> "Figure":
    grown = curves(equity, champion) if has_rows(equity, EQUITY_COLUMNS, "equity") else {}
    # The first return is the one after the first close: what was earned before that is not in the curve.
    found = {name: rolled(daily(series).iloc[1:]).dropna() for name, series in grown.items()}
    found = {name: series for name, series in found.items() if len(series)}
    if not found:
        return without_data(f"Rolling {what} needs more than {days} days of equity that varies.")
    figure = canvas(height=320)
    add_lines(figure, found, champion, hover=f"%{{y:{form}}}")
    figure.add_hline(y=0, line_width=1, line_dash="dot")
    figure.update_yaxes(title_text=f"{what}, {days} days", tickformat=form)
    return figure
