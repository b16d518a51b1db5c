"""Every model judged on rows that came after everything it learned from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import pandas as pd

from algotrade.domain.candles import from_milliseconds
from algotrade.errors import ModelError
from algotrade.models.base import Model
from algotrade.models.preparation import Preparation
from algotrade.models.samples import Forecast
from algotrade.validation.folds import Fold
from algotrade.validation.preparing import FoldPreparation
from algotrade.validation.training_data import TrainingData
from algotrade.validation.training_rows import FittingRows, TrainingSettings, final_rows, fold_rows, rows_tested

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
    models : tuple of Model
        The fitted model of each fold; it sees what the fold's preparation leaves of the features.
    """

    predictions: pd.DataFrame
    folds: pd.DataFrame
    models: tuple[Model, ...]


def walk_forward(
    model: Model,
    data: TrainingData,
    folds: Sequence[Fold],
    training: TrainingSettings | None = None,
    preparations: Sequence[FoldPreparation] | None = None,
    progress: Progress | None = None,
) -> WalkForward:
    """Out-of-fold predictions of one model: in each fold fitted afresh on purged rows, then asked about the test rows.

    Parameters
    ----------
    model : Model
        Unfitted, as ``build_model`` makes it.
    data : TrainingData
        The same for all models that are to be compared.
    folds : sequence of Fold
        From ``walk_forward_folds``.
    training : TrainingSettings, optional
    preparations : sequence of FoldPreparation, optional
        One for each fold, from ``fit_preparations``; without them the model sees the features as they are, and
        so does one that is not ``prepared``.
    progress : callable, optional
        Called with the model's name and the fold when a fold is done.

    Raises
    ------
    TooFewCandles
        If a fold has too few rows to train on and to stop early on.
    ModelError
        If a preparation has learned from labels that the training of its fold must not know.
    """
    options, predictions, info, models = training or TrainingSettings(), [], [], []
    fitted_preparations = preparations if model.prepared else None
    for fold, preparation in zip(folds, _allowed(fitted_preparations, folds, data), strict=True):
        started = perf_counter()
        rows = fold_rows(data, fold, options)
        tested = rows_tested(data, fold, options)
        fitted = _fit(model, preparation, rows)
        forecast = fitted.predict(preparation.of(data.labelled.samples.take(tested)))
        counts = len(rows.training), len(rows.early_stopping), int(tested.sum())
        predictions.append(predictions_of(model.name, fold, data.take(tested), forecast))
        info.append(_fold_info(model.name, fold, counts, perf_counter() - started))
        models.append(fitted)
        if progress is not None:
            progress(model.name, fold)
    return WalkForward(pd.concat(predictions, ignore_index=True), pd.DataFrame(info), tuple(models))


def fit_final(
    model: Model,
    data: TrainingData,
    training: TrainingSettings | None = None,
    embargo: int = 0,
    preparation: Preparation | None = None,
) -> Model:
    """Model fitted on all labelled rows, the latest of them, purged, for early stopping.

    The ensemble carries its members and the weights that ``blend_out_of_fold`` found in its settings.

    Parameters
    ----------
    model : Model
        Unfitted.
    data : TrainingData
    training : TrainingSettings, optional
    embargo : int
        Candles, as in ``FoldSettings``.
    preparation : Preparation, optional
        The final one of ``fit_preparations``; the fitted model, if it is ``prepared``, sees what it leaves of the
        features.

    Raises
    ------
    TooFewCandles
        If there are too few rows.
    """
    rows = final_rows(data, training or TrainingSettings(), embargo)
    seen = preparation if preparation is not None and model.prepared else Preparation.nothing(data.feature_names)
    return _fit(model, seen, rows)


def no_predictions() -> pd.DataFrame:
    """Out-of-fold predictions of no model: the columns and their types, and no row."""
    types = dict.fromkeys(("open_time", "close_time", "known_at"), "datetime64[ms, UTC]")
    types |= {"model": "str", "fold": "int64", "symbol": "str"}
    return pd.DataFrame({name: pd.Series(dtype=types.get(name, "float64")) for name in PREDICTION_COLUMNS})


def _fit(model: Model, preparation: Preparation, rows: FittingRows) -> Model:
    return model.fit(preparation.of_labelled(rows.training), preparation.of_labelled(rows.early_stopping))


def _allowed(
    preparations: Sequence[FoldPreparation] | None, folds: Sequence[Fold], data: TrainingData
) -> list[Preparation]:
    """The preparation of each fold, if none of them knows more than the training of its fold may."""
    if preparations is None:
        return [Preparation.nothing(data.feature_names)] * len(folds)
    if len(preparations) != len(folds):
        raise ModelError(
            f"There are {len(preparations)} preparations for {len(folds)} folds. "
            "Fit them with `fit_preparations` on these folds."
        )
    for fitted, fold in zip(preparations, folds, strict=True):
        if fitted.known_until > fold.train_until:
            known, until = from_milliseconds([fitted.known_until, fold.train_until])
            raise ModelError(
                f"The preparation for fold {fold.index} was fitted on labels known until {known:%Y-%m-%d %H:%M}, but "
                f"its training ends at {until:%Y-%m-%d %H:%M}. Fit it with `fit_preparations` on these folds, "
                "in their order."
            )
    return [fitted.preparation for fitted in preparations]


def predictions_of(model_name: str, fold: Fold, tested: TrainingData, forecast: Forecast) -> pd.DataFrame:
    """Out-of-fold predictions of the test rows of one fold, with what came of them."""
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
