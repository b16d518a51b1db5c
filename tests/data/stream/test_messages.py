"""Raw messages as the exchanges document them, through the real ccxt.pro classes."""

import math
from typing import Any

import ccxt.pro
import pytest

from algotrade.data.stream.closed_candle import ClosedCandle
from algotrade.data.stream.messages import candle_messages
from algotrade.data.stream.settings import StreamSettings
from algotrade.data.stream.socket import CandleSocket, tells_closes
from algotrade.domain.timeframe import Timeframe

BYBIT = {
    "topic": "kline.1.BTCUSDT",
    "data": [
        {
            "start": 1672324800000,
            "end": 1672324859999,
            "interval": "1",
            "open": "16649.5",
            "close": "16677",
            "high": "16677",
            "low": "16608",
            "volume": "2.081",
            "turnover": "34666.4005",
            "confirm": True,
            "timestamp": 1672324860001,
        }
    ],
    "ts": 1672324860002,
    "type": "snapshot",
}
BINANCE = {
    "e": "kline",
    "E": 1672324860002,
    "s": "BTCUSDT",
    "k": {
        "t": 1672324800000,
        "T": 1672324859999,
        "s": "BTCUSDT",
        "i": "1m",
        "f": 100,
        "L": 200,
        "o": "16649.5",
        "c": "16677",
        "h": "16677",
        "l": "16608",
        "v": "2.081",
        "n": 101,
        "x": True,
        "q": "34666.4005",
        "V": "1.5",
        "Q": "24988.0",
        "B": "0",
    },
}


class Listener:
    def __init__(self) -> None:
        self.candles: list[ClosedCandle] = []
        self.times: list[tuple[str, int]] = []
        self.connections = 0

    def on_connection(self) -> None:
        self.connections += 1

    def on_time(self, symbol: str, time_ms: int) -> None:
        self.times.append((symbol, time_ms))

    def on_candle(self, candle: ClosedCandle) -> None:
        self.candles.append(candle)


def heard(exchange: str, *messages: Any) -> Listener:
    """What is told of messages that the exchange's class receives."""
    client = getattr(ccxt.pro, exchange)()
    market = {"id": "BTCUSDT", "symbol": "BTC/USDT", "type": "spot", "spot": True, "base": "BTC", "quote": "USDT"}
    client.set_markets([client.safe_market_structure(market)])
    listener = Listener()
    socket = CandleSocket(lambda: client, ["BTC/USDT"], Timeframe("1m"), listener, StreamSettings())
    socket._listen(client)
    connection = client_of(client, "wss://stream.example/stream/spot")
    for message in messages:
        client.handle_message(connection, message)
    return listener


def client_of(exchange: Any, url: str) -> Any:
    class Connection:
        def __init__(self) -> None:
            self.subscriptions: dict = {}
            self.url = url
            self.resolved: list[Any] = []

        def resolve(self, result: Any, message_hash: str) -> None:
            self.resolved.append((message_hash, result))

    return Connection()


def test_binance_tells_all_of_a_closed_candle() -> None:
    listener = heard("binance", BINANCE)

    (candle,) = listener.candles
    assert candle.symbol == "BTC/USDT"
    assert candle.open_time_ms == 1672324800000
    assert candle.numbers == (16649.5, 16677.0, 16608.0, 16677.0, 2.081, 34666.4005, 101.0, 1.5)
    assert listener.times == [("BTC/USDT", 1672324860002)]
    assert listener.connections == 1


def test_bybit_tells_what_it_has() -> None:
    listener = heard("bybit", BYBIT)

    (candle,) = listener.candles
    assert candle.numbers[:6] == (16649.5, 16677.0, 16608.0, 16677.0, 2.081, 34666.4005)
    assert all(math.isnan(number) for number in candle.numbers[6:])


@pytest.mark.parametrize(
    ("exchange", "message"),
    [
        ("binance", BINANCE | {"k": BINANCE["k"] | {"x": False}}),
        ("binance", BINANCE | {"k": BINANCE["k"] | {"i": "5m"}}),
        ("binance", BINANCE | {"k": BINANCE["k"] | {"s": "ETHUSDT"}}),
        ("bybit", BYBIT | {"data": [BYBIT["data"][0] | {"confirm": False}]}),
        ("bybit", BYBIT | {"topic": "kline.5.BTCUSDT"}),
    ],
)
def test_other_candles_are_not_told(exchange: str, message: dict) -> None:
    assert not heard(exchange, message).candles


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        "pong",
        {"result": None, "id": 1},
        BINANCE | {"k": None},
        BINANCE | {"E": "soon"},
        BINANCE | {"k": BINANCE["k"] | {"o": "cheap"}},
        BINANCE | {"k": {}},
    ],
)
def test_what_cannot_be_read_tells_nothing(message: Any) -> None:
    assert candle_messages("binance", message) == []
    assert candle_messages("bybit", message) == []


def test_an_impossible_candle_is_told_with_its_fault() -> None:
    (candle,) = heard("binance", BINANCE | {"k": BINANCE["k"] | {"l": "20000"}}).candles

    assert candle.fault.reason == "low is above open or close"


def test_it_is_known_whose_sockets_tell_closes() -> None:
    assert tells_closes("binance")
    assert not tells_closes("kraken")
