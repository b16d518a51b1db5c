"""Calls to a venue: ccxt's errors in our words, and patience where patience helps."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ParamSpec, TypeVar

import tenacity
from tenacity.wait import wait_base

from algotrade.data.exchange.circuit import Circuit, Failed
from algotrade.data.exchange.pace import Pace, Sleep
from algotrade.data.exchange.patience import Patience
from algotrade.errors import VenueError, VenueUnavailable

P = ParamSpec("P")
T = TypeVar("T")

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What Python raises when an answer is not in the form that ccxt, or we, expect."""


class _PauseAskedFor(wait_base):
    """Wait as long as the venue said, else by a growing, jittered pause."""

    def __init__(self, first_pause_seconds: float) -> None:
        growing = tenacity.wait_exponential(multiplier=first_pause_seconds, max=30.0)
        self._otherwise = growing + tenacity.wait_random(0.0, first_pause_seconds)

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.pause_seconds if isinstance(error, Failed) else None
        return asked if asked is not None else self._otherwise(retry_state)


class VenueCalls:
    """Calls of one ccxt client, from one thread, that are repeated while the venue may still answer.

    Parameters
    ----------
    client : ccxt.Exchange
    patience : Patience
    pace : Pace
        Shared by the clients of the exchange: a pause that one is asked for is kept by all.
    circuit : Circuit
        Shared as well.
    sleep : callable
    """

    def __init__(self, client: Any, patience: Patience, pace: Pace, circuit: Circuit, sleep: Sleep) -> None:
        self._client = client
        self._patience = patience
        self._pace = pace
        self._circuit = circuit
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Failed),
            wait=_PauseAskedFor(patience.first_pause_seconds),
            stop=tenacity.stop_after_attempt(patience.attempts),
            sleep=sleep,
            reraise=True,
        )

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Result of a function that asks the venue through the client.

        Raises
        ------
        VenueUnavailable
            If the venue could not be reached, was overloaded, sent what cannot be read, asked for a longer pause
            than is sensible, or is left alone for a while.
        VenueError
            If it refused the call.
        """
        result: T = self._retrying(self._attempt, function, *args, **kwargs)
        return result

    def _attempt(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        held = self._pace.held_seconds
        if held > self._patience.longest_pause_seconds:
            raise VenueUnavailable(self._asks_to_wait(held))
        self._pace.wait_out_hold()
        with self._circuit.attempt():
            return self._translated(function, *args, **kwargs)

    def _translated(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        import ccxt  # noqa: PLC0415  # takes half a second, and only exchanges need it

        try:
            return function(*args, **kwargs)
        except ccxt.OperationFailed as error:
            pause = self._pause_asked_for(error)
            message = f"{self._client.id} does not answer as it should: {_first_line(error)}."
            if pause is not None:
                self._pace.hold(pause)
                if pause > self._patience.longest_pause_seconds:
                    raise VenueUnavailable(f"{message} {self._asks_to_wait(pause)}") from error
            raise Failed(f"{message} Check the network, or try again later.", pause) from error
        except ccxt.BaseError as error:
            raise VenueError(f"{self._client.id} refused the call: {_first_line(error)}.") from error
        except UNREADABLE as error:
            raise Failed(
                f"{self._client.id} sent an answer that cannot be read ({_first_line(error)}). Try again later; if it "
                "goes on, the exchange has changed its interface and ccxt needs an update."
            ) from error

    def _asks_to_wait(self, seconds: float) -> str:
        return f"{self._client.id} asks to wait {seconds:.0f} s: try again after that."

    def _pause_asked_for(self, error: Exception) -> float | None:
        """Seconds that the Retry-After header of a refusal names, None if there is none."""
        import ccxt  # noqa: PLC0415

        # Without an answer the headers at hand are those of some earlier call.
        if not isinstance(error, ccxt.DDoSProtection | ccxt.RateLimitExceeded | ccxt.ExchangeNotAvailable):
            return None
        headers = {name.lower(): value for name, value in (self._client.last_response_headers or {}).items()}
        return seconds_of(str(headers.get("retry-after", "")))


def seconds_of(retry_after: str) -> float | None:
    """Seconds that a Retry-After header names, as a number or as a date; None if it names neither.

    >>> seconds_of("7"), seconds_of("soon")
    (7.0, None)
    """
    if retry_after.isdigit():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300].rstrip(".")
