"""Prices that no trade made: an order of magnitude away for a moment, then back as if nothing was.

Real extremes are kept. What tells them apart is the way back: DOGE rose 390 % on 2021-01-28 and stayed,
LUNA lost 99.999 % in May 2022, and what traded under its name two weeks later was another coin at
another price. A wick downwards is never a spike, however deep: on 2017-06-21 ETH really traded at
0.10 USD on GDAX between 317 and 300.
"""

import numpy as np

from algotrade.domain.candles import BoolArray, FloatArray
from algotrade.domain.timeframe import IntArray

SPIKE_CLOSE_FACTOR = 10.0
"""A close this many times off both neighbours is no price. The widest real one known is 1.6 (DOGE, 2021)."""
SPIKE_HIGH_FACTOR = 25.0
"""The same for a high alone; fat fingers are real: Gemini's BTC traded at 2,200 from 333 USD on 2015-11-14."""
JUMP_FACTOR = 1.5
"""A close this many times off the one before is worth a look, and is counted."""
_LONGEST_SPIKE = 3


def spikes(close: FloatArray, high: FloatArray, series: IntArray) -> BoolArray:
    """Tell which candles leave the price level for at most three candles and return to it, shape ``(n,)``.

    A run is a spike when every close in it stands ``SPIKE_CLOSE_FACTOR`` times above (or below) the candle
    before and the candle after, and those two agree to within ``JUMP_FACTOR``. Candles at the edge of a
    series have no witness on one side and are never spikes.

    Parameters
    ----------
    close, high : ndarray of shape (n,)
        Positive prices, sorted by series and time.
    series : ndarray of int64, shape (n,)
        Number of the series of each row.

    >>> price = np.array([10.0, 10.1, 1010.0, 10.2, 10.0])
    >>> spikes(price, price, np.zeros(5, dtype=np.int64)).tolist()
    [False, False, True, False, False]
    """
    log_close, log_high = np.log(close), np.log(high)
    found = _excursions(log_high, series, 1, np.log(SPIKE_HIGH_FACTOR), downward=False)
    for length in range(1, _LONGEST_SPIKE + 1):
        found |= _excursions(log_close, series, length, np.log(SPIKE_CLOSE_FACTOR), downward=True)
    return found


def _excursions(level: FloatArray, series: IntArray, length: int, least: float, *, downward: bool) -> BoolArray:
    """Rows in runs of ``length`` that lie at least ``least`` beyond both neighbours of the run."""
    marked = np.zeros(len(level), dtype=np.bool_)
    runs = len(level) - length - 1
    if runs < 1:
        return marked
    before, after = level[:runs], level[length + 1 :]
    inside = np.stack([level[1 + step : 1 + step + runs] for step in range(length)])
    above = inside.min(axis=0) - np.maximum(before, after)
    below = np.minimum(before, after) - inside.max(axis=0)
    distance = np.maximum(above, below) if downward else above
    returned = np.abs(before - after) <= np.log(JUMP_FACTOR)
    starts = 1 + np.flatnonzero((distance >= least) & returned & (series[:runs] == series[length + 1 :]))
    for step in range(length):
        marked[starts + step] = True
    return marked


def jumps(close: FloatArray, series: IntArray) -> BoolArray:
    """Tell which closes lie ``JUMP_FACTOR`` or more off the close before them, shape ``(n,)``."""
    found = np.zeros(len(close), dtype=np.bool_)
    found[1:] = (np.abs(np.diff(np.log(close))) >= np.log(JUMP_FACTOR)) & (series[1:] == series[:-1])
    return found
