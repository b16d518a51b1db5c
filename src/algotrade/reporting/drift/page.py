"""The drift report: one HTML file that needs nothing but a browser."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from algotrade.monitoring.drift import in_words
from algotrade.reporting import formats
from algotrade.reporting.document import document

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CAPTIONS: Mapping[str, tuple[str, str]] = {
    "drift_heat": (
        "Every feature, by family",
        "The furthest of its statistics over that one's threshold; furthest first. Point at a cell for its numbers.",
    ),
    "drift_timeline": (
        "How unusual is that?",
        "Each stretch of the training span against the rest of it, by its furthest statistic; dotted: the threshold.",
    ),
    "drift_distributions": ("Then and now", "The features furthest out: in training (grey) and in the newest window."),
}
_SHOWN = 25
_LARGEST = {"psi": float("inf"), "ks": 1.0, "wasserstein": float("inf")}
"""What each statistic cannot exceed."""


def render_drift_page(
    found: Mapping[str, Any], features: pd.DataFrame, families: pd.DataFrame, figures: "Mapping[str, Figure]"
) -> str:
    """The whole drift report as one HTML document that loads nothing from anywhere.

    Parameters
    ----------
    found : mapping
        The content of ``drift.json``.
    features, families : DataFrame
        As :mod:`~algotrade.reporting.drift.tables` gives them.
    figures : mapping
        By the names of :data:`CAPTIONS`; missing ones are left out.
    """
    sentences = in_words(found)
    return document(
        "drift.html.j2",
        figures,
        found=found,
        sentence=sentences[0],
        evidence=sentences[1:],
        tiles=_tiles(found, features),
        families=[_family_row({str(key): value for key, value in row.items()}) for row in families.to_dict("records")],
        rows=[_feature_row({str(key): value for key, value in row.items()}) for row in _shown(features)],
        hidden=len(features) - len(_shown(features)),
        captions={name: CAPTIONS[name] for name in figures},
        provenance=_provenance(found),
        compared=_compared(found),
    )


def _shown(features: pd.DataFrame) -> list[dict[Any, Any]]:
    """What drifted, and the next ones up to a page full."""
    return features.head(max(_SHOWN, int(features["drifted"].sum()))).to_dict("records")


def _tiles(found: Mapping[str, Any], features: pd.DataFrame) -> list[dict[str, Any]]:
    counted, families = found["features"], found["families"]
    gone = int((features["missing_current"] > features["missing_reference"] + features["missing_threshold"]).sum())
    together = len(families["drifted"])
    return [
        _tile(
            "Features that drifted",
            f"{counted['drifted']} of {counted['watched']}",
            "by themselves",
            counted["drifted"],
        ),
        _tile("Families that drifted", f"{together} of {families['watched']}", "in how they go together", together),
        _tile("Became missing", str(gone), "features", gone),
        _tile("p-value", f"{found['p_value']:.3f}", f"alarm at {found['level']:g} or less", found["detected"]),
        _tile("Learned from", f"{found['reference']['windows']:.0f}", "windows of the training span", False),
    ]


def _tile(label: str, value: str, hint: str, noted: object) -> dict[str, Any]:
    return {"label": label, "value": value, "hint": hint, "noted": bool(noted)}


def _family_row(row: Mapping[str, Any]) -> dict[str, Any]:
    moved = "" if not row["pair"] else f"{row['correlation_reference']:z.2f} → {row['correlation_current']:z.2f}"
    return {
        "name": row["family"],
        "drifted": row["drifted"] or row["drifted_features"] > 0,
        "beyond": row["drifted"],
        "features": f"{row['drifted_features']} of {row['features']}",
        "statistic": f"{row['statistic']:.2f}",
        "threshold": f"{row['threshold']:.2f}",
        "excess": f"{row['excess']:.0%}",
        "means": f"{row['mean_shift']:.0%}",
        "pair": row["pair"].replace(", ", " · "),
        "moved": moved,
    }


def _feature_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": row["feature"],
        "family": row["family"],
        "drifted": row["drifted"],
        "cells": [
            *(_measured(row, measure, most) for measure, most in _LARGEST.items()),
            (
                f"{row['missing_reference']:.1%} → {row['missing_current']:.1%}",
                f"{row['missing_threshold']:.1%}",
                row["missing"] > row["missing_threshold"],
            ),
            "drifted" if row["drifted"] else f"{row['excess']:.0%}",
            f"{row['p_value']:.3f}",
        ],
    }


def _measured(row: Mapping[str, Any], measure: str, most: float) -> tuple[str, str, bool]:
    """Value, threshold (none where the statistic cannot reach it), and whether the one exceeds the other."""
    value, limit = float(row[measure]), float(row[f"{measure}_threshold"])
    return f"{value:.3f}", "" if limit > most else f"{limit:.2f}", value > limit


def _provenance(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    reference = found["reference"]
    return [
        ("Champion", reference["model_version"]),
        ("Feature fingerprint", reference["fingerprint"][:16]),
        ("Data digest of the training", reference["data_digest"][:16]),
        ("Exchange", reference["exchange"]),
        ("Symbols", formats.shortened(reference["symbols"])),
        ("Checked", f"{pd.Timestamp(found['checked_time']):%Y-%m-%d %H:%M} UTC"),
    ]


def _compared(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    current, reference = found["current"], found["reference"]
    return [
        ("Newest window", f"{_day(current['start'])} to {_day(current['end'])}"),
        ("Its candles", f"{current['candles']:,} of {reference['timeframe']}"),
        ("Its rows", f"{current['rows']:,}"),
        ("Of them known from training", f"{current['known_candles']:,} candles"),
        ("Training span", f"{_day(reference['start'])} to {_day(reference['end'])}"),
        ("Its rows, thinned", f"{reference['rows']:,}"),
    ]


def _day(time: str) -> str:
    return f"{pd.Timestamp(time):%Y-%m-%d %H:%M}"
