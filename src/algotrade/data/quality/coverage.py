"""How complete each series is, over time."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from algotrade.data.quality.series import SeriesRows
from algotrade.domain.candles import SERIES_COLUMNS, from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe

COVERAGE_COLUMNS = (*SERIES_COLUMNS, "time", "stretch_candles", "candles", "expected")
_MOST_STRETCHES = 160


def coverage(rows: SeriesRows) -> pd.DataFrame:
    """How many candles there are, and how many there could be, in at most 160 stretches of time.

    A series could have the candles from its first to its last one; before and after, it has no row. A stretch is
    a power of two of candles long and begins at a multiple of its length, so that the stretches of several
    exchanges can be put together (`joined_coverage`).

    Parameters
    ----------
    rows : SeriesRows
        Of at least one candle.

    Returns
    -------
    DataFrame
        Columns ``COVERAGE_COLUMNS``: ``time`` is where the stretch begins; all stretches are equally long.
    """
    place = rows.time_ms // rows.timeframe.milliseconds
    length = 1
    while place.max() // length - place.min() // length >= _MOST_STRETCHES:
        length *= 2
    parts = []
    for (start, stop), key in zip(rows.bounds, rows.keys(rows.first).to_dict("records"), strict=True):
        present = place[start:stop]
        stretches = np.arange(present[0] // length, present[-1] // length + 1)
        figures = {
            "time": from_milliseconds(stretches * length * rows.timeframe.milliseconds),
            "stretch_candles": length,
            "candles": np.bincount(present // length - stretches[0], minlength=len(stretches)),
            "expected": _expected(stretches * length, length, int(present[0]), int(present[-1])),
        }
        parts.append(pd.DataFrame(figures).assign(**{str(name): value for name, value in key.items()}))
    return pd.concat(parts, ignore_index=True)[list(COVERAGE_COLUMNS)]


def joined_coverage(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Coverage of several exchanges on the longest of their stretches, in the order given."""
    frame = pd.concat(parts, ignore_index=True)
    longest = int(frame["stretch_candles"].max())
    step = longest * Timeframe(str(frame["timeframe"].iloc[0])).milliseconds
    time_ms = to_milliseconds(frame["time"])
    frame = frame.assign(time=from_milliseconds(time_ms - time_ms % step), stretch_candles=longest)
    keys = [*SERIES_COLUMNS, "time", "stretch_candles"]
    return frame.groupby(keys, as_index=False, sort=False)[["candles", "expected"]].sum()


def _expected(begins: IntArray, length: int, first: int, last: int) -> IntArray:
    """Grid points of each stretch that lie between the first and the last candle."""
    return np.asarray(np.minimum(begins + length, last + 1) - np.maximum(begins, first))
