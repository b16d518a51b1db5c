"""What a feature is, and how a function becomes one."""

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np

from algotrade.domain.candles import Candles, FloatArray, Panel
from algotrade.errors import FeatureError
from algotrade.features.fingerprint import code_digest
from algotrade.features.kernels import difference, quotient
from algotrade.features.slower import last_closed, slower_panel
from algotrade.registry import Registry

Scope = Literal["symbol", "panel"]
Computation = Callable[..., FloatArray]
Function = TypeVar("Function", bound=Computation)

SCALE = "Scale-free: unchanged when a price or the volume is counted in another unit."
_FORGOTTEN = 1e-11
_GAPS = {
    "symbol": "A gap is stepped over: windows count the candles that are there.",
    "panel": "Windows count steps of time; a symbol without a candle takes no part and has no value.",
}


@dataclass(frozen=True)
class Feature:
    """A named, causal, scale-free function of candles with a known memory.

    Attributes
    ----------
    name : str
    family : str
        The idea it belongs to, such as ``technical`` or ``microstructure``.
    lookback : int
        Candles, the current one included, from which the value equals the one from all history to
        1e-9 of the feature's scale. Earlier rows are NaN.
    scope : {"symbol", "panel"}
        Whether it is computed from the candles of one symbol or of all of them.
    unit : str
    window : int or None
        What ``function`` is called with beside the candles.
    function : callable
        ``(Candles, window) -> (n,)`` or ``(Panel, window) -> (n, symbols)``.
    needs : tuple of str
        Optional numbers of a candle, such as ``taker_buy_volume``, without which every value is NaN.
    missing : str
        What becomes of what is not there besides gaps: candles without volume, windows without a move.
    multiple : int
        How many times as long as the panel's the candles are that it is computed on. Above 1, a row has the
        value of the last of them that had closed at its own close.
    """

    name: str
    family: str
    lookback: int
    scope: Scope
    unit: str
    window: int | None
    function: Computation
    needs: tuple[str, ...] = ()
    missing: str = ""
    multiple: int = 1

    @property
    def doc(self) -> str:
        """Documentation: what it is, its formula and source, then unit, lookback, scale and treatment of gaps."""
        text = inspect.getdoc(self.function) or ""
        facts = f"Unit: {self.unit}. Lookback: {self.lookback} candles. {SCALE}"
        return f"{text}\n\n{facts}\n\nMissing data: {self.missing_data}"

    @property
    def missing_data(self) -> str:
        """What gaps, missing columns and candles without volume do to it, in sentences."""
        needs = f"NaN without {' and '.join(self.needs)}." if self.needs else ""
        return " ".join(part for part in (_GAPS[self.scope], needs, self.missing) if part)

    @property
    def reach(self) -> int:
        """Candles of the panel, the current one included, that hold the lookback."""
        # A slower candle that is still forming, and one that the window cuts, take up less than one more.
        return self.lookback * self.multiple + self.multiple - 1

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the feature, its parameters and its code."""
        parameters = (self.name, self.window, self.lookback, self.scope, self.needs, self.multiple)
        around = [settled, slower_panel, last_closed] if self.multiple > 1 else [settled]
        return code_digest([*around, self.function], " ".join(map(str, parameters)))

    def slower(self, multiple: int, name: str) -> "Feature":
        """The same feature of candles that are ``multiple`` times as long."""
        return replace(self, multiple=multiple, name=name)

    def compute(self, candles: Candles | Panel) -> FloatArray:
        """Values for every row; NaN during the warm-up and where they are undefined, never infinite.

        Parameters
        ----------
        candles : Candles or Panel
            As the scope asks, of the timeframe that it is computed on. The candles of one symbol have no rows for
            missing candles, so a window counts candles; a panel has, so a window counts steps of the time grid.

        Returns
        -------
        ndarray of shape (n,) or (n, symbols)

        Raises
        ------
        FeatureError
            If the function returns another shape.
        """
        return settled(self.raw(candles), self.lookback)

    def raw(self, candles: Candles | Panel) -> FloatArray:
        """What the function returns, of the right shape and nothing else.

        Raises
        ------
        FeatureError
            If the shape is another.
        """
        values = self.function(candles) if self.window is None else self.function(candles, self.window)
        if values.shape != candles.close.shape:
            raise FeatureError(
                f"Feature {self.name} returned shape {values.shape}; expected is {candles.close.shape}, "
                "one value for each candle. Return an array as long as candles.close."
            )
        return values


def settled(raw: FloatArray, lookback: int) -> FloatArray:
    """Copy of what a feature function returned, with the warm-up and everything infinite set to NaN."""
    values = np.array(raw, dtype=np.float64)
    values[: lookback - 1] = np.nan
    values[np.isinf(values)] = np.nan
    return values


FEATURES: Registry[Feature] = Registry("feature", package="algotrade.features")
"""Every feature by name; filled by the modules of :mod:`algotrade.features`."""


def feature(  # noqa: PLR0913 - keywords, each a property of the feature
    *,
    family: str,
    unit: str,
    lookback: Callable[[int], int] | int,
    windows: Sequence[int] = (),
    scope: Scope = "symbol",
    needs: Sequence[str] = (),
    missing: str = "",
    registry: Registry[Feature] = FEATURES,
) -> Callable[[Function], Function]:
    """Return a decorator that registers a function as one feature for each window.

    Parameters
    ----------
    family, unit, scope, needs, missing
        See :class:`Feature`.
    lookback : callable or int
        From the window to the lookback.
    windows : sequence of int
        ``rsi`` with the windows 7 and 14 becomes ``rsi_7`` and ``rsi_14``. Without windows the function takes
        the candles alone and gives its name as it is.
    registry : Registry
        Where to file them.

    >>> shelf: Registry[Feature] = Registry("feature", package="json")
    >>> @feature(family="example", unit="log return", windows=(2,), lookback=lambda w: w + 1, registry=shelf)
    ... def change(candles: Candles, window: int) -> FloatArray:
    ...     return lagged_log_ratio(candles.close, window)
    >>> shelf["change_2"].lookback
    3
    """

    def register(function: Function) -> Function:
        for window in windows or (None,):
            name = function.__name__ if window is None else f"{function.__name__}_{window}"
            memory = lookback if isinstance(lookback, int) else lookback(_asked(name, window))
            registry.register(name)(Feature(name, family, memory, scope, unit, window, function, tuple(needs), missing))
        return function

    return register


def _asked(name: str, window: int | None) -> int:
    if window is None:
        raise FeatureError(f"Feature {name} has no windows, so its lookback must be a number, not a function.")
    return window


def ema_memory(span: int) -> int:
    """Candles after which an exponential mean with ``alpha = 2 / (span + 1)`` has forgotten its start.

    >>> ema_memory(12)
    164
    """
    return span + _steps_to_forget(2 / (span + 1))


def wilder_memory(window: int) -> int:
    """Candles after which Wilder's smoothing, ``alpha = 1 / window``, has forgotten its start.

    >>> wilder_memory(14)
    356
    """
    return window + _steps_to_forget(1 / window)


def _steps_to_forget(alpha: float) -> int:
    return math.ceil(math.log(_FORGOTTEN) / math.log1p(-alpha))


def lagged_log_ratio(values: FloatArray, lag: int) -> FloatArray:
    """Log of each value over the one ``lag`` rows before; NaN for the first ``lag`` rows.

    Parameters
    ----------
    values : ndarray of shape (n,) or (n, symbols)
        Positive.
    lag : int

    >>> lagged_log_ratio(np.array([1.0, 2.0, 4.0]), 2).round(3).tolist()
    [nan, nan, 1.386]
    """
    return lagged_difference(np.log(values), lag)


def lagged_difference(values: FloatArray, lag: int) -> FloatArray:
    """Each value less the one ``lag`` rows before; NaN for the first ``lag`` rows.

    >>> lagged_difference(np.array([1.0, 2.0, 4.0]), 1).tolist()
    [nan, 1.0, 2.0]
    """
    if values.ndim == 1:
        return difference(values, lag)
    differences = np.empty_like(values)
    differences[:lag] = np.nan
    np.subtract(values[lag:], values[: len(values) - min(lag, len(values))], out=differences[lag:])
    return differences


def ratio(numerator: FloatArray, denominator: FloatArray, neutral: float = 0.0) -> FloatArray:
    """Quotient that takes a neutral value where there is nothing to divide by.

    NaN in either stays NaN: unknown is not neutral.

    >>> ratio(np.array([1.0, 0.0, np.nan]), np.array([2.0, 0.0, 1.0])).tolist()
    [0.5, 0.0, nan]
    """
    if numerator.ndim == 1:
        return quotient(numerator, denominator, neutral)
    quotients = np.full_like(numerator, neutral)
    np.divide(numerator, denominator, out=quotients, where=denominator != 0)
    quotients[np.isnan(numerator)] = np.nan
    return quotients
