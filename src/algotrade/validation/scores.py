"""How good forecasts were, fold by fold, and how far chance alone could have brought them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from scipy.stats import t as student_t

from algotrade.domain.candles import BoolArray, FloatArray, to_milliseconds
from algotrade.domain.timeframe import IntArray

SCORES = ("accuracy", "balanced_accuracy", "auc", "log_loss", "brier", "information_coefficient")
"""Names of the scores; of the first three and the last, more is better."""

_SMALLEST_PROBABILITY = 1e-7
_LABELS_PER_BLOCK = 10
_FEWEST_BLOCKS = 20


def accuracy(probability: FloatArray, direction: BoolArray) -> float:
    """Share of samples that went the way their probability leaned; exactly one half leans down."""
    return float(((probability > 0.5) == direction).mean())


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
    safe = np.clip(probability, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY)
    return float(-np.log(np.where(direction, safe, 1 - safe)).mean())


def brier(probability: FloatArray, direction: BoolArray) -> float:
    """Mean squared error of the probability; a coin has 0.25."""
    return float(((probability - direction) ** 2).mean())


def information_coefficient(expected_return: FloatArray, forward_return: FloatArray) -> float:
    """Spearman rank correlation of expected and realised returns; 0 if either is constant: it ranks nothing."""
    if len(expected_return) < 2 or np.ptp(expected_return) == 0 or np.ptp(forward_return) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(expected_return), rankdata(forward_return))[0, 1])


def fold_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Scores of each model in each fold.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions.

    Returns
    -------
    DataFrame
        ``model``, ``fold``, ``start`` and ``end`` (first and last open time), ``rows``, then ``SCORES``.
    """
    rows = [
        {"model": model, "fold": fold, "start": group["open_time"].min(), "end": group["open_time"].max()}
        | {"rows": len(group)}
        | _scores(group)
        for (model, fold), group in predictions.groupby(["model", "fold"], sort=True)
    ]
    return pd.DataFrame(rows, columns=["model", "fold", "start", "end", "rows", *SCORES])


