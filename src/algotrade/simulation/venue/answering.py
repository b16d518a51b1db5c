"""From a request to its answer, and to what goes wrong on the way."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from random import Random
from typing import NamedTuple

from aiohttp import web

from algotrade.simulation.venue import faults, refusals
from algotrade.simulation.venue.faults import AnswerFault
from algotrade.simulation.venue.market_data import as_json
from algotrade.simulation.venue.query import Query
from algotrade.simulation.venue.refusals import Refused
from algotrade.simulation.venue.venue import Request, Route, Venue

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Struck = list[tuple[AnswerFault, Random]]

_PREFIX = "/api/v3/"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class _Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes
    content_type: str = "application/json"


def handler(venue: Venue, route: Route, closing: asyncio.Event) -> Handler:
    """Handler of a route; when ``closing`` is set it stops waiting."""
    target = route.path.removeprefix(_PREFIX)

    async def handle(request: web.Request) -> web.StreamResponse:
        venue.requests.append(Request(route.path, dict(request.query)))
        query = Query(request.query)
        try:
            refusal, headers = venue.admit(route.weight(query))
        except Refused as error:
            return _response(_refusal(error))
        if refusal is not None:
            return _response(_refusal(refusal), headers)
        struck = venue.faults.strikes(target, AnswerFault)
        if await _lost(struck, closing):
            reset(request.transport)
            return web.Response()
        answer = _answer(venue, route, query, struck)
        for fault, _ in struck:
            if isinstance(fault, faults.CutAnswer):
                return _cut(request, answer, fault.share)
        return _response(answer, headers)

    return handle


async def unknown(_request: web.Request) -> web.Response:
    """Answer to a path that there is not."""
    return _response(_refusal(refusals.unknown_path()))


def reset(transport: asyncio.Transport | None) -> None:
    """End a connection so that the other side sees a reset, not an end."""
    if transport is None:
        return
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()


async def _lost(struck: Struck, closing: asyncio.Event) -> bool:
    """Wait as the faults say; True if the connection is to end without an answer."""
    for fault, _ in struck:
        if isinstance(fault, faults.SlowAnswer | faults.NoAnswer):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), fault.seconds)
    return any(isinstance(fault, faults.ConnectionReset | faults.NoAnswer) for fault, _ in struck)


def _answer(venue: Venue, route: Route, query: Query, struck: Struck) -> _Answer:
    for fault, _ in struck:
        instead = _instead(fault)
        if instead is not None:
            return instead
    skew = sum(fault.milliseconds for fault, _ in struck if isinstance(fault, faults.ClockSkew))
    try:
        body = route.answer(venue, query, venue.clock.now() + skew)
    except Refused as error:
        return _refusal(error)
    for fault, random in struck:
        if isinstance(fault, faults.RowFault) and isinstance(body, list):
            body = fault.change(body, random)
    whole = body if isinstance(body, bytes) else b"[" + b",".join(body) + b"]"
    for fault, _ in struck:
        if isinstance(fault, faults.TruncatedBody):
            whole = whole[: int(len(whole) * fault.share)]
    return _Answer(200, {}, whole)


def _instead(fault: AnswerFault) -> _Answer | None:
    """What is answered instead of the truth, None where the fault leaves the answer."""
    if isinstance(fault, faults.RateLimited):
        wait = {} if fault.retry_after_seconds is None else {"Retry-After": str(fault.retry_after_seconds)}
        return _Answer(fault.status, wait, as_json({"code": -1003, "msg": "Too many requests."}))
    if isinstance(fault, faults.ServerError):
        return _Answer(fault.status, {}, fault.body.encode(), "text/html")
    if isinstance(fault, faults.JunkBody):
        return _Answer(200, {}, fault.text.encode(), "text/html")
    return None


def _refusal(refused: Refused) -> _Answer:
    return _Answer(refused.status, {}, as_json({"code": refused.code, "msg": refused.message}))


def _response(answer: _Answer, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=answer.status,
        headers={**(headers or {}), **answer.headers},
        body=answer.body,
        content_type=answer.content_type,
        charset="utf-8",
    )


def _cut(request: web.Request, answer: _Answer, share: float) -> web.Response:
    """Send the head and a part of the body, then end the connection."""
    head = f"HTTP/1.1 {answer.status} OK\r\nContent-Type: {answer.content_type}\r\n"
    head += f"Content-Length: {len(answer.body)}\r\n\r\n"
    if request.transport is not None:
        request.transport.write(head.encode() + answer.body[: int(len(answer.body) * share)])
        request.transport.close()
    return web.Response()
