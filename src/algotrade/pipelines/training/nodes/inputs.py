"""From features and candles to prepared samples: labels, folds, what is fitted on features."""

import logging
from dataclasses import asdict
from typing import Any

import pandas as pd

from algotrade.domain.candles import Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.pipelines.parameters import TrainingParameters
from algotrade.pipelines.training.nodes.artefacts import families_of, folds_of
from algotrade.validation.fold_layout import fold_layout
from algotrade.validation.folds import walk_forward_folds
from algotrade.validation.further_horizons import with_further_horizons
from algotrade.validation.hygiene import feature_hygiene, row_loss
from algotrade.validation.preparing import fit_preparations
from algotrade.validation.training_data import TrainingData, training_data

logger = logging.getLogger(__name__)


def label(candles: pd.DataFrame, universe: dict[str, Any], parameters: dict[str, Any]) -> pd.DataFrame:
    """What the market did over the horizon after each candle, and when that was known."""
    panel = Panel.from_frame(candles, Timeframe(universe["timeframe"]), universe["symbols"])
    settings = TrainingParameters.parse(parameters)
    return with_further_horizons(settings.labeller.of(panel), panel, settings.further_horizons)


def join(
    features: pd.DataFrame, labels: pd.DataFrame, universe: dict[str, Any], parameters: dict[str, Any]
) -> TrainingData:
    """Join features and labels into the samples on which every model is fitted and scored."""
    settings = TrainingParameters.parse(parameters)
    lost = row_loss(features)
    if lost.scattered:
        logger.warning(
            "%d of %d feature rows are lost because a feature is missing after its warm-up, most often %s; "
            "the frame feature_hygiene has them all.",
            *(lost.scattered, lost.rows, lost.worst),
        )
    data = training_data(features, labels, Timeframe(universe["timeframe"]), settings.history, settings.weights)
    unused = sorted({*data.symbols_without_samples, *universe["symbols"]} - {*_with_samples(data)})
    if unused:
        logger.warning(
            "%s: no candle with features and a label, so nothing is learned from %s and nothing forecast for %s; "
            "feature_hygiene and data_quality say what is missing.",
            *(", ".join(unused), *(["it"] if len(unused) == 1 else ["them"]) * 2),
        )
    return data


def _with_samples(data: TrainingData) -> list[str]:
    missing = data.symbols_without_samples
    return [symbol for symbol in data.symbols if symbol not in missing]


def cut_folds(data: TrainingData, parameters: dict[str, Any]) -> list[dict[str, int]]:
    """Cut the history into training and test spans, times in milliseconds since the epoch."""
    settings = TrainingParameters.parse(parameters).folds
    folds = walk_forward_folds(data.open_time, data.known_at, data.timeframe.milliseconds, settings)
    return [asdict(fold) for fold in folds]


def lay_out_folds(data: TrainingData, folds: list[dict[str, int]], parameters: dict[str, Any]) -> pd.DataFrame:
    """What each fold does with the rows of each symbol: trained on, stopped early on, left out, tested."""
    layout = fold_layout(data, folds_of(folds), TrainingParameters.parse(parameters).fitting)
    late = layout[layout["part"] == "not joined"].groupby("symbol")["fold"].nunique()
    for symbol, count in late.items():
        logger.info(
            "%s has too few training rows in %d of %d folds, and takes no part in them", symbol, count, len(folds)
        )
    return layout


def inspect_features(features: pd.DataFrame, spec: dict[str, Any], parameters: dict[str, Any]) -> pd.DataFrame:
    """What the feature frame is like, test rows included; a report from which nothing is chosen."""
    return feature_hygiene(features, families_of(spec), TrainingParameters.parse(parameters).hygiene)


def prepare(data: TrainingData, folds: list[dict[str, int]], parameters: dict[str, Any]) -> dict[str, Any]:
    """What is fitted on features, for each fold and for the end, on the rows that models are fitted on."""
    settings = TrainingParameters.parse(parameters)
    fitted = fit_preparations(
        data, folds_of(folds), settings.seeded_preparation, settings.fitting, settings.folds.embargo
    )
    for preparation in (each.preparation for each in (*fitted.folds, fitted.final)):
        logger.info(
            "%d of %d features stay, %d factors are added",
            *(len(preparation.kept), len(preparation.feature_names), len(preparation.factor_names)),
        )
    return fitted.to_json()
