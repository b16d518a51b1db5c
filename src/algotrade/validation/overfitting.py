"""How much of a backtest's success is luck: corrections for short samples, fat tails and many trials.

Sharpe ratios here are per period of the returns (of a day, for daily returns), never annualised:
the formulas hold only together with the number of those periods.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.errors import BacktestError

EULER_MASCHERONI = float(np.euler_gamma)


@dataclass(frozen=True)
class SharpeSample:
    """A Sharpe ratio per period, and what its uncertainty depends on.

    Attributes
    ----------
    sharpe : float
        Mean over standard deviation of the returns of one period.
    observations : int
        Number of returns.
    skewness : float
        0 for normal returns.
    kurtosis : float
        Not in excess: 3 for normal returns.
    """

    sharpe: float
    observations: int
    skewness: float = 0.0
    kurtosis: float = 3.0

    @classmethod
    def of_returns(cls, returns: npt.ArrayLike) -> "SharpeSample":
        """Sample of observed returns; its Sharpe ratio is NaN where they do not vary."""
        values = np.asarray(returns, dtype=np.float64)
        if len(values) < 3 or np.ptp(values) <= 1e-12 * np.abs(values).max():
            return cls(float("nan"), len(values))
        centred = values - values.mean()
        scale = np.sqrt(np.mean(centred**2))
        return cls(
            sharpe=float(values.mean() / values.std(ddof=1)),
            observations=len(values),
            skewness=float(np.mean(centred**3) / scale**3),
            kurtosis=float(np.mean(centred**4) / scale**4),
        )

    @property
    def variance_factor(self) -> float:
        r"""The :math:`1 - \gamma_3 SR + \frac{\gamma_4 - 1}{4} SR^2` of the Sharpe ratio's variance."""
        return 1.0 - self.skewness * self.sharpe + (self.kurtosis - 1.0) / 4.0 * self.sharpe**2


def probabilistic_sharpe(sample: SharpeSample, benchmark: float = 0.0) -> float:
    r"""Probability that the true Sharpe ratio exceeds ``benchmark``, both per period.

    .. math:: \Phi\left( \frac{(SR - SR^*)\sqrt{T - 1}}{\sqrt{1 - \gamma_3 SR + \frac{\gamma_4 - 1}{4} SR^2}} \right)

    References
    ----------
    .. [1] Bailey, D., López de Prado, M. (2012). The Sharpe ratio efficient frontier. Journal of Risk 15(2).

    >>> probabilistic_sharpe(SharpeSample(sharpe=0.0, observations=100))
    0.5
    """
    if sample.observations < 2 or not sample.variance_factor > 0.0:
        return float("nan")
    distance = (sample.sharpe - benchmark) * np.sqrt(sample.observations - 1.0)
    return float(ndtr(distance / np.sqrt(sample.variance_factor)))


def minimum_track_record(sample: SharpeSample, benchmark: float = 0.0, confidence: float = 0.95) -> float:
    r"""Observations needed before the Sharpe ratio is believed to exceed ``benchmark``; infinite if it does not.

    .. math:: 1 + \left(1 - \gamma_3 SR + \frac{\gamma_4 - 1}{4} SR^2\right)
              \left(\frac{\Phi^{-1}(\text{confidence})}{SR - SR^*}\right)^2

    References
    ----------
    .. [1] Bailey, D., López de Prado, M. (2012). The Sharpe ratio efficient frontier. Journal of Risk 15(2).
    """
    if np.isnan(sample.sharpe):
        return float("nan")
    if sample.sharpe <= benchmark:
        return float("inf")
    return float(1.0 + sample.variance_factor * (ndtri(confidence) / (sample.sharpe - benchmark)) ** 2)


def expected_maximum_sharpe(variance_of_sharpes: float, trials: float) -> float:
    r"""Sharpe ratio to expect of the best of so many trials that have no skill at all.

    .. math:: \sqrt{V} \left( (1 - \gamma)\, \Phi^{-1}\!\left(1 - \tfrac{1}{N}\right)
              + \gamma\, \Phi^{-1}\!\left(1 - \tfrac{1}{N e}\right) \right)

    Parameters
    ----------
    variance_of_sharpes : float
        Of the trials' Sharpe ratios per period.
    trials : float
        Number of independent trials, at least 1; a single one is expected to have none.

    References
    ----------
    .. [1] Bailey, D., López de Prado, M. (2014). The deflated Sharpe ratio. Journal of Portfolio Management 40(5).

    >>> round(expected_maximum_sharpe(0.5 / 250, 100), 4)
    0.1132
    """
    if trials < 1.0 or variance_of_sharpes < 0.0:
        raise BacktestError(
            f"The best of {trials:g} trials with a variance of {variance_of_sharpes:g} has no meaning; "
            "count at least one trial and give a variance of at least 0."
        )
    if trials == 1.0:
        return 0.0
    luck = (1.0 - EULER_MASCHERONI) * ndtri(1.0 - 1.0 / trials) + EULER_MASCHERONI * ndtri(1.0 - 1.0 / (trials * np.e))
    return float(np.sqrt(variance_of_sharpes) * max(luck, 0.0))


def deflated_sharpe(sample: SharpeSample, variance_of_sharpes: float, trials: float) -> float:
    """Probability that the true Sharpe ratio beats what the best of so many skill-less trials would show.

    Count every variant that was ever looked at, not only the reported ones.

    Parameters
    ----------
    sample : SharpeSample
        The selected strategy.
    variance_of_sharpes : float
        Of all trials' Sharpe ratios, per period.
    trials : float
        How many there were; :func:`independent_trials` for correlated ones.

    References
    ----------
    .. [1] Bailey, D., López de Prado, M. (2014). The deflated Sharpe ratio. Journal of Portfolio Management 40(5).
    """
    return probabilistic_sharpe(sample, benchmark=expected_maximum_sharpe(variance_of_sharpes, trials))


def independent_trials(returns: FloatArray) -> float:
    r"""Number of independent trials that correlated ones are worth: :math:`\bar\rho + (1 - \bar\rho) M`.

    Parameters
    ----------
    returns : ndarray of shape (periods, trials)
        Trials whose returns do not vary count as one each.

    References
    ----------
    .. [1] Bailey, D., López de Prado, M. (2014). The deflated Sharpe ratio, appendix A.3.
    """
    trials = returns.shape[1]
    varying = returns[:, np.ptp(returns, axis=0) > 0.0]
    count = varying.shape[1]
    if count < 2:
        return float(max(trials, 1))
    correlation = np.corrcoef(varying, rowvar=False)
    mean = float(np.clip((correlation.sum() - count) / (count * (count - 1)), 0.0, 1.0))
    return float(mean + (1.0 - mean) * count + (trials - count))


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
