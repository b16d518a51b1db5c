"""From a probability to an expected return."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.models.samples import Targets


@dataclass(frozen=True)
class ReturnScale:
    r"""The expected log return is proportional to how far the probability is from the base rate.

    .. math:: E[r] = \beta\,(p - \bar p), \qquad
        \beta = \max\Big(0, \frac{\beta_0 / \beta_0^2 + \hat\beta / s^2}{1 / \beta_0^2 + 1 / s^2}\Big)

    with :math:`\bar p` the base rate of the training rows, :math:`\hat\beta` and :math:`s` the least-squares
    slope of realised returns on probabilities and its standard error on (weighted) held-out rows, and
    :math:`\beta_0 = 2\,E|r|`, what a calibrated probability earns when the size of a move does not depend
    on it, held as a prior give or take 100 %. Few or contradictory held-out rows therefore do not turn
    the forecasts wild, nor their sign around.

    Attributes
    ----------
    base_rate : float
        Weighted share of rises in the training rows.
    slope : float
        Log return for a probability that is higher by one.
    """

    base_rate: float
    slope: float

    @classmethod
    def fit(cls, training: Targets, probability: FloatArray, held_out: Targets) -> "ReturnScale":
        """Scale of the ``probability`` that a model fitted on ``training`` gives the ``held_out`` samples.

        A model fitted without held-out samples passes its training samples twice; its slope is then as
        optimistic as its fit.
        """
        returns, weight = held_out.forward_return, held_out.weight / held_out.weight.mean()
        prior = 2 * float((weight * np.abs(returns)).mean())
        deviation = probability - (weight * probability).mean()
        variation = float(weight @ deviation**2)
        noise = float((weight * (returns - (weight * returns).mean()) ** 2).mean())
        evidence = variation * prior**2 / noise if noise > 0 else 0.0
        estimate = float((weight * deviation) @ returns) / variation if evidence > 0 else 0.0
        slope = (prior + evidence * estimate) / (1 + evidence)
        return cls(training.base_rate, max(0.0, slope))

    def expected_return(self, probability: FloatArray) -> FloatArray:
        """Expected log return of each probability, shape ``(n,)``."""
        return self.slope * (probability - self.base_rate)

    def to_json(self) -> dict[str, Any]:
        """Numbers as JSON keeps them."""
        return {"base_rate": self.base_rate, "slope": self.slope}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "ReturnScale":
        """Inverse of ``to_json``."""
        return cls(content["base_rate"], content["slope"])
