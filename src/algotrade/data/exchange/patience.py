"""How long to put up with an exchange that does not answer."""

from dataclasses import dataclass

from algotrade.errors import ConfigurationError


@dataclass(frozen=True)
class Patience:
    """When to ask again, and when to leave an exchange alone.

    Parameters
    ----------
    attempts : int, default 5
        How often a call is tried before the exchange counts as unavailable.
    first_pause_seconds : float, default 1
        Pause before the second attempt; later ones double, with some jitter. A pause that the exchange asks for
        comes first.
    longest_pause_seconds : float, default 120
        An exchange that asks for more than this has banned the address; waiting on is no help.
    failures_until_rest : int, default 10
        Failures in a row, of all calls together, after which nobody asks the exchange for a while.
    rest_seconds : float, default 30
        How long that is; one failure afterwards begins another rest.
    """

    attempts: int = 5
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 120.0
    failures_until_rest: int = 10
    rest_seconds: float = 30.0

    def __post_init__(self) -> None:
        counts = (self.attempts, self.failures_until_rest)
        seconds = (self.first_pause_seconds, self.longest_pause_seconds, self.rest_seconds)
        if min(counts) < 1 or min(seconds) < 0:
            raise ConfigurationError(f"{self}: accepted are one attempt and one failure at least, and 0 s or more.")
