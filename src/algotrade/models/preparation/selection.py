"""Which features stay: chosen on training rows, by rules that are said."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import ModelError
from algotrade.models.configuration import STRICT
from algotrade.models.preparation.columns import (
    constant_columns,
    first_copies,
    information,
    rank_correlations,
    representatives,
)
from algotrade.models.samples import LabelledSamples, even_steps


@settings_dataclass(frozen=True, config=STRICT)
class SelectionSettings:
    """Which features are dropped; by default none.

    Attributes
    ----------
    drop_constant : bool
        Features with one value at most in the training rows, missing ones aside.
    drop_duplicates : bool
        Features equal to an earlier one in every training row.
    max_correlation : float, optional
        Of two features whose ranks are correlated above it (in absolute value), the one that is missing more
        often (in whole percents) is dropped, the later one if neither is. The label has no say in it, so what
        stays does not change with noise from fold to fold.
    max_features : int, optional
        Of those left, the ones that alone tell most of the label's direction.
    max_rows : int
        Training rows, in even steps, on which correlations are taken and factors are fitted.
    """

    drop_constant: bool = False
    drop_duplicates: bool = False
    max_correlation: Annotated[float, Field(gt=0, le=1)] | None = None
    max_features: PositiveInt | None = None
    max_rows: Annotated[int, Field(ge=100)] = 10_000


@dataclass(frozen=True)
class Dropped:
    """A feature that does not stay.

    Attributes
    ----------
    feature : str
    reason : str
        ``constant``, ``duplicate``, ``collinear`` or ``uninformative``.
    instead : str
        The feature that stands for it; empty if none does.
    """

    feature: str
    reason: str
    instead: str = ""


@dataclass(frozen=True)
class Selection:
    """Columns that stay, in their order, and why the others do not."""

    kept: tuple[int, ...]
    dropped: tuple[Dropped, ...]


def select_columns(training: LabelledSamples, names: tuple[str, ...], settings: SelectionSettings) -> Selection:
    """Columns of the training rows that stay; a function of these rows alone.

    Constant ones go first, then copies, then near copies, then those beyond ``max_features``.

    Parameters
    ----------
    training : LabelledSamples
        All that is looked at: the last feature row of each sample, and the direction of its label.
    names : tuple of str
        Of the columns.
    settings : SelectionSettings

    Raises
    ------
    ModelError
        If no feature is left.
    """
    rows, left, dropped = training.samples.last(), np.arange(len(names)), list[Dropped]()
    for reason, rule in _RULES:
        gone = rule(rows[:, left], training.targets.direction, settings)
        dropped += [Dropped(names[left[column]], reason, names[left[by]] if by >= 0 else "") for column, by in gone]
        left = np.delete(left, [column for column, _ in gone])
    if len(left) == 0:
        raise ModelError(
            f"None of {len(names)} features is left: all are constant or missing in the {len(training)} training rows. "
            "Check `feature_engineering.names`, or set training.preparation.drop_constant to false."
        )
    return Selection(tuple(left.tolist()), tuple(dropped))


Gone = list[tuple[int, int]]
"""Columns that do not stay, each with the column that stands for it, or -1."""


def _constant(rows: FloatArray, _: BoolArray, settings: SelectionSettings) -> Gone:
    if not settings.drop_constant:
        return []
    return [(int(column), -1) for column in np.flatnonzero(constant_columns(rows))]


def _duplicate(rows: FloatArray, _: BoolArray, settings: SelectionSettings) -> Gone:
    return _replaced(first_copies(rows)) if settings.drop_duplicates else []


def _collinear(rows: FloatArray, _: BoolArray, settings: SelectionSettings) -> Gone:
    if settings.max_correlation is None:
        return []
    # In whole percents: a few missing rows more or less are no reason to choose otherwise in the next fold.
    preferred = np.argsort(np.isnan(rows).mean(axis=0).round(2), kind="stable")
    correlations = rank_correlations(evenly(rows, settings.max_rows))
    return _replaced(representatives(correlations, preferred, settings.max_correlation))


def _uninformative(rows: FloatArray, direction: BoolArray, settings: SelectionSettings) -> Gone:
    if settings.max_features is None or rows.shape[1] <= settings.max_features:
        return []
    ranking = np.argsort(-information(rows, direction), kind="stable")
    return [(int(column), -1) for column in np.sort(ranking[settings.max_features :])]


def _replaced(stands_for: IntArray) -> Gone:
    return [(column, int(other)) for column, other in enumerate(stands_for) if other != column]


_RULES: tuple[tuple[str, Callable[[FloatArray, BoolArray, SelectionSettings], Gone]], ...] = (
    ("constant", _constant),
    ("duplicate", _duplicate),
    ("collinear", _collinear),
    ("uninformative", _uninformative),
)


def evenly(rows: FloatArray, limit: int) -> FloatArray:
    """At most ``limit`` of the rows, taken in even steps."""
    return rows if len(rows) <= limit else rows[even_steps(len(rows), limit)]
