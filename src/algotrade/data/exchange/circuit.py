"""An exchange that keeps failing is left alone for a while."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from purgatory import SyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from algotrade.errors import VenueUnavailable


class Failed(VenueUnavailable):
    """The exchange did not answer as it should: what the circuit counts, and what is tried again."""

    def __init__(self, message: str, pause_seconds: float | None = None) -> None:
        super().__init__(message)
        self.pause_seconds = pause_seconds


class Circuit:
    """A circuit breaker of one exchange, for all threads that ask it.

    Parameters
    ----------
    name : str
        Of the exchange.
    failures : int
        In a row, after which nobody asks any more.
    rest_seconds : float
        Until one may try again; a failure then begins the next rest.
    """

    def __init__(self, name: str, failures: int, rest_seconds: float) -> None:
        self._name = name
        self._failures = failures
        self._rest_seconds = rest_seconds
        self._breaker = SyncCircuitBreakerFactory().get_breaker(name, failures, rest_seconds)
        # Purgatory's own states are not made for threads.
        self._lock = threading.Lock()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One question to the exchange.

        Raises
        ------
        VenueUnavailable
            Instead of asking, while the exchange is left alone; it says until when.
        """
        failure = None
        self._enter()
        try:
            yield
        except Failed as error:
            failure = error
            raise
        finally:
            # Ended in any other way, the exchange has answered, or nobody knows.
            self._leave(failure)

    def _enter(self) -> None:
        try:
            with self._lock:
                self._breaker.__enter__()
        except OpenedState as opened:
            again = datetime.fromtimestamp(opened.opened_at + self._rest_seconds, UTC)
            raise VenueUnavailable(
                f"{self._name} has failed {self._failures} times in a row and is left alone until "
                f"{again:%H:%M:%S} UTC. Check the network and the exchange's status page, and run it again after that."
            ) from None

    def _leave(self, error: Failed | None) -> None:
        with self._lock:
            self._breaker.__exit__(None if error is None else type(error), error, None)
