"""What of a strategy's return is the market's, and what is its own."""

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from algotrade.domain.autocorrelation import bartlett_weights, newey_west_lag
from algotrade.domain.candles import FloatArray

_FEWEST_DAYS = 20
_FIGURES = (
    *("alpha", "alpha_standard_error", "alpha_t", "alpha_low", "alpha_high"),
    *("beta", "beta_standard_error", "beta_low", "beta_high", "r_squared"),
)


def market_model(
    returns: pd.Series, market: pd.Series, periods_per_year: float, confidence: float = 0.95
) -> dict[str, float | int | None]:
    r"""Alpha (a year) and beta of :math:`r_t = \alpha + \beta m_t + \epsilon_t` with errors that neighbours may share.

    Least squares; standard errors by Newey and West with their lag, times :math:`n / (n - 2)`, and intervals by
    Student's t.

    Parameters
    ----------
    returns, market : Series
        Simple daily returns; days that only one of them has are left out.
    periods_per_year : float
        Days a year; alpha is the daily one times this.
    confidence : float
        Of the intervals, two-sided.

    Returns
    -------
    dict
        ``alpha`` with ``alpha_standard_error``, ``alpha_t``, ``alpha_low``, ``alpha_high``; ``beta`` with
        ``beta_standard_error``, ``beta_low``, ``beta_high``; ``r_squared``, ``days``, ``lags``. None where there are
        fewer than 20 days or the market does not move.

    References
    ----------
    .. [1] Jensen, M. (1968). The performance of mutual funds in the period 1945-1964. Journal of Finance 23(2).
    .. [2] Newey, W. and West, K. (1987). A simple, positive semi-definite, heteroskedasticity and autocorrelation
       consistent covariance matrix. Econometrica 55.
    """
    both = pd.concat([returns, market], axis=1, join="inner").dropna().to_numpy(dtype=np.float64)
    days = len(both)
    if days < _FEWEST_DAYS or np.ptp(both[:, 1]) <= 1e-12:
        return {**dict.fromkeys(_FIGURES), "days": days, "lags": None}
    design = np.column_stack([np.ones(days), both[:, 1]])
    coefficients, *_ = np.linalg.lstsq(design, both[:, 0], rcond=None)
    residuals = both[:, 0] - design @ coefficients
    lags = newey_west_lag(days)
    errors = _standard_errors(design, residuals, lags)
    reach = -float(stdtrit(days - 2, (1.0 - confidence) / 2.0)) * errors
    total = float(((both[:, 0] - both[:, 0].mean()) ** 2).sum())
    scale = np.array([periods_per_year, 1.0])
    value, error, low, high = (
        scale * part for part in (coefficients, errors, coefficients - reach, coefficients + reach)
    )
    parts = {"": value, "_standard_error": error, "_low": low, "_high": high}
    return {
        **{f"alpha{name}": float(part[0]) for name, part in parts.items()},
        "alpha_t": float(value[0] / error[0]) if error[0] > 0.0 else None,
        **{f"beta{name}": float(part[1]) for name, part in parts.items()},
        "r_squared": 1.0 - float((residuals**2).sum()) / total if total > 0.0 else None,
        "days": days,
        "lags": lags,
    }


def _standard_errors(design: FloatArray, residuals: FloatArray, lags: int) -> FloatArray:
    scores = design * residuals[:, None]
    middle = scores.T @ scores
    for lag, weight in enumerate(bartlett_weights(lags), start=1):
        across = scores[lag:].T @ scores[:-lag]
        middle += weight * (across + across.T)
    bread = np.linalg.inv(design.T @ design)
    covariance = bread @ middle @ bread * len(design) / (len(design) - 2)
    return np.asarray(np.sqrt(np.maximum(np.diag(covariance), 0.0)))
