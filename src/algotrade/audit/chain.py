"""A whole chain probed, step by step: nothing up to a moment may depend on what comes after it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from algotrade.audit.comparison import Difference, differs, look_ahead, scale_of
from algotrade.audit.findings import Finding
from algotrade.audit.perturbation import widened
from algotrade.audit.probes import Probe, ProbeName, ProbeSettings, probed_rows, probes_of
from algotrade.domain.candles import FloatArray, Panel, from_milliseconds, to_milliseconds
from algotrade.errors import ConfigurationError

PROBES_OF_CHAIN: tuple[ProbeName, ...] = ("prices", "gaps", "delisting", "listing")
"""Not the truncation: folds are laid out from the end of the history, so another end means other folds."""
_SHOWN = 3
_ROWS = ""
_NEW, _SIDE = " after", " side"


@dataclass(frozen=True)
class Stage:
    """What one step of a chain derives from candles.

    Attributes
    ----------
    frame : DataFrame
        Rows with their keys, their time, and numbers.
    keys : tuple of str
        Columns that tell the rows apart, the time among them or not; no two rows share them.
    time : str
        Column with the open time of the candle with which a row becomes known: at its close what was computed from
        candles, at its open a label or a fill.
    """

    frame: pd.DataFrame
    keys: tuple[str, ...]
    time: str = "open_time"


Chain = Callable[[Panel], Mapping[str, Stage]]
"""From candles to every stage by name, in order; called for every probe."""

_Found = dict[str, list[tuple[Difference, tuple[str, ...], bool]]]


def probe_chain(chain: Chain, panel: Panel, settings: ProbeSettings | None = None, tail: int = 0) -> list[Finding]:
    """What there is to say against a chain, from candles to fills: the stages that see the future.

    The moments are the first decisions of each fold, when a label that training must not know yet would show most,
    and others in between.

    Parameters
    ----------
    chain : callable
    panel : Panel
        Taken as it is.
    settings : ProbeSettings, optional
        Probes other than :data:`PROBES_OF_CHAIN` are left out.
    tail : int
        Candles within which a label ends (the horizon and one). Where a symbol ends or breaks off, so many rows before
        it have no label; that they then have no forecast either is a note, not a leak.

    Raises
    ------
    ConfigurationError
        If none of the probes suits a chain.
    """
    chosen = _suited(settings or ProbeSettings())
    before, wide = chain(panel), None
    found: _Found = defaultdict(list)
    conclusive: dict[str, bool] = {}
    for probe in probes_of(panel, chosen, _moments(before, panel, chosen, tail)):
        if probe.widened:
            wide = chain(widened(panel)) if wide is None else wide
        reference, after = wide if probe.widened and wide is not None else before, chain(probe.panel)
        same_end = _end(reference) == _end(after)
        conclusive[probe.name] = conclusive.get(probe.name, False) or same_end
        for name in reference if same_end else ():
            difference = _difference(reference[name], after[name], panel, probe, tail)
            if difference is not None:
                found[name].append(difference)
    findings = [finding for name in before for finding in _findings(name, found, list(before), len(panel))]
    return findings + [_inconclusive(name) for name, so in conclusive.items() if not so]


def _end(stages: Mapping[str, Stage]) -> list[pd.Timestamp]:
    """Where the forecasts end, from which folds are laid out: with another end the whole chain is another one."""
    return [stage.frame[stage.time].max() for stage in stages.values() if "fold" in stage.frame.columns]


def _inconclusive(probe: str) -> Finding:
    detail = (
        f"every history changed by {probe} ended with another forecast, so its folds were others and nothing was shown"
    )
    return Finding("chain", probe, "silent", (probe,), detail=detail)


def _suited(settings: ProbeSettings) -> ProbeSettings:
    names = tuple(name for name in settings.names if name in PROBES_OF_CHAIN)
    if not names:
        raise ConfigurationError(
            f"None of the probes {', '.join(settings.names)} suits a chain; {', '.join(PROBES_OF_CHAIN)} do. "
            "Add one of them, or audit without the chain (`chain: false`)."
        )
    return replace(settings, names=names)


def _moments(stages: Mapping[str, Stage], panel: Panel, settings: ProbeSettings, tail: int) -> list[int]:
    """First rows of the folds of the forecasts, in the last fold as far in as a label ends, and other rows.

    Right after the first row of a fold every label that its training must not know yet is still to come; further in
    fewer are, and more forecasts show it.
    """
    starts = sorted(
        {
            row
            for stage in stages.values()
            if "fold" in stage.frame.columns and len(stage.frame)
            for row in _rows_of(stage.frame.groupby("fold")[stage.time].min(), panel).tolist()
        }
    )
    chosen = starts[-settings.moments :]
    if len(chosen) > 1:
        chosen[-1] += max(tail - 2, 0)
    chosen = [row for row in chosen if 0 <= row < len(panel) - 1]
    left = settings.moments - len(chosen)
    others = probed_rows(panel, replace(settings, moments=left), min(starts, default=len(panel) // 2)) if left else []
    return sorted({*chosen, *others[:left]})


def _difference(
    before: Stage, after: Stage, panel: Panel, probe: Probe, tail: int
) -> tuple[Difference, tuple[str, ...], bool] | None:
    """What changed up to the moment of a probe, in which columns, and whether only for want of labels."""
    old, new = (_past(stage, panel, probe.row) for stage in (before, after))
    if old.equals(new):
        return None
    both = old.merge(new, how="outer", on=list(before.keys), suffixes=("", _NEW), indicator=_SIDE)
    common = (both[_SIDE] == "both").to_numpy()
    changed, sizes, names = ~common, [np.nan], [] if common.all() else [_ROWS]
    for name in old.columns.intersection(new.columns).difference(list(before.keys)):
        if not pd.api.types.is_numeric_dtype(old[name]):
            continue
        one, other = (both[each].to_numpy(dtype=np.float64) for each in (name, f"{name}{_NEW}"))
        unequal = differs(one, other) & common
        if unequal.any():
            names.append(name)
            sizes += _sizes(one[unequal], other[unequal], before.frame[name])
            changed |= unequal
    if not changed.any():
        return None
    known = [size for size in sizes if np.isfinite(size)]
    times = both[before.time]
    if before.time not in before.keys:
        times = times.fillna(both[f"{before.time}{_NEW}"])
    reach = int(probe.row + 1 - _rows_of(times[changed], panel).min())
    only_tail = probe.name in ("gaps", "delisting") and reach <= tail
    rows = Difference(probe.name, max(known, default=np.nan), int(changed.sum()), len(both), reach)
    return rows, tuple(names), only_tail


def _past(stage: Stage, panel: Panel, row: int) -> pd.DataFrame:
    """Rows of a stage that are known by the row."""
    known = stage.frame[stage.time] <= from_milliseconds(panel.open_time[row : row + 1])[0]
    return stage.frame[known].sort_values(list(stage.keys), ignore_index=True)


def _sizes(one: FloatArray, other: FloatArray, column: pd.Series) -> list[float]:
    sizes: list[float] = (np.abs(one - other) / scale_of(column.to_numpy(dtype=np.float64))).tolist()
    return sizes


def _findings(name: str, found: _Found, order: Sequence[str], rows: int) -> list[Finding]:
    differences = found.get(name, [])
    leaks = [each for each in differences if not each[2]]
    findings = []
    if leaks:
        finding = look_ahead("chain", name, [each[0] for each in leaks], rows, at_least=True)
        columns = sorted({column for each in leaks for column in each[1]})
        earlier = [other for other in order[: order.index(name)] if any(not each[2] for each in found.get(other, []))]
        parts = (finding.detail, _listed(columns), f"which may follow from {earlier[0]}" if earlier else "")
        findings.append(replace(finding, detail=", ".join(part for part in parts if part)))
    elif differences:
        worst = max((each[0] for each in differences), key=lambda each: each.rows)
        probes = tuple(dict.fromkeys(each[0].probe for each in differences))
        detail = (
            f"up to {worst.reach} candles before a symbol ends or breaks off it is another than if the symbol went on: "
            "rows without a label have no forecast"
        )
        share = worst.rows / worst.of
        findings.append(Finding("chain", name, "unlabelled", probes, worst.change, worst.rows, share, detail=detail))
    return findings


def _listed(columns: Sequence[str]) -> str:
    """What changed in words, from the names of columns, of which :data:`_ROWS` stands for whole rows."""
    named = [column for column in columns if column != _ROWS]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    parts = ["rows come or go"] if _ROWS in columns else []
    return ", ".join([*parts, f"in {', '.join(named[:_SHOWN])}{more}"] if named else parts)


def _rows_of(times: pd.Series, panel: Panel) -> np.ndarray:
    rows: np.ndarray = (to_milliseconds(times) - panel.open_time[0]) // panel.timeframe.milliseconds
    return rows
