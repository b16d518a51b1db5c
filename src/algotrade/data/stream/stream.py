"""Live candles of one exchange: each closed candle once, in order, whatever happens on the way."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from types import TracebackType
from typing import Any, Self, TypeVar

from algotrade.data.exchange.clients import redirected_to, stream_client
from algotrade.data.stream.background import in_background
from algotrade.data.stream.clock import ExchangeClock
from algotrade.data.stream.closed_candle import ClosedCandle
from algotrade.data.stream.rest import ExchangeTime, RestCandles
from algotrade.data.stream.series import LiveSeries
from algotrade.data.stream.settings import StreamSettings
from algotrade.data.stream.socket import CandleSocket, tells_closes
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, VenueError
from algotrade.monitoring.metrics import StreamMetrics

_LOOK_EVERY_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.25

T = TypeVar("T")

logger = logging.getLogger(__name__)


class CandleStream:
    """The closed candles of some symbols as they close, each once and in order per symbol.

    The socket is the fast way; whatever it does not tell in time is fetched: what a disconnect missed, what came late
    or never, everything while the socket is silent.

    Parameters
    ----------
    exchange_id : str
        ccxt's name of the exchange.
    symbols : sequence of str
        In any notation.
    timeframe : Timeframe
    after : mapping of str to int, optional
        Open time (ms since the epoch) of the last candle that is known of a symbol; the stream goes on after it. By
        default it begins with the candle that forms now.
    settings : StreamSettings, optional
    metrics : StreamMetrics, optional
    make_client : callable, optional
        Gives a ccxt.pro client for each connection.
    rest : RestCandles, optional
        What is asked over REST.

    Raises
    ------
    ConfigurationError
        If ccxt knows no streams of the exchange, or no symbol is named.

    Examples
    --------
    ::

        async with CandleStream("binance", ["BTC/USDT"], Timeframe("1m")) as stream:
            async for candle in stream:
                print(candle)
    """

    def __init__(  # noqa: PLR0913 - what to stream, and how
        self,
        exchange_id: str,
        symbols: Sequence[str],
        timeframe: Timeframe,
        *,
        after: Mapping[str, int] | None = None,
        settings: StreamSettings | None = None,
        metrics: StreamMetrics | None = None,
        make_client: Callable[[], Any] | None = None,
        rest: RestCandles | None = None,
    ) -> None:
        self.timeframe = timeframe
        self.symbols = tuple(dict.fromkeys(unified_symbol(symbol) for symbol in symbols))
        if not self.symbols:
            raise ConfigurationError("No symbols to stream. Name at least one, as in --symbols BTC/USDT,ETH/USDT.")
        self.clock = ExchangeClock()
        self.metrics = metrics or StreamMetrics()
        self._after = dict(after or {})
        self._settings = settings or StreamSettings()
        patience = self._settings.grace_seconds if tells_closes(exchange_id) else self._settings.settle_seconds
        self._patience = patience
        address = redirected_to()
        self._rest = rest or RestCandles.of(exchange_id, timeframe)
        connect = make_client or (lambda: stream_client(exchange_id, address))
        self._socket = CandleSocket(connect, self.symbols, timeframe, self, self._settings)
        self._series: dict[str, LiveSeries] = {}
        self._ready: asyncio.Queue[ClosedCandle | BaseException] = asyncio.Queue()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._refused: str | None = None
        self.live_from_ms = 0
        """Open time of the candle that formed when the stream began; the later ones are live from their beginning."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._pass_on)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ClosedCandle:
        """The next candle.

        Raises
        ------
        ConfigurationError
            If the exchange does not have a symbol or the timeframe.
        """
        candle = await self._ready.get()
        if isinstance(candle, BaseException):
            raise candle
        return candle

    def on_connection(self) -> None:
        """Fetch what may have closed while the socket was not there."""
        self.metrics.connections.inc()
        for series in self._series.values():
            series.doubt()
        self._wake.set()

    def on_time(self, symbol: str, time_ms: int) -> None:
        """Take note of the exchange's time, and of a candle that should have come by then."""
        self.clock.heard(time_ms)
        series = self._series.get(symbol)
        if series is not None and time_ms >= series.expected_close_ms:
            self._wake.set()

    def on_candle(self, candle: ClosedCandle) -> None:
        """Deliver a candle from the socket if it is its turn; if not, what comes before it is fetched."""
        series = self._series.get(candle.symbol)
        # Without a series, or room for more, it is fetched when its time has come.
        if series is None or self._is_full:
            return
        self._deliver(series.heard(self._stamped(candle)))
        self._wake.set()

    def _stamped(self, candle: ClosedCandle) -> ClosedCandle:
        """The candle, with the instant at which it closed."""
        age_ms = self.clock.now_ms() - candle.open_time_ms - self.timeframe.milliseconds
        return replace(candle, closed_at=time.monotonic() - max(0.0, age_ms) / 1_000)

    @property
    def _is_full(self) -> bool:
        return self._ready.qsize() >= self._settings.most_waiting

    def _deliver(self, candles: Sequence[ClosedCandle]) -> None:
        for candle in candles:
            self.metrics.candles.labels(candle.origin).inc()
            self._ready.put_nowait(candle)

    def _pass_on(self, task: "asyncio.Task[None]") -> None:
        """Let whoever waits for candles know what went wrong."""
        if not task.cancelled() and task.exception() is not None:
            self._ready.put_nowait(task.exception() or RuntimeError())

    async def _run(self) -> None:
        await self._begin()
        socket = asyncio.create_task(self._socket.run())
        socket.add_done_callback(self._pass_on)
        try:
            await self._fetch_for_ever()
        finally:
            socket.cancel()
            await asyncio.gather(socket, return_exceptions=True)

    async def _begin(self) -> None:
        """Learn the exchange's time and that it has what is asked for, and say where each series begins."""
        step = self.timeframe.milliseconds

        def ask() -> ExchangeTime:
            now = self._rest.time()
            self._rest.fetch(self.symbols, self.timeframe.floor(int(now.time_ms)) - step)
            return now

        pause = _FIRST_PAUSE_SECONDS
        while (now := await self._asked(ask)) is None:
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._settings.longest_pause_seconds)
        self._note_time(now)
        self.live_from_ms = forming = self.timeframe.floor(int(now.time_ms))
        for symbol in self.symbols:
            self._series[symbol] = LiveSeries(symbol, self.timeframe, self._start(symbol, forming), self._settings)

    def _start(self, symbol: str, forming_ms: int) -> int:
        step = self.timeframe.milliseconds
        wanted = self._after.get(symbol, forming_ms - step) + step
        earliest = forming_ms - self._settings.most_resumed * step
        if wanted < earliest:
            logger.warning(
                "%s %s: the last known candle is more than %d candles ago; only the last %d are fetched now. "
                "Download what lies before, as docs/how-to/exchange-candles.md says.",
                symbol,
                self.timeframe,
                self._settings.most_resumed,
                self._settings.most_resumed,
            )
        return max(wanted, earliest)

    async def _fetch_for_ever(self) -> None:
        while True:
            waits = self._waits()
            due = [series for series, seconds in waits if seconds <= 0]
            if due:
                await self._fetch(due)
                continue
            self._wake.clear()
            soonest = min((seconds for _, seconds in waits), default=_LOOK_EVERY_SECONDS)
            # Not wait_for: Python 3.11's forgets to be cancelled if it is woken in the same instant.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(soonest, _LOOK_EVERY_SECONDS)):
                    await self._wake.wait()

    def _waits(self) -> list[tuple[LiveSeries, float]]:
        """Each series with the seconds until it is to be fetched."""
        if self._is_full:
            return []
        exchange_ms, now = self.clock.now_ms(), time.monotonic()
        return [
            (series, series.seconds_until_due(exchange_ms, now, self._patience)) for series in self._series.values()
        ]

    async def _fetch(self, due: Sequence[LiveSeries]) -> None:
        """Fetch what these series wait for, those that wait for the same in one go."""
        for start_ms, group in groupby(sorted(due, key=_expected), key=_expected):
            chosen = list(group)
            answer = await self._asked(partial(self._ask, [series.symbol for series in chosen], start_ms))
            if answer is not None:
                self._note_time(answer[0])
            for series in chosen:
                found = [] if answer is None else [self._stamped(candle) for candle in answer[1][series.symbol]]
                self._deliver(series.answered(found, time.monotonic()))

    def _ask(self, symbols: Sequence[str], start_ms: int) -> tuple[ExchangeTime, dict[str, list[ClosedCandle]]]:
        return self._rest.time(), self._rest.fetch(symbols, start_ms)

    async def _asked(self, ask: Callable[[], T]) -> T | None:
        """What the exchange answers; None if it did not, which is said once until it does again."""
        try:
            answer = await in_background(ask)
        except VenueError as error:
            if self._refused is None:
                logger.warning("%s The stream goes on asking.", error)
            self._refused = str(error)
            self.metrics.fetches.labels("failed").inc()
            return None
        self.metrics.fetches.labels("answered").inc()
        if self._refused is not None:
            logger.info("The exchange answers again.")
            self._refused = None
        return answer

    def _note_time(self, told: ExchangeTime) -> None:
        self.clock.asked(told.time_ms, at_ms=told.at_seconds * 1_000)


def _expected(series: LiveSeries) -> int:
    return series.expected_ms
