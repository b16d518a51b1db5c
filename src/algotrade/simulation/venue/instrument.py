"""One instrument of the venue: its candles at any time, its trades, its last price."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from algotrade.domain.candles import PRICE_COLUMNS, Candles, FloatArray
from algotrade.domain.resampling import parts, resample
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.simulation.venue.klines import Kline, KlineTable, Window, page
from algotrade.simulation.venue.listing import ENOUGH_TRADES, UNIT, Listing, listing_of, units
from algotrade.simulation.venue.trades import Trade, WholeCandle, synthesise


class NumberedTrade(NamedTuple):
    """An aggregated trade at the venue; ``first_id`` to ``last_id`` are the trades that it stands for."""

    id: int
    time_ms: int
    price: int
    quantity: int
    buyer_is_maker: bool
    first_id: int
    last_id: int


class TradedInstrument:
    """What the venue knows about one instrument at any of its times.

    Parameters
    ----------
    symbol : str
    candles : Candles
        The base candles; what they lack (quote volume, trades, taker volume) is filled in.
    timeframe : Timeframe
        Of the base candles; longer ones are made of them.
    trades_per_candle : int
        How many aggregated trades a base candle has at most.
    """

    def __init__(self, symbol: str, candles: Candles, timeframe: Timeframe, trades_per_candle: int) -> None:
        self.timeframe = timeframe
        self.listing: Listing = listing_of(symbol, candles)
        self.candles = _rounded(_filled(candles, trades_per_candle), self.listing)
        self._most = trades_per_candle
        self._tables: dict[Timeframe, KlineTable] = {}
        self._trades_of = lru_cache(maxsize=4_096)(self._synthesise)
        self.trades = lru_cache(maxsize=4_096)(self._numbered)

    def offers(self, timeframe: Timeframe) -> bool:
        """Whether candles of this timeframe can be made of the base candles."""
        if timeframe.milliseconds % self.timeframe.milliseconds:
            return False
        return not self.timeframe.off_grid(np.array([timeframe.floor(0)])).any()

    def table(self, timeframe: Timeframe) -> KlineTable:
        """Every candle of a timeframe, those of the future included."""
        if timeframe not in self._tables:
            parts(self.timeframe, timeframe)
            longer = resample(self.candles, self.timeframe, timeframe, incomplete=True)
            table = KlineTable(_rounded(longer, self.listing), timeframe.milliseconds, self.listing)
            self._tables[timeframe] = table
        return self._tables[timeframe]

    def kline_rows(self, timeframe: Timeframe, window: Window, now: int) -> list[bytes]:
        """Printed candles of a page, oldest first; the last may still be forming."""
        table = self.table(timeframe)
        closed = table.closed(now)
        # The forming candle follows the closed ones in the table, where it is complete.
        span = page(table.open_time[: closed + self._is_forming(timeframe, now)], window)
        rows = table.rows(span.start, min(span.stop, closed))
        forming = self.forming(timeframe, now) if span and span.stop > closed else None
        return rows if forming is None else [*rows, table.row(forming)]

    def forming(self, timeframe: Timeframe, now: int) -> Kline | None:
        """The candle that is open at a time, made of what has been traded in it so far; None if nothing has."""
        if not self._is_forming(timeframe, now):
            return None
        return self.summary(timeframe.floor(now), now)

    def summary(self, start: int, now: int) -> Kline | None:
        """One candle of all that was traded from a base candle's open time up to now; None if nothing was."""
        first = int(np.searchsorted(self.candles.open_time, start))
        running = self.table(self.timeframe).closed(now)
        done = [_joined(start, self.candles[first:running])] if running > first else []
        partial = self._partial(max(first, running), now)
        pieces = [*done, *([partial] if partial is not None else [])]
        return _continued(start, pieces) if pieces else None

    def _is_forming(self, timeframe: Timeframe, now: int) -> bool:
        opens = self.candles.open_time
        first = int(np.searchsorted(opens, timeframe.floor(now)))
        return first < len(opens) and bool(opens[first] <= now)

    def trades_between(self, start: int, stop: int) -> Iterator[NumberedTrade]:
        """Aggregated trades from ``start`` to before ``stop``, oldest first."""
        opens, length = self.candles.open_time, self.timeframe.milliseconds
        first = int(np.searchsorted(opens, start - length, side="right"))
        for candle in range(first, int(np.searchsorted(opens, stop))):
            yield from (trade for trade in self.trades(candle) if start <= trade.time_ms < stop)

    def trades_from(self, number: int, stop: int) -> Iterator[NumberedTrade]:
        """Aggregated trades from this number on, before the time ``stop``."""
        first = int(np.searchsorted(self._first_aggregate, max(number, 0), side="right")) - 1
        for candle in range(first, int(np.searchsorted(self.candles.open_time, stop))):
            yield from (trade for trade in self.trades(candle) if trade.id >= number and trade.time_ms < stop)

    def last_trades(self, count: int, stop: int) -> list[NumberedTrade]:
        """The last aggregated trades before a time, oldest first."""
        found: list[NumberedTrade] = []
        candle = int(np.searchsorted(self.candles.open_time, stop)) - 1
        while candle >= 0 and len(found) < count:
            found = [trade for trade in self.trades(candle) if trade.time_ms < stop] + found
            candle -= 1
        return found[-count:]

    def first_trade_id(self, start: int) -> int:
        """Number of the first trade at or after a base candle's open time."""
        return int(self._first_trade[np.searchsorted(self.candles.open_time, start)])

    def last_price(self, now: int) -> int | None:
        """Price of the last trade, in units of 1e-8; None before the first."""
        closed = self.table(self.timeframe).closed(now)
        partial = self._partial(closed, now)
        if partial is not None:
            return units(partial.close)
        return units(float(self.candles.close[closed - 1])) if closed else None

    def _partial(self, candle: int, now: int) -> Kline | None:
        """The base candle with this index as far as it has come."""
        if candle >= len(self.candles) or self.candles.open_time[candle] > now:
            return None
        whole = self.table(self.timeframe).kline(candle)
        done = [trade for trade in self._trades_of(candle) if whole.open_time + trade.offset_ms <= now]
        if not done:
            return whole._replace(high=whole.open, low=whole.open, close=whole.open)
        prices = [trade.price for trade in done]
        bought = sum(trade.quantity for trade in done if not trade.buyer_is_maker)
        return Kline(
            whole.open_time,
            open=prices[0] / UNIT,
            high=max(prices) / UNIT,
            low=min(prices) / UNIT,
            close=prices[-1] / UNIT,
            volume=sum(trade.quantity for trade in done) / UNIT,
            quote_volume=sum(trade.price * trade.quantity for trade in done) / UNIT**2,
            trades=float(sum(trade.trades for trade in done)),
            taker_buy_volume=bought / UNIT,
        )

    def _synthesise(self, candle: int) -> list[Trade]:
        kline = self.table(self.timeframe).kline(candle)
        o, h, low, c, volume, quote_volume, taker_buy_volume = (units(kline[k]) for k in (1, 2, 3, 4, 5, 6, 8))
        whole = WholeCandle(o, h, low, c, volume, quote_volume, int(kline.trades), taker_buy_volume)
        seed = f"{self.listing.id} {kline.open_time}"
        return synthesise(whole, self.listing, self.timeframe.milliseconds, self._most, seed)

    def _numbered(self, candle: int) -> list[NumberedTrade]:
        """Aggregated trades of the base candle with this index."""
        opened, number = int(self.candles.open_time[candle]), int(self._first_trade[candle])
        result = []
        for k, trade in enumerate(self._trades_of(candle), start=int(self._first_aggregate[candle])):
            last = number + trade.trades - 1
            result.append(NumberedTrade(k, opened + trade.offset_ms, *trade[1:4], number, last))
            number = last + 1
        return result

    @cached_property
    def _counts(self) -> tuple[IntArray, IntArray]:
        """Trades and aggregated trades of each base candle."""
        trades = self.candles.trades.astype(np.int64) * (self.candles.volume > 0)
        aggregated = np.minimum(trades, self._most)
        # Only a candle of few trades, or of next to no volume, can need another number of them.
        few = (self.candles.volume > 0) & ((trades < ENOUGH_TRADES) | (self.candles.volume * UNIT < ENOUGH_TRADES))
        for candle in np.flatnonzero(few):
            made = self._trades_of(int(candle))
            trades[candle], aggregated[candle] = sum(trade.trades for trade in made), len(made)
        return trades, aggregated

    @cached_property
    def _first_trade(self) -> IntArray:
        trades, _ = self._counts
        return np.cumsum(trades) - trades

    @cached_property
    def _first_aggregate(self) -> IntArray:
        _, aggregated = self._counts
        return np.cumsum(aggregated) - aggregated


