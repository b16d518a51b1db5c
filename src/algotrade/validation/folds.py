"""Walk-forward folds on calendar time, purged by computation.

A label belongs to its row but becomes known only at its ``known_at``, the open of the exit candle. A model
that forecasts the test rows of a fold must exist before the first of them is decided on::

      training rows (known_at <= train_until)  │ embargo │        test rows
    ──●────●────●────●────●─────────────────────┼─────────┼──■──────■──────■──────■──▶ time
                          └── horizon ──▶ known_at        │  └ decided at its close: test_start + one candle
                                           train_until    test_start: its open

The decision on the first test row is taken at its close, one candle after ``test_start``. We ask for more:
every training label is known at ``test_start - embargo``, the *open* of the first test row. That leaves one
candle to fit the model in, and the forward returns of training rows end before those of test rows begin, so
that no price move is in both.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import BoolArray, from_milliseconds
from algotrade.domain.timeframe import IntArray
from algotrade.errors import TooFewCandles
from algotrade.models.configuration import STRICT

OpenShare = Annotated[float, Field(gt=0, lt=1)]


@settings_dataclass(frozen=True, config=STRICT)
class FoldSettings:
    """How the history is cut.

    Attributes
    ----------
    folds : int
        Test spans, one after the other, the last one ending with the history.
    test_share : float
        Share of the calendar time that all test spans cover together.
    test_candles : int, optional
        Length of one test span instead.
    mode : {"expanding", "rolling"}
        Whether training starts with the history or keeps the length that it has in the first fold.
    embargo : int
        Candles left out between the last known training label and the test span.
    min_training_rows : int
        Labelled rows that every fold must be able to train on.
    """

    folds: PositiveInt = 5
    test_share: OpenShare = 0.5
    test_candles: PositiveInt | None = None
    mode: Literal["expanding", "rolling"] = "expanding"
    embargo: NonNegativeInt = 0
    min_training_rows: PositiveInt = 200


@dataclass(frozen=True)
class Fold:
    """One step of the walk; times in milliseconds since the epoch.

    Attributes
    ----------
    index : int
        From 0.
    train_start : int
        Open time of the earliest training row.
    train_until : int
        When the last training label must be known.
    test_start, test_end : int
        Open time of the first test row, and of the first row after the test span.
    """

    index: int
    train_start: int
    train_until: int
    test_start: int
    test_end: int

    @property
    def embargo(self) -> int:
        """Time between the last known training label and the test span, milliseconds."""
        return self.test_start - self.train_until


def walk_forward_folds(
    open_time: IntArray, known_at: IntArray, step_ms: int, settings: FoldSettings
) -> tuple[Fold, ...]:
    """Folds whose test spans follow each other on calendar time, the same for every symbol.

    A symbol that is listed late joins the training rows of later folds.

    Parameters
    ----------
    open_time, known_at : ndarray of int64, shape ``(n,)``
        Of the labelled rows of all symbols, in any order, milliseconds since the epoch.
    step_ms : int
        Length of a candle.
    settings : FoldSettings

    Raises
    ------
    TooFewCandles
        If a fold would have too few training rows or no test row, or a label spans more candles than a test span.
    """
    if len(open_time) == 0:
        raise TooFewCandles(
            "There is no labelled row with complete features. Fetch a longer history, or lower the horizon, "
            "the feature lookback or the history of the models."
        )
    first, end = int(open_time.min()), int(open_time.max()) + step_ms
    candles = (end - first) // step_ms
    length = settings.test_candles or int(candles * settings.test_share) // settings.folds
    if length < 1 or length * settings.folds >= candles:
        raise TooFewCandles(
            f"{candles} candles cannot be cut into {settings.folds} test spans of {max(length, 1)} candles with "
            "candles left to train on. Fetch a longer history, or lower `folds` or `test_candles`."
        )
    _refuse_long_labels(int((known_at - open_time).max()) // step_ms, length, settings)
    starts = [end - remaining * length * step_ms for remaining in range(settings.folds, 0, -1)]
    folds = tuple(
        Fold(
            index=index,
            train_start=first + (start - starts[0] if settings.mode == "rolling" else 0),
            train_until=start - settings.embargo * step_ms,
            test_start=start,
            test_end=start + length * step_ms,
        )
        for index, start in enumerate(starts)
    )
    for fold in folds:
        _check(fold, open_time, known_at, settings)
    return folds


def train_rows(fold: Fold, open_time: IntArray, known_at: IntArray) -> BoolArray:
    """Rows whose label is known when training must end, shape ``(n,)``: purged whatever the horizon."""
    return (open_time >= fold.train_start) & (known_at <= fold.train_until)


def test_rows(fold: Fold, open_time: IntArray) -> BoolArray:
    """Rows of the test span, shape ``(n,)``."""
    return (open_time >= fold.test_start) & (open_time < fold.test_end)


def early_stopping_split(
    rows: BoolArray, open_time: IntArray, known_at: IntArray, share: float, embargo: int
) -> tuple[BoolArray, BoolArray]:
    """Training rows cut in two, shape ``(n,)`` each: to fit on, and the latest ``share`` to stop early on.

    The first part is purged against the second as training rows are against test rows.

    Parameters
    ----------
    rows : ndarray of bool, shape ``(n,)``
        Training rows.
    open_time, known_at : ndarray of int64, shape ``(n,)``
    share : float
        Of the training rows.
    embargo : int
        Milliseconds.

    Raises
    ------
    TooFewCandles
        If either part would be empty.
    """
    times = open_time[rows]
    start = np.quantile(times, 1 - share, method="higher") if len(times) else 0
    fit, stop = rows & (known_at <= start - embargo), rows & (open_time >= start)
    if not fit.any() or not stop.any():
        raise TooFewCandles(
            f"{len(times)} training rows cannot be cut into rows to fit on and a last {share:.0%} to stop early on. "
            "Fetch a longer history, or lower `folds`, `test_share`, `embargo` or the horizon."
        )
    return fit, stop


def _refuse_long_labels(span: int, length: int, settings: FoldSettings) -> None:
    """Raise TooFewCandles if the last labels of a test span are not known before the next but one begins."""
    if span > length:
        raise TooFewCandles(
            f"A label is known up to {span} candles after the open of its row, but a test span has {length} candles: "
            f"purging would take all of the fold before. Lower the horizon or `folds` (now {settings.folds}), raise "
            "`test_share` or `test_candles`, or fetch a longer history."
        )


def _check(fold: Fold, open_time: IntArray, known_at: IntArray, settings: FoldSettings) -> None:
    training = int(train_rows(fold, open_time, known_at).sum())
    if training < settings.min_training_rows:
        raise TooFewCandles(
            f"Fold {fold.index} has {training} training rows whose labels are known before its test span starts "
            f"at {_day(fold.test_start)}; {settings.min_training_rows} are needed. Fetch a longer history, or lower "
            "`folds`, `test_share` or `test_candles`, `embargo`, the horizon or `min_training_rows`."
        )
    if not test_rows(fold, open_time).any():
        raise TooFewCandles(
            f"Fold {fold.index} has no test row from {_day(fold.test_start)} to {_day(fold.test_end)}: no symbol has "
            "labelled candles there. Fill the gap by fetching the candles again, or lower `folds`."
        )


def _day(time_ms: int) -> str:
    return f"{from_milliseconds([time_ms])[0]:%Y-%m-%d %H:%M}"
