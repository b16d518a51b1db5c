"""How much a client may ask: request weights by the minute, a refusal above, a ban for those who do not listen."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from algotrade.errors import ConfigurationError

TOO_MANY_REQUESTS, BANNED = 429, 418


@dataclass(frozen=True)
class WeightLimits:
    """What the venue allows, in real time whatever the speed of its clock.

    Parameters
    ----------
    weight : int, default 6000
        Of all requests in a window.
    window_seconds : float, default 60
    tolerated_refusals : int, default 10
        Requests that may be refused with 429 in a window before the address is banned.
    ban_seconds : float, default 120
        Length of the first ban; the next one is twice as long.
    """

    weight: int = 6_000
    window_seconds: float = 60.0
    tolerated_refusals: int = 10
    ban_seconds: float = 120.0

    def __post_init__(self) -> None:
        if self.weight < 1 or self.window_seconds <= 0 or self.tolerated_refusals < 0 or self.ban_seconds <= 0:
            raise ConfigurationError(
                f"venue: {self} is no limit; accepted are a weight of at least 1, windows and bans of more than 0 s."
            )


class Allowance(NamedTuple):
    """Whether a request is answered: status 200, 429 or 418, and when to come back."""

    status: int
    used: int
    retry_after_seconds: int


class RequestWeights:
    """Weight that has been used up in the running window, and the ban if there is one."""

    def __init__(self, limits: WeightLimits) -> None:
        self.limits = limits
        self._window = -1
        self._used = 0
        self._refusals = 0
        self._bans = 0
        self._banned_until = -math.inf

    def spend(self, weight: int, at_seconds: float) -> Allowance:
        """Use up the weight of a request at an instant of a steady clock.

        >>> weights = RequestWeights(WeightLimits(weight=5, window_seconds=10, tolerated_refusals=1, ban_seconds=30))
        >>> [tuple(weights.spend(4, at_seconds)) for at_seconds in (0, 1, 2, 3, 33)]
        [(200, 4, 0), (429, 8, 9), (418, 12, 30), (418, 12, 29), (200, 4, 0)]
        """
        if at_seconds < self._banned_until:
            return Allowance(BANNED, self._used, math.ceil(self._banned_until - at_seconds))
        window = int(at_seconds // self.limits.window_seconds)
        if window != self._window:
            self._window, self._used, self._refusals = window, 0, 0
        self._used += weight
        if self._used <= self.limits.weight:
            return Allowance(200, self._used, 0)
        self._refusals += 1
        if self._refusals > self.limits.tolerated_refusals:
            self._banned_until = at_seconds + self.limits.ban_seconds * 2**self._bans
            self._bans += 1
            return Allowance(BANNED, self._used, math.ceil(self._banned_until - at_seconds))
        left = (window + 1) * self.limits.window_seconds - at_seconds
        return Allowance(TOO_MANY_REQUESTS, self._used, max(1, math.ceil(left)))
