"""An exchange that keeps failing is left alone for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from algotrade.data.circuit import Breaker, LeftAlone
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
        self._breaker = Breaker(name, failures, rest_seconds, Failed)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One question to the exchange.

        Raises
        ------
        VenueUnavailable
            Instead of asking, while the exchange is left alone; it says until when.
        """
        try:
            with self._breaker.attempt():
                yield
        except LeftAlone as rest:
            raise VenueUnavailable(
                f"{self._name} has failed {self._failures} times in a row and is left alone until "
                f"{rest.until:%H:%M:%S} UTC. Check the network and the exchange's status page, and run it again after "
                "that."
            ) from None