def _filled(candles: Candles, trades_per_candle: int) -> Candles:
    """The candles with numbers in place of what they lack."""

    def known(values: FloatArray, otherwise: FloatArray) -> FloatArray:
        return np.where(np.isfinite(values), values, otherwise)

    typical = sum(getattr(candles, name) for name in PRICE_COLUMNS) / 4
    quote_volume = known(candles.quote_volume, candles.volume * typical)
    trades = known(candles.trades, np.where(candles.volume > 0, float(trades_per_candle), 0.0))
    taker = known(candles.taker_buy_volume, candles.volume / 2)
    return replace(candles, quote_volume=quote_volume, trades=trades, taker_buy_volume=taker)


def _rounded(candles: Candles, listing: Listing) -> Candles:
    """The candles as they are printed."""
    volume = np.round(candles.volume, listing.quantity_decimals)
    return replace(
        candles,
        **{name: np.round(getattr(candles, name), listing.price_decimals) for name in PRICE_COLUMNS},
        volume=volume,
        quote_volume=np.round(candles.quote_volume, listing.notional_decimals),
        taker_buy_volume=np.minimum(np.round(candles.taker_buy_volume, listing.quantity_decimals), volume),
    )


def _joined(open_time: int, candles: Candles) -> Kline:
    """One candle out of several in a row."""
    sums = (candles.volume, candles.quote_volume, candles.trades, candles.taker_buy_volume)
    prices = (candles.open[0], candles.high.max(), candles.low.min(), candles.close[-1])
    return Kline(open_time, *map(float, prices), *(float(values.sum()) for values in sums))


def _continued(open_time: int, pieces: list[Kline]) -> Kline:
    """One candle out of its closed part and its running part."""
    return Kline(
        open_time,
        pieces[0].open,
        max(piece.high for piece in pieces),
        min(piece.low for piece in pieces),
        pieces[-1].close,
        *(sum(getattr(piece, name) for piece in pieces) for name in Kline._fields[5:]),
    )
