"""Requests over kept connections, as fast as they are answered or at a rate; a process of its own, on uvloop.

    python benchmarks/peers/load_generator.py JSON

takes ``{host, port, requests: [text], expected, connections, seconds | count, rate}`` and prints one line of JSON:
answers, errors (no answer, another status than 200), wrong (an answer without the ``expected`` text), seconds, and
latencies in milliseconds. Without a rate each connection asks again as soon as it is answered. With one, requests are
due at equal distances and the latency counts from when a request was due, so a server that stalls is charged for the
wait of all that should have been sent meanwhile. One process takes 30 to 60 microseconds for an answer, and a core for
twenty thousand a second: beyond it, and where server and generator share cores, the generator is what is measured.
"""

import asyncio
import json
import sys
import time
from collections import deque
from typing import Any

import numpy as np
import uvloop

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "

PAUSE_SECONDS = 0.01


class Load:
    """What is to be sent, and what has come back."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.requests = [text.encode() for text in plan["requests"]]
        self.expected = plan["expected"].encode()
        self.count = plan.get("count", sys.maxsize)
        self.rate = plan.get("rate")
        self.until = time.perf_counter() + plan.get("seconds", 3600.0)
        self.sent = self.errors = self.wrong = 0
        self.latencies: list[float] = []
        self.due: deque[float] = deque()
        self.idle: deque[Connection] = deque()
        self.done = asyncio.get_running_loop().create_future()

    def next_request(self) -> bytes | None:
        """What to send now; None at the end."""
        if self.sent >= self.count or time.perf_counter() >= self.until:
            return None
        self.sent += 1
        return self.requests[self.sent % len(self.requests)]

    def answered(self, status: bytes, answer: bytes, since: float) -> None:
        """Count an answer."""
        self.latencies.append(time.perf_counter() - since)
        if status != b"200":
            self.errors += 1
        elif self.expected not in answer:
            self.wrong += 1

    def finish(self) -> None:
        """End as soon as everything that was sent is answered."""
        if len(self.latencies) + self.errors >= self.sent and not self.done.done():
            self.done.set_result(None)


class Connection(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._parts = b""
        self._since = 0.0
        self._waiting = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        self._transport = transport  # type: ignore[assignment]

    def ask(self, request: bytes, since: float) -> None:
        """Send a request."""
        self._since, self._waiting = since, True
        assert self._transport is not None
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Put an answer together."""
        self._parts = self._parts + data if self._parts else data
        head = self._parts.find(_HEAD_END)
        if head < 0:
            return
        place = self._parts.find(_LENGTH) + len(_LENGTH)
        length = int(self._parts[place : self._parts.find(b"\r", place)])
        if len(self._parts) < head + len(_HEAD_END) + length:
            return
        answer, self._parts, self._waiting = self._parts, b"", False
        self._load.answered(answer[9:12], answer, self._since)
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Count what was not answered."""
        if self._waiting:
            self._load.errors += 1
            self._load.finish()

    def _go_on(self) -> None:
        load = self._load
        if load.rate is not None:
            if load.due:
                self.ask(load.requests[load.sent % len(load.requests)], load.due.popleft())
            else:
                load.idle.append(self)
            load.finish()
            return
        request = load.next_request()
        if request is None:
            load.finish()
        else:
            self.ask(request, time.perf_counter())


async def at_a_rate(load: Load, rate: float) -> None:
    """Have requests sent when they are due, on whichever connection is free."""
    begun, due = time.perf_counter(), 0
    while time.perf_counter() < load.until:
        while begun + due / rate <= time.perf_counter():
            request = load.next_request()
            if request is None:
                break
            since = begun + due / rate
            due += 1
            if load.idle:
                load.idle.popleft().ask(request, since)
            else:
                load.due.append(since)
        await asyncio.sleep(0.0005)
    load.count = load.sent
    load.finish()


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Carry out a plan."""
    loop = asyncio.get_running_loop()
    load, connections = Load(plan), []
    for _ in range(plan["connections"]):
        _, protocol = await loop.create_connection(lambda: Connection(load), plan["host"], plan["port"])
        connections.append(protocol)
        # Whichever worker is awake takes all connections that wait: opened at once, one of them would get them all.
        await asyncio.sleep(PAUSE_SECONDS)
    begun = time.perf_counter()
    load.until = begun + plan.get("seconds", 3600.0)
    if load.rate is not None:
        load.idle.extend(connections)
        await at_a_rate(load, load.rate)
    else:
        for connection in connections:
            request = load.next_request()
            if request is not None:
                connection.ask(request, time.perf_counter())
    await asyncio.wait_for(load.done, 120)
    seconds = time.perf_counter() - begun
    middle, rare, worst = np.percentile(load.latencies or [np.nan], (50, 99, 100)) * 1e3
    answers = len(load.latencies)
    return {
        "answers": answers,
        "errors": load.errors,
        "wrong": load.wrong,
        "seconds": seconds,
        "p50": middle,
        "p99": rare,
        "max": worst,
        "cpu": time.process_time(),
    }


if __name__ == "__main__":
    uvloop.install()
    print(json.dumps(asyncio.run(run(json.loads(sys.argv[1])))))
