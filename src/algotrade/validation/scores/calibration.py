"""How far probabilities are from what happened, and how far chance alone would put them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.validation.scores.blocks import Resampling, ratio
from algotrade.validation.scores.intervals import Interval

_BINS = 10
_SMALLEST_PROBABILITY = 1e-6
_STEPS = 50


@dataclass(frozen=True)
class CalibrationScores:
    r"""Whether a probability means what it says.

    Attributes
    ----------
    error : Interval
        Expected calibration error: mean distance between what was said and how often it happened, over ten bins of
        equally many forecasts. Never negative, so it is above zero for a perfect forecaster, too.
    error_by_chance : float
        That of a perfect forecaster on as many labels: what is left of the draws once what was found is taken off.
    slope, intercept : Interval
        Of the logistic regression :math:`P(rise) = \sigma(a + b\, \mathrm{logit}\, p)`: 1 and 0 are right, a slope
        below 1 was too sure, an intercept above 0 expected too few rises.

    References
    ----------
    .. [1] Cox, D. (1958). Two further applications of a model for binary regression. Biometrika 45.
    .. [2] Naeini, M. et al. (2015). Obtaining well calibrated probabilities using Bayesian binning. AAAI.
    """

    error: Interval
    error_by_chance: float
    slope: Interval
    intercept: Interval

    def to_json(self) -> dict[str, Any]:
        """Values with their intervals as JSON has them: None where they are not defined."""
        found = {name: getattr(self, name) for name in ("error", "slope", "intercept")}
        chance = self.error_by_chance if np.isfinite(self.error_by_chance) else None
        return {**{name: each.with_value() for name, each in found.items()}, "error_by_chance": chance}


def calibration_scores(
    predictions: pd.DataFrame, resampling: Resampling, confidence: float = 0.95
) -> CalibrationScores:
    """Calibration of one model over all folds, with intervals by block bootstrap.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions of one model, those that ``resampling`` is of.
    resampling : Resampling
    confidence : float
    """
    probability, direction = predictions["probability"].to_numpy(), predictions["forward_return"].to_numpy() > 0
    blocks = resampling.blocks
    error, error_draws, chance = _errors(probability, direction, resampling)
    why = _no_line(predictions)
    line, line_draws = _no_lines(resampling) if why else _line(probability, direction, resampling)
    slope, intercept = (
        Interval.of_draws(line[part], line_draws[:, part], blocks, confidence).because(why) for part in (1, 0)
    )
    found = Interval.of_draws(error, error_draws, blocks, confidence)
    return CalibrationScores(replace(found, low=max(found.low, 0.0)), chance, slope, intercept)


def equal_bins(values: FloatArray, bins: int) -> IntArray:
    """Bin of each value, shape ``(n,)``, from 0 by rising value; equally many in each, equal values together.

    >>> equal_bins(np.array([0.1, 0.4, 0.2, 0.3]), bins=2).tolist()
    [0, 1, 0, 1]
    """
    position = pd.Series(values).rank(method="average", pct=True).to_numpy()
    return np.unique(np.ceil(position * bins), return_inverse=True)[1].astype(np.int64)


def _errors(probability: FloatArray, direction: BoolArray, resampling: Resampling) -> tuple[float, FloatArray, float]:
    """Calibration error, that of each draw, and what chance alone brings."""
    if len(probability) == 0:
        return float("nan"), np.zeros(0), float("nan")
    bin_of = equal_bins(probability, _BINS)
    inside = bin_of[:, None] == np.arange(bin_of.max() + 1)
    off, there = inside * (direction - probability)[:, None], inside.astype(np.float64)
    found, share = off.sum(axis=0) / there.sum(axis=0), there.mean(axis=0)
    drawn = np.nan_to_num(ratio(resampling.sums(off), resampling.sums(there)))
    by_chance = (np.abs(drawn - found) * share).sum(axis=1)
    return float(np.abs(found) @ share), (np.abs(drawn) * share).sum(axis=1), float(by_chance.mean())


def _line(probability: FloatArray, direction: BoolArray, resampling: Resampling) -> tuple[FloatArray, FloatArray]:
    """Intercept and slope, and those of each draw: one Newton step from those of all rows, which is all it takes."""
    odds = logit(np.clip(probability, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY))
    design, found = np.column_stack([np.ones(len(odds)), odds]), np.zeros(2)
    for _ in range(_STEPS):
        said = expit(design @ found)
        curvature = design.T @ (design * (said * (1 - said))[:, None])
        step = np.linalg.lstsq(curvature, design.T @ (direction - said), rcond=None)[0]
        found = found + step
        if np.abs(step).max() < 1e-8:
            break
    else:
        # Forecasts that tell all rises from all falls have no finite slope.
        return _no_lines(resampling)
    weight = said * (1 - said)
    parts = np.column_stack([direction - said, (direction - said) * odds, weight, weight * odds, weight * odds**2])
    pull, push, total, cross, square = resampling.sums(parts).T
    size = total * square - cross**2
    return found, found + np.column_stack(
        [ratio(square * pull - cross * push, size), ratio(total * push - cross * pull, size)]
    )


def _no_lines(resampling: Resampling) -> tuple[FloatArray, FloatArray]:
    return np.full(2, np.nan), np.full((len(resampling.counts), 2), np.nan)


def _no_line(predictions: pd.DataFrame) -> str:
    """Why no line can be laid through forecasts and what came of them; empty if one can."""
    if len(predictions) == 0:
        return "there is no forecast"
    direction = predictions["forward_return"] > 0
    if direction.all() or not direction.any():
        return "all rows went the same way"
    spread = predictions.groupby("fold")["probability"].agg(np.ptp)
    return "all forecasts of a fold are the same" if (spread == 0).all() else ""
