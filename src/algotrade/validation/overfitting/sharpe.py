"""Whether a Sharpe ratio can be believed: corrections for short samples and fat tails.

Sharpe ratios here are per period of the returns (of a day, for daily returns), never annualised:
the formulas hold only together with the number of those periods.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri


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