def model_scores(predictions: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Scores of each model over all folds: the means of its folds, weighted by their rows.

    In every fold another fit forecasts. Ranking the forecasts of different fits against each other would
    score how base rates drifted, not what any of them knew; so AUC and information coefficient are means
    of folds too, where a fold without both directions does not count.

    Returns
    -------
    dict
        By model: ``folds``, ``rows`` and ``SCORES``.
    """
    result = {}
    for model, group in fold_scores(predictions).groupby("model", sort=True):
        overall = {score: _weighted_mean(group[score].to_numpy(), group["rows"].to_numpy()) for score in SCORES}
        result[str(model)] = {"folds": len(group), "rows": int(group["rows"].sum()), **overall}
    return result


def calibration_table(predictions: pd.DataFrame, bins: int = 10) -> pd.DataFrame:
    """How often each model's probabilities came true, in bins that hold equally many predictions.

    A model with fewer different probabilities than ``bins`` has fewer bins.

    Returns
    -------
    DataFrame
        ``model``, ``bin`` (from 0, by rising probability), ``mean_probability``, ``observed_frequency``, ``count``.
    """
    scored = predictions[["model", "probability"]].assign(rise=predictions["forward_return"] > 0)
    position = scored.groupby("model")["probability"].rank(method="average", pct=True)
    scored["bin"] = np.ceil(position * bins).astype(int) - 1
    table = scored.groupby(["model", "bin"], as_index=False).agg(
        mean_probability=("probability", "mean"), observed_frequency=("rise", "mean"), count=("rise", "size")
    )
    return table.assign(bin=table.groupby("model").cumcount())


@dataclass(frozen=True)
class AucInterval:
    """An AUC and what sampling alone does to it.

    Attributes
    ----------
    auc : float
        Mean over folds, weighted by rows.
    standard_error : float
    low, high : float
        Ends of the confidence interval.
    blocks : int
        Independent stretches of time that the error was estimated from.
    """

    auc: float
    standard_error: float
    low: float
    high: float
    blocks: int


def auc_interval(predictions: pd.DataFrame, confidence: float = 0.95) -> AucInterval:
    r"""AUC of one model with an interval that respects overlapping labels and symbols that move together.

    Labels of neighbouring rows share price moves and so do the symbols of one moment: rows are not
    independent, stretches of time nearly are. With the placements of DeLong, AUC is a mean of one
    contribution a row; the contributions are summed over blocks of time, all symbols together,

    .. math:: \mathrm{Var}(\widehat{AUC}) = \frac{B}{B-1} \sum_{b=1}^{B} \Big(\sum_{i \in b} \psi_i\Big)^2,

    and Student's t with :math:`B - 1` degrees of freedom gives the interval. A block spans ten labels
    (fewer where that leaves less than twenty blocks, never less than one); how long a label is, is read
    off ``known_at``.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions of one model.
    confidence : float
        Of the interval, two-sided.

    Returns
    -------
    AucInterval
        NaN throughout if no fold has both directions or there is only one block.

    References
    ----------
    .. [1] DeLong, E., DeLong, D., Clarke-Pearson, D. (1988). Comparing the areas under two or more correlated
       receiver operating characteristic curves. Biometrics 44.
    .. [2] Obuchowski, N. (1997). Nonparametric analysis of clustered ROC curve data. Biometrics 53.
    """
    direction = predictions["forward_return"].to_numpy() > 0
    probability, fold_of = predictions["probability"].to_numpy(), predictions["fold"].to_numpy()
    contribution, estimates, sizes = np.zeros(len(predictions)), [], []
    for fold in np.unique(fold_of):
        rows = np.flatnonzero(fold_of == fold)
        estimate = auc(probability[rows], direction[rows])
        if np.isfinite(estimate):
            contribution[rows] = _contributions(probability[rows], direction[rows], estimate) * len(rows)
            estimates.append(estimate)
            sizes.append(len(rows))
    if not sizes:
        return AucInterval(float("nan"), float("nan"), float("nan"), float("nan"), 0)
    block_of = _time_blocks(to_milliseconds(predictions["open_time"]), to_milliseconds(predictions["known_at"]))
    sums = np.bincount(block_of, weights=contribution / sum(sizes))[np.unique(block_of)]
    estimate, blocks = float(np.average(estimates, weights=sizes)), len(sums)
    error = float(np.sqrt(blocks / (blocks - 1) * (sums**2).sum())) if blocks > 1 else float("nan")
    reach = error * float(student_t.ppf((1 + confidence) / 2, max(blocks - 1, 1)))
    return AucInterval(estimate, error, estimate - reach, estimate + reach, blocks)


def _contributions(probability: FloatArray, direction: BoolArray, estimate: float) -> FloatArray:
    """What each row adds to the deviation of the AUC from its expectation, shape ``(n,)``; sums to zero."""
    rises = int(direction.sum())
    falls = len(direction) - rises
    overall = rankdata(probability)
    contribution = np.empty(len(direction))
    below = (overall[direction] - rankdata(probability[direction])) / falls
    above = 1 - (overall[~direction] - rankdata(probability[~direction])) / rises
    contribution[direction], contribution[~direction] = (below - estimate) / rises, (above - estimate) / falls
    return contribution


def _time_blocks(open_time: IntArray, known_at: IntArray) -> IntArray:
    """Block of time of each row, shape ``(n,)``."""
    label = int((known_at - open_time).max())
    start, span = int(open_time.min()), int(open_time.max() - open_time.min()) + 1
    labels_per_block = min(max(span // (label * _FEWEST_BLOCKS), 1), _LABELS_PER_BLOCK)
    return np.asarray((open_time - start) // (label * labels_per_block), dtype=np.int64)


def _scores(group: pd.DataFrame) -> dict[str, float]:
    probability, forward_return = group["probability"].to_numpy(), group["forward_return"].to_numpy()
    direction = forward_return > 0
    return {
        "accuracy": accuracy(probability, direction),
        "balanced_accuracy": balanced_accuracy(probability, direction),
        "auc": auc(probability, direction),
        "log_loss": log_loss(probability, direction),
        "brier": brier(probability, direction),
        "information_coefficient": information_coefficient(group["expected_return"].to_numpy(), forward_return),
    }


def _weighted_mean(values: FloatArray, weights: IntArray) -> float:
    known = np.isfinite(values)
    return float(np.average(values[known], weights=weights[known])) if known.any() else float("nan")
