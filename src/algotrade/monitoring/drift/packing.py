"""A reference as plain values and arrays, and back: what a file keeps of it. Nothing is pickled."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.monitoring.drift.calibration import Calibration
from algotrade.monitoring.drift.grid import Grid
from algotrade.monitoring.drift.joint import Pairs
from algotrade.monitoring.drift.observations import Observations
from algotrade.monitoring.drift.reference import Group, Origin, Reference
from algotrade.monitoring.drift.settings import DriftSettings
from algotrade.monitoring.drift.statistics import MEASURES, scale_of

Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]


def pack(reference: Reference) -> tuple[dict[str, Any], Arrays]:
    """Everything of a reference but its sample: values for JSON, and arrays by name."""
    calibration = reference.calibration
    header = {
        "origin": asdict(reference.origin),
        "settings": asdict(reference.settings),
        "first": reference.first,
        "last": reference.last,
        "rows": reference.rows,
        "share": reference.share,
        "independent": calibration.independent,
        "bound": calibration.bound,
        "thresholds": dict(zip(_labels(reference.origin), map(float, calibration.thresholds), strict=True)),
    }
    arrays: Arrays = {
        "usual": calibration.usual,
        "spread": calibration.spread,
        "extremes": calibration.extremes,
        "starts": calibration.starts,
        "correlation": reference.correlation.astype(np.float32),
        "deviation": np.array([grid.scale for grid in reference.grids]),
    }
    arrays |= _joined("edges", [grid.edges for grid in reference.grids])
    arrays |= _joined("bins", [grid.bins for grid in reference.grids])
    arrays |= _joined("counts", list(reference.counts))
    for place, group in enumerate(reference.groups):
        own = {**vars(group.pairs), "whole": group.whole, "scale": group.scale}
        arrays |= {f"group{place}_{name}": values for name, values in own.items()}
    return header, arrays


def unpack(header: Mapping[str, Any], arrays: Mapping[str, Any], sample: Observations) -> Reference:
    """The reference that was packed."""
    named: Mapping[str, Any] = header["origin"]
    lists: dict[str, Any] = {key: tuple(value) for key, value in named.items() if isinstance(value, list)}
    origin = Origin(**{**named, **lists})
    settings = DriftSettings(**header["settings"])
    parts = (_parted(name, arrays) for name in ("edges", "bins"))
    grids = [Grid(edges, bins, float(scale)) for edges, bins, scale in zip(*parts, arrays["deviation"], strict=True)]
    calibration = Calibration(
        scale=scale_of(len(origin.names), len(origin.groups)),
        **{name: arrays[name] for name in ("usual", "spread", "extremes", "starts")},
        independent=header["independent"],
        level=settings.level,
    )
    return Reference(
        origin=origin,
        settings=settings,
        **{name: header[name] for name in ("first", "last", "rows", "share")},
        grids=tuple(grids),
        counts=tuple(_parted("counts", arrays)),
        groups=tuple(_group(place, arrays) for place in range(len(origin.groups))),
        correlation=arrays["correlation"].astype(np.float64),
        calibration=calibration,
        sample=sample,
    )


def _labels(origin: Origin) -> list[str]:
    singles = [f"{measure} {feature}" for measure in MEASURES for feature in origin.names]
    return [*singles, *(f"joint {group}" for group in origin.groups)]


def _group(place: int, arrays: Mapping[str, Any]) -> Group:
    first, second, whole, scale = (arrays[f"group{place}_{name}"] for name in ("first", "second", "whole", "scale"))
    return Group(Pairs(first, second), whole, scale)


def _joined(name: str, parts: list[Any]) -> Arrays:
    """Arrays of several lengths as one, with those lengths."""
    return {name: np.concatenate(parts), f"{name}_lengths": np.array([len(part) for part in parts])}


def _parted(name: str, arrays: Mapping[str, Any]) -> list[FloatArray]:
    return np.split(arrays[name], np.cumsum(arrays[f"{name}_lengths"])[:-1])
