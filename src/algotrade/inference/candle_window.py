"""The newest candles of several instruments in arrays that a new candle is written into, not rebuilt for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from algotrade.data.quality.faults import Fault, row_faults
from algotrade.domain.candles import (
    CONTEXT_COLUMNS,
    VALUE_COLUMNS,
    BoolArray,
    FloatArray,
    Panel,
    from_milliseconds,
    to_milliseconds,
)
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import BadCandles

_COLUMNS = (*VALUE_COLUMNS, *CONTEXT_COLUMNS)


@dataclass(frozen=True)
class Change:
    """What candles have changed: everything from a time on, for some symbols.

    Attributes
    ----------
    since_ms : int
        Open time of the earliest candle.
    columns : ndarray of bool, shape ``(symbols,)``
        Whose candles.
    """

    since_ms: int
    columns: BoolArray


class CandleWindow:
    """The last rows of the time grid, up to the newest candle of any symbol.

    Parameters
    ----------
    timeframe : Timeframe
    symbols : sequence of str
    rows : int
        How many to hold at most, from the first candle on.
    """

    def __init__(self, timeframe: Timeframe, symbols: Sequence[str], rows: int) -> None:
        self.timeframe = timeframe
        self.symbols = tuple(symbols)
        self.rows = rows
        # Room for more, so that what is there need not be moved for every candle.
        capacity = rows + max(256, rows // 8)
        self._blocks = np.full((len(_COLUMNS), len(self.symbols), capacity), np.nan)
        self._start_ms = 0
        # Rows without any candle before them are no history: a warm-up begins with the first candle.
        self._first = capacity
        self._stop = 0

    def __len__(self) -> int:
        return self._stop - max(self._first, self._stop - self.rows) if self._stop else 0

    def take(self, candles: pd.DataFrame) -> Change | None:
        """Write candles into the window; None if none of them belongs there.

        A candle that is there already is replaced; one that is older than the window is left out.

        Parameters
        ----------
        candles : DataFrame
            Long candle frame; other symbols may be in it.

        Raises
        ------
        BadCandles
            If a candle breaks the contract, such as by a missing or infinite number; nothing is written then.
        """
        columns = pd.Index(self.symbols).get_indexer(pd.Index(candles["symbol"]))
        mine = candles[columns >= 0]
        if mine.empty:
            return None
        time_ms, values = to_milliseconds(mine["open_time"]), _values(mine)
        self._refuse_faults(mine, time_ms, values)
        rows = self._room_for(time_ms)
        kept = rows >= 0
        if not kept.any():
            return None
        changed = columns[columns >= 0][kept]
        self._blocks[:, changed, rows[kept]] = values[kept].T
        return Change(int(time_ms[kept].min()), np.isin(np.arange(len(self.symbols)), changed))

    def panel(self, columns: BoolArray | None = None) -> Panel:
        """The window as a panel, of all symbols or of some; to be used before the next candle is taken."""
        rows = slice(self._stop - len(self), self._stop)
        blocks = self._blocks[:, :, rows] if columns is None or columns.all() else self._blocks[:, columns, rows]
        symbols = self.symbols if columns is None else np.array(self.symbols)[columns].tolist()
        return Panel(
            timeframe=self.timeframe,
            symbols=tuple(symbols),
            open_time=self._start_ms + self.timeframe.milliseconds * np.arange(rows.start, rows.stop, dtype=np.int64),
            **{name: block.T for name, block in zip(_COLUMNS, blocks, strict=True)},
        )

    def _refuse_faults(self, candles: pd.DataFrame, time_ms: IntArray, values: FloatArray) -> None:
        faults = row_faults(time_ms, values[:, : len(VALUE_COLUMNS)], self.timeframe)
        faulty = np.flatnonzero(faults)
        if len(faulty):
            first = int(faulty[0])
            raise BadCandles(
                f"{len(faulty)} candles for the online features are none, the first of {candles['symbol'].iloc[first]} "
                f"at {from_milliseconds([time_ms[first]])[0]:%Y-%m-%d %H:%M}: {Fault(faults[first]).reason}. "
                "Leave such rows to quarantine, as the stream does."
            )

    def _room_for(self, time_ms: IntArray) -> IntArray:
        """Row of each time, after the window has moved on to the newest; negative before its beginning."""
        step, newest = self.timeframe.milliseconds, int(time_ms.max())
        if self._stop == 0:
            self._start_ms = newest - step * (self.rows - 1)
        stop = (newest - self._start_ms) // step + 1
        if stop > self._blocks.shape[2]:
            self._move(stop - self.rows)
            stop = self.rows
        self._stop = max(self._stop, stop)
        rows = (time_ms - self._start_ms) // step
        self._first = min(self._first, int(rows[rows >= 0].min(initial=self._first)))
        return rows

    def _move(self, dropped: int) -> None:
        """Forget the first rows and have as many empty ones at the end."""
        kept = self._blocks[:, :, dropped:].copy()
        self._blocks[:, :, : kept.shape[2]] = kept
        self._blocks[:, :, kept.shape[2] :] = np.nan
        self._start_ms += self.timeframe.milliseconds * dropped
        self._first = max(0, self._first - dropped)
        self._stop = max(0, self._stop - dropped)


def _values(candles: pd.DataFrame) -> FloatArray:
    """The columns of a panel in their order, NaN for those that the frame lacks."""
    missing = np.full(len(candles), np.nan)
    return np.column_stack(
        [candles[name].to_numpy(np.float64, na_value=np.nan) if name in candles else missing for name in _COLUMNS]
    )
