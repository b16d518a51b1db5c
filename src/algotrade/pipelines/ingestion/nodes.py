"""Steps of the ingestion pipeline."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from algotrade.data.consolidation import Consolidated, chosen_series, consolidate, consolidated_name
from algotrade.data.digest import content_digest
from algotrade.data.funding import with_funding
from algotrade.data.quality import Assessment, assess_candles, inspect_candles
from algotrade.data.quality.anomalies import DIVERGENCE
from algotrade.data.quality.assessment import reason_counts, with_age, with_anomalies, with_quarantined
from algotrade.data.source import EXCHANGE, SourceCandles
from algotrade.data.store import CandleStore
from algotrade.domain.candles import to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.pipelines.parameters import FeatureParameters, IngestionParameters, TrainingParameters
from algotrade.validation.folds import walk_forward_folds

logger = logging.getLogger(__name__)

Universe = dict[str, Any]

_KEYS = ["symbol", "open_time"]


def inspect(
    source: SourceCandles, parameters: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, Universe]:
    """Valid candles, rejected rows, what the raw rows told, counts of the reasons, and what the run is about."""
    for note in source.notes:
        logger.info("%s", note)
    inspected = inspect_candles(source.candles, source.timeframe)
    report = inspected.report
    by_exchange = {str(name): sorted(symbols) for name, symbols in report.groupby("exchange")["symbol"]}
    exchange = chosen_series(by_exchange, IngestionParameters.parse(parameters).venue)
    universe: Universe = {
        "source": source.source,
        "exchange": exchange,
        "exchanges": list(by_exchange),
        "symbols_by_exchange": by_exchange,
        "timeframe": source.timeframe.name,
        "symbols": by_exchange.get(exchange) or sorted(report["symbol"].unique()),
        "notes": [*source.notes, *_venue_notes(by_exchange, exchange)],
        "planted_signal": source.planted_signal,
        "read_time": pd.Timestamp.now("UTC").isoformat(),
    }
    logger.info(
        "%d valid candles of %d symbols, %d rows rejected",
        len(inspected.candles),
        report["symbol"].nunique(),
        len(inspected.quarantine),
    )
    return inspected.candles, inspected.quarantine, report, reason_counts(inspected.quarantine), universe


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
        own = candles if len(universe["exchanges"]) == 1 else candles[_is_traded(candles, universe)]
        stored = _stored_keys(history, universe, timeframe)
        known = own[_KEYS] if stored.empty else pd.concat([own[_KEYS], stored])
        warm_up = FeatureParameters.parse(feature_parameters).features(timeframe).lookback + training.history - 2
        warm_up = max(warm_up, training.labeller.warm_up)
        rows = _rows_with_features_and_label(known, warm_up, training.horizon)
        walk_forward_folds(*rows, timeframe.milliseconds, training.folds)
    return candles, rejected


def keep(candles: pd.DataFrame) -> pd.DataFrame:
    """Candles for the store, which writes only what it does not have."""
    return candles


def consolidate_exchanges(
    store: CandleStore, universe: Universe, parameters: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What several exchanges add up to, and how far they are apart; nothing of one exchange alone.

    Made of all that the store has of them, so that a run which brought candles of one exchange only does not
    make a candle of that one. One symbol after the other, so that memory stays flat.
    """
    settings, timeframe = IngestionParameters.parse(parameters).consolidation, Timeframe(universe["timeframe"])
    exchanges = universe["exchanges"] if len(universe["exchanges"]) > 1 else []
    listed = {exchange: universe["symbols_by_exchange"][exchange] for exchange in exchanges}
    parts = []
    for symbol in sorted({symbol for symbols in listed.values() for symbol in symbols}):
        venues = [store.read(exchange, timeframe, [symbol]) for exchange in exchanges if symbol in listed[exchange]]
        parts.append(consolidate(pd.concat(venues, ignore_index=True), timeframe, settings, exchanges))
    found = Consolidated.joined(parts)
    for exchange, rows in found.divergence.groupby("exchange"):
        highest, left_out, candles = rows["max_deviation_bps"].max(), rows["left_out"].sum(), rows["candles"].sum()
        logger.info("%s: up to %.0f bps off, left out of %d of %d candles", exchange, highest, left_out, candles)
    return found.candles, found.divergence, found.left_out, found.timeline


def snapshot(store: CandleStore, universe: Universe) -> tuple[pd.DataFrame, Universe]:
    """All stored candles of the run's series with the funding rates known of them, and the universe with their hash."""
    exchange, timeframe = universe["exchange"], Timeframe(universe["timeframe"])
    venues = [exchange] if exchange in universe["exchanges"] else universe["exchanges"]
    candles = with_funding(store.read(exchange, timeframe, universe["symbols"]), store, venues, timeframe)
    return candles, {**universe, "data_digest": content_digest(candles)}


def assess(
    candles: pd.DataFrame,
    universe: Universe,
    inspected: pd.DataFrame,
    rejected: pd.DataFrame,
    left_out: pd.DataFrame,
    store: CandleStore,
    parameters: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """How good the candles are that the run reads, and those they were consolidated from.

    Report, gaps with known reasons, anomalies, coverage over time, and what was set aside by reason; the run's own
    series come first.
    """
    settings, timeframe = IngestionParameters.parse(parameters).anomalies, Timeframe(universe["timeframe"])
    by_exchange, parts = universe["symbols_by_exchange"], []
    for exchange in dict.fromkeys((universe["exchange"], *universe["exchanges"])):
        own = exchange == universe["exchange"]
        symbols = universe["symbols"] if own else by_exchange[exchange]
        series = candles if own else store.read(exchange, timeframe, symbols)
        holes = store.holes(exchange, timeframe, symbols)
        parts.append(assess_candles(series, timeframe, inspected, holes, settings))
    found = Assessment.joined(parts)
    divergent = left_out.rename(columns={"start": "open_time", "max_deviation_bps": "score"}).assign(kind=DIVERGENCE)
    report = with_anomalies(found.report, divergent)
    if universe["source"] == EXCHANGE:
        # What an exchange sends is checked while it is downloaded; this run found it in the store.
        filed = [store.quarantine(exchange, timeframe, symbols) for exchange, symbols in by_exchange.items()]
        rejected = reason_counts(pd.concat([rows[rows["released_at"].isna()] for rows in filed], ignore_index=True))
        report = with_quarantined(report, rejected)
        report = with_age(report, timeframe, pd.Timestamp(universe["read_time"]))
    odd = [found.anomalies, divergent[list(found.anomalies)]] if len(divergent) else [found.anomalies]
    return report, found.gaps, pd.concat(odd, ignore_index=True), found.coverage, rejected


def _venue_notes(exchanges: Mapping[str, object], chosen: str) -> list[str]:
    """What a reader should know where several exchanges were read."""
    if len(exchanges) == 1:
        return []
    names = ", ".join(exchanges)
    if chosen in exchanges:
        return [f"Candles of {names} were read; the run trades on those of {chosen}."]
    return [
        f"Prices are those of {names}, weighted by volume; an exchange far from the others is left out of a candle."
    ]


def _is_traded(candles: pd.DataFrame, universe: Universe) -> "pd.Series[bool]":
    """Which candles are, or become part of, the series that the run is about."""
    if universe["exchange"] == consolidated_name(universe["exchanges"]):
        return pd.Series(data=True, index=candles.index)
    return pd.Series(candles["exchange"] == universe["exchange"])


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
