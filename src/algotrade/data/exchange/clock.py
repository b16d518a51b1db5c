"""The exchange's clock, which alone says whether a candle has closed."""

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

_NOTEWORTHY_SKEW_MS = 2_000


class ExchangeClock:
    """A time that the exchange's clock has reached for sure, ms since the epoch.

    The exchange is asked three times, and the earliest answer counts: an answer that came late, or one from a server
    whose clock is ahead, must not make a candle closed that is still forming. The local clock decides nothing.

    Parameters
    ----------
    name : str
        Of the exchange, for the log.
    ask : callable
        The exchange's time, ms since the epoch.
    samples : int, default 3
    fresh_seconds : float, default 30
        For how long an answer is used again.
    """

    def __init__(self, name: str, ask: Callable[[], int], *, samples: int = 3, fresh_seconds: float = 30.0) -> None:
        self._name = name
        self._ask = ask
        self._samples = samples
        self._fresh_seconds = fresh_seconds
        self._lock = threading.Lock()
        self._now_ms = 0
        self._asked_at: float | None = None
        self._told = False

    def now(self) -> int:
        """The exchange's time when it was last asked, ``fresh_seconds`` ago at most."""
        with self._lock:
            if self._asked_at is None or time.monotonic() - self._asked_at > self._fresh_seconds:
                asked_at = time.monotonic()
                self._now_ms = min(self._ask() for _ in range(self._samples))
                self._asked_at = asked_at
                self._tell_skew()
            return self._now_ms

    def _tell_skew(self) -> None:
        """Say once if the local clock and the exchange's differ by more than an answer takes."""
        skew = self._now_ms - time.time_ns() // 1_000_000
        if abs(skew) < _NOTEWORTHY_SKEW_MS or self._told:
            return
        self._told = True
        direction = "ahead of" if skew > 0 else "behind"
        logger.info(
            "The clock of %s is %.1f s %s this machine's; the exchange's own decides which candles have closed",
            self._name,
            abs(skew) / 1_000,
            direction,
        )
