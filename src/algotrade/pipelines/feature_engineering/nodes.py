"""Steps of the feature pipeline."""

import hashlib
import json
import logging
from typing import Any

import pandas as pd

from algotrade.data.online_store import FeatureSpec, FeatureVectors
from algotrade.data.stored_features import StoredFeatures
from algotrade.domain.candles import Panel, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, TooFewCandles
from algotrade.features import FeatureSet
from algotrade.features.lineage import series_digests
from algotrade.pipelines.parameters import FeatureParameters

logger = logging.getLogger(__name__)


def compute_features(
    candles: pd.DataFrame,
    universe: dict[str, Any],
    parameters: dict[str, Any],
    earlier: StoredFeatures | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Features of every candle, one column each, and the specification they were computed by.

    What an earlier run computed of the same candles with the same code is taken from there.
    """
    panel = Panel.from_frame(candles, Timeframe(universe["timeframe"]), universe["symbols"])
    settings = FeatureParameters.parse(parameters)
    features = _computable(settings.features(panel.timeframe), panel, chosen_by_name=settings.names is not None)
    _refuse_short_history(features, panel)
    digests = series_digests(features, panel)
    known = earlier.unchanged(digests) if earlier is not None else {}
    frame = features.to_frame(panel, lambda name, symbol: known.get((name, symbol)))
    spec = {
        "names": list(features.names),
        "families": [each.family for each in features.features],
        "lookback": features.lookback,
        "fingerprint": features.fingerprint,
        "parameters": settings.model_dump(mode="json"),
        "data_digest": universe.get("data_digest"),
        "series": digests,
        "series_digest": hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest(),
    }
    frame.attrs["lineage"] = {
        "feature_fingerprint": features.fingerprint,
        "data_digest": spec["data_digest"],
        "series_digest": spec["series_digest"],
    }
    return frame, spec


def latest_features(
    features: pd.DataFrame, spec: dict[str, Any], universe: dict[str, Any], parameters: dict[str, Any]
) -> tuple[str, str, FeatureSpec, list[FeatureVectors]]:
    """The latest feature rows of each symbol, for the online store."""
    rows = FeatureParameters.parse(parameters).online_rows
    names = spec["names"]
    vectors = [
        FeatureVectors(
            symbol=str(symbol),
            open_time_ms=to_milliseconds(latest["open_time"]),
            values=latest[names].to_numpy(dtype="float64"),
        )
        for symbol, latest in features.groupby("symbol", sort=True).tail(rows).groupby("symbol", sort=True)
    ]
    made_of = FeatureSpec(tuple(names), spec["fingerprint"], spec["data_digest"] or "", spec["parameters"])
    return universe["exchange"], universe["timeframe"], made_of, vectors


def _computable(features: FeatureSet, panel: Panel, *, chosen_by_name: bool) -> FeatureSet:
    """The features whose data the candles have; one that was asked for by name has to be among them."""
    computable = features.computable(panel)
    left_out = [each for each in features.features if each.name not in computable.names]
    if left_out and chosen_by_name:
        raise ConfigurationError(
            f"Feature {left_out[0].name!r} needs {' and '.join(left_out[0].needs)}, which none of these candles has. "
            "Take it out of feature_engineering.names, or use a source that tells it."
        )
    if left_out:
        needs = sorted({need for each in left_out for need in each.needs})
        logger.info("%d features left out: the candles have no %s", len(left_out), " or ".join(needs))
    return computable


def _refuse_short_history(features: FeatureSet, panel: Panel) -> None:
    longest = int(panel.present.sum(axis=0).max())
    neediest = max(features.features, key=lambda each: each.reach)
    if neediest.reach > longest:
        raise TooFewCandles(
            f"Feature {neediest.name!r} looks back {neediest.reach} candles, and the longest history here has "
            f"{longest}. Fetch a longer history, or name the features to compute in feature_engineering.names."
        )
