"""The rows that a model is explained on, and the intervals around what is found there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray
from algotrade.models.preparation import FACTOR_FAMILY, Preparation
from algotrade.models.samples import LabelledSamples, even_steps
from algotrade.validation.folds import Fold
from algotrade.validation.preparing import FoldPreparation
from algotrade.validation.scores.blocks import TimeBlocks, ratio
from algotrade.validation.scores.intervals import Interval
from algotrade.validation.training_data import TrainingData
from algotrade.validation.training_rows import TrainingSettings, rows_tested

COLUMNS = ("model", "feature", "family", "kind", "value", "low", "high")


@dataclass(frozen=True)
class FoldRows:
    """Test rows of one fold, thinned in even steps, and what the fold's models see of them.

    Attributes
    ----------
    data : TrainingData
        Sorted by symbol, then time.
    preparation : Preparation
    """

    data: TrainingData
    preparation: Preparation

    @property
    def samples(self) -> LabelledSamples:
        """The rows as the models of the fold see them."""
        return self.preparation.of_labelled(self.data.labelled)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the columns that the models see."""
        return self.preparation.names


def unseen_rows(
    data: TrainingData,
    folds: Sequence[Fold],
    preparations: Sequence[FoldPreparation],
    training: TrainingSettings,
    rows: int,
) -> tuple[FoldRows, ...]:
    """At most ``rows`` of the rows that the models of the folds forecast, as many of each fold."""
    tested = []
    for fold, fitted in zip(folds, preparations, strict=True):
        own = np.flatnonzero(rows_tested(data, fold, training))
        limit = max(rows // len(folds), 1)
        chosen = own if len(own) <= limit else own[even_steps(len(own), limit)]
        there = np.zeros(len(data), dtype=np.bool_)
        there[chosen] = True
        tested.append(FoldRows(data.take(there), fitted.preparation))
    return tuple(tested)


def summed_up(
    tested: Sequence[FoldRows], by_fold: Sequence[FloatArray], families: dict[str, str], seed: int
) -> pd.DataFrame:
    """Mean over all rows of what each column was found to be, with an interval by block bootstrap over time.

    A column that the models of a fold do not see is zero there.

    Parameters
    ----------
    tested : sequence of FoldRows
    by_fold : sequence of ndarray, shape ``(rows, columns)``
        One a fold: for each of its rows and ``names``.
    families : dict of str to str
        By feature; factors are of the family ``custom``.
    seed : int

    Returns
    -------
    DataFrame
        ``feature``, ``family``, ``value``, ``low``, ``high``, the largest first.
    """
    names = list(dict.fromkeys(name for fold in tested for name in fold.names))
    found = [
        pd.DataFrame(values, columns=list(fold.names)).reindex(columns=names, fill_value=0.0).to_numpy()
        for fold, values in zip(tested, by_fold, strict=True)
    ]
    values = np.concatenate(found)
    times = [np.concatenate([getattr(fold.data, name) for fold in tested]) for name in ("open_time", "known_at")]
    resampling = TimeBlocks.of_times(*times).resampled(seed=seed)
    drawn = ratio(resampling.sums(values), resampling.sums(np.ones((len(values), 1))))
    intervals = [
        Interval.of_draws(float(mean), drawn[:, place], resampling.blocks)
        for place, mean in enumerate(values.mean(axis=0))
    ]
    frame = pd.DataFrame(
        {
            "feature": names,
            "family": [families.get(name, FACTOR_FAMILY) for name in names],
            **{end: [getattr(each, end) for each in intervals] for end in ("value", "low", "high")},
        }
    )
    return frame.sort_values("value", ascending=False, ignore_index=True, kind="stable")
