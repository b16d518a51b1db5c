"""Whether an information coefficient stands out, given that neighbouring labels share price moves."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from algotrade.domain.autocorrelation import long_run_sum
from algotrade.domain.candles import FloatArray, to_milliseconds
from algotrade.validation.scores.blocks import FEWEST_BLOCKS


def information_coefficient_t(predictions: pd.DataFrame) -> float:
    r"""The information coefficient of one model over a standard error that autocorrelation does not shrink.

    With ranks standardised within each fold, :math:`x` of expected and :math:`y` of realised returns, the coefficient
    is a mean of products. They are summed over the symbols of each moment, :math:`s_t = \sum_{i \in t} (x_i y_i -
    \widehat{IC})`, and

    .. math:: t = \widehat{IC} \, n \Big/ \sqrt{\sum_{|k| \le L} \Big(1 - \frac{|k|}{L + 1}\Big)
              \sum_t s_t s_{t-k}}

    is its Newey-West t-statistic, with :math:`L` the larger of two labels and :math:`1.3 \sqrt{T}` moments. Read it
    against Student's t with :math:`3 T / 2 L` degrees of freedom.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions of one model.

    Returns
    -------
    float
        NaN where the forecast or the returns never change within a fold, or the span holds fewer than eight labels.

    References
    ----------
    .. [1] Newey, W. and West, K. (1987). A simple, positive semi-definite, heteroskedasticity and autocorrelation
       consistent covariance matrix. Econometrica 55.
    .. [2] Lazarus, E., Lewis, D., Stock, J. and Watson, M. (2018). HAR inference: recommendations for practice.
       Journal of Business & Economic Statistics 36 (the lag, and the degrees of freedom).
    """
    products = _rank_products(predictions)
    if not products.any():
        return float("nan")
    open_time, known_at = to_milliseconds(predictions["open_time"]), to_milliseconds(predictions["known_at"])
    times, place = np.unique(open_time, return_inverse=True)
    step = int(np.diff(times).min(initial=np.iinfo(np.int64).max))
    label = -(-int((known_at - open_time).max()) // step)
    # Moments without a row, in a gap, still part those before from those after.
    moment = (times - times[0]) // step
    if moment[-1] + 1 < FEWEST_BLOCKS * label:
        return float("nan")
    coefficient = float(products.mean())
    sums = np.bincount(moment[place], weights=products - coefficient).astype(np.float64)
    lag = max(2 * label, int(np.ceil(1.3 * np.sqrt(len(sums)))))
    variance = long_run_sum(sums, min(lag, len(sums) - 1))
    return coefficient * len(products) / float(np.sqrt(variance)) if variance > 0 else float("nan")


def _rank_products(predictions: pd.DataFrame) -> FloatArray:
    """Product of both standardised ranks of each row, shape ``(n,)``; zero in a fold in which nothing is ranked."""
    expected, realised = predictions["expected_return"].to_numpy(), predictions["forward_return"].to_numpy()
    fold_of, products = predictions["fold"].to_numpy(), np.zeros(len(predictions))
    for fold in np.unique(fold_of):
        rows = np.flatnonzero(fold_of == fold)
        if np.ptp(expected[rows]) > 0 and np.ptp(realised[rows]) > 0:
            ranks = [rankdata(values[rows]) for values in (expected, realised)]
            x, y = ((rank - rank.mean()) / rank.std() for rank in ranks)
            products[rows] = x * y
    return products
