"""Whether a model forecasts worse than it did when it was chosen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from algotrade.validation.scores import Interval, TimeBlocks, forecast_rows, model_score, score_draws

SCORE = "log_loss"
"""What is compared: proper, so that no other forecast scores better than the true probability."""


@dataclass(frozen=True)
class Decay:
    """A model's loss on candles that came later, against its loss out of fold.

    Attributes
    ----------
    expected, found : float
        Log loss out of fold and on later candles; NaN without any.
    worse_by : float
        The second less the first; positive is worse.
    p_value : float
        One-sided: that sampling alone makes a model that is as good as it was look this much worse; NaN where too
        little was seen to tell.
    rows, blocks : int
        Later candles, and the nearly independent stretches of time that they fall into.
    reason : str
        Why there is no p-value; empty where there is.
    """

    expected: float
    found: float
    worse_by: float
    p_value: float
    rows: int
    blocks: int
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """The numbers as JSON has them."""
        return {
            name: None if isinstance(value, float) and not np.isfinite(value) else value
            for name, value in vars(self).items()
        }


def performance_decay(evidence: pd.DataFrame, later: pd.DataFrame, seed: int = 0) -> Decay:
    r"""Test of a model's later log loss against its out-of-fold one, by block bootstrap of both.

    The two spans have no candle in common, so the variances of their means, each by circular block bootstrap over
    time, add up:

    .. math:: t = \frac{\ell_{later} - \ell_{oof}}{\sqrt{s_{later}^2 + s_{oof}^2}}

    with Welch's degrees of freedom. An out-of-fold loss for which a model was chosen among others is a little better
    than it deserves; against few candidates that is small beside :math:`s`.

    Parameters
    ----------
    evidence, later : DataFrame
        Predictions of one model: ``open_time``, ``known_at``, ``probability``, ``expected_return``,
        ``forward_return``; ``fold`` where there are several.
    seed : int

    References
    ----------
    .. [1] Politis, D. and Romano, J. (1992). A circular block-resampling procedure for stationary data.
    .. [2] Welch, B. (1947). The generalization of Student's problem when several population variances are involved.
    """
    expected, found = (_interval(predictions, seed) for predictions in (evidence, later))
    rows, worse_by = len(forecast_rows(later)), found.value - expected.value
    for interval, which in ((expected, "out of fold"), (found, "on later candles")):
        if not np.isfinite(interval.standard_error):
            reason = f"{which}: {interval.reason}"
            return Decay(expected.value, found.value, worse_by, float("nan"), rows, found.blocks, reason)
    shares = [interval.standard_error**2 for interval in (expected, found)]
    error = float(np.sqrt(sum(shares)))
    if error == 0:
        return Decay(expected.value, found.value, worse_by, float(worse_by <= 0), rows, found.blocks)
    freedom = error**4 / sum(
        share**2 / (interval.blocks - 1) for share, interval in zip(shares, (expected, found), strict=True)
    )
    p_value = float(student_t.sf(worse_by / error, freedom))
    return Decay(expected.value, found.value, worse_by, p_value, rows, found.blocks)


def _interval(predictions: pd.DataFrame, seed: int) -> Interval:
    known = forecast_rows(predictions)
    known = known.assign(fold=known.get("fold", 0))
    resampling = TimeBlocks.of(known).resampled(seed=seed)
    value = model_score(known, SCORE)
    return Interval.of_draws(value, score_draws(known, SCORE, resampling), resampling.blocks)
