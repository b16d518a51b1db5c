"""Which candles are missing: what the store has, against what the exchange could have."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from algotrade.data.intervals import Interval, gaps, joined, length, without
from algotrade.data.store import CandleStore
from algotrade.domain.candles import from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe

_STREAMED_ROWS = 200_000


@dataclass(frozen=True)
class StoredState:
    """What the store has of one series.

    Attributes
    ----------
    exchange, symbol : str
    timeframe : Timeframe
    rows : int
    first, last : int
        Open times, ms since the epoch; without meaning where there are no rows.
    holes : tuple of intervals
        What the exchange is known not to have.
    """

    exchange: str
    symbol: str
    timeframe: Timeframe
    rows: int
    first: int
    last: int
    holes: tuple[Interval, ...]

    @property
    def end(self) -> int:
        """Open time after the last stored candle."""
        return self.last + self.timeframe.milliseconds

    @property
    def complete(self) -> bool:
        """Whether nothing is missing between the first and the last candle, but for known holes."""
        inside = [(max(start, self.first), min(stop, self.end)) for start, stop in self.holes]
        known = length((start, stop) for start, stop in inside if stop > start)
        return self.rows * self.timeframe.milliseconds + known == self.end - self.first


def states(store: CandleStore, exchange: str, timeframe: Timeframe, symbols: list[str]) -> list[StoredState]:
    """What the store has of each symbol."""
    series = store.series()
    ours = series[(series["exchange"] == exchange) & (series["timeframe"] == timeframe.name)].set_index("symbol")
    holes: dict[str, list[Interval]] = {}
    frame = store.holes(exchange, timeframe, symbols)
    ends = zip(frame["symbol"], to_milliseconds(frame["start"]), to_milliseconds(frame["end"]), strict=True)
    for symbol, start, end in ends:
        holes.setdefault(str(symbol), []).append((int(start), int(end)))
    first = dict(zip(ours.index, to_milliseconds(ours["start"]).tolist(), strict=True))
    last = dict(zip(ours.index, to_milliseconds(ours["end"]).tolist(), strict=True))
    rows = ours["rows"].to_dict()
    return [
        StoredState(
            exchange,
            symbol,
            timeframe,
            int(rows.get(symbol, 0)),
            first.get(symbol, 0),
            last.get(symbol, 0),
            tuple(holes.get(symbol, ())),
        )
        for symbol in symbols
    ]


def missing(store: CandleStore, state: StoredState, span: Interval) -> list[Interval]:
    """Stretches of the span that are neither stored nor known holes.

    Memory stays flat: times are read in chunks, and only if the number of rows shows that something is missing.
    """
    start, stop = span
    if stop <= start:
        return []
    if not state.rows:
        return without([span], state.holes)
    absent = [(start, min(stop, state.first)), (max(start, state.end), stop)]
    inside = (max(start, state.first), min(stop, state.end))
    if not state.complete and inside[1] > inside[0]:
        absent += _gaps(store, state, inside)
    return without([stretch for stretch in absent if stretch[1] > stretch[0]], state.holes)


def requests(stretches: list[Interval], timeframe: Timeframe, page_rows: int) -> list[Interval]:
    """Stretches as they are asked for: those that one answer covers are one, whatever lies between."""
    return joined(stretches, page_rows // 2 * timeframe.milliseconds)


def _gaps(store: CandleStore, state: StoredState, span: Interval) -> list[Interval]:
    step, at = state.timeframe.milliseconds, span[0]
    found: list[Interval] = []
    for times in _times(store, state, span):
        until = int(times[-1]) + step
        found += gaps(times, at, until, step)
        at = until
    return found + gaps(np.empty(0, dtype=np.int64), at, span[1], step)


def _times(store: CandleStore, state: StoredState, span: Interval) -> Iterator[IntArray]:
    first, stop = from_milliseconds(list(span))
    chunks = store.stream(
        state.exchange, state.timeframe, [state.symbol], first, stop, columns=["close"], rows=_STREAMED_ROWS
    )
    for chunk in chunks:
        yield to_milliseconds(chunk["open_time"])
