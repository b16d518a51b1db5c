"""When the next request to an exchange may leave, for all threads together."""

import threading
import time
from collections.abc import Callable

Sleep = Callable[[float], None]
"""Waits for so many seconds; may raise to end the waiting for good."""


class Pace:
    """Keeps the requests of several clients of one exchange apart.

    ccxt's own limiter belongs to one client and to one thread; the exchange counts requests by address.

    Parameters
    ----------
    sleep : callable, optional
    """

    def __init__(self, sleep: Sleep = time.sleep) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_at = 0.0
        self._held_until = 0.0

    def take(self, interval_seconds: float) -> None:
        """Wait for one's turn; the next request leaves ``interval_seconds`` later at the earliest."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._free_at, self._held_until)
            self._free_at = turn + interval_seconds
        if turn > now:
            self._sleep(turn - now)

    def hold(self, seconds: float) -> None:
        """Let nothing leave for so long, because the exchange asked for it."""
        with self._lock:
            self._held_until = max(self._held_until, time.monotonic() + seconds)

    def wait_out_hold(self) -> None:
        """Wait until requests may leave again."""
        held = self.held_seconds
        if held > 0:
            self._sleep(held)

    @property
    def held_seconds(self) -> float:
        """For how much longer nothing may leave."""
        return max(0.0, self._held_until - time.monotonic())

    def lead(self, client: object) -> None:
        """Make a ccxt client keep to this pace instead of its own."""
        rate_limit: float = client.rateLimit  # type: ignore[attr-defined] # ccxt has no types

        def throttle(cost: float | None = None) -> None:
            self.take(rate_limit / 1_000 * (1.0 if cost is None else float(cost)))

        client.throttle = throttle  # type: ignore[attr-defined]
