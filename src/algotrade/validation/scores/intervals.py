"""How far chance alone could have brought a score, and a difference of two."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from algotrade.domain.candles import FloatArray
from algotrade.errors import ModelError
from algotrade.validation.scores.blocks import FEWEST_BLOCKS, TimeBlocks
from algotrade.validation.scores.draws import score_draws
from algotrade.validation.scores.points import LESS_IS_BETTER, forecast_rows
from algotrade.validation.scores.tables import model_score

_ROW = ["symbol", "open_time"]


@dataclass(frozen=True)
class Interval:
    r"""A number, and what sampling alone does to it.

    .. math:: \hat\theta \pm t_{B-1}\, s^*, \qquad s^{*2} = \frac{B}{B-1} \mathrm{Var}^*(\theta^*)

    with the variance over the draws of the block bootstrap and :math:`B` blocks: Student's t and the factor stand
    for what few blocks leave unknown of that variance.

    Attributes
    ----------
    value : float
    low, high : float
        Ends of the interval; NaN where there is none.
    standard_error : float
    blocks : int
        Nearly independent stretches of time behind it.
    reason : str
        Why there is no value or no interval, empty where there is.

    References
    ----------
    .. [1] Efron, B. and Tibshirani, R. (1993). An introduction to the bootstrap, chapter 12.
    """

    value: float
    low: float
    high: float
    standard_error: float
    blocks: int
    reason: str = ""

    @classmethod
    def of_draws(cls, value: float, draws: FloatArray, blocks: int, confidence: float = 0.95) -> "Interval":
        """Interval around ``value`` from its ``draws``, shape ``(draws,)``, of which undefined ones do not count."""
        value, nothing = float(value), float("nan")
        if not np.isfinite(value):
            return cls(nothing, nothing, nothing, nothing, blocks, "it has no value on these rows")
        if blocks < FEWEST_BLOCKS:
            reason = f"{blocks} blocks of time are too few for an interval; {FEWEST_BLOCKS} are needed"
            return cls(value, nothing, nothing, nothing, blocks, reason)
        known = draws[np.isfinite(draws)]
        if len(known) < len(draws) / 2:
            return cls(value, nothing, nothing, nothing, blocks, "most draws of the bootstrap do not have it")
        error = float(known.std() * np.sqrt(blocks / (blocks - 1)))
        reach = error * float(student_t.ppf((1 + confidence) / 2, blocks - 1))
        return cls(value, value - reach, value + reach, error, blocks)

    def because(self, reason: str) -> "Interval":
        """The same, where there is no value with a reason that says more."""
        return replace(self, reason=reason) if reason and not np.isfinite(self.value) else self

    def with_value(self) -> dict[str, Any]:
        """As ``to_json``, with the value."""
        return {"value": self.value if np.isfinite(self.value) else None, **self.to_json()}

    def to_json(self) -> dict[str, Any]:
        """Ends and standard error as JSON has them: None where they are not defined."""
        return {
            name: value if np.isfinite(value) else None
            for name, value in (("low", self.low), ("high", self.high), ("standard_error", self.standard_error))
        }


@dataclass(frozen=True)
class Difference:
    """By how much one model beats another on the same rows.

    Attributes
    ----------
    value : float
        Improvement of the first over the second; positive is better, also for losses.
    low, high : float
        Ends of the confidence interval; NaN where there is none.
    p_value : float
        Two-sided, that sampling alone brings a difference this large to models that are equally good; below
        ``1 - confidence`` exactly where the interval leaves out zero. NaN where there is no interval.
    blocks : int
        Nearly independent stretches of time behind it.
    reason : str
        Why there is no value or no interval, empty where there is.
    """

    value: float
    low: float
    high: float
    p_value: float
    blocks: int
    reason: str = ""


def paired_difference(
    first: pd.DataFrame, second: pd.DataFrame, score: str = "log_loss", confidence: float = 0.95, seed: int = 0
) -> Difference:
    """Improvement of one model over another on the same rows, with an interval by circular block bootstrap.

    Both are scored in the same draws of time, so what was hard for both cancels. Rows on which either gives no
    forecast (NaN) count for neither.

    Parameters
    ----------
    first, second : DataFrame
        Predictions of one model each: ``symbol``, ``open_time``, ``known_at``, ``probability``, ``expected_return``,
        ``forward_return``; ``fold`` where the first has it, else all rows are one fold.
    score : str
        One of ``SCORES``.
    confidence : float
        Of the interval, two-sided.
    seed : int

    Raises
    ------
    ModelError
        If the models do not forecast the same rows.

    References
    ----------
    .. [1] Diebold, F. and Mariano, R. (1995). Comparing predictive accuracy.
    .. [2] Politis, D. and Romano, J. (1992). A circular block-resampling procedure for stationary data.
    """
    ours, theirs = _same_rows(first, second)
    values = [model_score(own, score) for own in (ours, theirs)]
    resampling = TimeBlocks.of(ours).resampled(seed=seed)
    draws = [score_draws(own, score, resampling) for own in (ours, theirs)]
    sign = -1.0 if score in LESS_IS_BETTER else 1.0
    found = Interval.of_draws(
        sign * (values[0] - values[1]), sign * (draws[0] - draws[1]), resampling.blocks, confidence
    )
    return Difference(found.value, found.low, found.high, _p_value(found), found.blocks, found.reason)


def _p_value(found: Interval) -> float:
    if not np.isfinite(found.standard_error):
        return float("nan")
    if found.standard_error == 0:
        return 1.0 if found.value == 0 else 0.0
    return float(2 * student_t.sf(abs(found.value) / found.standard_error, found.blocks - 1))


def _same_rows(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both, sorted alike, in the folds of the first, on the rows that both forecast."""
    ours, theirs = (frame.sort_values(_ROW, ignore_index=True) for frame in (first, second))
    if not ours[_ROW].equals(theirs[_ROW]):
        raise ModelError(
            f"The models to compare forecast different rows: {len(ours)} and {len(theirs)}, of which "
            f"{len(ours[_ROW].merge(theirs[_ROW]))} are the same. Let both forecast the same symbols and candles."
        )
    fold = ours.get("fold", 0)
    both = forecast_rows(ours).index.intersection(forecast_rows(theirs).index)
    return ours.assign(fold=fold).loc[both], theirs.assign(fold=fold).loc[both]
