"""Slower timeframes next to the panel's own: a slower candle is looked at once it has closed, never before."""

from dataclasses import replace
from typing import Any

import numpy as np

from algotrade.domain.candles import CONTEXT_COLUMNS, VALUE_COLUMNS, BoolArray, FloatArray, Panel
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.features.compilation import compiled

_SUMS = VALUE_COLUMNS[4:]


def slower_panel(panel: Panel, multiple: int) -> Panel:
    """Panel of candles ``multiple`` times as long, of those alone that have begun and closed within the panel.

    A slower candle is made of the candles that are there: first open, highest high, lowest low, last close, the sums of
    volumes, and the last funding rate. Without any of them it is missing, too.

    >>> hours = np.arange(8.0)[:, None] + 1
    >>> panel = Panel(Timeframe("1h"), ("BTC/USDT",), 3_600_000 * np.arange(3, 11), *(hours for _ in range(8)))
    >>> slower_panel(panel, 4).close.ravel().tolist(), slower_panel(panel, 4).volume.ravel().tolist()
    ([5.0], [14.0])
    """
    timeframe = _timeframe(panel, multiple)
    first = _first_whole(panel, timeframe)
    count = max(0, len(panel) - first) // multiple
    rows = slice(first, first + count * multiple)
    present = panel.present[rows].T
    blocks: dict[str, Any] = {name: _each(getattr(panel, name)[rows].T, present, multiple, _HOW[name]) for name in _HOW}
    return replace(panel, timeframe=timeframe, open_time=panel.open_time[rows][::multiple], **blocks)


def last_closed(panel: Panel, slow: Panel) -> IntArray:
    """Row of the slower panel that had closed last when each row of the panel closed, shape ``(n,)``; -1 before any."""
    return np.searchsorted(slow.close_time, panel.close_time, side="right") - 1


def _timeframe(panel: Panel, multiple: int) -> Timeframe:
    return Timeframe.of_milliseconds(panel.timeframe.milliseconds * multiple)


def _first_whole(panel: Panel, timeframe: Timeframe) -> int:
    """Row with which the first slower candle opens that the panel holds from its beginning."""
    begins = ~timeframe.off_grid(panel.open_time)
    return int(begins.argmax()) if begins.any() else len(panel)


_FIRST, _HIGHEST, _LOWEST, _LAST, _SUM = range(5)
_HOW = {
    "open": _FIRST,
    "high": _HIGHEST,
    "low": _LOWEST,
    "close": _LAST,
    **dict.fromkeys(_SUMS, _SUM),
    **dict.fromkeys(CONTEXT_COLUMNS, _LAST),
}


def _each(values: FloatArray, present: BoolArray, multiple: int, how: int) -> FloatArray:
    return _aggregate(values, present, multiple, how).T


@compiled
def _aggregate(values: FloatArray, present: BoolArray, multiple: int, how: int) -> FloatArray:
    """One number for each ``multiple`` rows that are there; values of shape ``(symbols, n)``."""
    symbols, n = values.shape
    aggregates = np.full((symbols, n // multiple), np.nan)
    for symbol in range(symbols):
        for group in range(n // multiple):
            found, number = False, np.nan
            for row in range(group * multiple, (group + 1) * multiple):
                if not present[symbol, row]:
                    continue
                value = values[symbol, row]
                if not found or how == _LAST:
                    number = value
                elif how == _SUM:
                    number += value
                elif how == _HIGHEST:
                    number = max(number, value)
                elif how == _LOWEST:
                    number = min(number, value)
                found = True
            aggregates[symbol, group] = number
    return aggregates
