"""No more requests at a time than can be answered in time; the rest is told so at once."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from algotrade.inference.problems import Overloaded
from algotrade.inference.routes import response_of
from algotrade.monitoring.metrics import ServiceMetrics

_RETRY_SECONDS = "1"


class Bounded:
    """An ASGI application that passes on so many requests at a time and refuses the others.

    Under way are requests that wait for something, and those that have arrived in the present turn of the event loop:
    answered one after the other, each of these would be alone if only the former counted, while the last of them waits
    for all the others. The first one of a turn has the count begin anew in the next.

    Parameters
    ----------
    app : ASGIApp
    most_in_flight : int
    metrics : ServiceMetrics
        Counts what is shed.
    """

    def __init__(self, app: ASGIApp, most_in_flight: int, metrics: ServiceMetrics) -> None:
        self._app = app
        self._most = most_in_flight
        self._metrics = metrics
        self._waiting = 0
        self._arrived = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not self._arrived:
            asyncio.get_running_loop().call_soon(self._begin_turn)
        self._arrived += 1
        if self._waiting >= self._most or self._arrived > self._most:
            await self._shed(scope, receive, send)
            return
        self._waiting += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._waiting -= 1

    def _begin_turn(self) -> None:
        self._arrived = 0

    async def _shed(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.shed.inc()
        refusal = Overloaded(
            f"{self._most} requests are under way, and that is all this worker takes at a time. Ask again after a "
            "moment, and less often.",
            {"Retry-After": _RETRY_SECONDS},
        )
        self._metrics.refusals.labels(refusal.code).inc()
        await response_of(refusal)(scope, receive, send)
