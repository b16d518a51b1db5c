"""The figures that a strategy is reported by."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from algotrade.backtesting.result import BacktestResult
from algotrade.domain import performance
from algotrade.domain.candles import FloatArray
from algotrade.validation.overfitting import SharpeSample, deflated_sharpe, probabilistic_sharpe


@dataclass(frozen=True)
class Trials:
    """How many variants were tried, and how much their Sharpe ratios (per period) vary."""

    count: float
    variance_of_sharpes: float

    @classmethod
    def of_returns(cls, returns: FloatArray) -> "Trials":
        """Trials behind a matrix of daily returns, shape ``(days, variants)``; each column counts as one.

        Variants that never traded are trials, but have no Sharpe ratio that could vary.
        """
        sharpes = [SharpeSample.of_returns(column).sharpe for column in np.asarray(returns, dtype=np.float64).T]
        defined = [value for value in sharpes if not math.isnan(value)]
        return cls(len(sharpes), float(np.var(defined, ddof=1)) if len(defined) > 1 else 0.0)


def strategy_metrics(
    result: BacktestResult, trades: pd.DataFrame, trials: Trials | None = None
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
    trials : Trials, optional
        Everything that was tried on the same candles.
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
        "deflated_sharpe": deflated_sharpe(sample, trials.variance_of_sharpes, trials.count) if trials else math.nan,
    }
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}


def periods_per_year(result: BacktestResult) -> float:
    """Daily returns a year; fewer where a candle is longer than a day."""
    return min(performance.DAYS_PER_YEAR, result.timeframe.candles_per_year)
