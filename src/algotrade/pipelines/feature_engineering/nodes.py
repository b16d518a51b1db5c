"""Steps of the feature pipeline."""

from typing import Any

import pandas as pd

from algotrade.data.online_store import FeatureSpec, FeatureVectors
from algotrade.domain.candles import Panel, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.features import FEATURES, FeatureSet
from algotrade.pipelines.parameters import FeatureParameters


def compute_features(
    candles: pd.DataFrame, universe: dict[str, Any], parameters: dict[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Features of every candle, one column each, and the specification they were computed by."""
    features = FeatureSet.of(FeatureParameters.parse(parameters).names)
    panel = Panel.from_frame(candles, Timeframe(universe["timeframe"]), universe["symbols"])
    spec = {
        "names": list(features.names),
        "families": [FEATURES[name].family for name in features.names],
        "lookback": features.lookback,
        "fingerprint": features.fingerprint,
    }
    return features.to_frame(panel), spec


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
    return universe["exchange"], universe["timeframe"], FeatureSpec(tuple(names), spec["fingerprint"]), vectors
