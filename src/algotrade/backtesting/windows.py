"""Training and test windows of a walk-forward optimisation, cut between UTC days.

::

      days that parameters are chosen on      │ purge │     days that they trade on
    ──────────────────────────────────────────┼───────┼──────────────────────────────────▶ time
                                   train_end ─┘       └─ test_start

The choice is made at the close of the last training candle. Between the windows there are as many candles as the
forecasts look ahead, so that no forecast of a training row is about a test row's return; the parameters in force
before go on trading there. What a strategy reads before its first test row (its lookback) is context: seen, not
traded.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.backtesting.market import day_ends
from algotrade.domain.candles import Panel, from_milliseconds
from algotrade.domain.timeframe import IntArray
from algotrade.errors import TooFewCandles
from algotrade.models.configuration import STRICT
from algotrade.strategies import MarketView

FEWEST_TRAINING_DAYS = 10
FEWEST_TEST_DAYS = 3


@settings_dataclass(frozen=True, config=STRICT)
class WalkForwardSettings:
    """How parameters are chosen, again and again.

    Attributes
    ----------
    windows : int
        Test windows, one after the other, the last one ending with the history.
    training_share : float
        Share of the days that comes before the first test window.
    mode : {"expanding", "rolling"}
        Whether training starts with the history or keeps the length that it has for the first window.
    method : {"grid", "optuna"}
        Every combination of the search space, or as many trials a window as ``trials`` says between its smallest and
        largest values.
    trials : int
    seed : int
        Of Optuna.
    """

    windows: PositiveInt = 4
    training_share: Annotated[float, Field(gt=0, lt=1)] = 0.4
    mode: Literal["expanding", "rolling"] = "expanding"
    method: Literal["grid", "optuna"] = "grid"
    trials: PositiveInt = 30
    seed: NonNegativeInt = 0


@dataclass(frozen=True)
class Window:
    """One step of the walk.

    Attributes
    ----------
    index : int
        From 0.
    train_days, test_days : slice
        Among the UTC days of the decided rows.
    train_rows, test_rows : slice
        Among the decided rows.
    """

    index: int
    train_days: slice
    test_days: slice
    train_rows: slice
    test_rows: slice


def cut_windows(view: MarketView, settings: WalkForwardSettings) -> tuple[Window, ...]:
    """Windows over the decided rows of a view, in order; fewer where a test window would be below three days.

    Raises
    ------
    TooFewCandles
        If the first training window has fewer than ten days, or there are none left to test on.
    """
    ends = np.flatnonzero(day_ends(view.decided))
    days = len(ends)
    first = round(days * settings.training_share)
    count = min(settings.windows, (days - first) // FEWEST_TEST_DAYS)
    # Row after the last one of each day, from the day before the first.
    after = np.concatenate([[0], ends + 1])
    purge = 0 if view.probability is None and view.expected_return is None else view.horizon
    known = np.searchsorted(ends, after[first] - purge)
    if count < 1 or known < FEWEST_TRAINING_DAYS:
        raise TooFewCandles(
            f"{days} days are too few to choose parameters on one part of them and judge on the next; needed are "
            f"{FEWEST_TRAINING_DAYS} training days and {FEWEST_TEST_DAYS} test days. Take a longer history."
        )
    edges = np.linspace(first, days, count + 1).round().astype(int)
    return tuple(
        _window(index, after, (int(start), int(end)), purge, int(known) if settings.mode == "rolling" else None)
        for index, (start, end) in enumerate(pairwise(edges))
    )


def _window(index: int, after: IntArray, test: tuple[int, int], purge: int, length: int | None) -> Window:
    known = int(np.searchsorted(after[1:] - 1, after[test[0]] - purge))
    start = 0 if length is None else max(known - length, 0)
    return Window(
        index,
        slice(start, known),
        slice(*test),
        slice(int(after[start]), int(after[known])),
        slice(int(after[test[0]]), int(after[test[1]])),
    )


def window_times(panel: Panel, window: Window) -> dict[str, pd.Timestamp]:
    """Open time of the first row and close time of the last row of both spans."""
    spans = {"train": window.train_rows, "test": window.test_rows}
    opened, closed = from_milliseconds(panel.open_time), from_milliseconds(panel.close_time)
    return {
        f"{name}_{edge}": times[row]
        for name, rows in spans.items()
        for edge, times, row in (("start", opened, rows.start), ("end", closed, rows.stop - 1))
    }
