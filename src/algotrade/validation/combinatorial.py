"""Combinatorial purged cross-validation: one history, many ways through it.

A walk-forward has one path, so one score, and nobody knows how lucky it was. Here the history is cut into groups, and
every choice of some of them is tested once by models fitted on all others. Put together, the tests make several paths
through the whole history, each group of each path forecast by a model that had not seen it::

      group      0      1      2      3      4      5
    split 0    test   test   gap            ...            known only after: purged, then embargoed
    split 1    test   gap    test   gap     ...
      ...

Such a model may have learned from what came after the test, so a path says how far scores scatter and how much a
choice among models is worth, never what a model would have earned.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import comb
from typing import Annotated, Any

import numpy as np
from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import BoolArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import ConfigurationError, LookAheadFound, TooFewCandles
from algotrade.models.base import MODELS, Model, build_model
from algotrade.models.configuration import STRICT

CHEAP_MODELS: dict[str, dict[str, Any]] = {
    "logistic": {},
    "strict logistic": {"model": "logistic", "penalty": 0.1},
    "trees of 4 leaves": {"model": "lightgbm", "num_leaves": 4, "max_rounds": 40, "learning_rate": 0.08},
    "trees of 16 leaves": {"model": "lightgbm", "num_leaves": 16, "max_rounds": 40, "learning_rate": 0.08},
}
"""What is compared by default: two families, each with less and with more freedom."""


@settings_dataclass(frozen=True, config=STRICT)
class CombinatorialSettings:
    """How the history is cut and put together again.

    Attributes
    ----------
    groups : int
        Equal spans of calendar time.
    test_groups : int
        Tested together in one split, fewer than there are.
    embargo_share : float
        Share of the history after each test span from which nothing is learned: what its features remember.
    max_rows : int
        Of all symbols; more are thinned in even steps.
    models : dict
        What is compared, by what to call it: ``model``, a name among the models, and its settings. Cheap ones: each is
        fitted anew in every split, and none can stop early.
    """

    groups: Annotated[int, Field(ge=3, le=20)] = 6
    test_groups: PositiveInt = 2
    embargo_share: Annotated[float, Field(ge=0, lt=0.5)] = 0.01
    max_rows: PositiveInt = 6_000
    models: dict[str, dict[str, Any]] = field(default_factory=lambda: dict(CHEAP_MODELS))

    def __post_init__(self) -> None:
        if self.test_groups >= self.groups:
            raise ConfigurationError(
                f"{self.test_groups} of {self.groups} groups would be tested together, which leaves none to learn "
                "from. Lower `test_groups` or raise `groups`."
            )

    def build_models(self, seed: int) -> dict[str, Model]:
        """Unfitted models by what to call them; with ``seed`` where they take one and have none of their own.

        Raises
        ------
        ConfigurationError
            If a model or a setting is not known, or a name is not one that trackers take.
        """
        models = {}
        for called, given in self.models.items():
            if not re.fullmatch(r"[\w -]+", called, re.ASCII):
                raise ConfigurationError(
                    f"A model of training.combinatorial is called {called!r}; a name has letters, digits, "
                    "spaces, - and _ only. Rename it."
                )
            own = {name: value for name, value in given.items() if name != "model"}
            kind = MODELS[given.get("model", called)]
            seeded = {"seed": seed} if "seed" in kind.settings_type.__dataclass_fields__ else {}
            models[called] = build_model(kind.name, {**seeded, **own})
        return models

    @property
    def splits(self) -> int:
        """Choices of the groups that are tested."""
        return comb(self.groups, self.test_groups)

    @property
    def paths(self) -> int:
        """Ways through the whole history: each group is tested once in each."""
        return self.splits * self.test_groups // self.groups


@dataclass(frozen=True)
class Split:
    """One choice of the groups that are tested; times in milliseconds since the epoch.

    Attributes
    ----------
    index : int
        From 0.
    tested : tuple of int
        Groups.
    starts : tuple of int
        Of the tested groups.
    spans : tuple of (int, int)
        Start and end of the test spans, neighbouring groups in one.
    paths : tuple of int
        The path that the test of each group belongs to, in the order of ``tested``.
    embargo : int
        Milliseconds.
    """

    index: int
    tested: tuple[int, ...]
    starts: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    paths: tuple[int, ...]
    embargo: int


def combinatorial_splits(open_time: IntArray, step_ms: int, settings: CombinatorialSettings) -> tuple[Split, ...]:
    """Every choice of ``test_groups`` groups of calendar time, in lexical order.

    Parameters
    ----------
    open_time : ndarray of int64, shape ``(n,)``
        Of the labelled rows of all symbols, in any order, milliseconds since the epoch.
    step_ms : int
        Length of a candle.
    settings : CombinatorialSettings

    Raises
    ------
    TooFewCandles
        If a group would have no row.

    References
    ----------
    .. [1] López de Prado, M. (2018). Advances in financial machine learning, chapter 12.
    """
    bounds = group_bounds(open_time, step_ms, settings.groups)
    embargo = int((bounds[-1] - bounds[0]) // step_ms * settings.embargo_share) * step_ms
    met = [0] * settings.groups
    splits = []
    for index, tested in enumerate(combinations(range(settings.groups), settings.test_groups)):
        paths = tuple(met[group] for group in tested)
        for group in tested:
            met[group] += 1
        starts = tuple(int(bounds[group]) for group in tested)
        splits.append(Split(index, tested, starts, _spans(tested, bounds), paths, embargo))
    return tuple(splits)


def group_bounds(open_time: IntArray, step_ms: int, groups: int) -> IntArray:
    """Where each group of equally many candles starts, and where the last one ends, shape ``(groups + 1,)``."""
    first = int(open_time.min()) if len(open_time) else 0
    candles = (int(open_time.max()) + step_ms - first) // step_ms if len(open_time) else 0
    bounds: IntArray = first + np.linspace(0, candles, groups + 1).astype(np.int64) * step_ms
    counts = np.histogram(open_time, bounds)[0]
    if not counts.all():
        raise TooFewCandles(
            f"{candles} candles with {len(open_time)} labelled rows cannot be cut into {groups} groups that each have "
            "some. Fetch a longer history, lower `training.combinatorial.groups`, or switch it off with null."
        )
    return bounds


def split_rows(split: Split, open_time: IntArray, known_at: IntArray) -> tuple[BoolArray, BoolArray]:
    """Rows to learn from and rows to test, shape ``(n,)`` each.

    A row is learned from if its label is known when a test span begins, or if it opens when every label of the span
    is known and the embargo is over: no price move is in a label of both.

    Parameters
    ----------
    split : Split
    open_time, known_at : ndarray of int64, shape ``(n,)``
        Milliseconds since the epoch.

    Raises
    ------
    TooFewCandles
        If there is nothing to learn from.
    """
    training, tested = np.ones(len(open_time), dtype=np.bool_), np.zeros(len(open_time), dtype=np.bool_)
    for start, end in split.spans:
        inside = (open_time >= start) & (open_time < end)
        over = max(int(known_at[inside].max(initial=end)), end)
        training &= (known_at <= start) | (open_time >= over + split.embargo)
        tested |= inside
    if not training.any():
        raise TooFewCandles(
            f"With the groups {', '.join(map(str, split.tested))} tested, purged and embargoed, no row is left to "
            "learn from. Fetch a longer history, or lower the horizon or `groups` or `embargo_share` of "
            "`training.combinatorial`."
        )
    return training, tested


def refuse_overlap(training: BoolArray, tested: BoolArray, open_time: IntArray, known_at: IntArray) -> None:
    """Raise LookAheadFound if a training label is under way while a test label is, whatever chose the rows.

    From the open of its row to ``known_at``; told from the spans of the labels alone, tested row by tested row.
    """
    order = np.argsort(open_time[tested], kind="stable")
    starts = open_time[tested][order]
    # The label that is known last, of all that began up to each one.
    ends = np.maximum.accumulate(known_at[tested][order])
    before = np.searchsorted(starts, known_at[training], side="left") - 1
    late = (before >= 0) & (ends[np.maximum(before, 0)] > open_time[training])
    if late.any():
        raise LookAheadFound(
            f"{int(late.sum())} of {int(training.sum())} training rows have labels under way at the time of a test "
            "label. Purge them on both sides of each test span, as `split_rows` does."
        )


def _spans(tested: Sequence[int], bounds: IntArray) -> tuple[tuple[int, int], ...]:
    """Start and end of runs of neighbouring groups."""
    runs: list[list[int]] = []
    for group in tested:
        if runs and runs[-1][1] == group:
            runs[-1][1] = group + 1
        else:
            runs.append([group, group + 1])
    return tuple((int(bounds[first]), int(bounds[last])) for first, last in runs)
