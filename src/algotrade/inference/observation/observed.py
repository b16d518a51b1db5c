"""What is to be seen of every request, whoever answers it: its id, its numbers, its line in the log, its trace."""

import itertools
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from algotrade.inference.observation.ledger import Entry, Ledger
from algotrade.inference.routes.counting import route_of
from algotrade.monitoring.service_log import REQUEST_ID, request_id_of
from algotrade.monitoring.stopwatch import Stopwatch
from algotrade.monitoring.tracing import Tracing

HEADER = b"x-request-id"
STAGES_OF_ONE_IN = 8
"""The stages of one request in so many are timed: they cost as much as everything else that is counted."""
CLIENT_IS_GONE = 499
"""Counted for a request whose client did not wait for the answer; no status of HTTP, but what others write, too."""
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})


class Observed:
    """An ASGI application whose every request is counted, timed and written about; outside everything else.

    A request keeps the id that its client has given it, or gets one; the answer carries it as ``X-Request-ID``, and so
    does every line that is logged meanwhile. It is in ``scope["state"]["request_id"]``. Of some requests the stages
    are timed: those have a stopwatch in ``scope["state"]["stages"]``.

    Parameters
    ----------
    app : ASGIApp
    ledger : Ledger
    tracing : Tracing, optional
    """

    def __init__(self, app: ASGIApp, ledger: Ledger, tracing: Tracing | None = None) -> None:
        self._app = app
        self._ledger = ledger
        self._tracing = tracing
        self._number = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See one request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        given, parent = _told(scope)
        state = scope.setdefault("state", {})
        request_id = state["request_id"] = request_id_of(given)
        traced = self._tracing is not None and self._tracing.wants(parent)
        watch = None
        if traced or not next(self._number) % STAGES_OF_ONE_IN:
            watch = state["stages"] = Stopwatch()
        answer = _Answer(send, request_id)
        token = REQUEST_ID.set(request_id)
        self._ledger.under_way += 1
        status = 500
        try:
            await self._app(scope, receive, answer.send)
            status = answer.status or CLIENT_IS_GONE
        finally:
            REQUEST_ID.reset(token)
            self._ledger.under_way -= 1
            entry = _entry(scope, status, time.perf_counter() - began, watch)
            self._ledger.add(entry)
            if traced:
                self._trace(entry, parent)

    def _trace(self, entry: Entry, parent: str | None) -> None:
        if self._tracing is not None and entry.watch is not None:
            attributes: dict[str, str | int] = {
                "http.request.method": entry.method,
                "http.route": entry.route,
                "http.response.status_code": entry.status,
                "algotrade.request_id": entry.request_id,
            }
            self._tracing.record(entry.route, entry.watch, parent, attributes)


class _Answer:
    """Adds the id to an answer, and remembers its status; 0 until it has begun."""

    __slots__ = ("_request_id", "_send", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (HEADER, self._request_id.encode())]
        await self._send(message)


def _told(scope: Scope) -> tuple[bytes | None, str | None]:
    """Request id and parent of the trace, as the client has given them."""
    given = parent = None
    for name, value in scope["headers"]:
        if name == HEADER:
            given = value
        elif name == b"traceparent":
            parent = value.decode("latin-1")
    return given, parent


def _entry(scope: Scope, status: int, seconds: float, watch: Stopwatch | None) -> Entry:
    state, method = scope["state"], scope["method"]
    caller = state.get("caller")
    return Entry(
        ended=time.time(),
        request_id=state["request_id"],
        method=method if method in _METHODS else "other",
        route=route_of(scope["path"]),
        status=status,
        seconds=seconds,
        caller=None if caller is None else caller.name,
        watch=watch,
    )
