"""Routes by which a running venue is told to misbehave, or what time it is; not part of any exchange's protocol."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from algotrade.errors import ConfigurationError
from algotrade.simulation.venue.fault_schedule import FaultSchedule
from algotrade.simulation.venue.streams import Streams
from algotrade.simulation.venue.venue import Venue

_CLOCK_KEYS = ("now_ms", "advance_ms", "speed", "skew_ms")


class Control:
    """Answers under ``/control``."""

    def __init__(self, venue: Venue, streams: Streams) -> None:
        self._venue = venue
        self._streams = streams

    def routes(self) -> list[web.RouteDef]:
        """The faults, the clock and the open sockets, to look at and to change."""
        return [
            web.get("/control", self._overview),
            web.get("/control/faults", self._faults),
            web.post("/control/faults", self._add_faults),
            web.delete("/control/faults", self._clear_faults),
            web.get("/control/clock", self._clock),
            web.post("/control/clock", self._set_clock),
            web.delete("/control/sockets", self._drop_sockets),
        ]

    async def _overview(self, _request: web.Request) -> web.Response:
        market = self._venue.market
        return web.json_response(
            {
                "symbols": list(market),
                "intervals": list(market.intervals),
                "requests": len(self._venue.requests),
                "sockets": len(self._streams),
                "clock": self._clock_state(),
                "faults": self._fault_list(),
            }
        )

    async def _faults(self, _request: web.Request) -> web.Response:
        return web.json_response(self._fault_list())

    async def _add_faults(self, request: web.Request) -> web.Response:
        try:
            schedule = FaultSchedule.of(await _json(request))
        except ConfigurationError as error:
            return _refused(error)
        for plan in schedule.planned:
            self._venue.faults.add(plan)
        return web.json_response(self._fault_list())

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._venue.faults.clear()
        return web.json_response([])

    async def _clock(self, _request: web.Request) -> web.Response:
        return web.json_response(self._clock_state())

    async def _set_clock(self, request: web.Request) -> web.Response:
        clock = self._venue.clock
        try:
            wanted = _clock_settings(await _json(request))
            clock.run(wanted.get("speed", clock.speed))
        except ConfigurationError as error:
            return _refused(error)
        clock.skew_ms = int(wanted.get("skew_ms", clock.skew_ms))
        if "now_ms" in wanted:
            clock.set(int(wanted["now_ms"]))
        clock.advance(int(wanted.get("advance_ms", 0)))
        return web.json_response(self._clock_state())

    async def _drop_sockets(self, request: web.Request) -> web.Response:
        code = request.query.get("code", "1001")
        dropped = len(self._streams)
        self._streams.drop(int(code) if code.isdigit() else None)
        return web.json_response({"dropped": dropped})

    def _clock_state(self) -> dict[str, float]:
        clock = self._venue.clock
        return {"now_ms": clock.now(), "speed": clock.speed, "skew_ms": clock.skew_ms}

    def _fault_list(self) -> list[dict[str, Any]]:
        return [planned.as_mapping() for planned in self._venue.faults.planned()]


def _clock_settings(sent: object) -> dict[str, float]:
    if not isinstance(sent, Mapping) or any(
        key not in _CLOCK_KEYS or not isinstance(value, int | float) for key, value in sent.items()
    ):
        raise ConfigurationError(
            f"venue: {sent} does not set a clock. Accepted are numbers for {', '.join(_CLOCK_KEYS)}."
        )
    return dict(sent)


async def _json(request: web.Request) -> Any:
    try:
        return await request.json()
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"venue: what was sent is no JSON: {error}.") from error


def _refused(error: ConfigurationError) -> web.Response:
    return web.json_response({"error": str(error)}, status=400)
