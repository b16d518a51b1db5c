"""Whether a Sharpe ratio beats what the best of many trials shows by luck."""

import numpy as np
from scipy.special import ndtri

from algotrade.domain.candles import FloatArray
from algotrade.errors import BacktestError
from algotrade.validation.overfitting.sharpe import SharpeSample, probabilistic_sharpe

EULER_MASCHERONI = float(np.euler_gamma)


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
