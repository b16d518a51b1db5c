"""The events of a stream: what has happened in it between two instants."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from algotrade.domain.timeframe import Timeframe
from algotrade.simulation.venue import quotes
from algotrade.simulation.venue.instrument import NumberedTrade, TradedInstrument
from algotrade.simulation.venue.klines import Kline
from algotrade.simulation.venue.listing import printed
from algotrade.simulation.venue.market import VenueMarket

_NAME = re.compile(r"([a-z0-9]+)@(kline|trade|aggTrade|bookTicker|ticker|miniTicker)(?:_(\w+))?")


class Event(NamedTuple):
    """Something that happened at a venue time (ms since the epoch); ``body`` is its JSON."""

    time_ms: int
    body: str


def events(market: VenueMarket, stream: str, since: int, now: int) -> list[Event]:
    """Events of a stream after ``since`` up to ``now``, oldest first; none of a stream that there is not."""
    match = _NAME.fullmatch(stream)
    instrument = market.get(match[1].upper()) if match else None
    if match is None or instrument is None:
        return []
    kind, interval = match[2], match[3]
    if kind == "kline":
        timeframe = market.intervals.get(interval)
        return [] if timeframe is None else list(_klines(instrument, timeframe, since, now))
    trades = list(instrument.trades_between(since + 1, now + 1))
    if kind in {"ticker", "miniTicker"}:
        return [_ticker(instrument, now, full=kind == "ticker")] if trades else []
    of_trade = {"trade": _trade, "aggTrade": _aggregated_trade, "bookTicker": _book_ticker}[kind]
    return [_event(trade.time_ms, of_trade(instrument, trade)) for trade in trades]


def _klines(instrument: TradedInstrument, timeframe: Timeframe, since: int, now: int) -> Iterator[Event]:
    """Every candle that has closed, and the forming one if something was traded in it."""
    table, length = instrument.table(timeframe), timeframe.milliseconds
    for index in range(table.closed(since), table.closed(now)):
        kline = table.kline(index)
        yield _kline(instrument, timeframe, kline, kline.open_time + length)
    opened = timeframe.floor(now)
    if any(instrument.trades_between(max(since + 1, opened), now + 1)):
        forming = instrument.forming(timeframe, now)
        if forming is not None:
            yield _kline(instrument, timeframe, forming, now)


def _kline(instrument: TradedInstrument, timeframe: Timeframe, kline: Kline, time_ms: int) -> Event:
    row = json.loads(instrument.table(timeframe).row(kline))
    trades = int(kline.trades)
    first = instrument.first_trade_id(kline.open_time) if trades else -1
    candle = {
        "t": row[0],
        "T": row[6],
        "s": instrument.listing.id,
        "i": timeframe.name,
        "f": first,
        "L": first + trades - 1 if trades else -1,
        **dict(zip("ohlcv", row[1:6], strict=True)),
        "n": trades,
        "x": time_ms > row[6],
        "q": row[7],
        "V": row[9],
        "Q": row[10],
        "B": "0",
    }
    return _event(time_ms, {"e": "kline", "E": time_ms, "s": instrument.listing.id, "k": candle})


def _trade(instrument: TradedInstrument, trade: NumberedTrade) -> dict[str, Any]:
    return _head("trade", instrument, trade.time_ms) | {"t": trade.last_id} | _terms(trade)


def _aggregated_trade(instrument: TradedInstrument, trade: NumberedTrade) -> dict[str, Any]:
    numbers = {"a": trade.id, "f": trade.first_id, "l": trade.last_id}
    return _head("aggTrade", instrument, trade.time_ms) | numbers | _terms(trade)


def _book_ticker(instrument: TradedInstrument, trade: NumberedTrade) -> dict[str, Any]:
    book = quotes.book(instrument, trade.time_ms, levels=1)
    (bid, bid_quantity), (ask, ask_quantity) = book.bids[0].row, book.asks[0].row
    names = {"u": book.update_id, "s": instrument.listing.id}
    return names | {"b": bid, "B": bid_quantity, "a": ask, "A": ask_quantity}


def _ticker(instrument: TradedInstrument, now: int, *, full: bool) -> Event:
    day = quotes.day_ticker(instrument, now, full=full)
    shared = {"c": "lastPrice", "o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume", "q": "quoteVolume"}
    more = {
        "p": "priceChange",
        "P": "priceChangePercent",
        "w": "weightedAvgPrice",
        "x": "prevClosePrice",
        "Q": "lastQty",
        "b": "bidPrice",
        "B": "bidQty",
        "a": "askPrice",
        "A": "askQty",
        "O": "openTime",
        "C": "closeTime",
        "F": "firstId",
        "L": "lastId",
        "n": "count",
    }
    names = shared | more if full else shared
    head = _head("24hrTicker" if full else "24hrMiniTicker", instrument, now)
    return _event(now, head | {short: day[name] for short, name in names.items()})


def _head(kind: str, instrument: TradedInstrument, time_ms: int) -> dict[str, Any]:
    return {"e": kind, "E": time_ms, "s": instrument.listing.id}


def _terms(trade: NumberedTrade) -> dict[str, Any]:
    terms = {"p": printed(trade.price), "q": printed(trade.quantity), "T": trade.time_ms}
    return terms | {"m": trade.buyer_is_maker, "M": True}


def _event(time_ms: int, body: dict[str, Any]) -> Event:
    return Event(time_ms, json.dumps(body, separators=(",", ":")))
