"""Every score of every draw of the block bootstrap, without resampling a row.

Where a score is a mean, sums over cells of time are enough. AUC is a sum over pairs of a rise and a fall, so that a
matrix of concordances between cells holds all it needs. Both are exact. The information coefficient keeps the ranks
of the whole fold, as drawing ranks anew would cost a sort a draw: that moves a draw by less than a fifth of the
spread of the draws, and by next to nothing where returns have little to do with the forecast.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import ConfigurationError
from algotrade.validation.scores import points
from algotrade.validation.scores.blocks import Resampling, ratio

_ROW_SCORES: dict[str, Callable[[FloatArray, BoolArray], FloatArray]] = {
    "accuracy": points.hits,
    "log_loss": points.log_losses,
    "brier": points.squared_errors,
}
_COLUMNS_AT_ONCE = 64


def score_draws(predictions: pd.DataFrame, score: str, resampling: Resampling) -> FloatArray:
    """Score of one model in each draw, shape ``(draws,)``: as ``model_scores`` has it, the mean of folds by rows.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions of one model, those that ``resampling`` is of.
    score : str
        One of ``SCORES``.
    resampling : Resampling

    Raises
    ------
    ConfigurationError
        If the score is not known.
    """
    probability, forward_return = predictions["probability"].to_numpy(), predictions["forward_return"].to_numpy()
    direction = forward_return > 0
    if score in _ROW_SCORES:
        return resampling.means(_ROW_SCORES[score](probability, direction))
    fold_of = predictions["fold"].to_numpy()
    if score == "auc":
        return _mean_of_folds(fold_of, resampling, lambda rows, part: _auc(probability[rows], direction[rows], part))
    if score == "balanced_accuracy":
        return _mean_of_folds(
            fold_of, resampling, lambda rows, part: _balanced(probability[rows] > 0.5, direction[rows], part)
        )
    if score == "information_coefficient":
        expected = predictions["expected_return"].to_numpy()
        return _mean_of_folds(
            fold_of, resampling, lambda rows, part: _rank_correlation(expected[rows], forward_return[rows], part)
        )
    raise ConfigurationError(f"There is no score {score!r}. Known are: {', '.join(points.SCORES)}.")


def _mean_of_folds(
    fold_of: IntArray, resampling: Resampling, of_fold: Callable[[IntArray, Resampling], FloatArray]
) -> FloatArray:
    """Mean over folds of each draw, weighted by the rows that it holds of them; undefined folds do not count."""
    total, weight = np.zeros(len(resampling.counts)), np.zeros(len(resampling.counts))
    for fold in np.unique(fold_of):
        rows = np.flatnonzero(fold_of == fold)
        cells, cell_of = np.unique(resampling.cell_of[rows], return_inverse=True)
        part = Resampling(cell_of, resampling.counts[:, cells], resampling.blocks)
        values, held = of_fold(rows, part), part.sums(np.ones(len(rows)))
        known = np.isfinite(values)
        total += np.where(known, values, 0.0) * held
        weight += np.where(known, held, 0.0)
    return ratio(total, weight)


def _balanced(up: BoolArray, direction: BoolArray, part: Resampling) -> FloatArray:
    called = [part.sums((outcome & lean).astype(float)) for outcome, lean in ((direction, up), (~direction, ~up))]
    there = [part.sums(outcome.astype(float)) for outcome in (direction, ~direction)]
    return np.asarray(sum(ratio(*pair) for pair in zip(called, there, strict=True)) / 2)


def _auc(probability: FloatArray, direction: BoolArray, part: Resampling) -> FloatArray:
    pairs = _concordances(probability, direction, part.cell_of, part.counts.shape[1])
    rises, falls = part.sums(direction.astype(float)), part.sums((~direction).astype(float))
    return ratio(((part.counts @ pairs) * part.counts).sum(axis=1), rises * falls)


def _concordances(probability: FloatArray, direction: BoolArray, cell_of: IntArray, cells: int) -> FloatArray:
    """Pairs of a rise in one cell and a fall in another that are ranked rightly, ties half, ``(cells, cells)``."""
    values, place = np.unique(probability, return_inverse=True)
    rises = np.flatnonzero(direction)
    rises = rises[np.argsort(cell_of[rises], kind="stable")]
    holders, first = np.unique(cell_of[rises], return_index=True)
    pairs = np.zeros((cells, cells))
    if len(rises) == 0:
        return pairs
    for start in range(0, cells, _COLUMNS_AT_ONCE):
        width = min(_COLUMNS_AT_ONCE, cells - start)
        here = np.flatnonzero(~direction & (cell_of >= start) & (cell_of < start + width))
        at = np.bincount(place[here] * width + cell_of[here] - start, minlength=len(values) * width)
        falls = at.reshape(len(values), width)
        beaten = np.cumsum(falls, axis=0) - 0.5 * falls
        pairs[holders, start : start + width] = np.add.reduceat(beaten[place[rises]], first, axis=0)
    return pairs


def _rank_correlation(expected: FloatArray, realised: FloatArray, part: Resampling) -> FloatArray:
    if len(expected) < 2 or np.ptp(expected) == 0 or np.ptp(realised) == 0:
        return np.zeros(len(part.counts))
    x, y = (rankdata(values) / len(values) - 0.5 for values in (expected, realised))
    rows = part.sums(np.ones(len(x)))
    mean_x, mean_y = ratio(part.sums(x), rows), ratio(part.sums(y), rows)
    covariance = ratio(part.sums(x * y), rows) - mean_x * mean_y
    variances = [ratio(part.sums(v * v), rows) - mean**2 for v, mean in ((x, mean_x), (y, mean_y))]
    return ratio(covariance, np.sqrt(np.maximum(variances[0], 0.0) * np.maximum(variances[1], 0.0)))
