"""What raw messages of an exchange say about candles, where they say that a candle has closed.

ccxt hides that mark (and on Binance the quote volume, the number of trades and the taker's volume), so the message is
read before ccxt sees it. Candles of other exchanges are fetched when they have closed.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CandleMessage:
    """One candle of a message.

    Attributes
    ----------
    market, interval : str
        As the exchange names them.
    time_ms : int
        When the exchange sent it, by its own clock.
    open_time_ms : int
    numbers : tuple of float
        The value columns of a candle in their order.
    closed : bool
        Whether these are its final values.
    """

    market: str
    interval: str
    time_ms: int
    open_time_ms: int
    numbers: tuple[float, ...]
    closed: bool


Reader = Callable[[Mapping[str, Any]], Iterator[CandleMessage]]


def _binance(message: Mapping[str, Any]) -> Iterator[CandleMessage]:
    body = message["data"] if "stream" in message else message
    if body.get("e") == "kline":
        kline = body["k"]
        names = ("o", "h", "l", "c", "v", "q", "n", "V")
        values = tuple(float(kline[name]) for name in names)
        yield CandleMessage(kline["s"], kline["i"], int(body["E"]), int(kline["t"]), values, kline["x"] is True)


def _bybit(message: Mapping[str, Any]) -> Iterator[CandleMessage]:
    topic = str(message.get("topic", ""))
    if topic.startswith("kline."):
        _, interval, market = topic.split(".", 2)
        names = ("open", "high", "low", "close", "volume", "turnover")
        for candle in message["data"]:
            values = (*(float(candle[name]) for name in names), math.nan, math.nan)
            time_ms = int(message["ts"])
            yield CandleMessage(market, interval, time_ms, int(candle["start"]), values, candle["confirm"] is True)


READERS: Mapping[str, Reader] = {
    "binance": _binance,
    "binanceus": _binance,
    "binanceusdm": _binance,
    "bybit": _bybit,
}
"""By ccxt's name of the exchange."""


def candle_messages(exchange_id: str, message: object) -> list[CandleMessage]:
    """Candles that a raw message tells of; none for a message of another kind, or one that cannot be read.

    >>> kline = {"s": "BTCUSDT", "i": "1m", "t": 0, "x": True, **dict.fromkeys("ohlcvqnV", "1")}
    >>> [each.closed for each in candle_messages("binance", {"e": "kline", "E": 60_000, "k": kline})]
    [True]
    >>> candle_messages("binance", {"e": "kline", "E": 60_000, "k": None})
    []
    """
    reader = READERS.get(exchange_id)
    if reader is None or not isinstance(message, Mapping):
        return []
    try:
        return list(reader(message))
    except (KeyError, TypeError, ValueError, AttributeError):
        # A candle that is told wrongly is fetched as one that was not told at all.
        return []
