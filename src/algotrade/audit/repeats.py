"""Whether a feature leaves alone what it is computed on, and gives the same when it is computed again."""

from dataclasses import fields

import numpy as np

from algotrade.audit.comparison import difference, scale_of
from algotrade.audit.findings import Finding
from algotrade.audit.perturbation import blocks_of, with_blocks
from algotrade.domain.candles import Candles, FloatArray, Panel
from algotrade.features import Feature, FeatureSet


def probe_input(feature: Feature, panel: Panel) -> list[Finding]:
    """Whether the feature writes into the candles, or into a series that it shares with others."""
    own, original = _market(feature, panel), _market(feature, panel)
    try:
        first = np.array(feature.raw(own), dtype=np.float64)
        again = np.array(feature.raw(own), dtype=np.float64)
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        return [_written(feature, "a series that it shares with other features")]
    changed = [each.name for each in fields(own) if not _same(getattr(own, each.name), getattr(original, each.name))]
    if changed:
        return [_written(feature, f"the {', '.join(changed)} of its candles")]
    if not _same(first, again) and _same(first, np.array(feature.raw(original), dtype=np.float64)):
        return [_written(feature, "a series that it shares with other features")]
    return []


def probe_repetition(features: FeatureSet, panel: Panel, values: FloatArray) -> list[Finding]:
    """The features that have another value when they are computed again and alone.

    Parameters
    ----------
    features : FeatureSet
    panel : Panel
    values : ndarray of shape (n, symbols, features)
        Of all of them on the panel.
    """
    findings = []
    for place, feature in enumerate(features.features):
        before, after = values[:, :, place], FeatureSet((feature,)).matrix(panel)[:, :, 0]
        found = difference("repetition", before, after, panel.present, scale_of(before))
        if found is not None:
            findings.append(
                Finding(
                    "feature",
                    feature.name,
                    "determinism",
                    probes=("repetition",),
                    change=found.change,
                    rows=found.rows,
                    share=found.rows / found.of,
                    detail="computed again and alone on the same candles it has other values",
                )
            )
    return findings


def _written(feature: Feature, into: str) -> Finding:
    return Finding(
        "feature",
        feature.name,
        "input",
        probes=("repetition",),
        detail=f"writes into {into}; it was probed for nothing else. Let it return a new array",
    )


def _market(feature: Feature, panel: Panel) -> Candles | Panel:
    """What the feature is computed on, copied: the whole panel, or the symbol with the most candles."""
    if feature.scope == "panel":
        return with_blocks(panel, blocks_of(panel))
    candles = panel.candles(panel.symbols[int(panel.present.sum(axis=0).argmax())])
    return Candles(*(np.array(getattr(candles, each.name)) for each in fields(candles)))


def _same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other, equal_nan=True))
    return bool(one == other)
