"""The weeks that everybody remembers, as far as a backtest lived through them."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from algotrade.backtesting.result import BacktestResult
from algotrade.backtesting.statistics import periods_per_year
from algotrade.domain import performance


class Window(NamedTuple):
    """A stretch of crypto history, both days (UTC) included."""

    name: str
    start: str
    end: str


WINDOWS = (
    Window("crypto winter 2018", "2018-01-07", "2018-12-15"),  # all-time high to low, BTC -80 %
    Window("March 2020", "2020-03-07", "2020-03-16"),  # BTC -50 % within a day
    Window("May 2021", "2021-05-10", "2021-05-23"),  # the mining ban, BTC -45 %
    Window("LUNA 2022", "2022-05-05", "2022-05-14"),  # TerraUSD loses its peg
    Window("FTX 2022", "2022-11-05", "2022-11-14"),  # the exchange fails
)


def historical_stress(result: BacktestResult) -> list[dict[str, Any]]:
    """What a result shows in each window: a row of the stress table each, without figures where it was not there."""
    return [_inside(result, window) for window in WINDOWS]


def outcome(equity: pd.Series, before: float, days_per_year: float) -> dict[str, float | None]:
    """Total return, deepest drawdown and Sharpe ratio of a stretch of equity that began with ``before``."""
    ratio = performance.sharpe(performance.daily_returns(equity, before), days_per_year)
    return {
        "total_return": performance.total_return(equity, before),
        "max_drawdown": performance.max_drawdown(equity, before),
        "sharpe": ratio if np.isfinite(ratio) else None,
    }


def _inside(result: BacktestResult, window: Window) -> dict[str, Any]:
    start, after = (pd.Timestamp(day, tz="UTC") for day in (window.start, window.end))
    after += pd.Timedelta(1, unit="D")
    equity = result.equity
    row: dict[str, Any] = {"scenario": window.name, "kind": "history", "start": start, "end": after}
    opened = equity.index[0] - pd.Timedelta(result.timeframe.milliseconds, unit="ms")
    inside = equity[(equity.index > start) & (equity.index <= after)]
    nothing: dict[str, Any] = dict.fromkeys(("total_return", "max_drawdown", "sharpe"))
    if opened > start or equity.index[-1] < after or inside.empty:
        covered = f"{opened:%Y-%m-%d} to {equity.index[-1]:%Y-%m-%d}"
        return {**row, **nothing, "note": f"not covered: the backtest runs from {covered}"}
    earlier = equity[equity.index <= start]
    before = float(earlier.iloc[-1]) if len(earlier) else result.initial_cash
    if before <= 0.0:
        return {**row, **nothing, "note": "the account was ruined before"}
    return {**row, **outcome(inside, before, periods_per_year(result)), "note": ""}
