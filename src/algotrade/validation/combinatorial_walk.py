"""Models walked through every split of a combinatorial cross-validation, and what the paths say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray, from_milliseconds
from algotrade.models.base import Model
from algotrade.models.preparation import Preparation, PreparationSettings
from algotrade.models.samples import LabelledSamples, Targets, even_steps
from algotrade.validation.combinatorial import (
    CombinatorialSettings,
    Split,
    combinatorial_splits,
    refuse_overlap,
    split_rows,
)
from algotrade.validation.overfitting import OverfittingEstimate, probability_of_backtest_overfitting
from algotrade.validation.scores.points import accuracy, auc, information_coefficient, log_loss, log_losses
from algotrade.validation.training_data import TrainingData
from algotrade.validation.training_rows import fitting_samples

_BLOCKS = 16
PATH_COLUMNS = ("model", "path", "rows", "log_loss", "gain", "auc", "accuracy", "information_coefficient")
"""Columns of the scores of the paths."""
SPLIT_COLUMNS = ("split", "tested", "training_rows", "left_out_rows", "test_rows")
"""Columns of the table of splits."""

Progress = Callable[[Split], None]


@dataclass(frozen=True)
class CombinatorialWalk:
    """What a combinatorial walk leaves.

    Attributes
    ----------
    predictions : DataFrame
        One row a model, path and tested row: ``model``, ``path``, ``split``, ``group``, ``symbol``, ``open_time``,
        ``known_at``, ``probability``, ``forward_return``, ``gain``: by how much the log loss is below that of the base
        rate of the training rows.
    splits : DataFrame
        One row a split, with the columns ``SPLIT_COLUMNS``; left out is what was purged or embargoed.
    """

    predictions: pd.DataFrame
    splits: pd.DataFrame


def walk_combinatorial(
    models: Mapping[str, Model],
    data: TrainingData,
    settings: CombinatorialSettings,
    preparation: PreparationSettings | None = None,
    progress: Progress | None = None,
) -> CombinatorialWalk:
    """Forecasts of every model on every path, each by a model fitted on rows whose labels overlap with no tested one.

    Parameters
    ----------
    models : mapping of str to Model
        Unfitted, by what to call them; none of them stops early, for there is no later part of the training rows.
    data : TrainingData
    settings : CombinatorialSettings
    preparation : PreparationSettings, optional
        Fitted on the training rows of each split; without it the models see the features as they are.
    progress : callable, optional
        Called with each split when it is done.

    Raises
    ------
    TooFewCandles
        If a group has no row, or a split nothing to learn from.
    ModelError
        If a model cannot learn from the training rows of a split.
    """
    if len(data) > settings.max_rows:
        data = data.take(np.isin(np.arange(len(data)), even_steps(len(data), settings.max_rows)))
    walked, info = [], []
    for split in combinatorial_splits(data.open_time, data.timeframe.milliseconds, settings):
        training, tested = split_rows(split, data.open_time, data.known_at)
        refuse_overlap(training, tested, data.open_time, data.known_at)
        fit, test = fitting_samples(data, training, len(data)), data.take(tested)
        prepared = Preparation.fit(fit, data.feature_names, preparation or PreparationSettings())
        for name, model in models.items():
            seen = prepared if model.prepared else Preparation.nothing(data.feature_names)
            fitted = model.fit(seen.of_labelled(fit))
            probability = fitted.predict(seen.of(test.labelled.samples)).probability
            walked.append(_forecasts(name, split, test, probability, fit))
        counts = int(training.sum()), len(data) - int(training.sum()) - len(test), len(test)
        info.append((split.index, "+".join(map(str, split.tested)), *counts))
        if progress is not None:
            progress(split)
    return CombinatorialWalk(pd.concat(walked, ignore_index=True), pd.DataFrame(info, columns=list(SPLIT_COLUMNS)))


def path_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Scores of every model on every path through the whole history.

    Returns
    -------
    DataFrame
        ``model``, ``path``, ``rows``, ``log_loss``, ``gain`` (of log loss against the base rate; above 0 a model knows
        something), ``auc``, ``accuracy``, ``information_coefficient`` (rank correlation of probability and return).
    """
    rows = []
    for (name, path), own in predictions.groupby(["model", "path"], sort=True):
        probability, returns = own["probability"].to_numpy(np.float64), own["forward_return"].to_numpy(np.float64)
        scores = {
            "log_loss": log_loss(probability, returns > 0),
            "gain": float(own["gain"].mean()),
            "auc": auc(probability, returns > 0),
            "accuracy": accuracy(probability, returns > 0),
            "information_coefficient": information_coefficient(probability, returns),
        }
        rows.append({"model": name, "path": path, "rows": len(own), **scores})
    return pd.DataFrame(rows, columns=list(PATH_COLUMNS))


