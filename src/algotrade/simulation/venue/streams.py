"""The websocket side of the venue: connections, and the publisher that feeds them."""

import asyncio
from collections import defaultdict

from aiohttp import web

from algotrade.simulation.venue.connections import Connection
from algotrade.simulation.venue.events import Event, events
from algotrade.simulation.venue.venue import Venue

_LOOK_EVERY_SECONDS = 0.01


class Streams:
    """Every open connection of a venue."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._connections: set[Connection] = set()
        self._published_until = venue.clock.now()

    def __len__(self) -> int:
        return len(self._connections)

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve a websocket: ``/ws``, ``/ws/<stream>``, ``/stream?streams=<stream>/<stream>``, ``/stream/ws/<n>``."""
        combined = request.path.rstrip("/") == "/stream"
        named = request.query.get("streams", "") if combined else request.path
        streams = [part for part in named.split("/") if "@" in part or part.startswith("!")]
        connection = Connection(self._venue, streams, combined=combined)
        self._connections.add(connection)
        try:
            return await connection.serve(request)
        finally:
            self._connections.discard(connection)

    def drop(self, code: int | None) -> None:
        """End every connection: with a closing code, or without one by a reset."""
        for connection in tuple(self._connections):
            connection.drop(code)

    def shut_down(self) -> None:
        """Announce the end to every connection, and close it."""
        for connection in tuple(self._connections):
            connection.announce({"e": "serverShutdown", "E": self._venue.clock.now()})
        self.drop(1001)

    async def publish_forever(self) -> None:
        """Deliver what happens, a hundredth of a second after it does at the latest."""
        while True:
            self._publish(self._venue.clock.now())
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _publish(self, now: int) -> None:
        # A clock that was put back goes over the same events again, as the market does.
        since, self._published_until = self._published_until, now
        if now <= since:
            return
        found: dict[str, list[Event]] = {}
        due: dict[Connection, list[tuple[Event, str]]] = defaultdict(list)
        for connection in tuple(self._connections):
            for stream in connection.streams:
                if stream not in found:
                    found[stream] = events(self._venue.market, stream, since, now)
                due[connection] += [(event, stream) for event in found[stream]]
        for connection, happened in due.items():
            for event, stream in sorted(happened, key=lambda pair: pair[0].time_ms):
                connection.deliver(stream, event.body)
