"""How long the client waits, and for whom it asks again."""

from dataclasses import dataclass

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from algotrade.client.errors import ServiceUnreachable, UnreadableAnswer
from algotrade.inference.problems import Refusal


@dataclass(frozen=True)
class Patience:
    """Limits of one call.

    Attributes
    ----------
    attempts : int
        How often to ask at most.
    timeout_seconds : float
        For one attempt: to connect, and between two parts of the answer.
    longest_wait_seconds : float
        Between two attempts; a service that asks for more time is not asked again.
    """

    attempts: int = 3
    timeout_seconds: float = 5.0
    longest_wait_seconds: float = 5.0

    def retrying(self) -> Retrying:
        """Attempts of a call that changes nothing: those that may succeed a moment later are made again."""
        return Retrying(
            retry=retry_if_exception(self._is_worth_another),
            stop=stop_after_attempt(self.attempts),
            wait=self._wait_seconds,
            reraise=True,
        )

    def _is_worth_another(self, error: BaseException) -> bool:
        if isinstance(error, ServiceUnreachable):
            return True
        if not isinstance(error, Refusal | UnreadableAnswer) or not error.retryable:
            return False
        return (asked_to_wait(error) or 0.0) <= self.longest_wait_seconds

    def _wait_seconds(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        told = None if error is None else asked_to_wait(error)
        # Those that failed together are not to come back together.
        own = wait_random_exponential(multiplier=0.1, max=self.longest_wait_seconds)(state)
        return own if told is None else min(told + 0.1 * own, self.longest_wait_seconds)


def asked_to_wait(error: BaseException) -> float | None:
    """Seconds that the service asked for in ``Retry-After``, None where it did not.

    >>> asked_to_wait(Refusal("later", {"Retry-After": "2"}))
    2.0
    """
    told = error.headers.get("retry-after", "") if isinstance(error, Refusal) else ""
    return float(told) if told.isascii() and told.isdigit() else None
