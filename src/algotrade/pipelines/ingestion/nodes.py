"""Steps of the ingestion pipeline."""

import logging
from typing import Any

import pandas as pd

from algotrade.data.digest import content_digest
from algotrade.data.quality import inspect_candles
from algotrade.data.source import SourceCandles
from algotrade.data.store import CandleStore
from algotrade.domain.candles import to_milliseconds
from algotrade.pipelines.parameters import IngestionParameters, TrainingParameters
from algotrade.validation.folds import walk_forward_folds

logger = logging.getLogger(__name__)

Universe = dict[str, Any]


def inspect(source: SourceCandles) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Universe]:
    """Valid candles, rejected rows with their reasons, a quality report, and what the run is about."""
    for note in source.notes:
        logger.info("%s", note)
    inspected = inspect_candles(source.candles, source.timeframe)
    candles = inspected.candles
    universe = {
        "source": source.source,
        "exchange": str(candles["exchange"].iloc[0]),
        "timeframe": source.timeframe.name,
        "symbols": sorted(candles["symbol"].unique()),
        "notes": list(source.notes),
    }
    logger.info(
        "%d valid candles of %d symbols, %d rows rejected",
        len(candles),
        len(universe["symbols"]),
        len(inspected.quarantine),
    )
    return candles, inspected.quarantine, inspected.report, universe


def require_enough_history(  # noqa: PLR0913 - the inputs of a node are its arguments
    candles: pd.DataFrame,
    rejected: pd.DataFrame,
    universe: Universe,
    history: CandleStore,
    ingestion: dict[str, Any],
    training: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Candles and rejected rows, let through only if the folds of the training can be cut from them.

    What the store already has of the same series counts. The check stands before anything is
    written, so that a refused run leaves the store as it was.
    """
    if IngestionParameters.parse(ingestion).require_enough_history:
        stored = history.read(universe["exchange"], universe["timeframe"], universe["symbols"], columns=["close"])
        times = pd.concat([candles["open_time"], stored["open_time"]])
        walk_forward_folds(to_milliseconds(times), TrainingParameters.parse(training).folds)
    return candles, rejected


def keep(candles: pd.DataFrame) -> pd.DataFrame:
    """Candles for the store, which writes only what it does not have."""
    return candles


def snapshot(store: CandleStore, universe: Universe) -> tuple[pd.DataFrame, Universe]:
    """All stored candles of the run's series, and the universe with their content hash."""
    candles = store.read(universe["exchange"], universe["timeframe"], universe["symbols"])
    return candles, {**universe, "data_digest": content_digest(candles)}
