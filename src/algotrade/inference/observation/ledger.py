"""Requests that are over, counted and written down in batches: that costs a fraction of doing it one by one."""

import json
import threading
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import prometheus_client

from algotrade.inference.routes.counting import ROUTES
from algotrade.monitoring.log_lines import LogLines
from algotrade.monitoring.metrics import ServiceMetrics
from algotrade.monitoring.stopwatch import Stopwatch

PAUSE_SECONDS = 0.05
"""Between two batches, and so how far the metrics may be behind."""
_MOST_WAITING = 10_000
_FIRST_FAILURE, _FIRST_ERROR = 400, 500


class Entry(NamedTuple):
    """What is kept of a request.

    Attributes
    ----------
    ended : float
        Seconds since the epoch.
    request_id, method, route : str
        Each well formed or of a closed set.
    status : int
    seconds : float
    caller : str, optional
    watch : Stopwatch, optional
        Of a request whose stages were timed.
    """

    ended: float
    request_id: str
    method: str
    route: str
    status: int
    seconds: float
    caller: str | None
    watch: Stopwatch | None


class Ledger:
    """Takes entries from the event loop, and counts and writes them in a thread of its own.

    Parameters
    ----------
    metrics : ServiceMetrics
    lines : LogLines, optional
        For a line a request; none is written without it.
    only_failed : bool
        Write no line of a request that was answered with a status below 400.
    """

    def __init__(self, metrics: ServiceMetrics, lines: LogLines | None = None, *, only_failed: bool = False) -> None:
        self.under_way = 0
        """Requests that have begun and are not over; changed by the event loop alone."""
        self._metrics = metrics
        self._lines = lines
        self._first_status = _FIRST_FAILURE if only_failed else 0
        self._entries: deque[Entry] = deque()
        self._settling = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._seconds = {route: metrics.request_seconds.labels(route) for route in (*ROUTES, "other")}

    def start(self) -> None:
        """Begin to count."""
        self._thread.start()

    def stop(self) -> None:
        """Count what waits, and end."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self.settle()

    def add(self, entry: Entry) -> None:
        """Take note of a request that is over."""
        self._entries.append(entry)
        if len(self._entries) > _MOST_WAITING:
            self.settle()

    def settle(self) -> None:
        """Count and write all that was noted."""
        with self._settling:
            self._metrics.in_flight.set(self.under_way)
            batch = [self._entries.popleft() for _ in range(len(self._entries))]
            if batch:
                self._count(batch)
            if self._lines is not None:
                for entry in batch:
                    if entry.status >= self._first_status:
                        self._lines.add(line_of(entry))

    def _count(self, batch: Sequence[Entry]) -> None:
        for (route, status), number in Counter((entry.route, entry.status) for entry in batch).items():
            self._metrics.requests.labels(route, str(status)).inc(number)
        for route in {entry.route for entry in batch}:
            observe_all(self._seconds[route], [entry.seconds for entry in batch if entry.route == route])
        stages = [stage for entry in batch if entry.watch is not None for stage in entry.watch.seconds()]
        for name in {name for name, _ in stages}:
            observe_all(self._metrics.stages[name], [seconds for each, seconds in stages if each == name])

    def _run(self) -> None:
        while not self._over.wait(PAUSE_SECONDS):
            self.settle()


def observe_all(histogram: prometheus_client.Histogram, values: Sequence[float]) -> None:
    """Observe all values, with one step for each bucket and one for the sum."""
    # The library can only be told one by one, for several times the price; a test holds the two against each other.
    bounds = histogram._upper_bounds
    for bucket, number in Counter(bisect_left(bounds, value) for value in values).items():
        histogram._buckets[bucket].inc(number)
    histogram._sum.inc(sum(values))


def line_of(entry: Entry) -> bytes:
    """Line of the log: nothing in it that its client is free to choose, but its well-formed id.

    Put together by hand, for a third of the price, which its fields allow: only the caller's name could need quoting.
    """
    second = int(entry.ended)
    return (
        f'{{"time":"{_moment(second)}.{int(1e6 * (entry.ended - second)):06d}Z",'
        f'"level":"{"info" if entry.status < _FIRST_ERROR else "error"}","logger":"algotrade.request",'
        f'"event":"request","request_id":"{entry.request_id}","method":"{entry.method}","route":"{entry.route}",'
        f'"status":{entry.status},"milliseconds":{1_000 * entry.seconds:.3f},"caller":{_quoted(entry.caller)}}}'
    ).encode()


@lru_cache(maxsize=16)
def _moment(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=1024)
def _quoted(name: str | None) -> str:
    return json.dumps(name)
