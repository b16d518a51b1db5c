"""Candles: the frame that crosses borders, and the arrays that the core computes on.

A candle is labelled by its open time and becomes knowable at its close time, one timeframe later.
Row *t* of anything computed from candles may use rows up to and including *t*.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from algotrade.domain.symbol import counterpart
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import BadCandles

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

PRICE_COLUMNS = ("open", "high", "low", "close")
REQUIRED_COLUMNS = ("open_time", *PRICE_COLUMNS, "volume")
OPTIONAL_COLUMNS = ("quote_volume", "trades", "taker_buy_volume")
VALUE_COLUMNS = (*PRICE_COLUMNS, "volume", *OPTIONAL_COLUMNS)
"""The numbers of a candle, in the order in which stores keep them."""
CONTEXT_COLUMNS = ("funding_rate",)
"""Numbers known at the close of a candle that no candle of the instrument itself holds; stores keep them elsewhere."""
SERIES_COLUMNS = ("exchange", "symbol", "timeframe")
"""What a candle series is keyed by; a long frame carries them beside the candle columns."""
OPEN_TIME_DTYPE = "datetime64[ms, UTC]"
_BLOCKS = (*VALUE_COLUMNS, *CONTEXT_COLUMNS)
_NOT_GIVEN: FloatArray = np.empty(0)


def to_milliseconds(times: "pd.Series | pd.DatetimeIndex") -> IntArray:
    """Milliseconds since the epoch of aware UTC times, shape ``(n,)``."""
    return np.asarray(pd.DatetimeIndex(times).as_unit("ms").asi8, dtype=np.int64)


def from_milliseconds(times_ms: npt.ArrayLike) -> pd.DatetimeIndex:
    """Aware UTC times at millisecond resolution from milliseconds since the epoch."""
    return pd.DatetimeIndex(np.asarray(times_ms, dtype="datetime64[ms]"), tz="UTC")


@dataclass(frozen=True)
class Candles:
    """The candles of one instrument, oldest first.

    Missing candles are absent rows: a window counts candles, not hours. Every array has shape
    ``(n,)``; the optional ones are NaN where the source does not give them, as is all of
    ``funding_rate``, the perpetual's last settled rate at the candle's close, by default.
    """

    open_time: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    quote_volume: FloatArray
    trades: FloatArray
    taker_buy_volume: FloatArray
    funding_rate: FloatArray = field(default_factory=lambda: _NOT_GIVEN)

    def __post_init__(self) -> None:
        if self.funding_rate is _NOT_GIVEN:
            object.__setattr__(self, "funding_rate", np.full(len(self.open_time), np.nan))

    def __len__(self) -> int:
        return len(self.open_time)

    def __getitem__(self, rows: slice) -> "Candles":
        return Candles(self.open_time[rows], *[getattr(self, name)[rows] for name in _BLOCKS])

    @cached_property
    def memo(self) -> dict[Hashable, Any]:
        """What was derived from these candles so far; see :mod:`algotrade.features.derived`."""
        return {}


@dataclass(frozen=True)
class Panel:
    """The candles of several instruments on one gapless time grid.

    Attributes
    ----------
    timeframe : Timeframe
    symbols : tuple of str, length ``symbols``
    open_time : ndarray of int64, shape ``(n,)``
        Milliseconds since the epoch, every grid point from the first candle to the last.
    open, high, low, close, volume, quote_volume, trades, taker_buy_volume : ndarray, shape ``(n, symbols)``
        NaN where the instrument has no candle: before its listing, in a gap, after its end. The series of one
        instrument lie in one piece.
    funding_rate : ndarray, shape ``(n, symbols)``
        The perpetual's last rate that was settled by the close of each row; all NaN by default.
    """

    timeframe: Timeframe
    symbols: tuple[str, ...]
    open_time: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    quote_volume: FloatArray
    trades: FloatArray
    taker_buy_volume: FloatArray
    funding_rate: FloatArray = field(default_factory=lambda: _NOT_GIVEN)

    def __post_init__(self) -> None:
        if self.funding_rate is _NOT_GIVEN:
            object.__setattr__(self, "funding_rate", np.full_like(self.close, np.nan))

    def __len__(self) -> int:
        return len(self.open_time)

    def __getitem__(self, rows: slice) -> "Panel":
        """The same instruments over a slice of the time grid."""
        blocks = [getattr(self, name)[rows] for name in _BLOCKS]
        return Panel(self.timeframe, self.symbols, self.open_time[rows], *blocks)

    @cached_property
    def memo(self) -> dict[Hashable, Any]:
        """What was derived from this panel so far; see :mod:`algotrade.features.derived`."""
        return {}

    @cached_property
    def present(self) -> BoolArray:
        """Where there is a candle, shape ``(n, symbols)``."""
        return ~np.isnan(self.close)

    @cached_property
    def counterpart_close(self) -> FloatArray:
        """Close of the perpetual of each spot pair and of the spot pair of each perpetual, shape ``(n, symbols)``.

        NaN where the panel does not hold it.
        """
        closes = np.full_like(self.close, np.nan, order="F")
        for column, other in _counterparts(self.symbols):
            closes[:, column] = self.close[:, other]
        return closes

    @property
    def close_time(self) -> IntArray:
        """When each row becomes knowable, milliseconds since the epoch, shape ``(n,)``."""
        return self.open_time + self.timeframe.milliseconds

    def candles(self, symbol: str) -> Candles:
        """The candles of one instrument, with the rows it does not have left out."""
        column = self.symbols.index(symbol)
        present = self.present[:, column]
        rows = slice(None) if present.all() else present
        return Candles(self.open_time[rows], *(getattr(self, name)[rows, column] for name in _BLOCKS))

    def needed(self, count: int) -> "Panel":
        """The last rows, from where each instrument that is still there has ``count`` candles, or all that it has."""
        if len(self) <= count:
            return self
        gaps = (~self.present).any(axis=0) & self.present[-1]
        first = len(self) - count
        for column in np.flatnonzero(gaps):
            rows = np.flatnonzero(self.present[:, column])[-count:]
            first = min(first, int(rows[0]))
        return self[first:]

    @classmethod
    def from_frame(cls, candles: pd.DataFrame, timeframe: Timeframe, symbols: Sequence[str] | None = None) -> "Panel":
        """Panel of a long candle frame (columns ``symbol``, ``open_time`` and the candle's numbers).

        Parameters
        ----------
        candles : DataFrame
            Valid candles in any order.
        timeframe : Timeframe
        symbols : sequence of str, optional
            Column order; every symbol of the frame, sorted, by default.

        Raises
        ------
        BadCandles
            If the frame is empty, a candle lies off the grid, or one is there twice.
        """
        if candles.empty:
            raise BadCandles("A panel needs at least one candle; the frame is empty. Run the ingestion pipeline first.")
        chosen = tuple(symbols) if symbols is not None else tuple(sorted(candles["symbol"].unique()))
        time_ms = to_milliseconds(candles["open_time"])
        if timeframe.off_grid(time_ms).any():
            raise BadCandles(f"Some candles are not on the {timeframe} grid. Run the ingestion pipeline again.")
        start, step = int(time_ms.min()), timeframe.milliseconds
        rows = (time_ms - start) // step
        columns = pd.Index(chosen).get_indexer(pd.Index(candles["symbol"]))
        shape = (int(rows.max()) + 1, len(chosen))
        keep = columns >= 0
        cells = np.ravel_multi_index((columns[keep], rows[keep]), shape[::-1])
        if len(np.unique(cells)) != len(cells):
            raise BadCandles("Some candles are there twice. Run the ingestion pipeline again.")

        def block(name: str) -> FloatArray:
            values = np.full(shape[::-1], np.nan)
            if name in candles:
                values.ravel()[cells] = candles[name].to_numpy(dtype=np.float64, na_value=np.nan)[keep]
            return values.T

        return cls(
            timeframe=timeframe,
            symbols=chosen,
            open_time=start + step * np.arange(shape[0], dtype=np.int64),
            **{name: block(name) for name in _BLOCKS},
        )


@lru_cache(maxsize=16)
def _counterparts(symbols: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Columns of the symbols that have a counterpart among them, each with the counterpart's."""
    columns = {symbol: column for column, symbol in enumerate(symbols)}
    pairs = ((symbol, counterpart(symbol)) for symbol in symbols)
    return tuple(
        (columns[own], columns[other]) for own, other in pairs if other in columns and counterpart(other) == own
    )
