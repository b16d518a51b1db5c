"""What a model of any kind loses when a feature no longer tells the truth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.models.base import Model
from algotrade.models.samples import Samples
from algotrade.validation.explanation.rows import COLUMNS, FoldRows, summed_up
from algotrade.validation.scores.points import log_losses


def permutation_importance(
    models: Sequence[Model], tested: Sequence[FoldRows], families: dict[str, str], seed: int = 0
) -> pd.DataFrame:
    """By how much the log loss rises when a column is that of another time, on rows that the model had not seen.

    The column of each symbol, windows and all, is moved around in time by between a quarter and three quarters of
    the test span of a fold. So it keeps its own course, which single values shuffled about would not, and only what
    it says of the label is lost. Features that say the same stand in for each other: a low value does not mean that a
    feature is of no use.

    Parameters
    ----------
    models : sequence of Model
        The fitted one of each fold.
    tested : sequence of FoldRows
    families : dict of str to str
        By feature.
    seed : int
        Of the moves and of the block bootstrap.

    Returns
    -------
    DataFrame
        ``model``, ``feature``, ``family``, ``kind`` (permutation), ``value`` with ``low`` and ``high``, the largest
        first; below zero a feature did harm.

    References
    ----------
    .. [1] Breiman, L. (2001). Random forests. Machine Learning 45.
    .. [2] Fisher, A., Rudin, C. and Dominici, F. (2019). All models are wrong, but many are useful. JMLR 20.
    """
    random = np.random.default_rng(seed)
    rises = [_loss_rises(model, fold, random) for model, fold in zip(models, tested, strict=True)]
    return summed_up(tested, rises, families, seed).assign(model=models[0].name, kind="permutation")[list(COLUMNS)]


def _loss_rises(model: Model, fold: FoldRows, random: np.random.Generator) -> FloatArray:
    """Rise of the log loss of each row for each column, shape ``(rows, columns)``."""
    windows = fold.samples.samples.windows(model.history)
    direction = fold.samples.targets.direction
    before = log_losses(model.predict(Samples.of_windows(windows)).probability, direction)
    rises = np.empty((len(windows), windows.shape[2]))
    for column in range(windows.shape[2]):
        true = windows[:, :, column].copy()
        windows[:, :, column] = true[_moved(fold.data.symbol_codes, random)]
        rises[:, column] = log_losses(model.predict(Samples.of_windows(windows)).probability, direction) - before
        windows[:, :, column] = true
    return rises


def _moved(symbol_codes: IntArray, random: np.random.Generator) -> IntArray:
    """Row that each row takes its value from: one of the same symbol, as far off for all rows of it."""
    share = random.uniform(0.25, 0.75)
    source = np.arange(len(symbol_codes))
    for rows in np.split(source, np.flatnonzero(np.diff(symbol_codes)) + 1):
        source[rows] = np.roll(rows, round(share * len(rows)))
    return source
