"""Scores by fold and by model, and how often probabilities came true."""

from typing import Any

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.validation.scores import points
from algotrade.validation.scores.points import SCORES, forecast_rows


def fold_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Scores of each model in each fold.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions; rows without a forecast (NaN) do not count.

    Returns
    -------
    DataFrame
        ``model``, ``fold``, ``start`` and ``end`` (first and last open time), ``rows``, then ``SCORES``.
    """
    rows = [
        {"model": model, "fold": fold, "start": group["open_time"].min(), "end": group["open_time"].max()}
        | {"rows": len(group)}
        | _scores(group)
        for (model, fold), group in forecast_rows(predictions).groupby(["model", "fold"], sort=True)
    ]
    return pd.DataFrame(rows, columns=["model", "fold", "start", "end", "rows", *SCORES])


def model_scores(predictions: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Scores of each model over all folds: the means of its folds, weighted by their rows.

    In every fold another fit forecasts. Ranking the forecasts of different fits against each other would
    score how base rates drifted, not what any of them knew; so AUC and information coefficient are means
    of folds too, where a fold without both directions does not count.

    Returns
    -------
    dict
        By model: ``folds``, ``rows`` and ``SCORES``.
    """
    result = {}
    for model, group in fold_scores(predictions).groupby("model", sort=True):
        overall = {score: _weighted_mean(group[score].to_numpy(), group["rows"].to_numpy()) for score in SCORES}
        result[str(model)] = {"folds": len(group), "rows": int(group["rows"].sum()), **overall}
    return result


def model_score(predictions: pd.DataFrame, score: str) -> float:
    """One score of one model over all folds, as ``model_scores`` has it; NaN without a row."""
    parts = [(score_of(group, score), len(group)) for _, group in predictions.groupby("fold", sort=True)]
    values, rows = (np.array(column, dtype=np.float64) for column in zip(*parts, strict=True)) if parts else ([], [])
    return _weighted_mean(np.asarray(values, dtype=np.float64), np.asarray(rows))


def score_of(group: pd.DataFrame, score: str) -> float:
    """One score of one model in one fold."""
    forward_return = group["forward_return"].to_numpy()
    if score == "information_coefficient":
        return points.information_coefficient(group["expected_return"].to_numpy(), forward_return)
    return float(getattr(points, score)(group["probability"].to_numpy(), forward_return > 0))


def calibration_table(predictions: pd.DataFrame, bins: int = 10) -> pd.DataFrame:
    """How often each model's probabilities came true, in bins that hold equally many predictions.

    A model with fewer different probabilities than ``bins`` has fewer bins.

    Returns
    -------
    DataFrame
        ``model``, ``bin`` (from 0, by rising probability), ``mean_probability``, ``observed_frequency``, ``count``.
    """
    known = forecast_rows(predictions)
    scored = known[["model", "probability"]].assign(rise=known["forward_return"] > 0)
    position = scored.groupby("model")["probability"].rank(method="average", pct=True)
    scored["bin"] = np.ceil(position * bins).astype(int) - 1
    table = scored.groupby(["model", "bin"], as_index=False).agg(
        mean_probability=("probability", "mean"), observed_frequency=("rise", "mean"), count=("rise", "size")
    )
    return table.assign(bin=table.groupby("model").cumcount())


def _scores(group: pd.DataFrame) -> dict[str, float]:
    return {score: score_of(group, score) for score in SCORES}


def _weighted_mean(values: FloatArray, weights: IntArray) -> float:
    known = np.isfinite(values)
    return float(np.average(values[known], weights=weights[known])) if known.any() else float("nan")
