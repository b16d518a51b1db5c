"""Every model judged on rows that came after everything it learned from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import BoolArray, from_milliseconds
from algotrade.models.base import Model, build_model
from algotrade.models.configuration import STRICT
from algotrade.models.samples import Forecast
from algotrade.validation.folds import Fold, early_stopping_split, test_rows, train_rows
from algotrade.validation.training_data import TrainingData

PREDICTION_COLUMNS = (
    "model",
    "fold",
    "symbol",
    "open_time",
    "close_time",
    "probability",
    "expected_return",
    "forward_return",
    "known_at",
)
"""Columns of the out-of-fold predictions."""

Progress = Callable[[str, Fold], None]


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
class WalkForward:
    """What a walk-forward leaves.

    Attributes
    ----------
    predictions : DataFrame
        Out-of-fold predictions, one row a test row, with the columns ``PREDICTION_COLUMNS``.
    folds : DataFrame
        One row a fold: ``model``, ``fold``, ``train_start``, ``train_until``, ``test_start``, ``test_end``,
        ``training_rows``, ``early_stopping_rows``, ``test_rows``, ``seconds``. Training rows are counted
        after purging and thinning; no row's label is known after ``train_until``.
    """

    predictions: pd.DataFrame
    folds: pd.DataFrame


def walk_forward(
    model_name: str,
    settings: Mapping[str, Any],
    data: TrainingData,
    folds: Sequence[Fold],
    training: TrainingSettings | None = None,
    progress: Progress | None = None,
) -> WalkForward:
    """Out-of-fold predictions of one model: in each fold fitted afresh on purged rows, then asked about the test rows.

    Parameters
    ----------
    model_name : str
        Among ``MODELS``.
    settings : mapping
        Of the model.
    data : TrainingData
        The same for all models that are to be compared.
    folds : sequence of Fold
        From ``walk_forward_folds``.
    training : TrainingSettings, optional
    progress : callable, optional
        Called with the model's name and the fold when a fold is done.

    Raises
    ------
    ConfigurationError
        If the model or one of its settings is not known.
    TooFewCandles
        If a fold has too few rows to train on and to stop early on.
    """
    model, options = build_model(model_name, settings), training or TrainingSettings()
    predictions, info = [], []
    for fold in folds:
        started = perf_counter()
        may_train, tested = train_rows(fold, data.open_time, data.known_at), test_rows(fold, data.open_time)
        fitted, counts = _fit(model, data, may_train, fold.embargo, options)
        forecast = fitted.predict(data.labelled.samples.take(tested))
        predictions.append(_prediction_frame(model_name, fold, data.take(tested), forecast))
        info.append(_fold_info(model_name, fold, (*counts, int(tested.sum())), perf_counter() - started))
        if progress is not None:
            progress(model_name, fold)
    return WalkForward(pd.concat(predictions, ignore_index=True), pd.DataFrame(info))


def fit_final(
    model_name: str,
    settings: Mapping[str, Any],
    data: TrainingData,
    training: TrainingSettings | None = None,
    embargo: int = 0,
) -> Model:
    """Model fitted on all labelled rows, the latest of them, purged, for early stopping.

    For the ensemble, ``settings`` carry its members and the weights that ``blend_out_of_fold`` found.

    Parameters
    ----------
    embargo : int
        Candles, as in ``FoldSettings``.

    Raises
    ------
    ConfigurationError
        If the model or one of its settings is not known.
    TooFewCandles
        If there are too few rows.
    """
    model, options = build_model(model_name, settings), training or TrainingSettings()
    everything = np.ones(len(data), dtype=np.bool_)
    return _fit(model, data, everything, embargo * data.timeframe.milliseconds, options)[0]


def _fit(
    model: Model, data: TrainingData, rows: BoolArray, embargo: int, options: TrainingSettings
) -> tuple[Model, tuple[int, int]]:
    fit, stop = early_stopping_split(rows, data.open_time, data.known_at, options.early_stopping_share, embargo)
    training = data.labelled.take(fit).thinned(options.max_training_rows)
    early_stopping = data.labelled.take(stop).thinned(options.max_training_rows)
    return model.fit(training, early_stopping), (len(training), len(early_stopping))


def _prediction_frame(model_name: str, fold: Fold, tested: TrainingData, forecast: Forecast) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": pd.Series(model_name, index=range(len(tested)), dtype="str"),
            "fold": fold.index,
            "symbol": pd.Index(tested.symbols).take(tested.symbol_codes),
            "open_time": from_milliseconds(tested.open_time),
            "close_time": from_milliseconds(tested.open_time + tested.timeframe.milliseconds),
            "probability": forecast.probability,
            "expected_return": forecast.expected_return,
            "forward_return": tested.labelled.targets.forward_return,
            "known_at": from_milliseconds(tested.known_at),
        },
        columns=list(PREDICTION_COLUMNS),
    )


def _fold_info(model_name: str, fold: Fold, rows: tuple[int, int, int], seconds: float) -> dict[str, Any]:
    times = from_milliseconds([fold.train_start, fold.train_until, fold.test_start, fold.test_end])
    return {
        "model": model_name,
        "fold": fold.index,
        **dict(zip(("train_start", "train_until", "test_start", "test_end"), times, strict=True)),
        **dict(zip(("training_rows", "early_stopping_rows", "test_rows"), rows, strict=True)),
        "seconds": seconds,
    }
