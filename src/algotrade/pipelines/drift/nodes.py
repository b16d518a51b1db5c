"""Steps of the drift pipeline."""

import logging
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from algotrade.domain.candles import to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import FeatureError
from algotrade.models.bundle import ModelBundle
from algotrade.models.manifest import Manifest
from algotrade.monitoring.drift import (
    Comparison,
    DriftSettings,
    Observations,
    Origin,
    Reference,
    compare,
    in_words,
    learn_reference,
    verdict,
)
from algotrade.monitoring.drift.metrics import DriftMetrics
from algotrade.pipelines.parameters import DriftParameters
from algotrade.reporting.drift import DRIFT_FIGURES, drift_figures, family_table, feature_table, render_drift_page

# Kedro reads the annotations of nodes, and plotly is not to be imported for that.
Figure = Any

logger = logging.getLogger(__name__)


def keep_reference(
    features: pd.DataFrame,
    spec: dict[str, Any],
    universe: dict[str, Any],
    champion: ModelBundle,
    kept: Reference | None,
    parameters: dict[str, Any],
) -> Reference:
    """The features as the champion met them in its training: as kept, or made anew for another champion or settings."""
    manifest, settings = champion.manifest, DriftParameters.parse(parameters).settings
    _require_same_market(manifest, universe)
    if kept is not None and _is_of(kept, manifest, settings):
        kept.require(spec["fingerprint"])
        return kept
    _require_same_features(manifest, spec)
    timeframe = Timeframe(manifest.timeframe).milliseconds
    first, last = (
        int(to_milliseconds(pd.DatetimeIndex([time]))[0]) // timeframe
        for time in (manifest.training_start, manifest.training_end)
    )
    learned = features[features["symbol"].isin(manifest.symbols)]
    reference = learn_reference(
        _observations(learned, spec["names"], timeframe).between(first, last), _origin(manifest, spec), settings
    )
    logger.info(
        "drift reference of %s made from %d rows: %.0f windows of %d candles",
        manifest.version, reference.rows, reference.calibration.independent, settings.current_candles,
    )  # fmt: skip
    return reference


def compare_newest(reference: Reference, features: pd.DataFrame, spec: dict[str, Any]) -> Comparison:
    """The newest candles against the reference."""
    reference.require(spec["fingerprint"])
    return compare(reference, _observations(features, spec["names"], reference.origin.timeframe_ms))


def judge(comparison: Comparison) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame, str]:
    """The verdict, the tables by feature and by family, and the metrics for Prometheus."""
    now = datetime.now(UTC)
    found = verdict(comparison, now)
    log = logger.warning if found["detected"] else logger.info
    for line in in_words(found):
        log("%s", line)
    metrics = DriftMetrics.of(comparison, now.timestamp()).render()
    return found, feature_table(comparison), family_table(comparison), metrics


def draw(comparison: Comparison) -> tuple[Figure, ...]:
    """The figures, in the order of the catalog entries."""
    drawn = drift_figures(comparison)
    return tuple(drawn[name] for name in DRIFT_FIGURES)


def write_page(found: dict[str, Any], features: pd.DataFrame, families: pd.DataFrame, *figures: Figure) -> str:
    """The drift report as one HTML page."""
    return render_drift_page(found, features, families, dict(zip(DRIFT_FIGURES, figures, strict=True)))


def _observations(features: pd.DataFrame, names: list[str], timeframe_ms: int) -> Observations:
    ordered = features.sort_values(["open_time", "symbol"])
    return Observations(to_milliseconds(ordered["open_time"]) // timeframe_ms, ordered[names].to_numpy(dtype="float64"))


def _origin(manifest: Manifest, spec: dict[str, Any]) -> Origin:
    return Origin(
        names=tuple(spec["names"]),
        families=tuple(spec["families"]),
        fingerprint=spec["fingerprint"],
        model_version=manifest.version,
        data_digest=manifest.data_digest,
        exchange=manifest.exchange,
        timeframe=manifest.timeframe,
        timeframe_ms=Timeframe(manifest.timeframe).milliseconds,
        symbols=manifest.symbols,
    )


def _is_of(kept: Reference, manifest: Manifest, settings: DriftSettings) -> bool:
    """Whether a reference is of this champion and was made with these settings."""
    return kept.origin.model_version == manifest.version and kept.settings == settings


def _require_same_market(manifest: Manifest, universe: dict[str, Any]) -> None:
    for key in ("exchange", "timeframe"):
        if getattr(manifest, key) != universe[key]:
            raise FeatureError(
                f"drift: the champion {manifest.version} was trained on the {key} {getattr(manifest, key)}, the "
                f"features are of {universe[key]}. Run feature_engineering on its market, or train a new one."
            )


def _require_same_features(manifest: Manifest, spec: dict[str, Any]) -> None:
    if manifest.feature_fingerprint != spec["fingerprint"]:
        raise FeatureError(
            f"drift: the champion {manifest.version} learned from features with the fingerprint "
            f"{manifest.feature_fingerprint[:12]}, the present ones have {spec['fingerprint'][:12]}: other features, "
            "or computed by other code. Train a model on the present features, or restore the old ones."
        )
