"""How far chance alone could have brought the headline figures of a strategy.

Days depend on their neighbours, so blocks of days are drawn again (the stationary bootstrap, with blocks as long as the
returns remember), and every figure is computed on every history that could have been.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, stdtrit

from algotrade.backtesting.result import BacktestResult
from algotrade.backtesting.statistics.day_paths import DayPaths
from algotrade.backtesting.statistics.figures import closed_pnl, periods_per_year, years_of
from algotrade.backtesting.statistics.market_model import market_model
from algotrade.backtesting.statistics.settings import StatisticsSettings
from algotrade.domain import performance
from algotrade.domain.candles import FloatArray
from algotrade.validation.resampling import IndexArray, block_length, stationary_rows

FEWEST = 20
"""With fewer days or trades no interval is given."""
DAILY_FIGURES = (
    *("sharpe", "sortino", "calmar", "omega", "tail_ratio", "total_return", "annual_return", "volatility"),
    *("max_drawdown", "value_at_risk", "expected_shortfall"),
)
TRADE_FIGURES = ("win_rate", "profit_factor", "expectancy")
_AT_ONCE = 100_000
Ends = dict[str, float | None]


def strategy_intervals(
    result: BacktestResult,
    trades: pd.DataFrame,
    settings: StatisticsSettings | None = None,
    market: pd.Series | None = None,
) -> dict[str, Ends]:
    """Intervals of the headline figures of a strategy, ``low`` and ``high`` by figure; None where there is none.

    Parameters
    ----------
    result : BacktestResult
    trades : DataFrame
        Of :class:`~algotrade.backtesting.audit.Audit`.
    settings : StatisticsSettings, optional
    market : Series, optional
        Daily returns of the market, for ``alpha`` and ``beta``, whose intervals are those of the regression.
    """
    chosen, days_per_year = settings or StatisticsSettings(), periods_per_year(result)
    paths = DayPaths.of_equity(result.equity, result.initial_cash)
    found = {
        **daily_intervals(paths, days_per_year, years_of(result), chosen),
        **trade_intervals(closed_pnl(trades), chosen),
    }
    if market is not None:
        returns = performance.daily_returns(result.equity, result.initial_cash)
        model = market_model(returns, market, days_per_year, chosen.confidence)
        found |= {name: {end: model[f"{name}_{end}"] for end in ("low", "high")} for name in ("alpha", "beta")}
    return found


def daily_intervals(
    days: DayPaths, periods_per_year: float, years: float, settings: StatisticsSettings | None = None
) -> dict[str, Ends]:
    """Intervals of what is computed from days: ``low`` and ``high`` by figure, None where there is none.

    Parameters
    ----------
    days : DayPaths
        Arrays of shape ``(days,)``.
    periods_per_year, years : float
        Days a year, and the years that the returns span.
    settings : StatisticsSettings, optional
    """

    def figures(rows: IndexArray) -> dict[str, FloatArray]:
        return _daily_figures(days.taken(rows), periods_per_year, years)

    return _intervals(days.returns, DAILY_FIGURES, figures, settings)


def trade_intervals(pnl: npt.ArrayLike, settings: StatisticsSettings | None = None) -> dict[str, Ends]:
    """Intervals of what is computed from the closed trades in their order, as :func:`daily_intervals` has them.

    Parameters
    ----------
    pnl : array of shape (trades,)
        After costs, quote currency.
    settings : StatisticsSettings, optional
    """
    values = np.asarray(pnl, dtype=np.float64)
    return _intervals(values, TRADE_FIGURES, lambda rows: _trade_figures(values[rows]), settings)


def percentile_interval(
    drawn: FloatArray, confidence: float, independent: float
) -> tuple[float, float] | tuple[None, None]:
    r"""Quantiles of the draws, spread as far as the number of independent observations asks for.

    Instead of :math:`\alpha / 2` the tail is :math:`\Phi\big(-t_{\alpha/2, B-1} \sqrt{B / (B-1)}\big)`, without which
    an interval from few observations is too narrow. None where more than half of the draws are undefined.

    Parameters
    ----------
    drawn : ndarray of shape (draws,)
    confidence : float
    independent : float
        :math:`B`: observations over the mean length of a block, at least 2 are assumed.

    References
    ----------
    .. [1] Hesterberg, T. (2015). What teachers should know about the bootstrap. The American Statistician 69(4):
       the expanded percentile interval.
    """
    known = drawn[np.isfinite(drawn)]
    if len(known) < len(drawn) / 2:
        return None, None
    count = max(independent, 2.0)
    reach = stdtrit(count - 1.0, (1.0 - confidence) / 2.0) * np.sqrt(count / (count - 1.0))
    tail = float(ndtr(reach))
    low, high = np.quantile(known, [tail, 1.0 - tail])
    return float(low), float(high)


def _intervals(
    values: FloatArray,
    names: tuple[str, ...],
    figures: Callable[[IndexArray], dict[str, FloatArray]],
    settings: StatisticsSettings | None,
) -> dict[str, Ends]:
    """Intervals of figures of the observations at drawn places, in blocks as long as ``values`` remember."""
    chosen = settings or StatisticsSettings()
    count = len(values)
    if count < FEWEST or not np.isfinite(values).all():
        return {name: {"low": None, "high": None} for name in names}
    length = block_length(values)
    step = max(_AT_ONCE // count, 1)
    parts = [
        figures(stationary_rows(count, min(step, chosen.draws - first), length, chosen.seed, first))
        for first in range(0, chosen.draws, step)
    ]
    found = {}
    for name in names:
        drawn = np.concatenate([part[name] for part in parts])
        low, high = percentile_interval(drawn, chosen.confidence, count / length)
        found[name] = {"low": low, "high": high}
    return found


def _daily_figures(days: DayPaths, periods_per_year: float, years: float) -> dict[str, FloatArray]:
    """Figures of each history, shape ``(draws,)`` each, of days of shape ``(draws, days)``."""
    drawn = days.returns
    root, mean = np.sqrt(periods_per_year), drawn.mean(axis=1)
    deviation = drawn.std(axis=1, ddof=1)
    gains, losses = np.maximum(drawn, 0.0).sum(axis=1), -np.minimum(drawn, 0.0).sum(axis=1)
    downside = np.sqrt(np.mean(np.minimum(drawn, 0.0) ** 2, axis=1))
    growth = np.prod(np.maximum(1.0 + drawn, 0.0), axis=1)
    annual = growth ** (1.0 / years) - 1.0 if years > 0.0 else np.full(len(drawn), np.nan)
    deepest = days.deepest_drawdowns()
    low, high = np.quantile(drawn, [0.05, 0.95], axis=1)
    return {
        "sharpe": root * _ratio(mean, deviation),
        "sortino": root * _ratio(mean, downside),
        "calmar": _ratio(annual, deepest),
        "omega": _ratio(gains, losses),
        "tail_ratio": _ratio(np.where(high > 0.0, high, np.nan), -low),
        "total_return": growth - 1.0,
        "annual_return": annual,
        "volatility": root * deviation,
        "max_drawdown": deepest,
        "value_at_risk": np.maximum(-low, 0.0),
        "expected_shortfall": _tail_means(drawn, 0.05),
    }


def _tail_means(drawn: FloatArray, tail: float) -> FloatArray:
    """Mean loss of the worst share of each row, as :func:`~algotrade.domain.performance.expected_shortfall`."""
    reach = tail * drawn.shape[1]
    worst = min(int(np.ceil(reach)), drawn.shape[1])
    share = np.clip(reach - np.arange(worst), 0.0, 1.0)
    lowest = np.sort(np.partition(drawn, worst - 1, axis=1)[:, :worst], axis=1)
    return np.asarray(np.maximum(-(lowest @ share) / reach, 0.0))


def _trade_figures(drawn: FloatArray) -> dict[str, FloatArray]:
    gains, losses = np.maximum(drawn, 0.0).sum(axis=1), -np.minimum(drawn, 0.0).sum(axis=1)
    return {
        "win_rate": (drawn > 0.0).mean(axis=1),
        "profit_factor": _ratio(gains, losses),
        "expectancy": drawn.mean(axis=1),
    }


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient, NaN where the denominator is not clear of rounding."""
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=below > 1e-15))
