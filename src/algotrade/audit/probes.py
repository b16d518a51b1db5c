"""The probes of an audit: what is changed after which row, and where nothing may change for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import ConfigDict, Field, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.audit.perturbation import changed_after, delisted_after, listed_after, torn_after
from algotrade.domain.candles import Panel

ProbeName = Literal["truncation", "prices", "gaps", "others", "delisting", "listing"]
PROBES: tuple[ProbeName, ...] = get_args(ProbeName)
"""Every probe: the future dropped, with other candles, with missing candles, of the other symbols alone with other
candles, without a symbol, with one more symbol."""


@settings_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ProbeSettings:
    """What an audit changes, and how often.

    Attributes
    ----------
    names : tuple of str
        Among :data:`PROBES`.
    moments : int
        Rows after which the future is changed, each by every probe.
    seed : int
        Of the changes, and of the moments.
    """

    names: tuple[ProbeName, ...] = PROBES
    moments: PositiveInt = 6
    seed: Annotated[int, Field(ge=0)] = 7


@dataclass(frozen=True)
class Probe:
    """A panel that is the same up to a row.

    Attributes
    ----------
    name : str
        Among :data:`PROBES`.
    row : int
        The last row of which everything has to stay.
    panel : Panel
        The changed one; shorter than the probed one after a truncation.
    columns : tuple of int
        Of the probed panel's symbols those of which everything has to stay.
    widened : bool
        Whether it is to be compared with the widened panel.
    """

    name: ProbeName
    row: int
    panel: Panel
    columns: tuple[int, ...]
    widened: bool = False


def probes_of(panel: Panel, settings: ProbeSettings, rows: Sequence[int]) -> list[Probe]:
    """Every probe after each of the rows.

    With one symbol alone there is none to delist and no other whose future could be changed.
    """
    symbols = len(panel.symbols)
    everything = tuple(range(symbols))

    def build(name: ProbeName, number: int, row: int) -> Probe:
        seed, one = (settings.seed, number), number % symbols
        builders: dict[ProbeName, Callable[[], Panel]] = {
            "truncation": lambda: panel[: row + 1],
            "prices": lambda: changed_after(panel, row, seed),
            "gaps": lambda: torn_after(panel, row, seed),
            "others": lambda: changed_after(panel, row, seed, [column for column in everything if column != one]),
            "delisting": lambda: delisted_after(panel, row, [one]),
            "listing": lambda: listed_after(panel, row, seed),
        }
        columns = (one,) if name == "others" else everything
        return Probe(name, row, builders[name](), columns, widened=name == "listing")

    names = [name for name in settings.names if symbols > 1 or name not in ("others", "delisting")]
    return [build(name, number, row) for number, row in enumerate(rows) for name in names]


def probed_rows(panel: Panel, settings: ProbeSettings, warm_up: int) -> list[int]:
    """Rows after which to change the future: next to gaps and listings, near the end, and any others.

    None of them is the last row, after which there is no future.

    Parameters
    ----------
    panel : Panel
    settings : ProbeSettings
    warm_up : int
        Rows before the first value; earlier moments would show nothing.
    """
    last = len(panel) - 2
    if last < 0:
        return []
    generator = np.random.default_rng([settings.seed, 4])
    first = min(max(warm_up, 0), last)
    edges = _edges(panel)
    edges = edges[(edges >= first) & (edges <= last)]
    most = max(settings.moments // 2, 1)
    chosen = set(generator.choice(edges, most, replace=False).tolist() if len(edges) > most else edges.tolist())
    chosen.add(last)
    between = np.linspace(first, last, max(settings.moments - len(chosen), 0) + 2)[1:-1]
    spread = between + generator.uniform(-0.3, 0.3, len(between)) * (last - first) / (len(between) + 1)
    return sorted(chosen | {int(row) for row in np.clip(spread, first, last)})


def _edges(panel: Panel) -> np.ndarray:
    """Rows right before and right after a candle series begins, ends or is interrupted, and inside its gaps."""
    changes = np.flatnonzero((panel.present[1:] != panel.present[:-1]).any(axis=1))
    return np.unique(np.concatenate([changes, changes + 1]))
