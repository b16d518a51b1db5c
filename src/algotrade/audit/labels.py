"""Labels probed for an honest ``known_at``."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from algotrade.audit.comparison import Difference, differs, scale_of
from algotrade.audit.findings import Finding
from algotrade.audit.perturbation import blocks_of, changed_after, delisted_after, with_blocks
from algotrade.audit.probes import ProbeSettings, probed_rows
from algotrade.domain.candles import BoolArray, FloatArray, Panel, to_milliseconds
from algotrade.domain.timeframe import IntArray

Labeller = Callable[[Panel], pd.DataFrame]
"""From a panel to ``symbol``, ``open_time``, ``known_at`` and ``forward_return``, as ``forward_returns`` gives them."""

_KEYS = ["symbol", "open_time"]
_NAME = "forward_return"
_FARTHEST = 64


def probe_labels(label: Labeller, panel: Panel, settings: ProbeSettings | None = None) -> list[Finding]:
    """What there is to say against labels: one known later than it says, needlessly late, or begun too early.

    The last thing known at ``known_at`` is the open of the candle that opens then. So at each moment everything
    after that open is changed, and no label that is known by then may change; and everything after the open before
    it, when some label that says this moment has to.

    Parameters
    ----------
    label : callable
    panel : Panel
    settings : ProbeSettings, optional
        Its probes other than changed prices are of no use here.
    """
    chosen = settings or ProbeSettings()
    before = label(panel)
    if before.empty:
        detail = f"there is none in these {len(panel)} candles, so nothing was shown"
        return [Finding("labels", _NAME, "silent", detail=detail)]
    known = _rows_of(before["known_at"], panel)
    rows = [row for row in probed_rows(panel, chosen, int(known.min())) if (known <= row).any()]
    rows = sorted({*rows, int(np.median(known))})
    return [
        *_too_early(label, panel, before, rows),
        *_too_late(label, panel, before, rows),
        *_overlap(label, panel, before),
    ]


def _too_early(label: Labeller, panel: Panel, before: pd.DataFrame, rows: list[int]) -> list[Finding]:
    """Labels that change with what comes after they are known."""
    known = _rows_of(before["known_at"], panel)
    found: list[Difference] = []
    for number, row in enumerate(rows):
        futures = {"truncation": panel[: row + 1], "prices": _after_open(panel, row)}
        if len(panel.symbols) > 1:
            futures["delisting"] = delisted_after(panel, row, [number % len(panel.symbols)])
        for probe, future in futures.items():
            found += _apart(probe, before, label(future), known <= row, 1)
        for ahead in range(1, min(_FARTHEST, len(panel) - row) if found else 0):
            further = _apart("prices", before, label(_after_open(panel, row + ahead)), known <= row, ahead + 1)
            if not further:
                break
            found += further
    if not found:
        return []
    worst, reach = max(found, key=lambda each: each.rows / each.of), max(each.reach for each in found)
    detail = (
        f"a label changes with what is known up to {reach} candle{'s' if reach > 1 else ''} after its known_at, so "
        "training rows count as known too early; set known_at to the open time of the last candle that the label reads"
    )
    probes, change = (
        tuple(dict.fromkeys(each.probe for each in found)),
        np.nanmax([0.0, *(each.change for each in found)]),
    )
    return [
        Finding("labels", _NAME, "known_at", probes, float(change), worst.rows, worst.rows / worst.of, reach, detail)
    ]


def _apart(probe: str, before: pd.DataFrame, after: pd.DataFrame, known: BoolArray, reach: int) -> list[Difference]:
    changed = _changed(before, after) & known
    if not changed.any():
        return []
    sizes = np.abs(_values(before) - _aligned(before, after))[changed] / scale_of(_values(before))
    finite = sizes[np.isfinite(sizes)]
    change = float(finite.max()) if len(finite) else np.nan
    return [Difference(probe, change, int(changed.sum()), int(known.sum()), reach)]


def _too_late(label: Labeller, panel: Panel, before: pd.DataFrame, rows: list[int]) -> list[Finding]:
    """Labels that were known for some candles when they say that they become known."""
    known = _rows_of(before["known_at"], panel)
    late = _FARTHEST
    for row in rows:
        of_moment = known == row
        if not of_moment.any():
            continue
        for earlier in range(1, _FARTHEST):
            if row - earlier < 0 or (_changed(before, label(_after_open(panel, row - earlier))) & of_moment).any():
                late = min(late, earlier - 1)
                break
    if late in (0, _FARTHEST):
        return []
    detail = f"a label is known {late} candle{'s' if late > 1 else ''} before its known_at; training rows are wasted"
    return [Finding("labels", _NAME, "known_late", ("prices",), reach=0, detail=detail)]


def _overlap(label: Labeller, panel: Panel, before: pd.DataFrame) -> list[Finding]:
    """Labels that depend on candles up to their own row: a part of them was known when they were to be forecast."""
    opened = _rows_of(before["open_time"], panel)
    row = int(np.median(opened))
    other = blocks_of(changed_after(panel, -1, (11,)))
    past = blocks_of(panel)
    for name, block in past.items():
        block[: row + 1] = other[name][: row + 1]
    changed = _changed(before, label(with_blocks(panel, past))) & (opened >= row)
    if not changed.any():
        return []
    detail = "the label of a row changes with candles up to that row: a part of it was known when it is to be forecast"
    share = float(changed.sum() / (opened >= row).sum())
    return [
        Finding("labels", _NAME, "label_overlap", ("past prices",), rows=int(changed.sum()), share=share, detail=detail)
    ]


def _after_open(panel: Panel, row: int) -> Panel:
    """The panel with everything changed that becomes known after the open of ``row``, which stays."""
    blocks = blocks_of(changed_after(panel, row - 1, (row, 12)))
    opens = panel.open[row]
    blocks["open"][row] = opens
    # The candle stays one: its other prices move around the open that stays.
    blocks["high"][row] = np.fmax(blocks["high"][row], opens)
    blocks["low"][row] = np.fmin(blocks["low"][row], opens)
    return with_blocks(panel, blocks)


def _changed(before: pd.DataFrame, after: pd.DataFrame) -> BoolArray:
    """Which labels of the first frame are gone or have another value in the second."""
    return differs(_values(before), _aligned(before, after))


def _aligned(before: pd.DataFrame, after: pd.DataFrame) -> FloatArray:
    keyed = after.set_index(_KEYS)["forward_return"]
    return keyed.reindex(pd.MultiIndex.from_frame(before[_KEYS])).to_numpy(dtype=np.float64)


def _values(labels: pd.DataFrame) -> FloatArray:
    return labels["forward_return"].to_numpy(dtype=np.float64)


def _rows_of(times: pd.Series, panel: Panel) -> IntArray:
    rows: IntArray = (to_milliseconds(times) - panel.open_time[0]) // panel.timeframe.milliseconds
    return rows
