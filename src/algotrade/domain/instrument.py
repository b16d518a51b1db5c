"""What a venue accepts of one instrument: the only place where sizes and prices are rounded."""

from dataclasses import dataclass

import numba
import numpy as np

from algotrade.errors import ConfigurationError

_NOISE = 1e-9
_DIGITS = 4.5e-16


@dataclass(frozen=True)
class Instrument:
    """The steps in which an instrument is traded; 0 means that there is no such rule.

    Parameters
    ----------
    tick : float
        Prices are multiples of it, quote currency.
    lot : float
        Sizes are multiples of it, units.
    minimum_notional : float
        The smallest order, quote currency. Closing a position whole is exempt.

    Raises
    ------
    ConfigurationError
        If one of them is negative or not finite.

    >>> Instrument(tick=0.5, lot=0.001, minimum_notional=5.0).lot
    0.001
    """

    tick: float = 0.0
    lot: float = 0.0
    minimum_notional: float = 0.0

    def __post_init__(self) -> None:
        for name in ("tick", "lot", "minimum_notional"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value < np.inf:
                raise ConfigurationError(f"{name} must be a number from 0 (no such rule); found {value!r}.")


@numba.njit(cache=True)
def rounded_down(value: float, step: float) -> float:
    """The largest multiple of a step that is not above a value; the value itself without a step.

    A value within a billionth of a step of the next multiple, or within its own last two digits, is that multiple: it
    is one that was computed.

    >>> rounded_down(0.12345, 0.001), rounded_down(0.3, 0.1), rounded_down(17.0, 5.0), rounded_down(1.5, 0.0)
    (0.123, 0.3, 15.0, 1.5)
    """
    if step <= 0.0:
        return value
    count = value / step
    return float(_multiple(np.floor(count + _NOISE + count * _DIGITS), step))


@numba.njit(cache=True)
def rounded_up(value: float, step: float) -> float:
    """The smallest multiple of a step that is not below a value; the value itself without a step.

    >>> rounded_up(0.1231, 0.001), rounded_up(0.3, 0.1), rounded_up(17.0, 5.0)
    (0.124, 0.3, 20.0)
    """
    if step <= 0.0:
        return value
    count = value / step
    return float(_multiple(np.ceil(count - _NOISE - count * _DIGITS), step))


@numba.njit(cache=True)
def _multiple(count: float, step: float) -> float:
    """A number of steps; divided by the steps of a unit where that is whole, which rounds only once."""
    in_a_unit = np.round(1.0 / step)
    if in_a_unit >= 1.0 and abs(in_a_unit * step - 1.0) < _NOISE:
        return float(count / in_a_unit)
    return count * step
