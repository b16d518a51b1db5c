"""What can be said of feature columns: which never move, which say the same, what they tell of the label."""

import hashlib

import numpy as np
from scipy.stats import rankdata

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray

_ROUNDING = 1e-12
_BINS = 10


def constant_columns(rows: FloatArray) -> BoolArray:
    """Columns that hold one value at most, up to rounding, missing values aside; shape ``(F,)``.

    >>> constant_columns(np.array([[1.0, 2.0, np.nan], [1.0, 3.0, np.nan]])).tolist()
    [True, False, True]
    """
    if len(rows) == 0:
        return np.ones(rows.shape[1], dtype=np.bool_)
    low, high = np.fmin.reduce(rows, axis=0), np.fmax.reduce(rows, axis=0)
    varies = high - low > _ROUNDING * np.maximum(np.abs(low), np.abs(high))
    return ~np.asarray(varies, dtype=np.bool_)


def first_copies(rows: FloatArray) -> IntArray:
    """For each column the first one with the same value in every row, itself if none is before it; shape ``(F,)``.

    Missing values are equal to each other.

    >>> first_copies(np.array([[1.0, 2.0, 1.0], [3.0, 2.0, 3.0]])).tolist()
    [0, 1, 0]
    """
    seen: dict[bytes, int] = {}
    return np.array([seen.setdefault(_digest(rows[:, column]), column) for column in range(rows.shape[1])], dtype=int)


def rank_scores(rows: FloatArray) -> FloatArray:
    """Ranks of each column, ties sharing theirs, moved to mean zero and length one; shape ``(n, F)``.

    Missing values stand at the mean rank, that is they count as the median; a constant column is all zeros.
    The product of two columns is their rank correlation (Spearman's).
    """
    scores = np.zeros(rows.shape)
    for column in range(rows.shape[1]):
        values = rows[:, column]
        there = np.isfinite(values)
        if there.sum() < 2:
            continue
        ranks = rankdata(values[there])
        centred = ranks - ranks.mean()
        length = float(np.sqrt(centred @ centred))
        scores[there, column] = centred / length if length > 0 else 0.0
    return scores


def rank_correlations(rows: FloatArray) -> FloatArray:
    """Absolute rank correlation of each column with each other one, 0 with itself, shape ``(F, F)``.

    Missing values count as the median of their column.

    >>> rank_correlations(np.array([[1.0, 9.0], [2.0, 4.0], [3.0, 1.0]])).round(6).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    scores = rank_scores(rows)
    correlations = np.abs(scores.T @ scores)
    np.fill_diagonal(correlations, 0.0)
    return np.asarray(correlations)


def representatives(correlations: FloatArray, preferred: IntArray, limit: float) -> IntArray:
    """For each column the one that stands for it, itself if it stays; shape ``(F,)``.

    Columns are taken in the order of preference. One that is correlated above ``limit`` with a column that
    stays does not stay; the column that stays and is closest to it stands for it.

    Parameters
    ----------
    correlations : ndarray, shape ``(F, F)``
        As ``rank_correlations`` gives them.
    preferred : ndarray of int64, shape ``(F,)``
        Columns, most preferred first.
    limit : float
    """
    stands_for = np.arange(len(correlations))
    staying: list[int] = []
    for column in preferred:
        near = correlations[column, staying]
        if len(near) and near.max() > limit:
            stands_for[column] = staying[int(near.argmax())]
        else:
            staying.append(int(column))
    return stands_for


def information(rows: FloatArray, direction: BoolArray) -> FloatArray:
    r"""Mutual information of each column alone with the direction of the label, in nats, shape ``(F,)``.

    .. math:: I = \sum_{b, y} p_{by} \log \frac{p_{by}}{p_b p_y} - \frac{(B - 1)(Y - 1)}{2 n}

    over deciles of the column, missing values being one more, so that any shape of dependence counts; what
    chance alone would show is subtracted. Zero or below: nothing to see.

    References
    ----------
    .. [1] Miller, G. (1955). Note on the bias of information estimates. Information Theory in Psychology.
    """
    return np.array([_information(rows[:, column], direction) for column in range(rows.shape[1])])


def _digest(values: FloatArray) -> bytes:
    # Adding zero makes one zero of both, and copies.
    told = values + 0.0
    told[np.isnan(told)] = np.nan
    return hashlib.blake2b(told.tobytes()).digest()


def _information(values: FloatArray, direction: BoolArray) -> float:
    there = np.isfinite(values)
    bins = np.full(len(values), _BINS)
    if there.any():
        edges = np.quantile(values[there], np.arange(1, _BINS) / _BINS)
        bins[there] = np.searchsorted(edges, values[there], side="right")
    counts = np.bincount(2 * bins + direction, minlength=2 * (_BINS + 1)).reshape(-1, 2).astype(np.float64)
    counts = counts[counts.sum(axis=1) > 0]
    joint = counts / len(values)
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    filled = joint > 0
    estimate = float((joint[filled] * np.log(joint[filled] / independent[filled])).sum())
    outcomes = int((joint.sum(axis=0) > 0).sum())
    return estimate - (len(counts) - 1) * (outcomes - 1) / (2 * len(values))
