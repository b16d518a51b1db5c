"""What changed in the past, how much of it and by how much, and from how far ahead."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from algotrade.audit.findings import Finding, Subject
from algotrade.domain.candles import BoolArray, FloatArray

SMALLEST_SCALE = 1e-12
ROUNDING = 1e-9
"""Standard deviations below which a change is one of rounding; it is one all the same."""


@dataclass(frozen=True)
class Difference:
    """What one probe changed of one series of values that should have stayed.

    Attributes
    ----------
    probe : str
    change : float
        Largest, in standard deviations; NaN where values only came or went.
    rows, of : int
        Values that changed, and values that there are.
    reach : int
        Candles from the earliest value that changed to the first candle that was changed.
    """

    probe: str
    change: float
    rows: int
    of: int
    reach: int


def differs(before: FloatArray, after: FloatArray) -> BoolArray:
    """Where two arrays are not the same to the last bit; NaN equals NaN."""
    unequal: BoolArray = (before != after) & ~(np.isnan(before) & np.isnan(after))
    return unequal


def scale_of(values: FloatArray) -> float:
    """Standard deviation of what is finite, never quite zero."""
    finite = values[np.isfinite(values)]
    return max(float(finite.std()), SMALLEST_SCALE) if len(finite) else SMALLEST_SCALE


def difference(
    probe: str, before: FloatArray, after: FloatArray, present: BoolArray, scale: float
) -> Difference | None:
    """What a probe changed of the values up to its row, or None for nothing.

    Parameters
    ----------
    probe : str
    before, after : ndarray of shape (rows, symbols)
        Up to and including the row of the probe.
    present : ndarray of bool, shape (rows, symbols)
        Where there are candles, by which the reach is counted.
    scale : float
        Of the values.
    """
    changed = differs(before, after)
    if not changed.any():
        return None
    sizes = np.abs(after[changed] - before[changed]) / scale
    known = sizes[np.isfinite(sizes)]
    first = changed.argmax(axis=0)
    # The candle that was changed first is the one after the last row.
    ahead = [int(present[first[column] + 1 :, column].sum()) + 1 for column in np.flatnonzero(changed.any(axis=0))]
    there = int((~np.isnan(before) | ~np.isnan(after)).sum())
    return Difference(probe, float(known.max()) if len(known) else np.nan, int(changed.sum()), there, max(ahead))


def look_ahead(
    subject: Subject, name: str, differences: Sequence[Difference], rows: int, at_least: bool = False
) -> Finding:
    """The finding that differences add up to.

    Parameters
    ----------
    subject, name
        As in :class:`Finding`.
    differences : sequence of Difference
        At least one.
    rows : int
        Of the probed panel, to tell a window from the whole sample.
    at_least : bool
        Whether a value can depend on more than its changes show, as a decision does.
    """
    changes = [each.change for each in differences if np.isfinite(each.change)]
    worst = max(differences, key=lambda each: each.rows)
    reach = max(each.reach for each in differences)
    if reach > 0.8 * rows:
        detail = "uses the whole sample, up to its last candle"
    else:
        detail = f"uses {'at least' if at_least else 'up to'} {reach} candle{'s' if reach > 1 else ''} of the future"
    if changes and max(changes) < ROUNDING:
        detail += ", in the last digits of its rounding"
    return Finding(
        subject,
        name,
        "look_ahead",
        probes=tuple(dict.fromkeys(each.probe for each in differences)),
        change=max(changes, default=np.nan),
        rows=worst.rows,
        share=worst.rows / max(worst.of, 1),
        reach=reach,
        detail=detail,
    )
