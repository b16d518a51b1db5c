"""Funding rates beside candles: each candle gets the rate that was settled last when it closed."""

import logging
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from algotrade.data.store import CandleStore
from algotrade.domain.candles import FloatArray, from_milliseconds, to_milliseconds
from algotrade.domain.symbol import counterpart, is_perpetual
from algotrade.domain.timeframe import IntArray, Timeframe

logger = logging.getLogger(__name__)

STALE_AFTER_HOURS = 24
"""A rate this old is no longer the last one: with settlements every eight hours, three of them are missing."""

# Names under which the markets of one exchange are filed: its own candles first come with its own rates.
_HOUSES = (
    ("binance", "binanceusdm", "binance-um"),
    ("kraken", "krakenfutures"),
    ("kucoin", "kucoinfutures"),
)


def markets_of(exchange: str) -> tuple[str, ...]:
    """Where the funding rates of an exchange may be filed: under its own name, or that of its futures market.

    >>> markets_of("binance-um"), markets_of("bybit")
    (('binance-um', 'binance', 'binanceusdm'), ('bybit',))
    """
    house = next((names for names in _HOUSES if exchange in names), (exchange,))
    return (exchange, *(name for name in house if name != exchange))


def with_funding(
    candles: pd.DataFrame, store: CandleStore, venues: Sequence[str], timeframe: Timeframe
) -> pd.DataFrame:
    """The candles with a column ``funding_rate``, or as they are where the store has no rate for any of them.

    A row has the last rate that was settled at or before its close, and NaN before the first and once that is
    24 hours old. The candles of a spot pair have the rate of its perpetual, ``BTC/USDT:USDT``.

    Parameters
    ----------
    candles : DataFrame
        Long candle frame.
    store : CandleStore
    venues : sequence of str
        Exchanges whose rates count; of several that have some for a symbol, the first.
    timeframe : Timeframe
    """
    if candles.empty:
        return candles
    close_ms = to_milliseconds(candles["open_time"]) + timeframe.milliseconds
    rates = np.full(len(candles), np.nan)
    places = {str(symbol): rows for symbol, rows in candles.groupby("symbol").indices.items()}
    stored = dict(_stored(store, venues, list(places), close_ms))
    for symbol, settled in stored.items():
        rows = places[symbol]
        rates[rows] = last_settled(to_milliseconds(settled["time"]), settled["rate"].to_numpy(), close_ms[rows])
    if np.isnan(rates).all():
        return candles
    logger.info("Funding rates are known for %d of %d symbols", len(stored), len(places))
    return candles.assign(funding_rate=rates)


def last_settled(time_ms: IntArray, rates: FloatArray, close_ms: IntArray) -> FloatArray:
    """Rate settled last at or before each close, NaN before the first and where it is 24 hours old or older.

    >>> hour = 3_600_000
    >>> last_settled(np.array([8 * hour]), np.array([1e-4]), hour * np.array([7, 8, 31, 32])).tolist()
    [nan, 0.0001, 0.0001, nan]
    """
    last = np.searchsorted(time_ms, close_ms, side="right") - 1
    fresh = (last >= 0) & (close_ms - time_ms[last] < STALE_AFTER_HOURS * 3_600_000)
    return np.where(fresh, rates[last], np.nan)


def _stored(
    store: CandleStore, venues: Sequence[str], symbols: Sequence[str], close_ms: IntArray
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Rates of each symbol that has some, of the first market that has them."""
    start, end = close_ms.min() - STALE_AFTER_HOURS * 3_600_000, close_ms.max() + 1
    span = [moment.to_pydatetime() for moment in from_milliseconds([start, end])]
    missing = {symbol: symbol if is_perpetual(symbol) else counterpart(symbol) for symbol in symbols}
    for market in dict.fromkeys(name for venue in venues for name in markets_of(venue)):
        rates = store.funding_rates(market, sorted(set(missing.values())), *span)
        found = dict(iter(rates.groupby("symbol")))
        for symbol, perpetual in list(missing.items()):
            if perpetual in found:
                del missing[symbol]
                yield symbol, found[perpetual]
