"""Labels probed for an honest ``known_at``."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from algotrade.audit.comparison import ROUNDING, Difference, differs, scale_of
from algotrade.audit.findings import Finding
from algotrade.audit.perturbation import blocks_of, changed_after, delisted_after, with_blocks
from algotrade.audit.probes import ProbeSettings, probed_rows
from algotrade.domain.candles import BoolArray, FloatArray, Panel, to_milliseconds
from algotrade.domain.timeframe import IntArray

Labeller = Callable[[Panel], pd.DataFrame]
"""From a panel to labels, as a :class:`~algotrade.validation.labels.Label` gives them."""

_KEYS = ["symbol", "open_time"]
_VALUES = ("forward_return", "target", "weight")
_NAME = "forward_return"
_FARTHEST = 64


def probe_labels(
    label: Labeller, panel: Panel, settings: ProbeSettings | None = None, name: str = _NAME, lookback: int = 0
) -> list[Finding]:
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
    name : str
        How to call the labels in a finding.
    lookback : int
        Candles up to and including its row that a label reads to know how large moves are, as ``Label.lookback`` says;
        they may tell no more than that.
    """
    chosen = settings or ProbeSettings()
    before = label(panel)
    if before.empty:
        detail = f"there is none in these {len(panel)} candles, so nothing was shown"
        return [Finding("labels", name, "silent", detail=detail)]
    known = _rows_of(before["known_at"], panel)
    rows = [row for row in probed_rows(panel, chosen, int(known.min())) if (known <= row).any()]
    rows = sorted({*rows, int(np.median(known))})
    return [
        replace(finding, name=name)
        for finding in (
            *_too_early(label, panel, before, rows),
            *_too_late(label, panel, before, rows),
            *_overlap(label, panel, before, lookback),
        )
    ]


def _too_early(label: Labeller, panel: Panel, before: pd.DataFrame, rows: list[int]) -> list[Finding]:
    """Labels that change with what comes after they are known."""
    known = _rows_of(before["known_at"], panel)
    found: list[Difference] = []
    for number, row in enumerate(rows):
        futures = {"truncation": panel[: row + 1], "prices": after_open(panel, row)}
        if len(panel.symbols) > 1:
            futures["delisting"] = delisted_after(panel, row, [number % len(panel.symbols)])
        for probe, future in futures.items():
            found += _apart(probe, before, label(future), known <= row, 1)
        for ahead in range(1, min(_FARTHEST, len(panel) - row) if found else 0):
            further = _apart("prices", before, label(after_open(panel, row + ahead)), known <= row, ahead + 1)
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
    changed = changed_labels(before, after) & known
    if not changed.any():
        return []
    old, new = _values(before), _aligned(before, after)
    scales = np.array([scale_of(column) for column in old.T])
    sizes = np.abs(old[changed] - new[changed]) / scales
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
            if row - earlier < 0 or (changed_labels(before, label(after_open(panel, row - earlier))) & of_moment).any():
                late = min(late, earlier - 1)
                break
    if late in (0, _FARTHEST):
        return []
    detail = f"a label is known {late} candle{'s' if late > 1 else ''} before its known_at; training rows are wasted"
    return [Finding("labels", _NAME, "known_late", ("prices",), reach=0, detail=detail)]


def _overlap(label: Labeller, panel: Panel, before: pd.DataFrame, lookback: int) -> list[Finding]:
    """Labels that depend on candles up to their own row: a part of them was known when they were to be forecast.

    How large moves were may scale a label. So where there is a lookback its candles are mirrored, at another price:
    moves as large as before, the other way. Then the labels of that one row have to stay.
    """
    opened = _rows_of(before["open_time"], panel)
    row = int(np.median(opened))
    other = blocks_of(changed_after(panel, -1, (11,)))
    past = blocks_of(_mirrored(panel, row)) if lookback else blocks_of(panel)
    for name, block in past.items():
        block[: row + 1 - lookback] = other[name][: row + 1 - lookback]
    concerned = opened == row if lookback else opened >= row
    # Not the weight: how many positions were open at a row is known by then, and no part of what is forecast.
    columns = tuple(column for column in _columns(before) if column != "weight")
    old, new = _values(before, columns), _aligned(before, label(with_blocks(panel, past)), columns)
    rounding = ROUNDING * scale_of(old) if lookback else 0.0
    changed = (~(np.abs(new - old) <= rounding)).any(axis=1) & concerned
    if not changed.any():
        return []
    detail = "the label of a row changes with candles up to that row: a part of it was known when it is to be forecast"
    share = float(changed.sum() / concerned.sum())
    return [
        Finding("labels", _NAME, "label_overlap", ("past prices",), rows=int(changed.sum()), share=share, detail=detail)
    ]


def _mirrored(panel: Panel, row: int) -> Panel:
    """The panel with candles up to ``row`` that moved as far as they did, the other way, at sixteen times the price."""
    blocks, centre = blocks_of(panel), 16.0 * panel.close[row] ** 2
    mirror = {"open": "open", "high": "low", "low": "high", "close": "close"}
    for name, source in mirror.items():
        blocks[name][: row + 1] = centre / getattr(panel, source)[: row + 1]
    return with_blocks(panel, blocks)


def after_open(panel: Panel, row: int) -> Panel:
    """The panel with everything changed that becomes known after the open of ``row``, which stays."""
    blocks = blocks_of(changed_after(panel, row - 1, (row, 12)))
    opens = panel.open[row]
    blocks["open"][row] = opens
    # The candle stays one: its other prices move around the open that stays.
    blocks["high"][row] = np.fmax(blocks["high"][row], opens)
    blocks["low"][row] = np.fmin(blocks["low"][row], opens)
    return with_blocks(panel, blocks)


def changed_labels(before: pd.DataFrame, after: pd.DataFrame) -> BoolArray:
    """Which labels of the first frame are gone, have another value, or are known at another time, in the second."""
    other_time: BoolArray = _known(before) != _known(after, before)
    return differs(_values(before), _aligned(before, after)).any(axis=1) | other_time


def _aligned(before: pd.DataFrame, after: pd.DataFrame, columns: tuple[str, ...] | None = None) -> FloatArray:
    chosen = list(columns or _columns(before))
    return _in_order_of(before, after)[chosen].to_numpy(dtype=np.float64)


def _in_order_of(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    return after.set_index(_KEYS).reindex(pd.MultiIndex.from_frame(before[_KEYS]))


def _known(labels: pd.DataFrame, order: pd.DataFrame | None = None) -> IntArray:
    times = labels["known_at"] if order is None else _in_order_of(order, labels)["known_at"]
    return to_milliseconds(times)


def _values(labels: pd.DataFrame, columns: tuple[str, ...] | None = None) -> FloatArray:
    return labels[list(columns or _columns(labels))].to_numpy(dtype=np.float64)


def _columns(labels: pd.DataFrame) -> tuple[str, ...]:
    return tuple(column for column in _VALUES if column in labels)


def _rows_of(times: pd.Series, panel: Panel) -> IntArray:
    rows: IntArray = (to_milliseconds(times) - panel.open_time[0]) // panel.timeframe.milliseconds
    return rows
