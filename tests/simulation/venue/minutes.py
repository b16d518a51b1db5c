"""Times of the small market that the tests of the venue share."""

import pandas as pd

MINUTE_MS = 60_000
FIRST_MS = int(pd.Timestamp("2024-01-01", tz="UTC").value // 10**6)


def minute(count: float) -> int:
    """So many minutes after the first candle, ms since the epoch."""
    return FIRST_MS + round(count * MINUTE_MS)


def moment(count: float) -> pd.Timestamp:
    """The same as an aware time."""
    return pd.Timestamp(minute(count), unit="ms", tz="UTC")
