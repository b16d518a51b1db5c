"""Which variants of a strategy to try: every combination of some values, or some combinations at random."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from algotrade.errors import ConfigurationError
from algotrade.strategies import STRATEGIES, Strategy, build_strategy

Axes = Mapping[str, Sequence[Any]]
LARGEST_GRID = 1_000_000


def default_grid(names: Iterable[str] | None = None) -> tuple[Strategy, ...]:
    """Every variant of the named strategies' search spaces; of all strategies by default.

    Raises
    ------
    ConfigurationError
        If a name is unknown.
    """
    return tuple(variant for name in (names or STRATEGIES) for variant in STRATEGIES[name].variants())


@dataclass(frozen=True)
class Grid:
    """Combinations of parameter values around one strategy.

    Attributes
    ----------
    strategy : str
    axes : mapping of str to sequence
        Values to try by parameter; every other parameter is as in ``fixed``.
    fixed : mapping
        Of the parameters that stay; those that are not named keep their defaults.

    Raises
    ------
    ConfigurationError
        If a parameter is unknown or has no values, or there are more than a million combinations.
    """

    strategy: str
    axes: Axes
    fixed: Mapping[str, Any]

    @classmethod
    def of(cls, strategy: str, axes: Axes | None = None, fixed: Mapping[str, Any] | None = None) -> "Grid":
        """Grid of the strategy's own search space, or of these axes instead."""
        # One variant has one name: where a number may have decimals, 1 is 1.0.
        decimal = {field.name for field in fields(STRATEGIES[strategy]) if isinstance(field.default, float)}
        chosen = {
            name: tuple(float(value) for value in values) if name in decimal else tuple(values)
            for name, values in (axes or STRATEGIES[strategy].search_space()).items()
        }
        return cls(strategy, chosen, dict(fixed or {}))

    def __post_init__(self) -> None:
        known = [field.name for field in fields(STRATEGIES[self.strategy])]
        for name, values in self.axes.items():
            if name not in known or not len(values):
                raise ConfigurationError(
                    f"{name} with {len(values)} values is no axis of {self.strategy}; give at least one value. "
                    f"Its parameters are: {', '.join(known) or 'none'}."
                )
        if len(self) > LARGEST_GRID:
            raise ConfigurationError(
                f"The grid of {self.strategy} has {len(self):,} combinations; at most {LARGEST_GRID:,} are accepted. "
                "Try fewer values, or some of the combinations at random."
            )

    def __len__(self) -> int:
        return math.prod(len(values) for values in self.axes.values())

    def parameters(self, place: int) -> dict[str, Any]:
        """Parameters of the combination at a place; the last axis varies fastest."""
        chosen = {}
        for name, values in reversed(list(self.axes.items())):
            place, position = divmod(place, len(values))
            chosen[name] = values[position]
        return {**self.fixed, **{name: chosen[name] for name in self.axes}}

    def variants(self, sample: int | None = None, seed: int = 0) -> list[Strategy]:
        """All combinations that the strategy accepts, in order, or those among ``sample`` places drawn at random.

        Raises
        ------
        ConfigurationError
            If it accepts none of them.
        """
        places: Iterable[int] = range(len(self))
        if sample is not None and sample < len(self):
            places = sorted(np.random.default_rng(seed).choice(len(self), sample, replace=False).tolist())
        built = (self._built(place) for place in places)
        variants = [variant for variant in built if variant is not None]
        if not variants:
            build_strategy(self.strategy, self.parameters(0))
        return variants

    def _built(self, place: int) -> Strategy | None:
        try:
            return build_strategy(self.strategy, self.parameters(place))
        except ConfigurationError:  # an entry below its exit, say: no combination worth a trial
            return None

    @cached_property
    def default(self) -> Strategy:
        """The strategy without any search."""
        return build_strategy(self.strategy, self.fixed)


def parse_axis(text: str) -> tuple[str, tuple[float | int, ...]]:
    """Name and values of an axis: ``window=24:336:24`` (both ends included), ``window=24,72`` or ``window=24``.

    Raises
    ------
    ConfigurationError
        If the text is none of these.

    >>> parse_axis("window=24:96:24"), parse_axis("entry_score=0.5,1")
    (('window', (24, 48, 72, 96)), ('entry_score', (0.5, 1.0)))
    """
    name, _, values = text.partition("=")
    ranged = values.split(":")
    try:
        numbers = [_number(value) for value in (ranged if len(ranged) > 1 else values.split(","))]
        if len(ranged) > 1:
            start, stop, step = numbers
            count = math.floor((stop - start) / step + 1e-9) + 1
            numbers = [start + step * place for place in range(count if step > 0 else 0)]
    except (ValueError, ZeroDivisionError):
        numbers = []
    if not name or not numbers:
        raise ConfigurationError(
            f"{text!r} names no values to try. Give NAME=START:STOP:STEP, as window=24:336:24, or NAME=VALUE,VALUE."
        )
    if any(isinstance(number, float) for number in numbers):
        numbers = [round(float(number), 12) for number in numbers]
    return name.strip(), tuple(numbers)


def _number(text: str) -> float | int:
    try:
        return int(text)
    except ValueError:
        return float(text)


def grid_table(sweep_grid: pd.DataFrame, strategy: str) -> pd.DataFrame:
    """Variants of one strategy with a column for each parameter that varies among them, as heat maps need them.

    Parameters
    ----------
    sweep_grid : DataFrame
        Columns ``strategy``, ``parameters`` (JSON) and any figures.
    strategy : str

    Returns
    -------
    DataFrame
        The varying parameters first, then the other columns but ``parameters``; empty where there is no variant.
    """
    own = sweep_grid[sweep_grid["strategy"] == strategy].reset_index(drop=True)
    values = pd.DataFrame([json.loads(text) for text in own["parameters"]])
    varying = [name for name in values.columns if len(set(values[name].astype(str))) > 1]
    return pd.concat([values[varying], own.drop(columns="parameters")], axis=1)
