"""The timeframe that candles really have, told by the spacing of their open times."""

import numpy as np

from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import ConfigurationError

_PROOF_STEPS = 3


def spacing(open_times_ms: IntArray) -> Timeframe | None:
    """Timeframe of the most common step between neighbouring open times; None if there is no such timeframe.

    >>> spacing(np.array([0, 60_000, 120_000, 900_000])).name
    '1m'
    """
    steps = _steps(open_times_ms)
    if not len(steps):
        return None
    lengths, counts = np.unique(steps, return_counts=True)
    try:
        return Timeframe.of_milliseconds(int(lengths[counts.argmax()]))
    except ConfigurationError:
        return None


def contradiction(name: Timeframe, open_times_ms: IntArray) -> Timeframe | None:
    """Timeframe of the candles if it cannot be the one in the file's name, else None.

    Candles may lie further apart than their timeframe (quiet minutes leave no candle), not nearer. A handful
    of candles that are further apart proves nothing.
    """
    found = spacing(open_times_ms)
    if found is None or found.milliseconds == name.milliseconds:
        return None
    steps = _steps(open_times_ms)
    sparse = len(steps) < _PROOF_STEPS or bool((steps == name.milliseconds).any())
    return None if sparse and found.milliseconds > name.milliseconds else found


def _steps(open_times_ms: IntArray) -> IntArray:
    steps = np.diff(np.sort(open_times_ms))
    return np.asarray(steps[steps > 0])
