"""Which rows a model is fitted on, in a fold and in the end: the same for its preparation and for itself."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import BoolArray, from_milliseconds
from algotrade.errors import LookAheadFound
from algotrade.models.configuration import STRICT
from algotrade.models.samples import LabelledSamples, even_steps
from algotrade.validation.folds import Fold, early_stopping_split, test_rows, train_rows
from algotrade.validation.sample_weights import fitting_weights
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
    min_symbol_rows : int
        Training rows with which a symbol joins a fold; with fewer it is neither trained on nor tested in that fold.
    """

    early_stopping_share: Annotated[float, Field(gt=0, lt=1)] = 0.15
    max_training_rows: PositiveInt = 200_000
    min_symbol_rows: NonNegativeInt = 100


@dataclass(frozen=True)
class FittingRows:
    """Training rows cut in two: all that parameters and preparation are learned from, and later, purged ones.

    Attributes
    ----------
    training, early_stopping : LabelledSamples
        Raw feature rows, thinned, with weights of mean 1 each.
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
    LookAheadFound
        If the label of one of them is not known by then, whatever chose the rows.
    """
    fit, stop = fitting_masks(data, fold, training)
    _refuse_unknown_labels(data, fold, fit, stop)
    return _fitting_rows(data, fit, stop, training)


def final_rows(data: TrainingData, training: TrainingSettings, embargo: int = 0) -> FittingRows:
    """Rows that the final model is fitted on: all of the symbols with enough rows, purged before early stopping.

    Before the rows of early stopping, ``embargo`` candles are left out.

    Raises
    ------
    TooFewCandles
        If there are too few to fit on and to stop early on.
    """
    everything = _of_symbols_with_rows(data, np.ones(len(data), dtype=np.bool_), training)
    gap = embargo * data.timeframe.milliseconds
    fit, stop = early_stopping_split(everything, data.open_time, data.known_at, training.early_stopping_share, gap)
    return _fitting_rows(data, fit, stop, training)


def fitting_masks(data: TrainingData, fold: Fold, training: TrainingSettings) -> tuple[BoolArray, BoolArray]:
    """Rows that a fold fits on, and rows that it stops early on, shape ``(n,)`` each.

    Raises
    ------
    TooFewCandles
        If either would be empty.
    """
    rows = train_rows(fold, data.open_time, data.known_at) & joined(data, fold, training)
    return early_stopping_split(rows, data.open_time, data.known_at, training.early_stopping_share, fold.embargo)


def rows_tested(data: TrainingData, fold: Fold, training: TrainingSettings) -> BoolArray:
    """Rows of the test span, of the symbols that have joined by then, shape ``(n,)``."""
    return test_rows(fold, data.open_time) & joined(data, fold, training)


def joined(data: TrainingData, fold: Fold, training: TrainingSettings) -> BoolArray:
    """Rows of the symbols that have ``min_symbol_rows`` training rows in the fold, shape ``(n,)``."""
    return _of_symbols_with_rows(data, train_rows(fold, data.open_time, data.known_at), training)


def _of_symbols_with_rows(data: TrainingData, rows: BoolArray, training: TrainingSettings) -> BoolArray:
    """Rows of the symbols that have ``min_symbol_rows`` among these, shape ``(n,)``."""
    counts = np.bincount(data.symbol_codes[rows], minlength=len(data.symbols))
    of_row: BoolArray = (counts >= training.min_symbol_rows)[data.symbol_codes]
    return of_row


def fitting_samples(data: TrainingData, rows: BoolArray, limit: int) -> LabelledSamples:
    """Some of the samples, at most ``limit`` in even steps, with the weights that they have as one training set."""
    chosen = np.flatnonzero(rows)
    if len(chosen) > limit:
        chosen = chosen[even_steps(len(chosen), limit)]
    samples = data.labelled.take(chosen)
    weight = fitting_weights(samples.targets.weight, data.open_time[chosen], data.decay_half_life_days)
    return replace(samples, targets=replace(samples.targets, weight=weight))


def _fitting_rows(data: TrainingData, fit: BoolArray, stop: BoolArray, options: TrainingSettings) -> FittingRows:
    return FittingRows(
        fitting_samples(data, fit, options.max_training_rows),
        fitting_samples(data, stop, options.max_training_rows),
        int(data.known_at[fit].max()),
    )


def _refuse_unknown_labels(data: TrainingData, fold: Fold, fit: BoolArray, stop: BoolArray) -> None:
    """Raise LookAheadFound if a fold would learn from what only its test span, or early stopping, may tell.

    The rows were chosen so that there is none; this looks at what was chosen, not at how.
    """
    stop_start = int(data.open_time[stop].min())
    for what, rows, until in (
        ("fit on", fit, min(stop_start - fold.embargo, fold.train_until)),
        ("stop early on", stop, fold.train_until),
    ):
        late = rows & (data.known_at > until)
        if late.any():
            end, last = from_milliseconds([until, data.known_at[late].max()])
            raise LookAheadFound(
                f"Fold {fold.index} would {what} {int(late.sum())} of {int(rows.sum())} rows whose labels are known "
                f"only after {end:%Y-%m-%d %H:%M}, when these rows end (the last one at {last:%Y-%m-%d %H:%M}): they "
                "tell of what comes after. Purge them by their `known_at`, as `train_rows` does."
            )
