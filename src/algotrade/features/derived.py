"""Series that several features are made of, computed once for each candles or panel object.

A feature asks for ``log_returns(candles)``; whoever asks first pays. What is handed out is shared: it must not be
written to, which a law test checks.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np
import talib

from algotrade.domain.candles import Candles, FloatArray, Panel
from algotrade.features.base import lagged_log_ratio
from algotrade.features.kernels import rolling_sum

Market = TypeVar("Market", Candles, Panel)
Arguments = ParamSpec("Arguments")
Series = TypeVar("Series", FloatArray, tuple[FloatArray, ...])


def derived(
    function: Callable[Concatenate[Market, Arguments], Series],
) -> Callable[Concatenate[Market, Arguments], Series]:
    """The function with a memory: called again with the same object and arguments, it gives the same array."""

    @wraps(function)
    def shared(market: Market, *arguments: Arguments.args, **_: Arguments.kwargs) -> Series:
        memo, key = market.memo, (function, arguments)
        if key not in memo:
            memo[key] = function(market, *arguments)
        return memo[key]

    return shared


@derived
def log_close(candles: Candles) -> FloatArray:
    """Natural logarithm of the close."""
    return np.log(candles.close)


@derived
def log_returns(candles: Candles) -> FloatArray:
    """Log return of each candle, ``ln(C_t / C_{t-1})``; NaN for the first."""
    return lagged_log_ratio(candles.close, 1)


@derived
def log_return_over(candles: Candles, window: int) -> FloatArray:
    """Log return over the window, ``ln(C_t / C_{t-w})``."""
    return lagged_log_ratio(candles.close, window)


@derived
def absolute_returns(candles: Candles) -> FloatArray:
    """Size of each log return."""
    return np.abs(log_returns(candles))


@derived
def squared_returns(candles: Candles) -> FloatArray:
    """Square of each log return."""
    returns = log_returns(candles)
    return returns * returns


@derived
def path_length(candles: Candles, window: int) -> FloatArray:
    """Distance travelled: sum of the sizes of the log returns over the window."""
    return rolling_sum(absolute_returns(candles), window)


@derived
def sum_of_squares(candles: Candles, window: int) -> FloatArray:
    """Sum of the squared log returns over the window: realised variance."""
    return rolling_sum(squared_returns(candles), window)


@derived
def typical_price(candles: Candles) -> FloatArray:
    """Mean of high, low and close."""
    return (candles.high + candles.low + candles.close) / 3


@derived
def turnover(candles: Candles) -> FloatArray:
    """Quote volume as every source can give it: volume times typical price."""
    return candles.volume * typical_price(candles)


@derived
def turnover_over(candles: Candles, window: int) -> FloatArray:
    """Sum of the turnover over the window."""
    return rolling_sum(turnover(candles), window)


@derived
def volume_over(candles: Candles, window: int) -> FloatArray:
    """Sum of the volume over the window."""
    return rolling_sum(candles.volume, window)


@derived
def log_range(candles: Candles) -> FloatArray:
    """Log of the high over the low of each candle."""
    return np.log(candles.high / candles.low)


@derived
def average_true_range(candles: Candles) -> FloatArray:
    """Wilder's average true range of 14 candles."""
    return np.asarray(talib.ATR(candles.high, candles.low, candles.close, timeperiod=14))


@derived
def panel_returns(panel: Panel) -> FloatArray:
    """Log return of each row and symbol, shape ``(n, symbols)``; NaN where either candle is missing."""
    return lagged_log_ratio(panel.close, 1)


@derived
def panel_return_over(panel: Panel, window: int) -> FloatArray:
    """Log return over the window of each row and symbol, shape ``(n, symbols)``."""
    return lagged_log_ratio(panel.close, window)
