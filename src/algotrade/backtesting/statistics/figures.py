"""The figures that a strategy is reported by."""

import math

import numpy as np
import pandas as pd

from algotrade.backtesting.result import BacktestResult
from algotrade.backtesting.statistics.market_model import market_model
from algotrade.domain import performance
from algotrade.domain.candles import FloatArray
from algotrade.domain.sharpe_scaling import corrected_sharpe
from algotrade.validation.overfitting import SharpeSample, deflated_sharpe, probabilistic_sharpe


def strategy_metrics(
    result: BacktestResult, trades: pd.DataFrame, trials: int | None = None, market: pd.Series | None = None
) -> dict[str, float | int | None]:
    """Figures of one strategy by name, each a finite number, or None where it is undefined.

    Of UTC days' returns: ``sharpe``, ``sharpe_corrected`` (Lo: days that depend on each other), ``sortino``,
    ``volatility`` (annual), ``omega``, ``tail_ratio``, ``value_at_risk`` and ``expected_shortfall`` (a day's loss in
    the worst twentieth of all days). Of equity: ``calmar``, ``annual_return``, ``total_return``, ``max_drawdown``
    (positive fraction), ``final_equity``. Of closed round trips, after costs: ``trades``, ``win_rate``,
    ``profit_factor``, ``expectancy``. Of the account: ``turnover`` (equity exchanged a year, one-sided), ``exposure``
    (mean gross weight), ``fees_paid``, ``slippage_paid``, ``funding_paid``, ``borrow_paid`` (quote currency),
    ``costs_of_gross`` (what all of them took of the profit before costs; None without one). ``probabilistic_sharpe``
    (that the true Sharpe ratio is above 0), ``deflated_sharpe`` (that it is above what the best of all trials would
    show by luck; None without ``trials``). With ``market``: ``alpha`` (a year) with its t-value ``alpha_t``, ``beta``
    and ``r_squared``.

    Parameters
    ----------
    result : BacktestResult
    trades : DataFrame
        Of :class:`~algotrade.backtesting.audit.Audit`.
    trials : int, optional
        Variants of all strategies that were tried on the same candles; see :func:`deflated`.
    market : Series, optional
        Daily returns of the market.
    """
    daily = performance.daily_returns(result.equity, result.initial_cash)
    returns = daily.to_numpy(dtype=np.float64)
    sample = SharpeSample.of_returns(returns)
    figures = {
        **_of_returns(returns, periods_per_year(result)),
        **_of_account(result),
        **_of_trades(closed_pnl(trades)),
        "probabilistic_sharpe": probabilistic_sharpe(sample),
        "deflated_sharpe": deflated(sample, trials) if trials else math.nan,
    }
    of_market = market_model(daily, market, periods_per_year(result)) if market is not None else {}
    return {
        **{name: value if math.isfinite(value) else None for name, value in figures.items()},
        **{name: of_market[name] for name in ("alpha", "alpha_t", "beta", "r_squared") if of_market},
    }


def closed_pnl(trades: pd.DataFrame) -> FloatArray:
    """Profit of each closed round trip after costs, in the order in which they were closed, shape ``(trades,)``.

    Parameters
    ----------
    trades : DataFrame
        ``pnl`` and ``status``; ``exit_time`` and ``funding`` (to be taken off, too) where they are known.
    """
    closed = trades[trades["status"] == "closed"]
    if "exit_time" in closed:
        closed = closed.sort_values("exit_time", kind="stable")
    held = closed["funding"].to_numpy(dtype=np.float64) if "funding" in closed else 0.0
    return closed["pnl"].to_numpy(dtype=np.float64) - held


def _of_returns(returns: FloatArray, days_per_year: float) -> dict[str, float]:
    return {
        "sharpe": performance.sharpe(returns, days_per_year),
        "sharpe_corrected": corrected_sharpe(returns, days_per_year).sharpe,
        "sortino": performance.sortino(returns, days_per_year),
        "volatility": performance.volatility(returns, days_per_year),
        "omega": performance.omega(returns),
        "tail_ratio": performance.tail_ratio(returns),
        "value_at_risk": performance.value_at_risk(returns),
        "expected_shortfall": performance.expected_shortfall(returns),
    }


def _of_account(result: BacktestResult) -> dict[str, float]:
    initial, equity = result.initial_cash, result.equity.to_numpy()
    years = years_of(result)
    taken = result.fees_paid + result.slippage_paid + result.funding_paid + result.borrow_paid
    gross = result.final_equity - initial + taken
    return {
        "calmar": performance.calmar(equity, initial, years),
        "annual_return": performance.annual_return(equity, initial, years),
        "total_return": performance.total_return(equity, initial),
        "max_drawdown": performance.max_drawdown(equity, initial),
        "final_equity": result.final_equity,
        "turnover": performance.turnover(float(result.fills["notional"].sum()), float(equity.mean()), years),
        "exposure": performance.exposure(result.weights.to_numpy()),
        "fees_paid": result.fees_paid,
        "slippage_paid": result.slippage_paid,
        "funding_paid": result.funding_paid,
        "borrow_paid": result.borrow_paid,
        "costs_of_gross": taken / gross if gross > 0.0 else math.nan,
    }


def _of_trades(pnl: FloatArray) -> dict[str, float]:
    return {
        "trades": len(pnl),
        "win_rate": performance.win_rate(pnl),
        "profit_factor": performance.profit_factor(pnl),
        "expectancy": performance.expectancy(pnl),
    }


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


def years_of(result: BacktestResult) -> float:
    """Years that the candles of a result span."""
    return len(result.equity) / result.timeframe.candles_per_year
