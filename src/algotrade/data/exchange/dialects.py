"""One page of candles, asked for and read in the way of each exchange.

ccxt brings every exchange's candles into one form that has room for open, high, low, close and volume only. Where an
exchange sends more (quote volume, number of trades, what takers bought, the close time), it is read from the row as
the exchange wrote it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from algotrade.data.exchange.rows import Rows
from algotrade.domain.candles import VALUE_COLUMNS
from algotrade.domain.timeframe import Timeframe

AskPage = Callable[[Any, str, Timeframe, int, int], Rows]
"""From a ccxt client: rows of a symbol and timeframe from an open time on, so many at most."""

KEEPS_THE_LATEST: Mapping[str, int] = {"kraken": 720}
"""Exchanges that send their latest candles only, whatever is asked for, and how many."""

_OPEN_TIME, _VALUES, _CLOSE_TIME = 0, slice(1, 6), 6
_LIKE_BINANCE = ("binance", "binanceus")
_EXTRAS: Mapping[str, Mapping[str, int]] = {"kraken": {"trades": 7}, "bybit": {"quote_volume": 6}}
"""Places of further numbers in the rows of an exchange."""
_WINDOWED = ("bybit",)
"""Exchanges that count back from the end of what is asked for, so that the end has to be named."""


def asker(client: Any) -> AskPage:
    """How the client's exchange is asked for a page; prepares the client to read the answers.

    A page that cannot be read raises one of the errors that Python raises for such data, or ccxt's own.
    """
    if client.id in _LIKE_BINANCE:
        return _binance_page
    _read_more(client, _EXTRAS.get(client.id, {}))
    return _unified_page


def _binance_page(client: Any, symbol: str, timeframe: Timeframe, since: int, limit: int) -> Rows:
    answer = client.publicGetKlines(
        {
            "symbol": client.market(symbol)["id"],
            "interval": client.timeframes[timeframe.name],
            "startTime": since,
            "limit": limit,
        }
    )
    if not isinstance(answer, list):
        raise TypeError(f"candles should be a list, but are {str(answer)[:80]!r}")
    if not answer:
        return Rows.none()
    if all(len(row) == 6 for row in answer):
        table = np.array(answer, dtype=object)
        return Rows.of(_whole(table[:, _OPEN_TIME]), table[:, _VALUES].astype(np.float64))
    table = np.array([row[:10] for row in answer], dtype=object)
    numbers = table[:, [*range(1, 6), 7, 8, 9]].astype(np.float64)
    return Rows.of(_whole(table[:, _OPEN_TIME]), numbers, _whole(table[:, _CLOSE_TIME]))


def _whole(column: Any) -> Any:
    return np.array([int(value) for value in column], dtype=np.int64)


def _unified_page(client: Any, symbol: str, timeframe: Timeframe, since: int, limit: int) -> Rows:
    end = since + limit * timeframe.milliseconds - 1
    params = {"until": end} if client.id in _WINDOWED else {}
    rows = client.fetch_ohlcv(symbol, timeframe.name, since=since, limit=limit, params=params)
    if not rows:
        return Rows.none()
    table = np.array(rows, dtype=object)
    return Rows.of(_whole(table[:, 0]), table[:, 1:].astype(np.float64))


def _read_more(client: Any, extras: Mapping[str, int]) -> None:
    """Let the client's unified rows carry the further numbers, and refuse rows without a time."""
    read = client.parse_ohlcv
    optional = VALUE_COLUMNS[5:]

    def whole_row(row: Any, market: Any = None) -> list[Any]:
        unified = read(row, market)
        if not isinstance(unified, list) or unified[0] is None:
            raise TypeError(f"a candle has no time: {str(row)[:80]}")
        more = [client.safe_number(row, extras[name]) if name in extras else None for name in optional]
        return [*unified[:6], *more]

    client.parse_ohlcv = whole_row
