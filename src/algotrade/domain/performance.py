"""What an account achieved: pure functions of its equity, its returns and its trades.

Ratios are computed on the returns of UTC days. Returns of neighbouring candles are not independent
(a position lasts many candles), and annualising them by the square root of their number would make
the Sharpe ratio depend on the timeframe; a day is the same for all of them.

A figure that is undefined (too short, no variation, no loss to divide by) is NaN here.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from algotrade.domain.candles import FloatArray

DAYS_PER_YEAR = 365.25
_ROUNDING = 1e-12


class DrawdownSpan(NamedTuple):
    """The deepest drawdown: positions of its peak, valley and recovery (or of the last row)."""

    peak: int
    valley: int
    end: int
    depth: float


def daily_returns(equity: pd.Series, initial_equity: float) -> pd.Series:
    """Simple returns of UTC days from equity at candle closes, labelled by the day.

    A close at midnight belongs to the day that ends there. The first return counts from
    ``initial_equity``. Days without a candle have no row: the next one carries their return, as for
    timeframes longer than a day.

    Parameters
    ----------
    equity : Series
        Indexed by close time (aware UTC), increasing.
    initial_equity : float
        Equity before the first row.

    >>> times = pd.date_range("2024-01-01 12:00", periods=4, freq="12h", tz="UTC")
    >>> daily_returns(pd.Series([101.0, 110.0, 110.0, 121.0], index=times), 100.0).round(6).tolist()
    [0.1, 0.1]
    """
    day = (pd.DatetimeIndex(equity.index) - pd.Timedelta(1, unit="ms")).floor("D")
    last_of_day = np.append(day[1:] != day[:-1], True)
    closing = equity.to_numpy(dtype=np.float64)[last_of_day]
    return pd.Series(simple_returns(closing, initial_equity), index=day[last_of_day].rename("day"), name="return")


def simple_returns(equity: npt.ArrayLike, initial_equity: float) -> FloatArray:
    """Relative change of equity from row to row, the first from ``initial_equity``, shape ``(n,)``.

    From a ruined account (equity at or below zero) on, every return is 0.
    """
    path = np.concatenate([[initial_equity], np.asarray(equity, dtype=np.float64)])
    returns = np.zeros(len(path) - 1)
    np.divide(np.diff(path), path[:-1], out=returns, where=path[:-1] > 0.0)
    return returns


def total_return(equity: npt.ArrayLike, initial_equity: float) -> float:
    """Gain over the whole span as a fraction of the initial equity."""
    return float(np.asarray(equity)[-1] / initial_equity - 1.0)


def annual_return(equity: npt.ArrayLike, initial_equity: float, years: float) -> float:
    """Constant yearly growth that leads from the initial to the final equity; -1 for a ruined account.

    >>> round(annual_return([110.0, 121.0], 100.0, years=2.0), 6)
    0.1
    """
    growth = 1.0 + total_return(equity, initial_equity)
    if years <= 0.0:
        return float("nan")
    exponent = np.log(growth) / years if growth > 0.0 else -np.inf
    return float(np.expm1(exponent)) if exponent < 700.0 else float("nan")


def volatility(returns: npt.ArrayLike, periods_per_year: float = DAYS_PER_YEAR) -> float:
    """Annualised sample standard deviation of returns."""
    values = np.asarray(returns, dtype=np.float64)
    return float(values.std(ddof=1) * np.sqrt(periods_per_year)) if len(values) > 1 else float("nan")


def sharpe(returns: npt.ArrayLike, periods_per_year: float = DAYS_PER_YEAR) -> float:
    r"""Annualised mean over standard deviation of returns, no risk-free rate: :math:`\sqrt{m}\,\bar r / s`.

    References
    ----------
    .. [1] Sharpe, W. (1994). The Sharpe ratio. Journal of Portfolio Management 21(1).

    >>> round(sharpe([0.01, 0.03], periods_per_year=1.0), 4)
    1.4142
    """
    values = np.asarray(returns, dtype=np.float64)
    deviation = values.std(ddof=1) if len(values) > 1 else 0.0
    if not deviation > _ROUNDING * max(float(np.abs(values).max(initial=0.0)), _ROUNDING):
        return float("nan")
    return float(values.mean() / deviation * np.sqrt(periods_per_year))


def sortino(returns: npt.ArrayLike, periods_per_year: float = DAYS_PER_YEAR) -> float:
    r"""Annualised mean over downside deviation :math:`\sqrt{\operatorname{mean}(\min(r, 0)^2)}`.

    References
    ----------
    .. [1] Sortino, F., Price, L. (1994). Performance measurement in a downside risk framework. J. Investing 3(3).

    >>> round(sortino([0.03, -0.01], periods_per_year=1.0), 4)
    1.4142
    """
    values = np.asarray(returns, dtype=np.float64)
    downside = float(np.sqrt(np.mean(np.minimum(values, 0.0) ** 2))) if len(values) > 1 else 0.0
    return float(values.mean() / downside * np.sqrt(periods_per_year)) if downside > 0.0 else float("nan")


def drawdowns(equity: npt.ArrayLike, initial_equity: float) -> FloatArray:
    """Fraction by which equity lies below its highest value so far, at least 0, shape ``(n,)``.

    >>> drawdowns([110.0, 99.0, 121.0], 100.0).round(6).tolist()
    [0.0, 0.1, 0.0]
    """
    values = np.asarray(equity, dtype=np.float64)
    peak = np.maximum(np.maximum.accumulate(values), initial_equity)
    return np.asarray(1.0 - values / peak, dtype=np.float64)


def max_drawdown(equity: npt.ArrayLike, initial_equity: float) -> float:
    """Deepest fall from a peak as a positive fraction of the peak."""
    return float(drawdowns(equity, initial_equity).max())


def deepest_drawdown(equity: npt.ArrayLike, initial_equity: float) -> DrawdownSpan:
    """Where the deepest drawdown began, bottomed and ended (peak is -1 if before the first row).

    >>> deepest_drawdown([110.0, 99.0, 121.0], 100.0)[:3]
    (0, 1, 2)
    """
    depth = drawdowns(equity, initial_equity)
    valley = int(depth.argmax())
    at_peak = np.flatnonzero(depth == 0.0)
    before, after = at_peak[at_peak <= valley], at_peak[at_peak > valley]
    peak = int(before[-1]) if len(before) else -1
    return DrawdownSpan(peak, valley, int(after[0]) if len(after) else len(depth) - 1, float(depth[valley]))


def calmar(equity: npt.ArrayLike, initial_equity: float, years: float) -> float:
    """Annual return over the deepest drawdown.

    References
    ----------
    .. [1] Young, T. (1991). Calmar ratio: a smoother tool. Futures 20(1).
    """
    depth = max_drawdown(equity, initial_equity)
    return annual_return(equity, initial_equity, years) / depth if depth > _ROUNDING else float("nan")


def omega(returns: npt.ArrayLike, threshold: float = 0.0) -> float:
    r"""What returns gain above a threshold over what they lose below it: :math:`\sum (r-L)^+ / \sum (L-r)^+`.

    Parameters
    ----------
    returns : array of shape (n,)
    threshold : float
        Return of a period from which on it counts as a gain.

    References
    ----------
    .. [1] Keating, C., Shadwick, W. (2002). A universal performance measure. J. Performance Measurement 6(3).

    >>> omega([0.03, -0.01, 0.01])
    4.0
    """
    excess = np.asarray(returns, dtype=np.float64) - threshold
    losses = -float(np.minimum(excess, 0.0).sum())
    return float(np.maximum(excess, 0.0).sum()) / losses if losses > 0.0 else float("nan")


def tail_ratio(returns: npt.ArrayLike, tail: float = 0.05) -> float:
    """How far the best days reach over how far the worst do: the upper quantile by the lower one, both positive.

    Parameters
    ----------
    returns : array of shape (n,)
    tail : float in (0, 0.5)
        Share of the periods in each tail.

    >>> round(tail_ratio(np.linspace(-0.1, 0.2, 301)), 3)
    2.176
    """
    values = np.asarray(returns, dtype=np.float64)
    if len(values) < 2:
        return float("nan")
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return float(high / -low) if low < 0.0 < high else float("nan")


def value_at_risk(returns: npt.ArrayLike, tail: float = 0.05) -> float:
    """Loss that one period in ``1 / tail`` exceeds, a positive fraction: the historical quantile (0 at least).

    >>> round(value_at_risk(np.linspace(-0.1, 0.1, 201)), 6)
    0.09
    """
    values = np.asarray(returns, dtype=np.float64)
    return max(-float(np.quantile(values, tail)), 0.0) if len(values) > 1 else float("nan")


def expected_shortfall(returns: npt.ArrayLike, tail: float = 0.05) -> float:
    r"""Mean loss of the worst periods, also called CVaR, a positive fraction (0 at least).

    The worst ``tail`` of the periods exactly: of 30 days and 5 % that is the worst day and half of the next.

    References
    ----------
    .. [1] Rockafellar, R., Uryasev, S. (2002). Conditional value-at-risk for general loss distributions. Journal of
       Banking & Finance 26: the tail mean where an atom has to be split.

    >>> round(expected_shortfall([-0.04, -0.01] + [0.0] * 28), 6)
    0.03
    """
    values = np.sort(np.asarray(returns, dtype=np.float64))
    if len(values) < 2:
        return float("nan")
    share = np.clip(tail * len(values) - np.arange(len(values)), 0.0, 1.0)
    return max(-float((share * values).sum() / (tail * len(values))), 0.0)


def win_rate(pnl: npt.ArrayLike) -> float:
    """Fraction of closed trades with a profit after costs."""
    values = np.asarray(pnl, dtype=np.float64)
    return float((values > 0.0).mean()) if len(values) else float("nan")


def profit_factor(pnl: npt.ArrayLike) -> float:
    """Sum of profits over sum of losses of closed trades, after costs.

    >>> profit_factor([3.0, -1.0, -0.5])
    2.0
    """
    values = np.asarray(pnl, dtype=np.float64)
    losses = -values[values < 0.0].sum()
    return float(values[values > 0.0].sum() / losses) if losses > 0.0 else float("nan")


def expectancy(pnl: npt.ArrayLike) -> float:
    """Mean profit of a closed trade after costs, in the quote currency.

    >>> expectancy([3.0, -1.0])
    1.0
    """
    values = np.asarray(pnl, dtype=np.float64)
    return float(values.mean()) if len(values) else float("nan")


def turnover(notional_traded: float, mean_equity: float, years: float) -> float:
    """How many times a year the whole equity is exchanged: half of all buys and sells over mean equity.

    Buying once and selling once everything within a year is a turnover of 1.
    """
    return 0.5 * notional_traded / mean_equity / years if mean_equity > 0.0 and years > 0.0 else float("nan")


def exposure(weights: npt.ArrayLike) -> float:
    """Mean over time of the gross weight held: fully invested half of the time is 0.5.

    Parameters
    ----------
    weights : ndarray of shape (n, symbols)
        Held at each close.
    """
    return float(np.abs(np.asarray(weights, dtype=np.float64)).sum(axis=1).mean())


def monthly_returns(daily: pd.Series) -> pd.DataFrame:
    """Compounded daily returns by year (rows) and month 1 to 12 (columns), NaN where there are none.

    Parameters
    ----------
    daily : Series
        Simple returns indexed by day.
    """
    days = pd.DatetimeIndex(daily.index)
    growth = pd.DataFrame({"year": days.year, "month": days.month, "growth": 1.0 + daily.to_numpy()})
    compounded = growth.pivot_table(index="year", columns="month", values="growth", aggfunc="prod") - 1.0
    return compounded.reindex(columns=pd.RangeIndex(1, 13, name="month"))