def daily_gains(predictions: pd.DataFrame) -> pd.DataFrame:
    """Mean gain of each model on each UTC day, over all paths: days down, models across, complete."""
    day = predictions["open_time"].dt.floor("D").rename("day")
    gains = predictions.assign(day=day).pivot_table(index="day", columns="model", values="gain", aggfunc="mean")
    return gains.dropna()


def choice_overfitting(predictions: pd.DataFrame) -> OverfittingEstimate | None:
    """How often the model with the best gain on half of the days is below the median on the others; None for one model.

    By combinatorially symmetric cross-validation over blocks of days, as few as a short history has.
    """
    gains = daily_gains(predictions)
    blocks = min(_BLOCKS, len(gains) // 2 // 2 * 2)
    if gains.shape[1] < 2 or blocks < 4:
        return None
    return probability_of_backtest_overfitting(gains.to_numpy(dtype=np.float64), blocks, by="mean")


def summarise_paths(
    scores: pd.DataFrame, estimate: OverfittingEstimate | None, settings: CombinatorialSettings
) -> dict[str, Any]:
    """The distribution of path scores by model, and the probability of overfitting of choosing among them, as JSON."""
    return {
        "groups": settings.groups,
        "test_groups": settings.test_groups,
        "splits": settings.splits,
        "paths": settings.paths,
        "models": {
            str(name): {column: _distribution(own[column].to_numpy(dtype=np.float64)) for column in ("gain", "auc")}
            | {"paths_above_base_rate": int((own["gain"] > 0).sum())}
            for name, own in scores.groupby("model", sort=True)
        },
        "best": str(scores.groupby("model")["gain"].mean().idxmax()),
        "probability_of_overfitting": None if estimate is None else estimate.probability,
    }


def _distribution(values: FloatArray) -> dict[str, float]:
    return {
        "mean": float(values.mean()),
        "standard_deviation": float(values.std(ddof=1)) if len(values) > 1 else 0.0,
        "lowest": float(values.min()),
        "highest": float(values.max()),
    }


def _forecasts(
    name: str, split: Split, test: TrainingData, probability: FloatArray, fit: LabelledSamples
) -> pd.DataFrame:
    group = np.searchsorted(np.asarray(split.starts), test.open_time, side="right") - 1
    return pd.DataFrame(
        {
            "model": pd.Series(name, index=range(len(test)), dtype="str"),
            "path": np.asarray(split.paths)[group],
            "split": split.index,
            "group": np.asarray(split.tested)[group],
            "symbol": pd.Index(test.symbols).take(test.symbol_codes),
            "open_time": from_milliseconds(test.open_time),
            "known_at": from_milliseconds(test.known_at),
            "probability": probability,
            "forward_return": test.labelled.targets.forward_return,
            "gain": _gain(probability, test.labelled.targets, float(fit.targets.direction.mean())),
        }
    )


def _gain(probability: FloatArray, targets: Targets, base_rate: float) -> FloatArray:
    base = np.full(len(probability), base_rate)
    return log_losses(base, targets.direction) - log_losses(probability, targets.direction)
