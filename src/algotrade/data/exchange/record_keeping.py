"""Records on their way into the store: from where the store ends, page by page, so that a stop loses nothing."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

import pandas as pd

from algotrade.data.exchange.records import ExchangeRecords, candles_of_trades
from algotrade.data.store import CandleStore
from algotrade.domain.candles import from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import VenueUnavailable

FUNDING_HISTORY = pd.Timedelta(days=365)
TRADE_HISTORY = pd.Timedelta(hours=1)
_LOOK_BACK = pd.Timedelta(days=1)
_SHORTEST = Timeframe("1m")

logger = logging.getLogger(__name__)

Time = pd.Timestamp | None


@dataclass(frozen=True)
class KeptTrades:
    """How many rows of trades are new, and from when to before when all trades are stored now."""

    new: int
    start: pd.Timestamp
    stop: pd.Timestamp


def keep_funding_rates(records: ExchangeRecords, store: CandleStore, symbol: str, start: Time, end: Time) -> int:
    """Store funding rates and return how many are new; without a start, from the last stored one or a year ago on."""
    since = start
    if since is None:
        year_ago = records.now(symbol) - FUNDING_HISTORY
        stored = store.funding_rates(records.name, [symbol], year_ago)["time"]
        since = stored.max() if len(stored) else year_ago
    return sum(store.add_funding_rates(page).new for page in records.funding_rates(symbol, since, end))


def keep_trades(
    records: ExchangeRecords,
    store: CandleStore,
    symbol: str,
    start: Time,
    end: Time,
    timeframe: Timeframe = _SHORTEST,
) -> KeptTrades:
    """Store all trades of a span, each page for itself.

    Without a start, they begin with the candle of the last stored trade, if that is of the last day, else an hour ago.
    """
    records.refuse_unpaged_trades()
    now = records.now(symbol)
    stop = now if end is None else min(now, end)
    since = start if start is not None else _beginning(store, records.name, symbol, now, timeframe)
    new = 0
    for page in records.trades(symbol, since, stop):
        new += store.add_trades(page).new
        if len(page):
            logger.info("%s: trades up to %s", symbol, f"{page['time'].iloc[-1]:%Y-%m-%d %H:%M:%S}")
    return KeptTrades(new, since, stop)


def keep_trade_candles(
    records: ExchangeRecords, store: CandleStore, symbol: str, timeframe: Timeframe, kept: KeptTrades
) -> int:
    """Make every whole candle of a span of stored trades, store them, and return how many are new."""
    begins, ends = (int(to_milliseconds(pd.DatetimeIndex([time]))[0]) for time in (kept.start, kept.stop))
    first = timeframe.floor(begins + timeframe.milliseconds - 1)
    start, stop = from_milliseconds([first, max(first, timeframe.floor(ends))])
    trades = store.trades(records.name, [symbol], start, stop)
    if trades.empty:
        return 0
    return store.upsert(candles_of_trades(trades, records.exchange_id, timeframe)).new


def keep_book_tops(  # noqa: PLR0913 - what to keep, how often, and who is told
    records: ExchangeRecords,
    store: CandleStore,
    symbols: Sequence[str],
    *,
    every_seconds: float,
    count: int | None,
    stop: Event,
    say: Callable[[str], None],
) -> int:
    """Store the top of the books again and again, until ``stop`` is set or so many times; return how many are new."""
    new, rounds = 0, 0
    while not stop.is_set() and (count is None or rounds < count):
        try:
            new += store.add_book_tops(records.book_tops(symbols)).new
        except VenueUnavailable as error:
            say(f"{error} The next round goes on.")
        rounds += 1
        if count is None or rounds < count:
            stop.wait(every_seconds)
    return new


def _beginning(store: CandleStore, exchange: str, symbol: str, now: pd.Timestamp, timeframe: Timeframe) -> pd.Timestamp:
    stored = store.trades(exchange, [symbol], now - _LOOK_BACK)["time"]
    last = stored.max() if len(stored) else now - TRADE_HISTORY
    return from_milliseconds([timeframe.floor(int(to_milliseconds(pd.DatetimeIndex([last]))[0]))])[0]
