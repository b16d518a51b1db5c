"""Candles as the venue prints them, and pages of them."""

from typing import NamedTuple

import numpy as np

from algotrade.domain.candles import VALUE_COLUMNS, Candles
from algotrade.domain.timeframe import IntArray
from algotrade.simulation.venue.listing import DECIMALS, Listing

_BLOCK_ROWS = 1_000


class Window(NamedTuple):
    """Which rows are asked for: times in ms since the epoch, both included, and how many at most."""

    start: int | None
    end: int | None
    limit: int


class Kline(NamedTuple):
    """One candle, closed or still forming."""

    open_time: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    trades: float
    taker_buy_volume: float

    @property
    def taker_buy_quote_volume(self) -> float:
        """What takers paid for what they bought, at the average price."""
        return self.quote_volume * self.taker_buy_volume / self.volume if self.volume else 0.0


class KlineTable:
    """Every candle of one symbol and timeframe as a row of JSON, printed when first asked for.

    Parameters
    ----------
    candles : Candles
    length_ms : int
    listing : Listing
    """

    def __init__(self, candles: Candles, length_ms: int, listing: Listing) -> None:
        self.candles = candles
        self.length_ms = length_ms
        self._template = _template(listing)
        self._blocks: dict[int, list[bytes]] = {}

    @property
    def open_time(self) -> IntArray:
        """Open times, ms since the epoch."""
        return self.candles.open_time

    def closed(self, now: int) -> int:
        """How many candles have closed by then."""
        return int(np.searchsorted(self.open_time, now - self.length_ms, side="right"))

    def rows(self, start: int, stop: int) -> list[bytes]:
        """Printed candles from index ``start`` to before ``stop``."""
        rows: list[bytes] = []
        for block in range(start // _BLOCK_ROWS, -(-stop // _BLOCK_ROWS)):
            first = block * _BLOCK_ROWS
            rows += self._block(block)[max(0, start - first) : stop - first]
        return rows

    def kline(self, index: int) -> Kline:
        """One candle by its index."""
        values = (float(getattr(self.candles, name)[index]) for name in VALUE_COLUMNS)
        return Kline(int(self.open_time[index]), *values)

    def row(self, kline: Kline) -> bytes:
        """Printed candle."""
        o, h, low, c, volume, quote, trades, taker = kline[1:]
        close_time = kline.open_time + self.length_ms - 1
        numbers = (kline.open_time, o, h, low, c, volume, close_time, quote, trades, taker)
        return (self._template % (*numbers, kline.taker_buy_quote_volume)).encode()

    def _block(self, block: int) -> list[bytes]:
        # Printing takes a few microseconds a row: it is done once, and not before somebody asks.
        if block not in self._blocks:
            candles = self.candles[block * _BLOCK_ROWS : (block + 1) * _BLOCK_ROWS]
            columns = (getattr(candles, name).tolist() for name in Kline._fields)
            self._blocks[block] = [self.row(Kline(*values)) for values in zip(*columns, strict=True)]
        return self._blocks[block]


def page(open_time: IntArray, window: Window) -> range:
    """Indices of the rows that a venue sends for a window: the first ones from a start on, else the last ones.

    >>> times = np.arange(0, 100, 10)
    >>> page(times, Window(25, None, 3)), page(times, Window(None, 25, 2)), page(times, Window(None, None, 2))
    (range(3, 6), range(1, 3), range(8, 10))
    """
    first = 0 if window.start is None else int(np.searchsorted(open_time, window.start, side="left"))
    last = len(open_time) if window.end is None else int(np.searchsorted(open_time, window.end, side="right"))
    if window.start is None:
        return range(max(first, last - window.limit), last)
    return range(first, max(first, min(last, first + window.limit)))


def _template(listing: Listing) -> str:
    """Format of a row; digits beyond tick and lot are zeros, whatever the float says there."""

    def number(decimals: int) -> str:
        return f'"%.{decimals}f{"" if decimals else "."}{"0" * (DECIMALS - decimals)}"'

    price, quantity = number(listing.price_decimals), number(listing.quantity_decimals)
    notional = number(listing.notional_decimals)
    prices = ",".join([price] * 4)
    return f'[%d,{prices},{quantity},%d,{notional},%d,{quantity},{number(DECIMALS)},"0"]'
