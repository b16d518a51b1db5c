"""The venue's own clock: real, accelerated, or standing still."""

import time
from dataclasses import dataclass, replace

from algotrade.errors import ConfigurationError


@dataclass(frozen=True)
class _Course:
    """Venue time ``venue_ms`` at the monotonic instant ``at_seconds``, and how fast it goes from there."""

    venue_ms: float
    at_seconds: float
    speed: float

    def now(self) -> float:
        return self.venue_ms + (time.monotonic() - self.at_seconds) * 1_000 * self.speed


class VenueClock:
    """Time as the venue sees it, milliseconds since the epoch; safe to read and set from any thread.

    Parameters
    ----------
    start_ms : int
        What it shows now.
    speed : float
        Venue seconds in a real second: 1 is real time, 60 a minute in a second, 0 stands still.
    skew_ms : int, default 0
        How far it is ahead of where it should be.
    """

    def __init__(self, start_ms: int, speed: float, skew_ms: int = 0) -> None:
        self.skew_ms = skew_ms
        self._course = _Course(start_ms, time.monotonic(), _checked(speed))

    @property
    def speed(self) -> float:
        """Venue seconds in a real second."""
        return self._course.speed

    def now(self) -> int:
        """What the clock shows."""
        return int(self._course.now()) + self.skew_ms

    def set(self, time_ms: int) -> None:
        """Show this time now, and go on from there."""
        self._course = _Course(time_ms - self.skew_ms, time.monotonic(), self._course.speed)

    def advance(self, milliseconds: int) -> None:
        """Jump ahead, or back."""
        self._course = replace(self._course, venue_ms=self._course.venue_ms + milliseconds)

    def run(self, speed: float) -> None:
        """Go on at another speed; 0 stands still."""
        self._course = _Course(self._course.now(), time.monotonic(), _checked(speed))


def _checked(speed: float) -> float:
    if not 0 <= speed < float("inf"):
        raise ConfigurationError(f"venue: speed is {speed}; accepted is 0 (stands still), 1 (real time) or more.")
    return speed
