"""Which rows a model is fitted on, in a fold and in the end: the same for its preparation and for itself."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import BoolArray
from algotrade.models.configuration import STRICT
from algotrade.models.samples import LabelledSamples
from algotrade.validation.folds import Fold, early_stopping_split, train_rows
from algotrade.validation.training_data import TrainingData


@settings_dataclass(frozen=True, config=STRICT)
class TrainingSettings:
    """How every model is trained on the rows that it may use.

    Attributes
    ----------
    early_stopping_share : float
        Of the training rows, the latest of them, purged from the rest.
    max_training_rows : int
        More rows are thinned in even steps, so that time and memory stay bounded.
    """

    early_stopping_share: Annotated[float, Field(gt=0, lt=1)] = 0.15
    max_training_rows: PositiveInt = 200_000


@dataclass(frozen=True)
class FittingRows:
    """Training rows cut in two: all that parameters and preparation are learned from, and later, purged ones.

    Attributes
    ----------
    training, early_stopping : LabelledSamples
        Raw feature rows, thinned.
    known_until : int
        When the last label of ``training`` is known, milliseconds since the epoch.
    """

    training: LabelledSamples
    early_stopping: LabelledSamples
    known_until: int


def fold_rows(data: TrainingData, fold: Fold, training: TrainingSettings) -> FittingRows:
    """Rows that a model of this fold is fitted on.

    Raises
    ------
    TooFewCandles
        If there are too few to fit on and to stop early on.
    """
    return _fitting_rows(data, train_rows(fold, data.open_time, data.known_at), fold.embargo, training)


def final_rows(data: TrainingData, training: TrainingSettings, embargo: int = 0) -> FittingRows:
    """Rows that the final model is fitted on: all of them, ``embargo`` candles before early stopping left out.

    Raises
    ------
    TooFewCandles
        If there are too few to fit on and to stop early on.
    """
    everything = np.ones(len(data), dtype=np.bool_)
    return _fitting_rows(data, everything, embargo * data.timeframe.milliseconds, training)


def _fitting_rows(data: TrainingData, rows: BoolArray, embargo: int, options: TrainingSettings) -> FittingRows:
    fit, stop = early_stopping_split(rows, data.open_time, data.known_at, options.early_stopping_share, embargo)
    return FittingRows(
        data.labelled.take(fit).thinned(options.max_training_rows),
        data.labelled.take(stop).thinned(options.max_training_rows),
        int(data.known_at[fit].max()),
    )
