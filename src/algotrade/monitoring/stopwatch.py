"""The stages of one piece of work, each ended by a mark."""

import time
from collections.abc import Mapping
from typing import Any


class Stopwatch:
    """Remembers when each stage ended; the next one begins there.

    Attributes
    ----------
    started_ns : int
        Since the epoch.
    marks : list of (str, int)
        Stages in their order, with the nanoseconds from the start to the end of each.

    >>> watch = Stopwatch()
    >>> watch.mark("decode")
    >>> watch.mark("answer")
    >>> [stage for stage, _ in watch.seconds()]
    ['decode', 'answer']
    """

    __slots__ = ("_began", "marks", "started_ns")

    def __init__(self) -> None:
        self.started_ns = time.time_ns()
        self._began = time.perf_counter_ns()
        self.marks: list[tuple[str, int]] = []

    def mark(self, stage: str) -> None:
        """End a stage now."""
        self.marks.append((stage, time.perf_counter_ns() - self._began))

    def seconds(self) -> list[tuple[str, float]]:
        """How long each stage took."""
        ends = [end for _, end in self.marks]
        return [(stage, (end - before) / 1e9) for (stage, end), before in zip(self.marks, [0, *ends], strict=False)]


class _NoWatch(Stopwatch):
    """Nobody wants to know."""

    __slots__ = ()

    def mark(self, stage: str) -> None:
        """Nothing."""


_NO_WATCH = _NoWatch()


def stopwatch_of(scope: Mapping[str, Any]) -> Stopwatch:
    """The stopwatch of an ASGI request; one that remembers nothing where it is not timed by stage.

    >>> stopwatch_of({"type": "http"}).mark("decode")
    """
    watch: Stopwatch = scope.get("state", {}).get("stages", _NO_WATCH)
    return watch
