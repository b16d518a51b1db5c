"""Lines of a log, written by a thread of their own: whoever has something to say never waits for who reads it."""

import os
import threading
import time
from collections import deque
from typing import Protocol

MOST_WAITING = 20_000
"""Lines, beyond which more are dropped and counted: ten seconds' worth of a busy service."""
PAUSE_SECONDS = 0.05
_MOST_AT_ONCE = 500


class Count(Protocol):
    """What counts."""

    def inc(self, amount: float = 1) -> None:
        """Count some more."""


class LogLines:
    r"""A queue of lines with an end, and the thread that writes them to a file descriptor, oldest first.

    Parameters
    ----------
    descriptor : int
        Of an open file, such as 2 for the standard error.
    written, dropped : Count
        Lines that came out, and lines for which there was no room.
    most_waiting : int, optional

    >>> import os
    >>> from prometheus_client import Counter
    >>> reader, writer = os.pipe()
    >>> lines = LogLines(writer, Counter("a", "", registry=None), Counter("b", "", registry=None))
    >>> lines.start()
    >>> lines.add(b"{}")
    >>> lines.stop()
    >>> os.read(reader, 10)
    b'{}\n'
    """

    def __init__(self, descriptor: int, written: Count, dropped: Count, most_waiting: int = MOST_WAITING) -> None:
        self._descriptor = descriptor
        self._written = written
        self._dropped = dropped
        self._most_waiting = most_waiting
        self._waiting: deque[bytes] = deque()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-lines", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def add(self, line: bytes) -> None:
        """Have a line written, without its end of line; dropped if too many wait already."""
        if len(self._waiting) >= self._most_waiting:
            self._dropped.inc()
            return
        self._waiting.append(line)

    def stop(self, patience_seconds: float = 2.0) -> None:
        """Write what waits and end; lines that nobody takes within the patience are lost."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(patience_seconds)

    def _run(self) -> None:
        while not self._over.wait(PAUSE_SECONDS):
            self._write_all()
        self._write_all()

    def _write_all(self) -> None:
        while self._waiting:
            some = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_AT_ONCE))]
            if not _write(self._descriptor, b"\n".join(some) + b"\n"):
                self._dropped.inc(len(some))
                return
            self._written.inc(len(some))


def _write(descriptor: int, data: bytes) -> bool:
    """Write all of ``data``, however slowly it is taken; False if nobody will take it any more."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            time.sleep(PAUSE_SECONDS)
        except OSError:
            return False
    return True
