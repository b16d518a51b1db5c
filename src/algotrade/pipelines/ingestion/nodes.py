"""Steps of the ingestion pipeline."""

import logging
from typing import Any

import numpy as np
import pandas as pd

from algotrade.data.digest import content_digest
from algotrade.data.quality import inspect_candles
from algotrade.data.source import SourceCandles
from algotrade.data.store import CandleStore
from algotrade.domain.candles import to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.features import FeatureSet
from algotrade.pipelines.parameters import FeatureParameters, IngestionParameters, TrainingParameters
from algotrade.validation.folds import walk_forward_folds

logger = logging.getLogger(__name__)

Universe = dict[str, Any]

_KEYS = ["symbol", "open_time"]


def inspect(source: SourceCandles) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Universe]:
    """Valid candles, rejected rows with their reasons, a quality report, and what the run is about."""
    for note in source.notes:
        logger.info("%s", note)
    inspected = inspect_candles(source.candles, source.timeframe)
    candles = inspected.candles
    universe: Universe = {
        "source": source.source,
        "exchange": str(candles["exchange"].iloc[0]),
        "timeframe": source.timeframe.name,
        "symbols": sorted(candles["symbol"].unique()),
        "notes": list(source.notes),
        "planted_signal": source.planted_signal,
    }
    logger.info(
        "%d valid candles of %d symbols, %d rows rejected",
        len(candles),
        len(universe["symbols"]),
        len(inspected.quarantine),
    )
    return candles, inspected.quarantine, inspected.report, universe


def require_enough_history(
    candles: pd.DataFrame,
    rejected: pd.DataFrame,
    universe: Universe,
    history: CandleStore,
    parameters: dict[str, Any],
    feature_parameters: dict[str, Any],
    training_parameters: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Candles and rejected rows, let through only if the folds of the training can be cut from them.

    What the store already has of the same series counts. The check stands before anything is
    written, so that a refused run leaves the store as it was.
    """
    if IngestionParameters.parse(parameters).require_enough_history:
        training = TrainingParameters.parse(training_parameters)
        timeframe = Timeframe(universe["timeframe"])
        known = pd.concat([candles[_KEYS], _stored_keys(history, universe, timeframe)])
        warm_up = FeatureSet.of(FeatureParameters.parse(feature_parameters).names).lookback + training.history - 2
        rows = _rows_with_features_and_label(known, warm_up, training.horizon)
        walk_forward_folds(*rows, timeframe.milliseconds, training.folds)
    return candles, rejected


def keep(candles: pd.DataFrame) -> pd.DataFrame:
    """Candles for the store, which writes only what it does not have."""
    return candles


def snapshot(store: CandleStore, universe: Universe) -> tuple[pd.DataFrame, Universe]:
    """All stored candles of the run's series, and the universe with their content hash."""
    candles = store.read(universe["exchange"], Timeframe(universe["timeframe"]), universe["symbols"])
    return candles, {**universe, "data_digest": content_digest(candles)}


def _stored_keys(history: CandleStore, universe: Universe, timeframe: Timeframe) -> pd.DataFrame:
    """Symbol and open time of what the store already has of the run's series."""
    series = history.series()
    same = (series["exchange"] == universe["exchange"]) & (series["timeframe"] == timeframe.name)
    symbols = [symbol for symbol in universe["symbols"] if symbol in set(series.loc[same, "symbol"])]
    if not symbols:
        return pd.DataFrame(columns=_KEYS)
    return history.read(universe["exchange"], timeframe, symbols, columns=["close"])[_KEYS]


def _rows_with_features_and_label(candles: pd.DataFrame, warm_up: int, horizon: int) -> tuple[IntArray, IntArray]:
    """Open time and ``known_at`` of the candles that can become samples, each once, gaps aside."""
    by_symbol = candles.groupby("symbol", sort=True)["open_time"]
    times = [np.unique(to_milliseconds(series)) for _, series in by_symbol]
    open_time = [of_symbol[warm_up : len(of_symbol) - horizon - 1] for of_symbol in times]
    known_at = [of_symbol[warm_up + horizon + 1 :] for of_symbol in times]
    return np.concatenate(open_time), np.concatenate(known_at)
