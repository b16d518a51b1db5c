"""The verdict as plain values: what is written to ``drift.json``, and what it says in a few lines."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from algotrade.monitoring.drift.comparison import Comparison
from algotrade.monitoring.drift.reference import ALL_FEATURES, Reference
from algotrade.monitoring.drift.statistics import MEASURES

_WORST = 10
_MEASURE_NAMES = {
    "psi": "PSI",
    "ks": "KS",
    "wasserstein": "Wasserstein",
    "missing": "missing share",
    "joint": "joint statistic",
}


def verdict(comparison: Comparison, checked_time: datetime) -> dict[str, Any]:
    """Everything that ``drift.json`` holds, of JSON's own types.

    Parameters
    ----------
    comparison : Comparison
    checked_time : datetime
        Aware UTC.
    """
    reference, drifted = comparison.reference, comparison.drifted
    groups = comparison.by_group(comparison.exceeding)
    return {
        "detected": comparison.detected,
        "p_value": round(comparison.p_value, 4),
        "level": reference.settings.level,
        "extreme": round(comparison.extreme, 3),
        "bound": round(reference.calibration.bound, 3),
        "checked_time": checked_time.isoformat(),
        "features": {"watched": len(drifted), "drifted": int(drifted.sum())},
        "families": {
            "watched": len(groups) - 1,
            "drifted": [
                name
                for name, moved in zip(reference.origin.groups, groups, strict=True)
                if moved and name != ALL_FEATURES
            ],
            "all_features_drifted": bool(groups[-1]),
        },
        "worst": _worst(comparison),
        "current": _current(comparison),
        "reference": _reference(reference),
    }


def in_words(found: Mapping[str, Any]) -> list[str]:
    """A verdict in a few lines, the answer first."""
    features, families, current = found["features"], found["families"], found["current"]
    chance = f"p {found['p_value']:.3f}, level {found['level']:g}"
    if not found["detected"]:
        answer = f"No drift: all {features['watched']} features look as they did in training ({chance})."
    else:
        moved = [*families["drifted"], *([ALL_FEATURES] if families["all_features_drifted"] else [])]
        together = f"; together: {', '.join(moved)}" if moved else ""
        answer = f"Drift: {features['drifted']} of {features['watched']} features{together} ({chance})."
    lines = [
        answer,
        f"Newest {current['candles']} candles, {_minute(current['start'])} to {_minute(current['end'])}, "
        f"against training, {_minute(found['reference']['start'])} to {_minute(found['reference']['end'])}.",
    ]
    lines += [f"Furthest: {'; '.join(_sized(each) for each in found['worst'][:3])}."] if found["worst"] else []
    if current["known_candles"]:
        lines.append(
            f"{current['known_candles']} of these candles were part of the training, so this says little about them."
        )
    return lines


def _sized(worst: Mapping[str, Any]) -> str:
    return (
        f"{worst['name']} ({_MEASURE_NAMES[worst['measure']]} {worst['value']:.3g}, threshold {worst['threshold']:.3g})"
    )


def _worst(comparison: Comparison) -> list[dict[str, Any]]:
    """The features and groups furthest out, by the measure that shows it most."""
    calibration, origin = comparison.reference.calibration, comparison.reference.origin
    z, values = comparison.by_feature(comparison.z), comparison.by_feature(comparison.statistics)
    limits = comparison.by_feature(calibration.thresholds)
    found = []
    for column, name in enumerate(origin.names):
        row = int(z[:, column].argmax())
        size = (float(z[row, column]), float(values[row, column]), float(limits[row, column]))
        found.append((name, origin.families[column], MEASURES[row], *size))
    groups = [comparison.by_group(each) for each in (comparison.z, comparison.statistics, calibration.thresholds)]
    found += [(name, name, "joint", *map(float, each)) for name, *each in zip(origin.groups, *groups, strict=True)]
    found.sort(key=lambda each: -each[3])
    return [
        {
            "name": name, "family": family, "measure": measure, "value": round(value, 4), "threshold": round(limit, 4),
            "p_value": round(float(calibration.p_values(np.array([unusual]))[0]), 4),
            "drifted": unusual > calibration.bound,
        }
        for name, family, measure, unusual, value, limit in found[:_WORST]
    ]  # fmt: skip


def _current(comparison: Comparison) -> dict[str, Any]:
    reference, last = comparison.reference, int(comparison.current.candle[-1])
    candles = reference.settings.current_candles
    return {
        **_span(reference, last - candles + 1, last),
        "rows": len(comparison.current),
        "known_candles": comparison.known_candles,
    }


def _reference(reference: Reference) -> dict[str, Any]:
    origin = reference.origin
    return {
        **_span(reference, reference.first, reference.last),
        "rows": reference.rows,
        "windows": round(reference.calibration.independent, 1),
        "model_version": origin.model_version,
        "fingerprint": origin.fingerprint,
        "data_digest": origin.data_digest,
        "exchange": origin.exchange,
        "timeframe": origin.timeframe,
        "symbols": list(origin.symbols),
    }


def _span(reference: Reference, first: int, last: int) -> dict[str, Any]:
    start, end = (
        datetime.fromtimestamp(candle * reference.origin.timeframe_ms / 1000, tz=UTC).isoformat()
        for candle in (first, last)
    )
    return {"start": start, "end": end, "candles": last - first + 1}


def _minute(time: str) -> str:
    return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M}"
