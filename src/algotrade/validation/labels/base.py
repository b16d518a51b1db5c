"""What every label is: it says what a decision on each row earned, and from when that was known."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from algotrade.domain.candles import FloatArray, Panel, from_milliseconds
from algotrade.domain.timeframe import IntArray
from algotrade.errors import TooFewCandles
from algotrade.models.configuration import parse_settings
from algotrade.registry import Registry
from algotrade.validation.labels.concurrency import relative_uniqueness

LABEL_COLUMNS = ("symbol", "open_time", "known_at", "forward_return", "target", "weight")
"""Columns of the labels."""


@dataclass(frozen=True)
class Outcomes:
    """What became of the position that each row opens at the open of the next one.

    Attributes
    ----------
    known_row : ndarray of int64, shape ``(n, symbols)``
        The row at whose open the position is closed and its label known: a row's close is the next one's open. Also
        where it is still to come, or will never be known for want of a candle; -1 where no position was opened.
    forward_return : ndarray of float64, shape ``(n, symbols)``
        Log return from the first fill to the exit; NaN where it is not known.
    target : ndarray of float64, shape ``(n, symbols)``
        What a regression learns.
    """

    known_row: IntArray
    forward_return: FloatArray
    target: FloatArray


@dataclass(frozen=True)
class Label(ABC):
    """A way to say what came of a row; a value.

    Three laws hold for each: no label depends on what becomes known after its ``known_at``, not even on whether there
    is anything; ``known_at`` lies after the close of its row; and a price that was known at that close tells a label
    how large moves are, never which way the price went.

    Attributes
    ----------
    settings : frozen dataclass of type ``settings_type``
        With ``horizon``, the candles that a position is held at most.
    name : str
        Under which ``LABELS`` has it.
    """

    settings: Any

    name: ClassVar[str]
    settings_type: ClassVar[type[Any]]

    @property
    def horizon(self) -> int:
        """Candles that a position is held at most."""
        return int(self.settings.horizon)

    @property
    def lookback(self) -> int:
        """Candles up to and including the row that the label reads besides those that follow; 0 for none."""
        return 0

    @property
    def warm_up(self) -> int:
        """Rows before the first one that can have a label."""
        return 0

    @property
    def fewest_candles(self) -> int:
        """Candles of the shortest history in which a label is known."""
        return self.warm_up + self.horizon + 2

    @property
    @abstractmethod
    def formula(self) -> str:
        """What is forecast and when it is known, in one line; a model bundle carries it, beside the horizon."""

    @abstractmethod
    def outcomes(self, panel: Panel) -> Outcomes:
        """What became of the position of every row."""

    def of(self, panel: Panel) -> pd.DataFrame:
        """Labels of every row of which the outcome is known.

        Parameters
        ----------
        panel : Panel
            Shape ``(n, symbols)``.

        Returns
        -------
        DataFrame
            Columns ``LABEL_COLUMNS``, sorted by symbol, then time. ``weight`` is the average uniqueness of the label
            in units of one over the horizon; see :func:`~algotrade.validation.labels.concurrency.relative_uniqueness`.

        Raises
        ------
        TooFewCandles
            If the history is too short for a single label.
        """
        if len(panel) < self.fewest_candles:
            raise TooFewCandles(
                f"A {self.name} label with a horizon of {self.horizon} needs {self.fewest_candles} candles, there are "
                f"{len(panel)}. Fetch a longer history, or lower `training.horizon` or the windows of `training.label`."
            )
        found = self.outcomes(panel)
        weight = relative_uniqueness(np.asfortranarray(found.known_row), self.horizon)
        order = np.argsort(np.array(panel.symbols), kind="stable")
        columns, rows = np.nonzero(np.isfinite(found.target).T[order])
        columns = order[columns]
        step = panel.timeframe.milliseconds
        return pd.DataFrame(
            {
                "symbol": pd.Index(panel.symbols).take(columns),
                "open_time": from_milliseconds(panel.open_time[rows]),
                "known_at": from_milliseconds(panel.open_time[0] + step * found.known_row[rows, columns]),
                "forward_return": found.forward_return[rows, columns],
                "target": found.target[rows, columns],
                "weight": weight[rows, columns],
            },
            columns=list(LABEL_COLUMNS),
        )


LABELS: Registry[type[Label]] = Registry("label", package="algotrade.validation.labels")
"""The labels, by name."""


def build_label(settings: Mapping[str, Any]) -> Label:
    """Label of its configuration, ``{"kind": name, ...its settings}``.

    Raises
    ------
    ConfigurationError
        If the kind or a setting is not known, or a value is not accepted.

    >>> build_label({"kind": "forward_return", "horizon": 4}).formula
    'log(open[t+1+horizon] / open[t+1]), known at the open of t+1+horizon'
    """
    own = {name: value for name, value in settings.items() if name != "kind"}
    kind = LABELS[settings.get("kind", "")]
    return kind(parse_settings(kind.settings_type, own, f"label {kind.name}"))
