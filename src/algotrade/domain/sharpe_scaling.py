"""From the Sharpe ratio of a day to that of a year, where days are not independent."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from algotrade.domain.autocorrelation import autocorrelations, bartlett_weights, long_run_sum, newey_west_lag
from algotrade.domain.candles import FloatArray
from algotrade.domain.performance import DAYS_PER_YEAR, sharpe


class CorrectedSharpe(NamedTuple):
    """An annual Sharpe ratio that autocorrelation neither flatters nor hides; NaN where it is not defined.

    Attributes
    ----------
    sharpe : float
        Annual, with Lo's factor in place of the square root of the number of periods.
    factor : float
        Lo's factor over that square root: below 1 where returns trend, above 1 where they revert.
    standard_error : float
        Of the plain annual Sharpe ratio, consistent under autocorrelation, fat tails and changing volatility.
    lags : int
        Periods that the correlations were estimated over.
    """

    sharpe: float
    factor: float
    standard_error: float
    lags: int


def aggregation_factor(correlations: npt.ArrayLike, periods: float) -> float:
    r"""What the Sharpe ratio of one period has to be multiplied with to be that of ``periods`` periods.

    .. math:: \eta(q) = \frac{q}{\sqrt{q + 2 \sum_{k=1}^{q-1} (q - k) \rho_k}}

    Parameters
    ----------
    correlations : array of shape (lags,)
        Of returns 1, 2, ... periods apart; those further apart are taken for 0.
    periods : float

    Returns
    -------
    float
        The square root of ``periods`` for independent returns; NaN where the correlations are impossible.

    References
    ----------
    .. [1] Lo, A. (2002). The statistics of Sharpe ratios. Financial Analysts Journal 58(4), equation 20.

    >>> round(aggregation_factor(0.2 ** np.arange(1, 12), 12), 2)
    2.88
    """
    known = np.asarray(correlations, dtype=np.float64)
    lags = np.arange(1, len(known) + 1)
    variance = periods + 2.0 * float((np.maximum(periods - lags, 0.0) * known).sum())
    return float(periods / np.sqrt(variance)) if variance > 0.0 else float("nan")


def corrected_sharpe(
    returns: npt.ArrayLike, periods_per_year: float = DAYS_PER_YEAR, lags: int | None = None
) -> CorrectedSharpe:
    """Annual Sharpe ratio of returns that depend on their neighbours.

    Correlations are weighted by Bartlett's window, without which a few hundred noisy ones could add up to an
    impossible variance.

    Parameters
    ----------
    returns : array of shape (n,)
        Simple returns of one period each.
    periods_per_year : float
    lags : int, optional
        Correlations to estimate; by default as many as Newey and West's rule has it.

    References
    ----------
    .. [1] Lo, A. (2002). The statistics of Sharpe ratios. Financial Analysts Journal 58(4).
    """
    values = np.asarray(returns, dtype=np.float64)
    chosen = min(newey_west_lag(len(values)) if lags is None else lags, max(len(values) - 1, 0))
    once = sharpe(values, 1.0)
    if not np.isfinite(once):
        return CorrectedSharpe(float("nan"), float("nan"), float("nan"), chosen)
    weighted = bartlett_weights(chosen) * autocorrelations(values, chosen)
    factor = aggregation_factor(weighted, periods_per_year)
    root = float(np.sqrt(periods_per_year))
    return CorrectedSharpe(once * factor, factor / root, root * standard_error(values, chosen), chosen)


def standard_error(returns: FloatArray, lags: int) -> float:
    r"""Standard error of the Sharpe ratio of one period, by the delta method with a Newey-West variance.

    The ratio moves by :math:`z_t - \tfrac{SR}{2} (z_t^2 - 1)` per observation, :math:`z` being standardised returns.
    For independent normal returns that is Lo's :math:`\sqrt{(1 + SR^2 / 2) / n}`.

    References
    ----------
    .. [1] Lo, A. (2002). The statistics of Sharpe ratios. Financial Analysts Journal 58(4), appendix.
    """
    scale = returns.std()
    standardised = (returns - returns.mean()) / scale
    ratio = returns.mean() / scale
    influence = standardised - 0.5 * ratio * (standardised**2 - 1.0)
    return float(np.sqrt(max(long_run_sum(influence, lags), 0.0)) / len(returns))
