"""Websockets: what each has subscribed to, and how events reach it."""

import asyncio
import json
import re
import time
from collections import deque
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from algotrade.simulation.venue import faults
from algotrade.simulation.venue.answering import reset
from algotrade.simulation.venue.faults import EventFault
from algotrade.simulation.venue.venue import Venue

_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_MOST_STREAMS = 1_024
_STREAM = re.compile(r"[a-z0-9]+@[\w+:@]+|![\w@]+")


class Connection:
    """One websocket and its subscriptions.

    Parameters
    ----------
    venue : Venue
    streams : iterable of str
        Subscribed from the start.
    combined : bool
        Whether events are wrapped in the name of their stream.
    """

    def __init__(self, venue: Venue, streams: list[str], *, combined: bool) -> None:
        settings = venue.settings
        self.streams = dict.fromkeys(streams)
        self._venue = venue
        self._combined = combined
        self._socket = web.WebSocketResponse(timeout=1.0, heartbeat=settings.ping_seconds, compress=False)
        self._transport: asyncio.Transport | None = None
        self._outbox: asyncio.Queue[str | int] = asyncio.Queue()
        self._held_back: list[str] = []
        self._received: deque[float] = deque(maxlen=settings.messages_per_second + 1)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Answer and deliver until either side ends the connection."""
        await self._socket.prepare(request)
        self._transport = request.transport
        sender = asyncio.create_task(self._send())
        age = asyncio.get_running_loop().call_later(self._venue.settings.longest_connection_seconds, self.drop, 1001)
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    self._receive(message.data)
        finally:
            age.cancel()
            sender.cancel()
        return self._socket

    def deliver(self, stream: str, body: str) -> None:
        """Put an event on its way, or whatever a fault makes of it."""
        text = f'{{"stream":"{stream}","data":{body}}}' if self._combined else body
        times, held = 1, False
        for fault, _ in self._venue.faults.strikes(stream, EventFault):
            if isinstance(fault, faults.DroppedSocket):
                self.drop(fault.code)
                return
            if isinstance(fault, faults.LateEvent):
                asyncio.get_running_loop().call_later(fault.seconds, self._outbox.put_nowait, text)
            times += isinstance(fault, faults.DuplicatedEvent)
            times -= isinstance(fault, faults.LateEvent | faults.MissingEvent)
            held = held or isinstance(fault, faults.ReorderedEvent)
        if held:
            self._held_back += [text] * times
            return
        for late in [*[text] * times, *self._held_back]:
            self._outbox.put_nowait(late)
        self._held_back.clear()

    def announce(self, body: dict[str, Any]) -> None:
        """Send what belongs to no stream."""
        self._outbox.put_nowait(json.dumps(body, separators=(",", ":")))

    def drop(self, code: int | None) -> None:
        """End the connection with a closing code, or without one by a reset."""
        if code is None:
            reset(self._transport)
        else:
            self._outbox.put_nowait(code)

    async def _send(self) -> None:
        while True:
            message = await self._outbox.get()
            if isinstance(message, int):
                await self._socket.close(code=message)
                return
            try:
                await self._socket.send_str(message)
            except ConnectionError:
                return

    def _receive(self, text: str) -> None:
        now = time.monotonic()
        self._received.append(now)
        if len(self._received) == self._received.maxlen and now - self._received[0] < 1.0:
            self.drop(WSCloseCode.POLICY_VIOLATION)
            return
        try:
            request = json.loads(text)
        except json.JSONDecodeError as error:
            self.announce({"error": {"code": 3, "msg": f"Invalid JSON: {error}"}})
            return
        self.announce(self._answer(request if isinstance(request, dict) else {}))

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        number, method, parameters = request.get("id"), request.get("method"), request.get("params", [])
        if method not in _METHODS:
            return _error(f"unknown variant `{method}`, expected one of {', '.join(_METHODS)}", number)
        if method == "LIST_SUBSCRIPTIONS":
            return {"result": list(self.streams), "id": number}
        if method.endswith("PROPERTY"):
            if method == "GET_PROPERTY":
                return {"result": self._combined, "id": number}
            self._combined = bool(parameters[-1]) if parameters else self._combined
            return {"result": None, "id": number}
        if not isinstance(parameters, list) or not all(_STREAM.fullmatch(str(name)) for name in parameters):
            return _error("invalid stream", number)
        chosen = dict.fromkeys(map(str, parameters))
        if method == "SUBSCRIBE":
            self.streams |= chosen
            if len(self.streams) > _MOST_STREAMS:
                self.drop(WSCloseCode.POLICY_VIOLATION)
        else:
            self.streams = {name: None for name in self.streams if name not in chosen}
        return {"result": None, "id": number}


def _error(message: str, number: object) -> dict[str, Any]:
    return {"error": {"code": 2, "msg": f"Invalid request: {message}"}, "id": number}
