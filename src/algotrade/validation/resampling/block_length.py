"""How long the blocks of a bootstrap have to be, read off how long a series remembers."""

import numpy as np

from algotrade.domain.autocorrelation import autocovariances
from algotrade.domain.candles import FloatArray

_SIGNIFICANT = 2.0
_FEWEST_LAGS = 5


def block_length(values: FloatArray) -> float:
    r"""Mean block length of the stationary bootstrap that estimates the variance of a mean best, at least 1.

    .. math:: b = \Big(\frac{2 \hat G^2}{\hat D} n\Big)^{1/3}, \quad
        \hat G = \sum_{|k| \le M} \lambda(k/M) |k| \hat\gamma_k, \quad
        \hat D = 2 \Big(\sum_{|k| \le M} \lambda(k/M) \hat\gamma_k\Big)^2

    with the flat-top window :math:`\lambda(x) = \min(1, 2(1 - |x|))`. :math:`M` is twice the first of
    :math:`K = \max(5, \sqrt{\log_{10} n})` lags in a row whose correlations are smaller than
    :math:`2\sqrt{\log_{10} n / n}` (the reading of the authors' own program). A length is at most
    :math:`\min(3 \sqrt n, n / 3)`.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Finite. Fewer than nine, or such that do not vary, are taken for independent.

    References
    ----------
    .. [1] Politis, D. and White, H. (2004). Automatic block-length selection for the dependent bootstrap.
       Econometric Reviews 23(1).
    .. [2] Patton, A., Politis, D. and White, H. (2009). Correction to the above. Econometric Reviews 28(4): the
       :math:`\hat D` of the stationary bootstrap.
    """
    count = len(values)
    if count < 9 or np.ptp(values) <= 1e-12 * np.abs(values).max():
        return 1.0
    in_a_row = max(_FEWEST_LAGS, int(np.sqrt(np.log10(count))))
    longest = min(int(np.ceil(np.sqrt(count))) + in_a_row, count - 1)
    covariances = autocovariances(values, longest)
    lag = min(2 * _memory(covariances, count, in_a_row), longest)
    steps = np.arange(1, lag + 1)
    window = np.minimum(1.0, 2.0 * (1.0 - steps / lag))
    smoothed = window * covariances[1 : lag + 1]
    slope = 2.0 * float((steps * smoothed).sum())
    spectrum = float(covariances[0] + 2.0 * smoothed.sum())
    if not spectrum**2 > 0.0:
        return 1.0
    length = (slope**2 / spectrum**2 * count) ** (1.0 / 3.0)
    return float(np.clip(length, 1.0, min(3.0 * np.sqrt(count), count / 3.0)))


def _memory(covariances: FloatArray, count: int, in_a_row: int) -> int:
    """First of so many lags in a row without a significant correlation; the last significant one if there are none."""
    bound = _SIGNIFICANT * np.sqrt(np.log10(count) / count)
    significant = np.abs(covariances[1:] / covariances[0]) >= bound
    if not significant.any():
        return 1
    calm = np.convolve(~significant, np.ones(in_a_row), mode="valid") >= in_a_row
    return int(calm.argmax()) + 1 if calm.any() else int(np.flatnonzero(significant)[-1]) + 1
