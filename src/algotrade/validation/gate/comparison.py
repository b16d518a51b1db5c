"""Two models on the same candles, and whether one is better by more than noise."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from algotrade.domain.candles import to_milliseconds
from algotrade.validation.scores import Difference, forecast_rows, log_loss, paired_difference

SCORE = "log_loss"
"""What the gate compares: proper, so that no other forecast scores better than the true probability."""
_CANDLE = ["symbol", "open_time"]
_SAME_RETURN = 1e-9

Role = Literal["baseline", "champion"]


@dataclass(frozen=True)
class Comparison:
    """A challenger against one rival.

    Attributes
    ----------
    rival : str
        Name of the rival.
    role : {"baseline", "champion"}
    rows : int
        Candles that both forecast and that turned out the same for both.
    blocks : int
        Nearly independent stretches of time that these rows fall into.
    challenger_loss, rival_loss : float
        Log loss on those rows, NaN without any.
    improvement, low, high : float
        Log loss that the challenger saves, with its interval; NaN where there is none.
    p_value : float
        One-sided: that sampling alone brings such an improvement to a challenger that is no better.
    level : float
        What the p-value must not exceed.
    reason : str
        Why there is no test, empty where there is one.
    """

    rival: str
    role: Role
    rows: int
    blocks: int
    challenger_loss: float
    rival_loss: float
    improvement: float
    low: float
    high: float
    p_value: float
    level: float
    reason: str = ""

    @property
    def possible(self) -> bool:
        """Whether there was enough in common to compare at all."""
        return not self.reason

    @property
    def beaten(self) -> bool:
        """Whether the challenger is better by more than noise; a tie is none."""
        return self.possible and self.p_value <= self.level

    def to_json(self) -> dict[str, Any]:
        """The numbers as JSON has them, with the verdict."""
        numbers = {name: _number(value) for name, value in vars(self).items()}
        return {**numbers, "beaten": self.beaten}


def compare(challenger: pd.DataFrame, rival: pd.DataFrame, role: Role, level: float, seed: int = 0) -> Comparison:
    """The challenger against a rival, on the candles that both forecast, by paired block bootstrap over time.

    Parameters
    ----------
    challenger, rival : DataFrame
        Predictions of one model each.
    role : {"baseline", "champion"}
    level : float
        One-sided.
    seed : int
    """
    name = str(rival["model"].iloc[0]) if len(rival) else role
    ours, theirs = same_candles(challenger, rival)
    if len(ours) == 0:
        nan = float("nan")
        nothing = Difference(nan, nan, nan, nan, 0, "there is no candle that both forecast and that came out the same")
        return _comparison(name, role, (ours, theirs), nothing, level)
    confidence = max(1 - 2 * level, 0.0)
    found = paired_difference(ours, theirs, score=SCORE, confidence=confidence, seed=seed)
    return _comparison(name, role, (ours, theirs), found, level)


def same_candles(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of both that forecast the same candle and whose label is the same, in the same order.

    Rows on which either gives no forecast (NaN) count for neither.

    A label is the same if it was known at the same time and the forward return is equal: where horizon or kind of
    label differ, or a candle was corrected since, there is nothing to compare.
    """
    ours, theirs = (forecast_rows(frame).set_index(_CANDLE).sort_index() for frame in (first, second))
    common = ours.index.intersection(theirs.index)
    ours, theirs = ours.loc[common], theirs.loc[common]
    apart = np.abs(ours["forward_return"].to_numpy() - theirs["forward_return"].to_numpy())
    same = (apart <= _SAME_RETURN) & (to_milliseconds(ours["known_at"]) == to_milliseconds(theirs["known_at"]))
    return ours[same].reset_index(), theirs[same].reset_index()


def _comparison(
    name: str, role: Role, rows: tuple[pd.DataFrame, pd.DataFrame], found: Difference, level: float
) -> Comparison:
    losses = [_loss(own) for own in rows]
    return Comparison(
        rival=name,
        role=role,
        rows=len(rows[0]),
        blocks=found.blocks,
        challenger_loss=losses[0],
        rival_loss=losses[1],
        improvement=found.value,
        low=found.low,
        high=found.high,
        p_value=_one_sided(found),
        level=level,
        reason=found.reason,
    )


def _loss(predictions: pd.DataFrame) -> float:
    if len(predictions) == 0:
        return float("nan")
    return log_loss(predictions["probability"].to_numpy(), predictions["forward_return"].to_numpy() > 0)


def _one_sided(found: Difference) -> float:
    """P-value against "no better", from one against "no different"."""
    return found.p_value / 2 if found.value > 0 else 1 - found.p_value / 2


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value
