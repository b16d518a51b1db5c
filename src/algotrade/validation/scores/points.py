"""Scores of forecasts as plain functions of what was said and what came."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from algotrade.domain.candles import BoolArray, FloatArray

SCORES = ("accuracy", "balanced_accuracy", "auc", "log_loss", "brier", "information_coefficient")
"""Names of the scores; of the first three and the last, more is better."""
LESS_IS_BETTER = ("log_loss", "brier")
"""Names of the scores that are losses."""

_SMALLEST_PROBABILITY = 1e-7


def accuracy(probability: FloatArray, direction: BoolArray) -> float:
    """Share of samples that went the way their probability leaned; exactly one half leans down."""
    return float(hits(probability, direction).mean())


def balanced_accuracy(probability: FloatArray, direction: BoolArray) -> float:
    """Mean of the shares of rises and of falls that were called; NaN if only one of them happened."""
    if direction.all() or not direction.any():
        return float("nan")
    up = probability > 0.5
    return float((up[direction].mean() + (~up[~direction]).mean()) / 2)


def auc(probability: FloatArray, direction: BoolArray) -> float:
    """Chance that a random rise had a higher probability than a random fall, ties counting half.

    NaN if only one of them happened. Equals the Mann-Whitney statistic over its maximum.

    >>> auc(np.array([0.2, 0.6, 0.6]), np.array([False, True, False]))
    0.75
    """
    rises = int(direction.sum())
    falls = len(direction) - rises
    if rises == 0 or falls == 0:
        return float("nan")
    return float((rankdata(probability)[direction].sum() - rises * (rises + 1) / 2) / (rises * falls))


def log_loss(probability: FloatArray, direction: BoolArray) -> float:
    """Mean negative log likelihood in nats; a coin has 0.693."""
    return float(log_losses(probability, direction).mean())


def brier(probability: FloatArray, direction: BoolArray) -> float:
    """Mean squared error of the probability; a coin has 0.25."""
    return float(squared_errors(probability, direction).mean())


def information_coefficient(expected_return: FloatArray, forward_return: FloatArray) -> float:
    """Spearman rank correlation of expected and realised returns; 0 if either is constant: it ranks nothing."""
    if len(expected_return) < 2 or np.ptp(expected_return) == 0 or np.ptp(forward_return) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(expected_return), rankdata(forward_return))[0, 1])


def hits(probability: FloatArray, direction: BoolArray) -> FloatArray:
    """One for each sample that went the way its probability leaned, else zero, shape ``(n,)``."""
    return np.asarray((probability > 0.5) == direction, dtype=np.float64)


def log_losses(probability: FloatArray, direction: BoolArray) -> FloatArray:
    """Negative log likelihood of each sample, shape ``(n,)``; finite also where the forecast was certain and wrong."""
    safe = np.clip(probability, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY)
    return np.asarray(-np.log(np.where(direction, safe, 1 - safe)))


def squared_errors(probability: FloatArray, direction: BoolArray) -> FloatArray:
    """Squared distance of each probability from what happened, shape ``(n,)``."""
    return np.asarray((probability - direction) ** 2)


def forecast_rows(predictions: pd.DataFrame) -> pd.DataFrame:
    """The rows that hold a forecast: probability and expected return are numbers."""
    known = np.isfinite(predictions[["probability", "expected_return"]].to_numpy(dtype=np.float64)).all(axis=1)
    return predictions if known.all() else predictions[known]
