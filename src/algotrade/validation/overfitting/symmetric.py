"""Whether the variant that is best on one half of the history is any good on the other."""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.errors import BacktestError


@dataclass(frozen=True, eq=False)
class OverfittingEstimate:
    """What combinatorially symmetric cross-validation finds.

    Attributes
    ----------
    probability : float
        Share of splits in which the variant that was best in sample lands in the lower half out of
        sample: about 0.5 without any skill, near 0 when the best is truly best.
    logits : ndarray of shape (splits,)
        Log odds of its relative rank out of sample.
    in_sample_sharpe, out_of_sample_sharpe : ndarray of shape (splits,)
        Of the variant chosen in each split, per period; its mean where that was compared.
    trials : int
        Variants compared.
    """

    probability: float
    logits: FloatArray
    in_sample_sharpe: FloatArray
    out_of_sample_sharpe: FloatArray
    trials: int


def probability_of_backtest_overfitting(
    returns: FloatArray, groups: int = 16, by: Literal["sharpe", "mean"] = "sharpe"
) -> OverfittingEstimate:
    r"""Probability that choosing the best variant in sample picks a loser out of sample.

    The periods are cut into ``groups`` blocks; every choice of half of them is the sample once, the
    rest the test. With :math:`\bar\omega` the relative rank out of sample of the variant that is
    best in sample, the probability is the share of splits with
    :math:`\log(\bar\omega / (1 - \bar\omega)) \le 0`.

    Parameters
    ----------
    returns : ndarray of shape (periods, variants)
        Finite. The oldest periods that do not fill a block are left out.
    groups : int
        Even, at least 4; 16 gives 12,870 splits.
    by : {"sharpe", "mean"}
        What the best variant has the highest of: the Sharpe ratio of its returns, or their mean, for numbers that are
        no returns.

    Raises
    ------
    BacktestError
        If there are fewer than two variants or two periods a block, or the number is odd.

    References
    ----------
    .. [1] Bailey, D., Borwein, J., López de Prado, M., Zhu, Q. (2017). The probability of backtest overfitting.
       Journal of Computational Finance 20(4).
    """
    periods, variants = returns.shape
    if variants < 2 or groups < 4 or groups % 2 or periods < 2 * groups or not np.isfinite(returns).all():
        raise BacktestError(
            f"Overfitting cannot be estimated from {periods} periods of {variants} variants in {groups} groups; needed "
            "are finite returns of 2 variants or more, an even number of groups from 4, and 2 periods a group."
        )
    length = periods // groups
    blocks = returns[periods - groups * length :].reshape(groups, length, variants)
    chosen = _half_splits(groups)
    score = _sharpe_of_blocks if by == "sharpe" else _mean_of_blocks
    in_sample, out_of_sample = score(blocks, chosen), score(blocks, ~chosen)
    best = in_sample.argmax(axis=1)
    splits = np.arange(len(best))
    tested = out_of_sample[splits, best]
    # Ties share their mean rank, so that variants that never trade do not look good or bad.
    below = (out_of_sample < tested[:, None]).sum(axis=1)
    level = (out_of_sample == tested[:, None]).sum(axis=1)
    relative_rank = (below + (level + 1.0) / 2.0) / (variants + 1.0)
    logits = np.log(relative_rank / (1.0 - relative_rank))
    return OverfittingEstimate(float((logits <= 0.0).mean()), logits, in_sample[splits, best], tested, variants)


def _half_splits(groups: int) -> BoolArray:
    """Every choice of half of the groups, shape ``(splits, groups)``."""
    choices = np.array(list(combinations(range(groups), groups // 2)))
    chosen = np.zeros((len(choices), groups), dtype=np.bool_)
    np.put_along_axis(chosen, choices, values=True, axis=1)
    return chosen


def _mean_of_blocks(blocks: FloatArray, chosen: BoolArray) -> FloatArray:
    """Mean over the chosen blocks, shape ``(splits, variants)``."""
    selection = chosen.astype(np.float64)
    mean: FloatArray = selection @ blocks.mean(axis=1) / selection.sum(axis=1, keepdims=True)
    return mean


def _sharpe_of_blocks(blocks: FloatArray, chosen: BoolArray) -> FloatArray:
    """Sharpe ratio per period over the chosen blocks, 0 where returns do not vary, shape ``(splits, variants)``."""
    # Centred first: sums of squares of small numbers around a common mean do not cancel.
    centre = blocks.mean(axis=(0, 1))
    deviations = blocks - centre
    selection = chosen.astype(np.float64)
    count = selection.sum(axis=1, keepdims=True) * blocks.shape[1]
    mean = selection @ deviations.sum(axis=1) / count
    variance = (selection @ (deviations**2).sum(axis=1) - count * mean**2) / (count - 1.0)
    varies = variance > 1e-20
    result: FloatArray = (mean + centre) / np.sqrt(np.where(varies, variance, np.inf))
    return result
