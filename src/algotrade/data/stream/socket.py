"""The websocket of a stream: connected again whenever it ends, or has nothing to say."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NoReturn, Protocol

from algotrade.data.stream.closed_candle import STREAM, ClosedCandle, fault_of
from algotrade.data.stream.messages import READERS, CandleMessage, candle_messages
from algotrade.data.stream.settings import StreamSettings
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError

_FIRST_PAUSE_SECONDS = 0.25

logger = logging.getLogger(__name__)


class SocketListener(Protocol):
    """Who is told what the socket says."""

    def on_connection(self) -> None:
        """The socket delivers from now on; what came before it is unknown."""

    def on_time(self, symbol: str, time_ms: int) -> None:
        """It was at least this time at the exchange when it sent something about the symbol."""

    def on_candle(self, candle: ClosedCandle) -> None:
        """A candle has closed."""


class _Lost(Exception):
    """The connection is of no more use."""


class CandleSocket:
    """Follows the candles of several symbols until it is cancelled.

    Parameters
    ----------
    make_client : callable
        Gives a ccxt.pro client; each connection has its own, for a client that was closed cannot be trusted.
    symbols : sequence of str
        Unified.
    timeframe : Timeframe
    listener : SocketListener
    settings : StreamSettings
    """

    def __init__(
        self,
        make_client: Callable[[], Any],
        symbols: Sequence[str],
        timeframe: Timeframe,
        listener: SocketListener,
        settings: StreamSettings,
    ) -> None:
        self._make_client = make_client
        self._symbols = tuple(symbols)
        self._timeframe = timeframe
        self._listener = listener
        self._settings = settings
        self._markets: list[dict[str, Any]] = []
        self._last_news = 0.0
        self._silent_attempts = 0

    async def run(self) -> None:
        """Deliver until cancelled; returns only where the exchange has no candles on a socket."""
        while True:
            try:
                client = self._make_client()
            except ConfigurationError as error:
                logger.warning("%s Each candle is fetched when it has closed.", error)
                return
            try:
                if not client.has.get("watchOHLCV"):
                    logger.info("%s streams no candles; each is fetched when it has closed.", client.id)
                    return
                await self._follow(client)
            except _Lost as error:
                pause = self._pause()
                logger.warning("%s: %s. Connecting again in %.1f s.", client.id, error, pause)
            finally:
                await client.close()
            await asyncio.sleep(pause)

    async def _follow(self, client: Any) -> NoReturn:
        import ccxt  # noqa: PLC0415 - takes half a second, and only exchanges need it

        try:
            await self._load_markets(client)
            self._listen(client)
            self._last_news = time.monotonic()
            await _until_one_fails([*self._watches(client), self._notice_silence()])
        except (ccxt.BaseError, OSError) as error:
            raise _Lost(f"the stream has ended ({_first_line(error)})") from error
        raise _Lost("the stream has ended")

    async def _load_markets(self, client: Any) -> None:
        if self._markets:
            client.set_markets(self._markets)
            return
        markets = await client.load_markets()
        self._markets = list(markets.values())

    def _watches(self, client: Any) -> list[Coroutine[Any, Any, NoReturn]]:
        """Endless questions that keep the subscriptions alive: one for all symbols where the exchange takes it."""
        name = self._timeframe.name
        if client.has.get("watchOHLCVForSymbols"):
            pairs = [[symbol, name] for symbol in self._symbols]
            return [self._ask_for_ever(lambda: client.watch_ohlcv_for_symbols(pairs))]
        return [
            self._ask_for_ever(lambda symbol=symbol: self._watch_one(client, symbol))  # type: ignore[misc]
            for symbol in self._symbols
        ]

    async def _watch_one(self, client: Any, symbol: str) -> dict[str, Any]:
        return {symbol: {self._timeframe.name: await client.watch_ohlcv(symbol, self._timeframe.name)}}

    async def _ask_for_ever(self, ask: Callable[[], Awaitable[dict[str, Any]]]) -> NoReturn:
        while True:
            try:
                found = await ask()
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                # ccxt cancels its own futures when it closes a connection.
                raise _Lost("the connection was closed") from None
            self._note_news()
            for symbol, candles in found.items():
                # A candle forms, so the exchange's time is at or after its open.
                for rows in candles.values():
                    if rows:
                        self._listener.on_time(symbol, int(rows[-1][0]))

    def _listen(self, client: Any) -> None:
        """Read every raw message before ccxt does."""
        symbols = {client.market(symbol)["id"]: symbol for symbol in self._symbols}
        interval = str(client.timeframes.get(self._timeframe.name, self._timeframe.name))
        handle, connected = client.handle_message, False

        def heard(connection: Any, message: Any) -> None:
            nonlocal connected
            if not connected:
                connected = True
                self._listener.on_connection()
            for each in candle_messages(client.id, message):
                if each.market in symbols and each.interval == interval:
                    self._tell(symbols[each.market], each)
            handle(connection, message)

        client.handle_message = heard

    def _tell(self, symbol: str, message: CandleMessage) -> None:
        self._note_news()
        self._listener.on_time(symbol, message.time_ms)
        if message.closed:
            fault = fault_of(message.open_time_ms, message.numbers, self._timeframe)
            self._listener.on_candle(ClosedCandle(symbol, message.open_time_ms, message.numbers, STREAM, fault))

    def _note_news(self) -> None:
        self._last_news, self._silent_attempts = time.monotonic(), 0

    async def _notice_silence(self) -> NoReturn:
        patience = self._settings.silence_seconds
        while True:
            left = self._last_news + patience - time.monotonic()
            if left <= 0:
                raise _Lost(f"nothing was heard for {patience:g} s")
            await asyncio.sleep(left)

    def _pause(self) -> float:
        """Next to nothing after a connection that worked; longer and longer, and jittered, after some that did not."""
        pause = min(_FIRST_PAUSE_SECONDS * 2**self._silent_attempts, self._settings.longest_pause_seconds)
        self._silent_attempts += 1
        return float(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret


def tells_closes(exchange_id: str) -> bool:
    """Whether the socket of an exchange says that a candle has closed."""
    return exchange_id in READERS


async def _until_one_fails(endless: Sequence[Coroutine[Any, Any, NoReturn]]) -> None:
    """Run until one of them ends, end the others, and raise its error."""
    tasks = [asyncio.ensure_future(each) for each in endless]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200].rstrip(".")
