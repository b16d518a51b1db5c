"""The error of an AUC in closed form, from contributions of rows summed over blocks of time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from scipy.stats import t as student_t

from algotrade.domain.candles import BoolArray, FloatArray, to_milliseconds
from algotrade.validation.scores.blocks import TimeBlocks
from algotrade.validation.scores.points import auc


@dataclass(frozen=True)
class AucInterval:
    """An AUC and what sampling alone does to it.

    Attributes
    ----------
    auc : float
        Mean over folds, weighted by rows.
    standard_error : float
    low, high : float
        Ends of the confidence interval.
    blocks : int
        Independent stretches of time that the error was estimated from.
    """

    auc: float
    standard_error: float
    low: float
    high: float
    blocks: int


def auc_interval(predictions: pd.DataFrame, confidence: float = 0.95) -> AucInterval:
    r"""AUC of one model with an interval that respects overlapping labels and symbols that move together.

    Labels of neighbouring rows share price moves and so do the symbols of one moment: rows are not
    independent, stretches of time nearly are. With the placements of DeLong, AUC is a mean of one
    contribution a row; the contributions are summed over blocks of time, all symbols together,

    .. math:: \mathrm{Var}(\widehat{AUC}) = \frac{B}{B-F} \, \frac{1}{1 - \frac{1}{3 \ell}}
        \sum_{b=1}^{B} \Big(\sum_{i \in b} \psi_i\Big)^2,

    and Student's t with :math:`B - F` degrees of freedom gives the interval. A block is that of ``TimeBlocks``. Two
    things make the plain sum too small, and the factors put them right: the contributions of each of the :math:`F`
    folds were centred, and labels that reach over the edge of a block are cut in two. Of the variance of a sum whose
    parts overlap by less than a label, blocks of :math:`\ell` labels hold the share :math:`1 - 1 / (3 \ell)`.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions of one model.
    confidence : float
        Of the interval, two-sided.

    Returns
    -------
    AucInterval
        NaN throughout if no fold has both directions; without an error if there are not more blocks than folds.

    References
    ----------
    .. [1] DeLong, E., DeLong, D., Clarke-Pearson, D. (1988). Comparing the areas under two or more correlated
       receiver operating characteristic curves. Biometrics 44.
    .. [2] Obuchowski, N. (1997). Nonparametric analysis of clustered ROC curve data. Biometrics 53.
    """
    direction = predictions["forward_return"].to_numpy() > 0
    probability, fold_of = predictions["probability"].to_numpy(), predictions["fold"].to_numpy()
    contribution, estimates, sizes = np.zeros(len(predictions)), [], []
    for fold in np.unique(fold_of):
        rows = np.flatnonzero(fold_of == fold)
        estimate = auc(probability[rows], direction[rows])
        if np.isfinite(estimate):
            contribution[rows] = _contributions(probability[rows], direction[rows], estimate) * len(rows)
            estimates.append(estimate)
            sizes.append(len(rows))
    if not sizes:
        return AucInterval(float("nan"), float("nan"), float("nan"), float("nan"), 0)
    time = TimeBlocks.of(predictions)
    block_of, labels = time.block_of, time.length / _longest_label(predictions)
    sums = np.bincount(block_of, weights=contribution / sum(sizes))[np.unique(block_of)]
    estimate, blocks = float(np.average(estimates, weights=sizes)), len(sums)
    free = blocks - len(sizes)
    share = 1 - 1 / (3 * labels)
    error = float(np.sqrt(blocks / free / share * (sums**2).sum())) if free > 0 else float("nan")
    reach = error * float(student_t.ppf((1 + confidence) / 2, max(free, 1)))
    return AucInterval(estimate, error, estimate - reach, estimate + reach, blocks)


def _longest_label(predictions: pd.DataFrame) -> int:
    """Milliseconds from a row to the moment at which its label is known."""
    return max(int((to_milliseconds(predictions["known_at"]) - to_milliseconds(predictions["open_time"])).max()), 1)


def _contributions(probability: FloatArray, direction: BoolArray, estimate: float) -> FloatArray:
    """What each row adds to the deviation of the AUC from its expectation, shape ``(n,)``; sums to zero."""
    rises = int(direction.sum())
    falls = len(direction) - rises
    overall = rankdata(probability)
    contribution = np.empty(len(direction))
    below = (overall[direction] - rankdata(probability[direction])) / falls
    above = 1 - (overall[~direction] - rankdata(probability[~direction])) / rises
    contribution[direction], contribution[~direction] = (below - estimate) / rises, (above - estimate) / falls
    return contribution
