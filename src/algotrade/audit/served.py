"""Whether what is served from a window equals what was trained on from all history."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from algotrade.audit.comparison import scale_of
from algotrade.audit.findings import Finding
from algotrade.domain.candles import FloatArray, Panel
from algotrade.features import Feature, FeatureSet

TOLERANCE = 1e-9
"""Of a feature's standard deviation: what rounding may differ by."""
_MOMENTS = 8

_Values = dict[str, list[tuple[float, float]]]


def probe_memory(features: FeatureSet, panel: Panel, values: FloatArray, seed: int) -> list[Finding]:
    """The features whose declared lookback does not give the value that all history gives.

    Parameters
    ----------
    features : FeatureSet
    panel : Panel
    values : ndarray of shape (n, symbols, features)
        On all history.
    seed : int
        Of the rows that are looked at.
    """
    place = {name: number for number, name in enumerate(features.names)}
    rows = _rows(features, panel, seed)
    pairs: _Values = defaultdict(list)
    for group in _by_window(features):
        for row in rows:
            for start, columns in _windows(group.features[0], panel, row):
                alone = group.matrix(panel[start : row + 1])[-1]
                for number, name in enumerate(group.names):
                    pairs[name] += zip(alone[columns, number], values[row, columns, place[name]], strict=True)
    lookbacks = {feature.name: feature.reach for feature in features.features}
    return [
        _apart(name, "memory", found, scale, f"needs more than the {lookbacks[name]} candles of its lookback")
        for name, found in pairs.items()
        if _apart_by(found, scale := scale_of(values[:, :, place[name]])).any()
    ]


def probe_latest(features: FeatureSet, panel: Panel, values: FloatArray, rows: Sequence[int]) -> list[Finding]:
    """The features whose newest vector, as the live service computes it, is not the row of the matrix.

    Parameters
    ----------
    features : FeatureSet
    panel : Panel
    values : ndarray of shape (n, symbols, features)
    rows : sequence of int
        To take for the newest one.
    """
    pairs: _Values = defaultdict(list)
    for row in rows:
        newest = features.latest(panel[: row + 1])
        for number, name in enumerate(features.names):
            pairs[name] += zip(newest[:, number], values[row, :, number], strict=True)
    return [
        _apart(name, "latest", found, scale, "served as the newest vector it has another value than in the matrix")
        for number, (name, found) in enumerate(pairs.items())
        if _apart_by(found, scale := scale_of(values[:, :, number])).any()
    ]


def _rows(features: FeatureSet, panel: Panel, seed: int) -> list[int]:
    """Rows that most features have a value on, some of them right after a gap."""
    generator, last = np.random.default_rng([seed, 6]), len(panel) - 1
    first = min(sorted(feature.reach for feature in features.features)[int(0.9 * len(features))], last)
    returns = np.flatnonzero((panel.present[1:] & ~panel.present[:-1]).any(axis=1)) + 1
    near = [int(row) for row in returns if row >= first][:3]
    return sorted({*generator.integers(first, last + 1, _MOMENTS).tolist(), *near, last})


def _by_window(features: FeatureSet) -> Iterator[FeatureSet]:
    """The features that are computed from the same candles, together."""

    def window(feature: Feature) -> tuple[str, int, int]:
        return feature.scope, feature.multiple, feature.reach

    for _, group in groupby(sorted(features.features, key=window), key=window):
        yield FeatureSet(tuple(group))


def _windows(feature: Feature, panel: Panel, row: int) -> Iterator[tuple[int, list[int]]]:
    """First row of the own lookback at a row, and the symbols of which it is the first."""
    here = np.flatnonzero(panel.present[row])
    if feature.scope == "panel":
        if row + 1 >= feature.reach:
            yield row + 1 - feature.reach, here.tolist()
        return
    starts: dict[int, list[int]] = defaultdict(list)
    for column in here:
        rows = np.flatnonzero(panel.present[: row + 1, column])
        if len(rows) >= feature.reach:
            starts[int(rows[-feature.reach])].append(int(column))
    yield from starts.items()


def _apart_by(pairs: Sequence[tuple[float, float]], scale: float) -> FloatArray:
    """Distances beyond the tolerance in standard deviations, 0 within it, infinite where only one is a number."""
    one, other = np.array(pairs).T
    distance = np.where(np.isnan(one) & np.isnan(other), 0.0, np.abs(one - other) / scale)
    distance[np.isnan(distance)] = np.inf
    return np.where(distance > TOLERANCE, distance, 0.0)


def _apart(name: str, law: str, pairs: Sequence[tuple[float, float]], scale: float, detail: str) -> Finding:
    distance = _apart_by(pairs, scale)
    known = distance[np.isfinite(distance)]
    return Finding(
        "feature",
        name,
        law,
        probes=("own lookback" if law == "memory" else "newest row",),
        change=float(known.max()) if len(known) and known.max() > 0 else np.nan,
        rows=int((distance > 0).sum()),
        share=float((distance > 0).mean()),
        detail=detail,
    )
