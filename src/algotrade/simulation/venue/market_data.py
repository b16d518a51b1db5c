"""The routes of public market data."""

import json
from collections.abc import Callable
from itertools import islice
from typing import Any

from algotrade.simulation.venue import quotes, refusals
from algotrade.simulation.venue.exchange_info import rate_limits, symbol_rules
from algotrade.simulation.venue.instrument import NumberedTrade, TradedInstrument
from algotrade.simulation.venue.klines import Window
from algotrade.simulation.venue.listing import printed
from algotrade.simulation.venue.query import Query
from algotrade.simulation.venue.venue import Body, Route, Venue

_DEPTH_WEIGHTS = ((100, 5), (500, 25), (1_000, 50), (5_000, 250))
_FOREVER = 2**62


def as_json(value: Any) -> bytes:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()


def _ping(_venue: Venue, _query: Query, _now: int) -> Body:
    return b"{}"


def _time(_venue: Venue, _query: Query, now: int) -> Body:
    return as_json({"serverTime": now})


def _exchange_info(venue: Venue, query: Query, now: int) -> Body:
    return as_json(
        {
            "timezone": "UTC",
            "serverTime": now,
            "rateLimits": rate_limits(venue.settings.limits),
            "exchangeFilters": [],
            "symbols": [symbol_rules(instrument.listing) for instrument in _instruments(venue, query)],
        }
    )


def _klines(venue: Venue, query: Query, now: int) -> Body:
    instrument = venue.instrument(query.symbol())
    timeframe = venue.market.intervals.get(query.text("interval"))
    if timeframe is None:
        raise refusals.invalid_interval()
    window = Window(query.whole("startTime"), query.whole("endTime"), query.limit(default=500, most=1_000))
    return instrument.kline_rows(timeframe, window, now)


def _aggregated_trades(venue: Venue, query: Query, now: int) -> Body:
    instrument, limit = venue.instrument(query.symbol()), query.limit(default=500, most=1_000)
    number, start, end = (query.whole(name) for name in ("fromId", "startTime", "endTime"))
    if number is not None and (start is not None or end is not None):
        raise refusals.invalid_combination()
    stop = min(now, _FOREVER if end is None else end) + 1
    if number is None and start is None:
        return [trade_row(trade) for trade in instrument.last_trades(limit, stop)]
    trades = instrument.trades_between(start or 0, stop) if number is None else instrument.trades_from(number, stop)
    return [trade_row(trade) for trade in islice(trades, limit)]


def trade_row(trade: NumberedTrade) -> bytes:
    """An aggregated trade, as it is printed."""
    maker = "true" if trade.buyer_is_maker else "false"
    return (
        f'{{"a":{trade.id},"p":"{printed(trade.price)}","q":"{printed(trade.quantity)}","f":{trade.first_id},'
        f'"l":{trade.last_id},"T":{trade.time_ms},"m":{maker},"M":true}}'
    ).encode()


def _depth(venue: Venue, query: Query, now: int) -> Body:
    book = quotes.book(venue.instrument(query.symbol()), now, query.limit(default=100, most=5_000))
    bids, asks = ([level.row for level in side] for side in (book.bids, book.asks))
    return as_json({"lastUpdateId": book.update_id, "bids": bids, "asks": asks})


def _depth_weight(query: Query) -> int:
    limit = query.limit(default=100, most=5_000)
    return next(weight for most, weight in _DEPTH_WEIGHTS if limit <= most)


def _ticker(of_one: Callable[[TradedInstrument, int], Any]) -> Callable[[Venue, Query, int], Body]:
    """Answer with the ticker of the one symbol, or with a list of several."""

    def answer(venue: Venue, query: Query, now: int) -> Body:
        tickers = [of_one(instrument, now) for instrument in _instruments(venue, query)]
        return as_json(tickers[0] if "symbol" in query else tickers)

    return answer


def _day(venue: Venue, query: Query, now: int) -> Body:
    full = "type" not in query or query.text("type") != "MINI"
    return _ticker(lambda instrument, at: quotes.day_ticker(instrument, at, full=full))(venue, query, now)


def _day_weight(query: Query) -> int:
    symbols = query.symbols()
    if symbols is None or len(symbols) > 100:
        return 80
    return 2 if len(symbols) <= 20 else 40


def _instruments(venue: Venue, query: Query) -> list[TradedInstrument]:
    names = query.symbols()
    return [venue.instrument(name) for name in (venue.market if names is None else names)]


def _always(weight: int) -> Callable[[Query], int]:
    return lambda _query: weight


def _by_symbol(query: Query) -> int:
    return 2 if "symbol" in query else 4


ROUTES = (
    Route("/api/v3/ping", _always(1), _ping),
    Route("/api/v3/time", _always(1), _time),
    Route("/api/v3/exchangeInfo", _always(20), _exchange_info),
    Route("/api/v3/klines", _always(2), _klines),
    Route("/api/v3/aggTrades", _always(4), _aggregated_trades),
    Route("/api/v3/depth", _depth_weight, _depth),
    Route("/api/v3/ticker/24hr", _day_weight, _day),
    Route("/api/v3/ticker/price", _by_symbol, _ticker(quotes.price_ticker)),
    Route("/api/v3/ticker/bookTicker", _by_symbol, _ticker(quotes.book_ticker)),
)
