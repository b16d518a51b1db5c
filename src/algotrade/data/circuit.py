"""Something that keeps failing is left alone for a while."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from purgatory import SyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState


class LeftAlone(Exception):
    """Nobody is asked at present, and so nobody was.

    Parameters
    ----------
    until : datetime
        When one may try again, UTC.
    """

    def __init__(self, until: datetime) -> None:
        super().__init__(f"left alone until {until:%H:%M:%S} UTC")
        self.until = until


class Breaker:
    """A circuit breaker for all threads that ask the same party.

    Parameters
    ----------
    name : str
    failures : int
        In a row, after which nobody asks any more.
    rest_seconds : float
        Until one may try again; a failure then begins the next rest.
    counted : type of exception
        What a failure looks like; ended in any other way, the party has answered, or nobody knows.
    """

    def __init__(self, name: str, failures: int, rest_seconds: float, counted: type[Exception]) -> None:
        self._rest_seconds = rest_seconds
        self._counted = counted
        self._breaker = SyncCircuitBreakerFactory().get_breaker(name, failures, rest_seconds)
        # Purgatory's own states are not made for threads.
        self._lock = threading.Lock()

    @property
    def state(self) -> str:
        """``closed``, ``opened`` or ``half-opened``."""
        return str(self._breaker.context.state)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One question.

        Raises
        ------
        LeftAlone
            Instead of asking, during a rest.
        """
        failure = None
        self._enter()
        try:
            yield
        except self._counted as error:
            failure = error
            raise
        finally:
            self._leave(failure)

    def _enter(self) -> None:
        try:
            with self._lock:
                self._breaker.__enter__()
        except OpenedState as opened:
            raise LeftAlone(datetime.fromtimestamp(opened.opened_at + self._rest_seconds, UTC)) from None

    def _leave(self, error: Exception | None) -> None:
        with self._lock:
            self._breaker.__exit__(None if error is None else type(error), error, None)
