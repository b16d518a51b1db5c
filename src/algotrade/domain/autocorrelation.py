"""How much neighbours in a series of returns resemble each other, and what that does to an average of them."""

import numpy as np

from algotrade.domain.candles import FloatArray


def autocovariances(values: FloatArray, lags: int) -> FloatArray:
    """Mean product of deviations that lie 0 to ``lags`` rows apart, over all rows, shape ``(lags + 1,)``.

    Parameters
    ----------
    values : ndarray of shape (n,)
    lags : int
        Below ``n``.
    """
    return _lagged_products(values - values.mean(), lags) / len(values)


def autocorrelations(values: FloatArray, lags: int) -> FloatArray:
    """Correlations of values 1 to ``lags`` rows apart, shape ``(lags,)``; NaN where they do not vary.

    >>> autocorrelations(np.array([1.0, -1.0, 1.0, -1.0]), 1).tolist()
    [-0.75]
    """
    covariances = autocovariances(values, lags)
    if not covariances[0] > 0.0:
        return np.full(lags, np.nan)
    return np.asarray(covariances[1:] / covariances[0], dtype=np.float64)


def long_run_sum(deviations: FloatArray, lag: int) -> float:
    r"""Variance of the sum of centred values that depend on their neighbours.

    .. math:: \sum_{|k| \le L} \Big(1 - \frac{|k|}{L + 1}\Big) \sum_t d_t d_{t-k}

    Parameters
    ----------
    deviations : ndarray of shape (n,)
        From their mean.
    lag : int
        :math:`L`, below ``n``.

    References
    ----------
    .. [1] Newey, W. and West, K. (1987). A simple, positive semi-definite, heteroskedasticity and autocorrelation
       consistent covariance matrix. Econometrica 55.
    """
    products = _lagged_products(deviations, lag)
    return float(products[0] + 2 * (bartlett_weights(lag) * products[1:]).sum())


def bartlett_weights(lag: int) -> FloatArray:
    """What a covariance 1 to ``lag`` rows apart counts, shape ``(lag,)``: falling evenly towards 0."""
    return 1.0 - np.arange(1, lag + 1) / (lag + 1.0)


def newey_west_lag(observations: int) -> int:
    """Lag that grows slowly enough with the observations: the integer part of 4 (n / 100) ** (2 / 9).

    References
    ----------
    .. [1] Newey, W. and West, K. (1994). Automatic lag selection in covariance matrix estimation. Review of Economic
       Studies 61.

    >>> newey_west_lag(100), newey_west_lag(1000)
    (4, 6)
    """
    return min(int(4.0 * (observations / 100.0) ** (2.0 / 9.0)), max(observations - 1, 0))


def _lagged_products(deviations: FloatArray, lags: int) -> FloatArray:
    """Sums of products 0 to ``lags`` rows apart, shape ``(lags + 1,)``, by way of the spectrum."""
    width = 1 << (2 * len(deviations) - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(deviations, width)) ** 2
    return np.asarray(np.fft.irfft(spectrum, width)[: lags + 1], dtype=np.float64)
