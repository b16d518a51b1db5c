"""Websockets: a raw client and the real ccxt.pro class see what happens in the market, when it happens."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

import aiohttp
import ccxt
import pandas as pd
import pytest
from tests.simulation.venue.conftest import Start
from tests.simulation.venue.minutes import MINUTE_MS, minute, moment

from algotrade.simulation.venue import (
    DroppedSocket,
    DuplicatedEvent,
    LateEvent,
    LocalVenue,
    MissingEvent,
    ReorderedEvent,
)

T = TypeVar("T")


def run(test: Awaitable[T]) -> T:
    """Result of a test's coroutine, which has to come within seconds."""

    async def bounded() -> T:
        return await asyncio.wait_for(test, 20)

    return asyncio.run(bounded())


class Raw:
    """A websocket without a library's opinion of it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def ask(self, method: str, *streams: object) -> dict[str, Any]:
        await self.socket.send_json({"method": method, "params": list(streams), "id": 9})
        return await self.next(lambda message: "id" in message)

    async def next(self, wanted: Callable[[dict[str, Any]], bool] = lambda message: True) -> dict[str, Any]:
        while True:
            message = await self.socket.receive(timeout=30)
            assert message.type is aiohttp.WSMsgType.TEXT, message
            found: dict[str, Any] = json.loads(message.data)
            if wanted(found):
                return found

    async def closed_candles(self, count: int) -> list[dict[str, Any]]:
        return [(await self.next(lambda message: message.get("k", {}).get("x", False)))["k"] for _ in range(count)]


@asynccontextmanager
async def connected(venue: LocalVenue, path: str = "/stream/ws/0") -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession() as session, session.ws_connect(venue.url + path) as socket:
        yield Raw(socket)


@pytest.fixture
def still(start: Start) -> LocalVenue:
    """A venue that stands still at minute 100, with a future ahead."""
    return start(now=moment(100))


def opens(candles: list[dict[str, Any]]) -> list[int]:
    return [(candle["t"] - minute(0)) // MINUTE_MS for candle in candles]


class TestCandles:
    def test_each_closed_candle_once_in_order_and_true(self, still: LocalVenue) -> None:
        async def test() -> list[dict[str, Any]]:
            async with connected(still) as raw:
                assert await raw.ask("SUBSCRIBE", "btcusdt@kline_1m") == {"result": None, "id": 9}
                still.clock.run(600)
                return await raw.closed_candles(6)

        candles = run(test())

        truth = still.candles("BTC/USDT", "1m")[100:106]
        assert opens(candles) == list(range(100, 106))
        for name, key in (("open", "o"), ("high", "h"), ("low", "l"), ("close", "c"), ("volume", "v"), ("trades", "n")):
            assert [float(candle[key]) for candle in candles] == getattr(truth, name).tolist()
        assert [float(candle["V"]) for candle in candles] == truth.taker_buy_volume.tolist()
        assert all(candle["L"] - candle["f"] + 1 == candle["n"] for candle in candles)
        assert all(candle["T"] == candle["t"] + MINUTE_MS - 1 for candle in candles)

    def test_they_come_within_a_second_of_their_close(self, still: LocalVenue) -> None:
        async def test() -> int:
            async with connected(still) as raw:
                await raw.ask("SUBSCRIBE", "btcusdt@kline_1m")
                still.clock.run(60)
                (candle,) = await raw.closed_candles(1)
                return still.clock.now() - int(candle["T"])

        assert run(test()) / 60 < 500, "real milliseconds"

    def test_a_jump_of_the_clock_closes_everything_it_passes(self, still: LocalVenue) -> None:
        async def test() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
            async with connected(still) as raw:
                await raw.ask("SUBSCRIBE", "btcusdt@kline_1m", "xrpusdt@kline_5m")
                still.clock.advance(10 * MINUTE_MS)
                candles = await raw.closed_candles(12)
                return [c for c in candles if c["i"] == "1m"], [c for c in candles if c["i"] == "5m"]

        minutes, fives = run(test())
        assert opens(minutes) == list(range(100, 110))
        assert opens(fives) == [100, 105]

    def test_the_forming_candle_grows(self, still: LocalVenue) -> None:
        async def test() -> list[dict[str, Any]]:
            async with connected(still) as raw:
                await raw.ask("SUBSCRIBE", "btcusdt@kline_1m")
                seen = []
                for _ in range(3):
                    still.clock.advance(19_000)
                    seen.append((await raw.next(lambda message: "k" in message))["k"])
                return seen

        seen = run(test())
        assert [candle["x"] for candle in seen] == [False] * 3
        volumes = [float(candle["v"]) for candle in seen]
        assert volumes == sorted(set(volumes))


class TestTrades:
    def test_they_add_up_to_the_candle(self, start: Start) -> None:
        still = start(now=moment(100) - pd.Timedelta("1ms"))

        async def test() -> tuple[list[dict[str, Any]], dict[str, Any]]:
            async with connected(still) as raw:
                await raw.ask("SUBSCRIBE", "btcusdt@aggTrade", "btcusdt@trade", "btcusdt@kline_1m")
                still.clock.advance(MINUTE_MS + 1)
                events = []
                while True:
                    message = await raw.next()
                    if message.get("k", {}).get("x") and message["k"]["t"] == minute(100):
                        return events, message["k"]
                    events.append(message)

        events, candle = run(test())
        for kind in ("aggTrade", "trade"):
            trades = [event for event in events if event["e"] == kind and event["T"] < minute(101)]
            assert sum(Decimal(trade["q"]) for trade in trades) == Decimal(candle["v"])
            assert (trades[0]["p"], trades[-1]["p"]) == (candle["o"], candle["c"])
            assert [trade["T"] for trade in trades] == sorted(trade["T"] for trade in trades)

    def test_quotes_and_tickers(self, still: LocalVenue) -> None:
        async def test() -> list[dict[str, Any]]:
            async with connected(still) as raw:
                await raw.ask("SUBSCRIBE", "btcusdt@bookTicker", "btcusdt@ticker", "btcusdt@miniTicker")
                still.clock.advance(20_000)
                return [
                    await raw.next(lambda message: "u" in message),
                    await raw.next(lambda message: message.get("e") == "24hrTicker"),
                    await raw.next(lambda message: message.get("e") == "24hrMiniTicker"),
                ]

        quote, ticker, small = run(test())
        assert float(quote["b"]) < float(quote["a"])
        assert ticker["c"] == small["c"]
        assert float(ticker["l"]) <= float(ticker["c"]) <= float(ticker["h"])


class TestSubscriptions:
    def test_combined_streams_are_wrapped(self, still: LocalVenue) -> None:
        async def test() -> dict[str, Any]:
            async with connected(still, "/stream?streams=btcusdt@kline_1m/xrpusdt@kline_1m") as raw:
                still.clock.advance(MINUTE_MS)
                return await raw.next(lambda message: message["data"]["k"]["x"])

        message = run(test())
        assert message["stream"] == f"{message['data']['s'].lower()}@kline_1m"

    @pytest.mark.parametrize("path", ["/ws/btcusdt@kline_1m", "/ws/btcusdt@trade/btcusdt@kline_1m"])
    def test_streams_may_be_in_the_path(self, still: LocalVenue, path: str) -> None:
        async def test() -> list[dict[str, Any]]:
            async with connected(still, path) as raw:
                still.clock.advance(MINUTE_MS)
                return await raw.closed_candles(1)

        assert opens(run(test())) == [100]

    def test_listing_and_leaving(self, still: LocalVenue) -> None:
        async def test() -> None:
            async with connected(still, "/ws") as raw:
                await raw.ask("SUBSCRIBE", "btcusdt@kline_1m", "xrpusdt@kline_1m")
                assert (await raw.ask("LIST_SUBSCRIPTIONS"))["result"] == ["btcusdt@kline_1m", "xrpusdt@kline_1m"]
                assert (await raw.ask("UNSUBSCRIBE", "btcusdt@kline_1m"))["result"] is None
                still.clock.advance(2 * MINUTE_MS)
                assert {candle["s"] for candle in await raw.closed_candles(2)} == {"XRPUSDT"}

        run(test())

    def test_what_it_does_not_understand(self, still: LocalVenue) -> None:
        async def test() -> None:
            async with connected(still, "/ws") as raw:
                assert (await raw.ask("SUBSCRIBE", "Bitcoin, please"))["error"]["code"] == 2
                assert (await raw.ask("DANCE"))["error"]["code"] == 2
                await raw.socket.send_str("{")
                assert (await raw.next())["error"]["code"] == 3
                assert (await raw.ask("SUBSCRIBE", "nope@kline_1m", "btcusdt@kline_7m"))["result"] is None

        run(test())

    def test_too_many_messages_end_the_connection(self, still: LocalVenue) -> None:
        async def test() -> int | None:
            async with connected(still, "/ws") as raw:
                for _ in range(6):
                    await raw.socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
                while not raw.socket.closed:
                    await raw.socket.receive(timeout=30)
                return raw.socket.close_code

        assert run(test()) == 1008

    def test_pings_are_answered_and_sent(self, start: Start) -> None:
        venue = start(ping_seconds=0.05)

        async def test() -> None:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(venue.url + "/ws", autoping=False) as socket,
            ):
                await socket.ping(b"hello")
                kinds = {(await socket.receive(timeout=30)).type for _ in range(2)}
                assert kinds == {aiohttp.WSMsgType.PONG, aiohttp.WSMsgType.PING}

        run(test())


class TestFaults:
    @pytest.mark.parametrize("code", [1001, None])
    def test_dropped_on_demand(self, still: LocalVenue, code: int | None) -> None:
        async def test() -> Any:
            async with connected(still) as raw:
                await raw.ask("SUBSCRIBE", "btcusdt@kline_1m")
                still.drop_sockets(code)
                return await raw.socket.receive(timeout=30)

        message = run(test())
        if code is None:
            assert message.type in {aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSED}
        else:
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, code)

    def test_no_connection_is_older_than_a_day(self, start: Start) -> None:
        venue = start(longest_connection_seconds=0.1)

        async def test() -> Any:
            async with connected(venue) as raw:
                return await raw.socket.receive(timeout=30)

        assert run(test()).data == 1001

    def test_the_end_is_announced(self, still: LocalVenue) -> None:
        async def test() -> tuple[dict[str, Any], Any]:
            async with connected(still) as raw:
                await raw.ask("SUBSCRIBE", "btcusdt@kline_1m")
                stopping = asyncio.create_task(asyncio.to_thread(still.stop))
                last = await raw.next(), await raw.socket.receive(timeout=30)
                await stopping
                return last

        announced, end = run(test())
        assert announced["e"] == "serverShutdown"
        assert end.data == 1001

    @pytest.mark.parametrize(
        ("fault", "seen"),
        [
            (DuplicatedEvent(), [100, 101, 101, 102, 103]),
            (MissingEvent(), [100, 102, 103]),
            (ReorderedEvent(), [100, 102, 101, 103]),
            (LateEvent(seconds=0.1), [100, 102, 103, 101]),
        ],
    )
    def test_events_go_astray(self, still: LocalVenue, fault: Any, seen: list[int]) -> None:
        still.inject(fault, on="btcusdt@kline_*", after=1, times=1)

        async def test() -> list[dict[str, Any]]:
            async with connected(still) as raw:
                await raw.ask("SUBSCRIBE", "btcusdt@kline_1m")
                # Whole minutes in one step: no event but the closed candles, each followed by its successor's first.
                still.clock.advance(4 * MINUTE_MS)
                return await raw.closed_candles(len(seen))

        assert opens(run(test())) == seen

    def test_a_socket_is_dropped_instead_of_an_event(self, still: LocalVenue) -> None:
        still.inject(DroppedSocket(code=1001), on="*@kline_1m", after=2, times=1)

        async def test() -> tuple[list[int], list[int]]:
            seen = []
            for _ in range(2):
                async with connected(still) as raw:
                    await raw.ask("SUBSCRIBE", "btcusdt@kline_1m")
                    still.clock.advance(3 * MINUTE_MS)
                    seen.append(opens(await raw.closed_candles(2)))
            return seen[0], seen[1]

        assert run(test()) == ([100, 101], [103, 104])


class TestThroughCcxt:
    def test_candles(self, still: LocalVenue) -> None:
        async def test() -> list[list[list[float]]]:
            client = still.ccxt_pro_client()
            try:
                await client.load_markets()
                still.clock.run(600)
                return [await client.watch_ohlcv("BTC/USDT", "1m") for _ in range(60)]
            finally:
                await client.close()

        truth = still.candles("BTC/USDT", "1m")
        latest: dict[float, list[float]] = {row[0]: row for rows in run(test()) for row in rows}
        closed = sorted(latest)[:-1]
        assert len(closed) >= 2
        for time_ms in closed:
            index = int((time_ms - minute(0)) // MINUTE_MS)
            assert latest[time_ms][4:] == [truth.close[index], truth.volume[index]]

    def test_trades_and_quotes(self, still: LocalVenue) -> None:
        async def test() -> tuple[Any, Any, Any]:
            client = still.ccxt_pro_client()
            try:
                await client.load_markets()
                still.clock.run(60)
                return (
                    await client.watch_trades("BTC/USDT"),
                    await client.watch_bids_asks(["BTC/USDT"]),
                    await client.watch_ticker("BTC/USDT"),
                )
            finally:
                await client.close()

        trades, quotes, ticker = run(test())
        assert trades[-1]["symbol"] == "BTC/USDT"
        assert quotes["BTC/USDT"]["bid"] < quotes["BTC/USDT"]["ask"]
        assert ticker["last"] > 0

    def test_a_drop_is_an_error_and_the_next_call_connects_again(self, still: LocalVenue) -> None:
        async def test() -> list[list[float]]:
            client = still.ccxt_pro_client()
            try:
                await client.load_markets()
                still.clock.run(60)
                await client.watch_ohlcv("BTC/USDT", "1m")
                still.clock.run(0)
                waiting = asyncio.create_task(client.watch_ohlcv("BTC/USDT", "1m"))
                await asyncio.sleep(0.1)
                while waiting.done():  # what was still on its way
                    waiting = asyncio.create_task(client.watch_ohlcv("BTC/USDT", "1m"))
                    await asyncio.sleep(0.1)
                still.drop_sockets(1001)
                with pytest.raises(ccxt.NetworkError):
                    await waiting
                still.clock.run(60)
                rows: list[list[float]] = await client.watch_ohlcv("BTC/USDT", "1m")
                return rows
            finally:
                await client.close()

        assert run(test())
