"""All that is to be said of how good a model was, in one place."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.models.configuration import STRICT
from algotrade.validation.scores.association import information_coefficient_t
from algotrade.validation.scores.blocks import DRAWS, Resampling, TimeBlocks
from algotrade.validation.scores.calibration import calibration_scores
from algotrade.validation.scores.draws import score_draws
from algotrade.validation.scores.groups import covers, hit_rates
from algotrade.validation.scores.intervals import Interval
from algotrade.validation.scores.points import SCORES, forecast_rows
from algotrade.validation.scores.tables import model_score


@settings_dataclass(frozen=True, config=STRICT)
class ScoreSettings:
    """How scores are given intervals.

    Attributes
    ----------
    confidence : float
        Of every interval, two-sided.
    draws : int
        Of the block bootstrap.
    seed : int
    """

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    draws: Annotated[int, Field(ge=100)] = DRAWS
    seed: NonNegativeInt = 0


@dataclass(frozen=True)
class ScoreReport:
    """How good each model was out of fold.

    Attributes
    ----------
    scores : dict
        By model: ``folds``, ``rows``, ``SCORES``, ``missing_forecasts``, ``intervals`` by score,
        ``information_coefficient_t``, ``calibration``, ``coverage``, and ``reasons`` for what has no value or no
        interval. What is not defined is None.
    hit_rates : DataFrame
        ``model``, then as ``scores.groups.hit_rates`` gives them.
    """

    scores: dict[str, dict[str, Any]]
    hit_rates: pd.DataFrame


def score_report(predictions: pd.DataFrame, settings: ScoreSettings | None = None) -> ScoreReport:
    """Every score of every model, with intervals by circular block bootstrap over time.

    What cannot be computed is None with its reason, never an error: a model that forecasts nothing, or always the
    same, or only rows that all went one way, does not keep the others from being judged.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions of several models; rows without a forecast (NaN) are counted and left out. ``lower``
        and ``upper`` of the interval around the return, and ``regime``, are optional.
    settings : ScoreSettings, optional
    """
    options, scores, tables = settings or ScoreSettings(), {}, []
    drawn: dict[bytes, Resampling] = {}
    for model, own in predictions.groupby("model", sort=True):
        known = forecast_rows(own)
        blocks = TimeBlocks.of(known)
        # Models that forecast the same rows in the same order share their draws.
        key = blocks.open_time.tobytes()
        if key not in drawn:
            drawn[key] = blocks.resampled(options.draws, options.seed)
        scores[str(model)] = {**_judged(known, drawn[key], options), "missing_forecasts": len(own) - len(known)}
        table = hit_rates(known, drawn[key], options.confidence)
        table.insert(0, "model", str(model))
        tables.append(table)
    return ScoreReport(scores, pd.concat(tables, ignore_index=True))


def _judged(known: pd.DataFrame, resampling: Resampling, options: ScoreSettings) -> dict[str, Any]:
    found = {
        score: Interval.of_draws(
            model_score(known, score), score_draws(known, score, resampling), resampling.blocks, options.confidence
        )
        for score in SCORES
    }
    calibration = calibration_scores(known, resampling, options.confidence)
    coverage = _coverage(known, resampling, options.confidence)
    lines = {"calibration_slope": calibration.slope, "interval_coverage": coverage}
    return {
        "folds": known["fold"].nunique(),
        "rows": len(known),
        **{score: each.value if np.isfinite(each.value) else None for score, each in found.items()},
        "information_coefficient_t": _number(information_coefficient_t(known)) if len(known) else None,
        "intervals": {score: each.to_json() for score, each in found.items()},
        "calibration": calibration.to_json(),
        "coverage": {**coverage.with_value(), "mean_width": _mean_width(known)},
        "reasons": {name: each.reason for name, each in (found | lines).items() if each.reason},
    }


def _coverage(known: pd.DataFrame, resampling: Resampling, confidence: float) -> Interval:
    covered = covers(known)
    there = np.isfinite(covered)
    if not there.any():
        return Interval.of_draws(float("nan"), np.zeros(0), resampling.blocks).because("no row has an interval")
    held = resampling.sums(np.column_stack([np.nan_to_num(covered), there.astype(np.float64)]))
    with_rows = held[:, 1] > 0
    drawn = held[with_rows, 0] / held[with_rows, 1]
    return Interval.of_draws(float(covered[there].mean()), drawn, resampling.blocks, confidence)


def _mean_width(known: pd.DataFrame) -> float | None:
    return _number(float((known["upper"] - known["lower"]).mean())) if "lower" in known else None


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
