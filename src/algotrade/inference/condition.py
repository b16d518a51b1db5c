"""The state of what predictions by symbol depend on."""

import time
from collections.abc import Callable

from algotrade.data.online_store import Batch
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import StoreError, StoreUnavailable
from algotrade.inference.feature_cache import LastKnown
from algotrade.inference.features import FeatureSource
from algotrade.inference.problems import FeaturesNotOnline
from algotrade.inference.schemas import Check, FeatureSets, ModelDescription
from algotrade.inference.windows import lacking, listed, too_old

# A candle may be late by one more before its features count as stale.
_STALE_AFTER_CANDLES = 2


def checks_of(
    model: ModelDescription, features: FeatureSource, now: Callable[[], float] = time.time
) -> tuple[Check, ...]:
    """State of what predictions by symbol depend on, up to the first thing that failed.

    All but ``freshness`` are needed to predict at all; while the last known features are served, only ``online_store``
    fails.
    """
    loaded = Check(name="model", ok=True, detail=f"{model.name} {model.version}")
    reachable = Check(name="online_store", ok=True, detail="answers")
    try:
        batch = features.read(model.symbols)
    except StoreUnavailable as error:
        return loaded, Check(name="online_store", ok=False, detail=str(error))
    except (StoreError, FeaturesNotOnline) as error:
        return loaded, reachable, Check(name="online_features", ok=False, detail=str(error))
    if isinstance(batch, LastKnown):
        served = "does not answer; the last known features are served"
        reachable = Check(name="online_store", ok=False, detail=served, needed=False)
    return loaded, reachable, *_check_vectors(model, batch, now())


def feature_sets_of(model: ModelDescription, features: FeatureSource) -> FeatureSets:
    """The fingerprint that a model was trained on, and the one of the features that are online."""
    try:
        online = features.fingerprint()
    except StoreError:
        online = None
    return FeatureSets(expected=model.feature_fingerprint, online=online)


def _check_vectors(model: ModelDescription, batch: Batch, now: float) -> tuple[Check, ...]:
    found = {
        symbol: too_old(batch, symbol) if symbol in batch.stale else lacking(batch.get(symbol), model)
        for symbol in model.symbols
    }
    unusable = [f"{symbol}: {reason}" for symbol, reason in found.items() if reason]
    if unusable:
        return (Check(name="online_features", ok=False, detail=listed(unusable, "; ")),)
    candle_ms = Timeframe(model.timeframe).milliseconds
    staleness = max(now - (int(each.open_time_ms[-1]) + candle_ms) / 1000 for each in batch.values())
    return (
        Check(name="online_features", ok=True, detail=f"complete for {len(batch)} symbols"),
        Check(
            name="freshness",
            ok=staleness <= _STALE_AFTER_CANDLES * candle_ms / 1000,
            detail=f"the newest candle of every symbol closed at most {staleness:.0f} s ago",
            needed=False,
        ),
    )
