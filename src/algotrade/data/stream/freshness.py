"""How long after its close a candle was where it belongs."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_KEPT = 10_000


@dataclass(frozen=True)
class Quantiles:
    """Of the seconds between close and arrival."""

    count: int
    median: float
    p95: float
    largest: float

    def __str__(self) -> str:
        return f"{self.count} candles, p50 {self.median:.3f} s, p95 {self.p95:.3f} s, max {self.largest:.3f} s"


class Freshness:
    """Seconds from the close of each live candle to its arrival at one sink.

    >>> freshness = Freshness()
    >>> freshness.note([0.1, 0.2, 0.3])
    >>> str(freshness.quantiles())
    '3 candles, p50 0.200 s, p95 0.290 s, max 0.300 s'
    """

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_KEPT)

    def note(self, seconds: Sequence[float]) -> None:
        """Count candles in; the last ten thousand are kept."""
        self._seconds.extend(seconds)

    def quantiles(self) -> Quantiles | None:
        """Median, 95th percentile and maximum of what is kept; None where nothing is."""
        if not self._seconds:
            return None
        seconds = np.array(self._seconds)
        median, p95 = np.quantile(seconds, (0.5, 0.95))
        return Quantiles(len(seconds), float(median), float(p95), float(seconds.max()))
