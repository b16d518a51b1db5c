"""Risk rules of one number at a time, compiled: the same in a simulated account and a live one.

A side is 1.0 for a long position and -1.0 for a short one. A rule that is off has an infinite limit or
fraction: nothing exceeds the limit, and the price is one that no market reaches.
"""

import numba


@numba.njit(cache=True)
def drawdown_scale(drawdown: float, start: float, stop: float) -> float:
    r"""Fraction of the target to keep in a drawdown: 1 up to ``start``, falling in a line to 0 at ``stop``.

    .. math:: \min\left(1, \max\left(0, \frac{b - d}{b - a}\right)\right)

    With ``start`` equal to ``stop`` it falls from 1 to 0 beyond it.

    References
    ----------
    .. [1] Grossman, S., Zhou, Z. (1993). Optimal investment strategies for controlling drawdowns.
       Mathematical Finance 3(3): risk in proportion to the distance from the floor.

    >>> [round(drawdown_scale(depth, 0.1, 0.3), 6) for depth in (0.05, 0.1, 0.15, 0.3, 0.5)]
    [1.0, 1.0, 0.75, 0.0, 0.0]
    """
    if drawdown <= start:
        return 1.0
    if drawdown >= stop:
        return 0.0
    return (stop - drawdown) / (stop - start)


@numba.njit(cache=True)
def halted(drawdown: float, limit: float) -> bool:
    """Whether a drawdown has reached the limit at which an account stops trading.

    >>> halted(0.19, 0.2), halted(0.2, 0.2), halted(0.9, float("inf"))
    (False, True, False)
    """
    return drawdown >= limit


@numba.njit(cache=True)
def stop_price(side: float, entry: float, fraction: float) -> float:
    """Price that loses ``fraction`` of the entry price: below a long position's entry, above a short one's.

    >>> stop_price(1.0, 200.0, 0.05), stop_price(-1.0, 200.0, 0.05)
    (190.0, 210.0)
    """
    return entry * (1.0 - side * fraction)


@numba.njit(cache=True)
def take_profit_price(side: float, entry: float, fraction: float) -> float:
    """Price that gains ``fraction`` of the entry price: above a long position's entry, below a short one's.

    >>> take_profit_price(1.0, 200.0, 0.05), take_profit_price(-1.0, 200.0, 0.05)
    (210.0, 190.0)
    """
    return entry * (1.0 + side * fraction)


@numba.njit(cache=True)
def trailing_stop_price(side: float, best: float, fraction: float) -> float:
    """Price that gives back ``fraction`` of the best price since entry.

    Parameters
    ----------
    side : float
    best : float
        The highest price since entry of a long position, the lowest of a short one.
    fraction : float

    >>> trailing_stop_price(1.0, 300.0, 0.25), trailing_stop_price(-1.0, 100.0, 0.25)
    (225.0, 125.0)
    """
    return best * (1.0 - side * fraction)


@numba.njit(cache=True)
def stop_hit(side: float, stop: float, low: float, high: float) -> bool:
    """Whether a candle traded at a stop or beyond it: its low for a long position, its high for a short one.

    >>> stop_hit(1.0, 95.0, 94.0, 99.0), stop_hit(1.0, 95.0, 96.0, 99.0), stop_hit(-1.0, 105.0, 96.0, 105.0)
    (True, False, True)
    """
    return low <= stop if side > 0.0 else high >= stop


@numba.njit(cache=True)
def take_profit_hit(side: float, target: float, low: float, high: float) -> bool:
    """Whether a candle traded at a profit target or beyond it.

    >>> take_profit_hit(1.0, 105.0, 99.0, 106.0), take_profit_hit(-1.0, 95.0, 96.0, 106.0)
    (True, False)
    """
    return high >= target if side > 0.0 else low <= target


@numba.njit(cache=True)
def stop_fill_price(side: float, stop: float, open_price: float) -> float:
    """What a stop that was hit is filled at: the stop, or the open where the market jumped over it.

    >>> stop_fill_price(1.0, 95.0, 97.0), stop_fill_price(1.0, 95.0, 90.0), stop_fill_price(-1.0, 105.0, 110.0)
    (95.0, 90.0, 110.0)
    """
    return min(stop, open_price) if side > 0.0 else max(stop, open_price)


@numba.njit(cache=True)
def take_profit_fill_price(side: float, target: float, open_price: float) -> float:
    """What a profit target that was hit is filled at: the target, or the open where it was better.

    >>> take_profit_fill_price(1.0, 105.0, 103.0), take_profit_fill_price(1.0, 105.0, 108.0)
    (105.0, 108.0)
    """
    return max(target, open_price) if side > 0.0 else min(target, open_price)
