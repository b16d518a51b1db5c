"""What time it is at the exchange, told from what the exchange sends."""

import time
from collections import deque
from collections.abc import Callable

_HEARD = 64


class ExchangeClock:
    """The exchange's time, whatever this machine's clock shows.

    What an event says of its time is a lower bound of the exchange's; an answer to "what time is it?" is good to
    half the time it took. The later of the two counts, and the monotonic clock carries it on.

    Parameters
    ----------
    monotonic_ms : callable, optional
        Milliseconds that never go back.
    """

    def __init__(self, monotonic_ms: Callable[[], float] = lambda: time.monotonic() * 1_000) -> None:
        self._monotonic_ms = monotonic_ms
        self._asked: float | None = None
        self._heard: deque[float] = deque(maxlen=_HEARD)

    def heard(self, time_ms: int) -> None:
        """Take note of an event that happened at this time."""
        self._heard.append(time_ms - self._monotonic_ms())

    def asked(self, time_ms: float, at_ms: float) -> None:
        """Take note of the exchange's answer, and of the instant of the monotonic clock at which it was right."""
        self._asked = time_ms - at_ms

    def now_ms(self) -> float:
        """The exchange's time.

        >>> clock = ExchangeClock(monotonic_ms=lambda: 5.0)
        >>> clock.heard(1_000)
        >>> clock.asked(1_001.0, at_ms=4.0)
        >>> clock.now_ms()
        1002.0
        """
        offsets = [*self._heard, *([] if self._asked is None else [self._asked])]
        return max(offsets) + self._monotonic_ms()
