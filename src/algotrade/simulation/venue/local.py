"""A venue that runs beside the code that uses it."""

import asyncio
import contextlib
import logging
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from algotrade.data.exchange.clients import spot_client, stream_client
from algotrade.domain.candles import Candles
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError
from algotrade.simulation.venue.answering import handler, unknown
from algotrade.simulation.venue.clock import VenueClock
from algotrade.simulation.venue.control import Control
from algotrade.simulation.venue.fault_schedule import FaultDesk, Planned
from algotrade.simulation.venue.faults import Fault
from algotrade.simulation.venue.market_data import ROUTES
from algotrade.simulation.venue.settings import VenueSettings
from algotrade.simulation.venue.streams import Streams
from algotrade.simulation.venue.venue import Request, Route, Venue

logger = logging.getLogger(__name__)

_HOST = "127.0.0.1"
_STOP_SECONDS = 10.0
# A module of routes for each part of the interface; orders will be another.
_REST: tuple[Route, ...] = (*ROUTES,)


class LocalVenue:
    """An exchange on this machine that speaks Binance's Spot protocol, for as long as it is open.

    It runs in a thread of its own with its own event loop and is reached at 127.0.0.1 only.

    Parameters
    ----------
    settings : VenueSettings

    Examples
    --------
    ::

        with LocalVenue(VenueSettings.simulated(MarketSettings(timeframe="1m"))) as venue:
            venue.ccxt_client().fetch_ohlcv("BTC/USDT", "5m")
    """

    def __init__(self, settings: VenueSettings) -> None:
        self._settings = settings
        self._venue = Venue(settings)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._streams: Streams | None = None
        self._port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open the port; on return the venue answers.

        Raises
        ------
        ConfigurationError
            If the port is taken.
        """
        ready: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="local venue", daemon=True)
        self._thread.start()
        try:
            self._port = ready.result()
        except OSError as error:
            self._thread.join()
            raise ConfigurationError(
                f"venue: port {self._settings.port} cannot be opened ({error}). Choose another, or 0 for a free one."
            ) from error

    def stop(self) -> None:
        """End every connection and close the port; stopping twice does nothing."""
        if self._thread is None or self._loop is None or self._closing is None:
            return
        with contextlib.suppress(RuntimeError):
            # The loop is closed if the venue has stopped already.
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(_STOP_SECONDS)
        self._thread = None

    @property
    def url(self) -> str:
        """Its address, as in http://127.0.0.1:8080."""
        return f"http://{_HOST}:{self._port}"

    @property
    def clock(self) -> VenueClock:
        """The venue's clock; may be set, stopped and run faster."""
        return self._venue.clock

    @property
    def faults(self) -> FaultDesk:
        """The faults in force."""
        return self._venue.faults

    @property
    def requests(self) -> list[Request]:
        """Every request that reached it, oldest first."""
        return list(self._venue.requests)

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is listed, as ``BASE/QUOTE``."""
        return tuple(instrument.listing.symbol for instrument in self._venue.market.values())

    def inject(self, fault: Fault, **plan: Any) -> None:
        """Put a fault in force; ``on``, ``after``, ``times`` and ``probability`` as in :class:`Planned`."""
        self.faults.add(Planned(fault, **plan))

    def drop_sockets(self, code: int | None = 1001) -> None:
        """End every websocket now: with a closing code, or without one by a reset."""
        if self._loop is not None and self._streams is not None:
            self._loop.call_soon_threadsafe(self._streams.drop, code)

    def candles(self, symbol: str, timeframe: str) -> Candles:
        """The truth: every candle of the market that the venue serves, those still to come included."""
        instrument = self._venue.instrument(unified_symbol(symbol).replace("/", ""))
        return instrument.table(Timeframe(timeframe)).candles

    def closed_candles(self, symbol: str, timeframe: str) -> Candles:
        """The truth so far: every candle that has closed by the venue's clock."""
        instrument = self._venue.instrument(unified_symbol(symbol).replace("/", ""))
        table = instrument.table(Timeframe(timeframe))
        return table.candles[: table.closed(self.clock.now())]

    def ccxt_client(self) -> Any:
        """The real ccxt ``binance`` class, sent here; it does not slow itself down."""
        client = spot_client("binance", self.url)
        client.enableRateLimit = False
        return client

    def ccxt_pro_client(self) -> Any:
        """The real ccxt.pro ``binance`` class, sent here; to be closed with ``await client.close()``."""
        client = stream_client("binance", self.url)
        client.enableRateLimit = False
        return client

    def _run(self, ready: "Future[int]") -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._serve(ready))

    async def _serve(self, ready: "Future[int]") -> None:
        closing = asyncio.Event()
        self._closing, self._streams = closing, Streams(self._venue)
        runner = web.AppRunner(self._application(self._streams, closing), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, _HOST, self._settings.port)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            ready.set_exception(error)
            return
        publisher = asyncio.create_task(self._streams.publish_forever())
        publisher.add_done_callback(_report)
        ready.set_result(int(runner.addresses[0][1]))
        await closing.wait()
        publisher.cancel()
        self._streams.shut_down()
        await runner.cleanup()

    def _application(self, streams: Streams, closing: asyncio.Event) -> web.Application:
        application = web.Application()
        for route in _REST:
            application.router.add_route(route.method, route.path, handler(self._venue, route, closing))
        for path in ("/ws", "/ws/{names:.*}", "/stream", "/stream/{names:.*}"):
            application.router.add_get(path, streams.connect)
        application.add_routes(Control(self._venue, streams).routes())
        application.router.add_route("*", "/{path:.*}", unknown)
        return application


def _report(publisher: "asyncio.Task[None]") -> None:
    """Say so if the streams have stopped for a reason other than the end of the venue."""
    error = None if publisher.cancelled() else publisher.exception()
    if error is not None:
        logger.error("The streams of the local venue have stopped", exc_info=error)
