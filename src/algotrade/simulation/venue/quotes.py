"""An order book around the last price, and the summary of a day: made up, and the same at the same time."""

from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

from algotrade.simulation.venue.instrument import TradedInstrument
from algotrade.simulation.venue.klines import Kline
from algotrade.simulation.venue.listing import UNIT, printed

_HALF_SPREAD = 0.5e-4
_TYPICAL_NOTIONAL = 5_000 * UNIT
_DAY_MS = 86_400_000


class Level(NamedTuple):
    """Price and quantity in units of 1e-8."""

    price: int
    quantity: int

    @property
    def row(self) -> list[str]:
        """As it is printed."""
        return [printed(self.price), printed(self.quantity)]


class Book(NamedTuple):
    """Bids and asks, the best first; empty before the first trade."""

    update_id: int
    bids: list[Level]
    asks: list[Level]


def book(instrument: TradedInstrument, now: int, levels: int) -> Book:
    """Order book with half a basis point on each side of the last price, or one tick if that is more."""
    last = instrument.last_trades(1, now + 1)
    if not last:
        return Book(0, [], [])
    trade, tick = last[0], instrument.listing.tick
    aside = max(1, round(trade.price * _HALF_SPREAD / tick))
    middle = trade.price // tick
    random = Random(f"{instrument.listing.id} {trade.id}")  # noqa: S311 - a made-up market, no secret
    steps = list(accumulate(random.randint(1, 3) for _ in range(levels - 1)))
    prices_down = [middle - aside - step for step in (0, *steps)]
    prices_up = [middle + aside + step for step in (0, *steps)]
    bids = [Level(price * tick, _quantity(instrument, price * tick, random)) for price in prices_down if price > 0]
    asks = [Level(price * tick, _quantity(instrument, price * tick, random)) for price in prices_up]
    return Book(trade.id + 1, bids, asks)


def day_ticker(instrument: TradedInstrument, now: int, *, full: bool = True) -> dict[str, Any]:
    """The last 24 hours, as ``ticker/24hr`` tells them; zeros for an instrument without trades."""
    start = instrument.timeframe.floor(now - _DAY_MS - 1) + instrument.timeframe.milliseconds
    day = instrument.summary(start, now) or Kline(start, *[0.0] * 8)
    trades = instrument.last_trades(1, now + 1)
    result: dict[str, Any] = {"symbol": instrument.listing.id}
    if full:
        last_quantity = {"lastQty": printed(trades[0].quantity if trades else 0)}
        result |= _changes(day) | last_quantity | _best(book(instrument, now, levels=1))
    last_id = trades[0].last_id if trades else -1
    return result | {
        "openPrice": _text(day.open),
        "highPrice": _text(day.high),
        "lowPrice": _text(day.low),
        "lastPrice": _text(day.close),
        "volume": _text(day.volume),
        "quoteVolume": _text(day.quote_volume),
        "openTime": start,
        "closeTime": now,
        "firstId": last_id - int(day.trades) + 1,
        "lastId": last_id,
        "count": int(day.trades),
    }


def book_ticker(instrument: TradedInstrument, now: int) -> dict[str, str]:
    """Best bid and ask, as ``ticker/bookTicker`` tells them."""
    return {"symbol": instrument.listing.id} | _best(book(instrument, now, levels=1))


def price_ticker(instrument: TradedInstrument, now: int) -> dict[str, str]:
    """Last price, as ``ticker/price`` tells it."""
    return {"symbol": instrument.listing.id, "price": printed(instrument.last_price(now) or 0)}


def _best(quotes: Book) -> dict[str, str]:
    bid, ask = (side[0].row if side else [printed(0)] * 2 for side in (quotes.bids, quotes.asks))
    return {"bidPrice": bid[0], "bidQty": bid[1], "askPrice": ask[0], "askQty": ask[1]}


def _changes(day: Kline) -> dict[str, str]:
    change = day.close - day.open
    return {
        "priceChange": _text(change),
        "priceChangePercent": f"{100 * change / day.open if day.open else 0.0:.3f}",
        "weightedAvgPrice": _text(day.quote_volume / day.volume if day.volume else 0.0),
        "prevClosePrice": _text(day.open),
    }


def _quantity(instrument: TradedInstrument, price: int, random: Random) -> int:
    lots: int = round(_TYPICAL_NOTIONAL * UNIT * random.expovariate(1.0) / price / instrument.listing.lot)
    return max(1, lots) * instrument.listing.lot


def _text(number: float) -> str:
    return f"{number:.8f}"
