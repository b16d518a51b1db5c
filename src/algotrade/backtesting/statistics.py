"""The figures that a strategy is reported by."""

import math

import numpy as np
import pandas as pd

from algotrade.backtesting.result import BacktestResult
from algotrade.domain import performance
from algotrade.validation.overfitting import SharpeSample, deflated_sharpe, probabilistic_sharpe


def strategy_metrics(
    result: BacktestResult, trades: pd.DataFrame, trials: int | None = None
) -> dict[str, float | int | None]:
    """Figures of one strategy by name, each a finite number, or None where it is undefined.

    ``sharpe``, ``sortino`` (annual, of UTC days' returns), ``calmar``, ``annual_return``,
    ``max_drawdown`` (positive fraction), ``win_rate`` (of closed round trips, after costs),
    ``turnover`` (equity exchanged a year, one-sided), ``trades`` (closed round trips), ``exposure``
    (mean gross weight), ``fees_paid``, ``slippage_paid``, ``final_equity`` (quote currency),
    ``probabilistic_sharpe`` (that the true Sharpe ratio is above 0), ``deflated_sharpe`` (that it is
    above what the best of all trials would show by luck; None without ``trials``).

    Parameters
    ----------
    result : BacktestResult
    trades : DataFrame
        Of :class:`~algotrade.backtesting.audit.Audit`.
    trials : int, optional
        Variants of all strategies that were tried on the same candles; see :func:`deflated`.
    """
    initial, equity = result.initial_cash, result.equity.to_numpy()
    years = len(equity) / result.timeframe.candles_per_year
    returns = performance.daily_returns(result.equity, initial).to_numpy()
    days_per_year = periods_per_year(result)
    closed = trades.loc[trades["status"] == "closed", "pnl"].to_numpy(dtype=np.float64)
    sample = SharpeSample.of_returns(returns)
    figures = {
        "sharpe": performance.sharpe(returns, days_per_year),
        "sortino": performance.sortino(returns, days_per_year),
        "calmar": performance.calmar(equity, initial, years),
        "annual_return": performance.annual_return(equity, initial, years),
        "max_drawdown": performance.max_drawdown(equity, initial),
        "win_rate": performance.win_rate(closed),
        "turnover": performance.turnover(float(result.fills["notional"].sum()), float(equity.mean()), years),
        "trades": len(closed),
        "exposure": performance.exposure(result.weights.to_numpy()),
        "fees_paid": result.fees_paid,
        "slippage_paid": result.slippage_paid,
        "final_equity": result.final_equity,
        "probabilistic_sharpe": probabilistic_sharpe(sample),
        "deflated_sharpe": deflated(sample, trials) if trials else math.nan,
    }
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}


def deflated(sample: SharpeSample, trials: int) -> float:
    """Probability that a Sharpe ratio beats what luck alone shows in the best of ``trials`` independent ones.

    Luck alone means returns without skill, whose Sharpe ratios vary by ``1 / (observations - 1)`` per
    period. The variance among the variants that were tried would also hold what the variants are (what
    they cost, above all), and would deflate a true edge for having been compared with bad ideas.
    """
    return deflated_sharpe(sample, 1.0 / max(sample.observations - 1, 1), trials)


def periods_per_year(result: BacktestResult) -> float:
    """Daily returns a year; fewer where a candle is longer than a day."""
    return min(performance.DAYS_PER_YEAR, result.timeframe.candles_per_year)
