"""Calls to a venue: ccxt's errors in our words, and patience where patience helps."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import tenacity
from tenacity.wait import wait_base

from algotrade.errors import VenueError, VenueUnavailable

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_WAIT_SECONDS = 120.0
"""A venue that asks for more patience than this has banned the address; waiting on is no help."""


class _TryLater(VenueUnavailable):
    """The venue may answer a repeated call, after the pause that it asked for."""

    def __init__(self, message: str, pause_seconds: float | None) -> None:
        super().__init__(message)
        self.pause_seconds = pause_seconds


class _PauseAskedFor(wait_base):
    """Wait as long as the venue said, else by a growing, jittered pause."""

    def __init__(self, first_pause_seconds: float) -> None:
        growing = tenacity.wait_exponential(multiplier=first_pause_seconds, max=30.0)
        self._otherwise = growing + tenacity.wait_random(0.0, first_pause_seconds)

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.pause_seconds if isinstance(error, _TryLater) else None
        return asked if asked is not None else self._otherwise(retry_state)


class VenueCalls:
    """Calls of one ccxt client that are repeated while the venue may still answer.

    Parameters
    ----------
    client : ccxt.Exchange
    attempts : int
        How often a call is tried in all.
    first_pause_seconds : float
        Pause before the second attempt where the venue asks for none; later ones double.
    """

    def __init__(self, client: Any, attempts: int, first_pause_seconds: float) -> None:
        self._client = client
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_TryLater),
            wait=_PauseAskedFor(first_pause_seconds),
            stop=tenacity.stop_after_attempt(attempts),
            reraise=True,
        )

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Result of a ccxt method.

        Raises
        ------
        VenueUnavailable
            If the venue could not be reached, was overloaded, or asked for a longer pause than is sensible.
        VenueError
            If it refused the call.
        """
        result: T = self._retrying(self._translated, function, *args, **kwargs)
        return result

    def _translated(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        import ccxt  # noqa: PLC0415  # takes half a second, and only exchanges need it

        try:
            return function(*args, **kwargs)
        except ccxt.OperationFailed as error:
            pause = self._pause_asked_for(error)
            message = f"{self._client.id} does not answer as it should: {_first_line(error)}."
            if pause is not None and pause > LONGEST_WAIT_SECONDS:
                raise VenueUnavailable(f"{message} It asks to wait {pause:.0f} s: try again after that.") from error
            raise _TryLater(f"{message} Check the network, or try again later.", pause) from error
        except ccxt.BaseError as error:
            raise VenueError(f"{self._client.id} refused the call: {_first_line(error)}.") from error

    def _pause_asked_for(self, error: Exception) -> float | None:
        """Seconds that the Retry-After header of a refusal names, None if there is none."""
        import ccxt  # noqa: PLC0415

        # Without an answer the headers at hand are those of some earlier call.
        if not isinstance(error, ccxt.DDoSProtection | ccxt.RateLimitExceeded | ccxt.ExchangeNotAvailable):
            return None
        headers = {name.lower(): value for name, value in (self._client.last_response_headers or {}).items()}
        asked = str(headers.get("retry-after", ""))
        return float(asked) if asked.isdigit() else None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300].rstrip(".")
