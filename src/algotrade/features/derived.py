"""Series that several features are made of, computed once for each candles or panel object.

A feature asks for ``log_returns(candles)``; whoever asks first pays. What is handed out is shared: it must not be
written to, which a law test checks.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import numpy as np

from algotrade.domain.candles import Candles, FloatArray, Panel
from algotrade.features.bar_kernels import (
    circle,
    directional_indicators,
    garman_klass_variances,
    neighbours,
    opening_moves,
    realised_moments,
    rogers_satchell_variances,
    rolling_extremes,
    rolling_mean,
    since_highest_and_lowest,
    true_ranges,
)
from algotrade.features.kernels import difference, rolling_moments, rolling_sum, rolling_trend
from algotrade.features.market_kernels import rolling_covariance
from algotrade.features.panel_kernels import lagged
from algotrade.features.ta_lib import ATR, MACD, RSI
from algotrade.features.window_formulas import close_places, middles, place_in_range, sum_of_products, typical_prices

Market = TypeVar("Market", Candles, Panel)
Arguments = ParamSpec("Arguments")
Series = TypeVar("Series")


def derived(
    function: Callable[Concatenate[Market, Arguments], Series],
) -> Callable[Concatenate[Market, Arguments], Series]:
    """The function with a memory: called again with the same object and arguments, it gives the same array."""
    compute = cast("Callable[..., Series]", function)

    @wraps(function)
    def shared(market: Market, *arguments: Any) -> Series:
        memo, key = market.memo, (function, arguments) if arguments else function
        known: Series | None = memo.get(key)
        if known is None:
            known = memo[key] = compute(market, *arguments)
        return known

    return cast("Callable[Concatenate[Market, Arguments], Series]", shared)


@derived
def log_close(candles: Candles) -> FloatArray:
    """Natural logarithm of the close."""
    return np.log(candles.close)


@derived
def log_returns(candles: Candles) -> FloatArray:
    """Log return of each candle, ``ln(C_t / C_{t-1})``; NaN for the first."""
    return difference(log_close(candles), 1)


@derived
def log_return_over(candles: Candles, window: int) -> FloatArray:
    """Log return over the window, ``ln(C_t / C_{t-w})``."""
    return difference(log_close(candles), window)


@derived
def absolute_returns(candles: Candles) -> FloatArray:
    """Size of each log return."""
    return np.asarray(np.abs(log_returns(candles)))


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
    return typical_prices(candles.high, candles.low, candles.close)


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
def average_true_range(candles: Candles, window: int) -> FloatArray:
    """Wilder's average true range."""
    return np.asarray(ATR(candles.high, candles.low, candles.close, window))


@derived
def panel_log_close(panel: Panel) -> FloatArray:
    """Natural logarithm of the close, shape ``(n, symbols)``."""
    return np.log(panel.close)


@derived
def panel_returns(panel: Panel) -> FloatArray:
    """Log return of each row and symbol, shape ``(n, symbols)``; NaN where either candle is missing."""
    return panel_return_over(panel, 1)


@derived
def panel_return_over(panel: Panel, window: int) -> FloatArray:
    """Log return over the window of each row and symbol, shape ``(n, symbols)``."""
    return lagged(panel_log_close(panel).T, window).T


@derived
def log_open(candles: Candles) -> FloatArray:
    """Natural logarithm of the open."""
    return np.log(candles.open)


@derived
def log_high(candles: Candles) -> FloatArray:
    """Natural logarithm of the high."""
    return np.log(candles.high)


@derived
def log_low(candles: Candles) -> FloatArray:
    """Natural logarithm of the low."""
    return np.log(candles.low)


@derived
def extremes(candles: Candles, window: int) -> tuple[FloatArray, FloatArray]:
    """Highest high and lowest low of the window."""
    return rolling_extremes(candles.high, candles.low, window)


@derived
def middle_price(candles: Candles, window: int) -> FloatArray:
    """Middle between the highest high and the lowest low of the window."""
    return middles(candles.high, candles.low, window)


@derived
def since_extremes(candles: Candles, window: int) -> tuple[FloatArray, FloatArray]:
    """Candles since the highest high and since the lowest low of the window, the latest of equals."""
    return since_highest_and_lowest(candles.high, candles.low, window)


@derived
def close_moments(candles: Candles, window: int) -> tuple[FloatArray, FloatArray]:
    """Mean and sample standard deviation of the close over the window."""
    return rolling_moments(candles.close, window)


@derived
def log_trend(candles: Candles, window: int) -> tuple[FloatArray, FloatArray]:
    """Slope a candle of a straight line through the log close over the window, and its t-statistic."""
    return rolling_trend(log_close(candles), window)


@derived
def log_moments(candles: Candles, window: int) -> tuple[FloatArray, FloatArray]:
    """Mean and sample standard deviation of the log close over the window."""
    return rolling_moments(log_close(candles), window)


@derived
def stochastic_place(candles: Candles, window: int) -> FloatArray:
    """Where the close lies in the range of the window, from 0 to 1; a half for a flat window."""
    return place_in_range(candles.close, candles.high, candles.low, window)


@derived
def slow_stochastic_place(candles: Candles, window: int) -> FloatArray:
    """Mean over three candles of where the close lies in the range of its window."""
    return rolling_mean(stochastic_place(candles, window), 3)


@derived
def true_range(candles: Candles) -> FloatArray:
    """Range of each candle, the close before included; NaN for the first."""
    return true_ranges(candles.high, candles.low, candles.close)


@derived
def directional(candles: Candles, window: int) -> tuple[FloatArray, ...]:
    """Wilder's upward and downward directional indicator, and the average directional index."""
    return tuple(directional_indicators(candles.high, candles.low, candles.close, window))


@derived
def relative_strength(candles: Candles, window: int) -> FloatArray:
    """Wilder's relative strength index of the close."""
    return np.asarray(RSI(candles.close, window))


@derived
def macd_lines(candles: Candles) -> tuple[FloatArray, ...]:
    """MACD of 12 and 26 candles, its exponential mean of 9 and its distance from that, in units of the price."""
    lines: tuple[FloatArray, ...] = MACD(candles.close, 12, 26, 9)
    return lines


@derived
def close_place(candles: Candles) -> FloatArray:
    """Place of each close between low and high: 1 at the high, -1 at the low, 0 without a range."""
    return close_places(candles.high, candles.low, candles.close)


@derived
def money_flow(candles: Candles) -> FloatArray:
    """Volume of each candle times the place of its close: Chaikin's money flow volume."""
    return close_place(candles) * candles.volume


@derived
def squared_range_over(candles: Candles, window: int) -> FloatArray:
    """Sum over the window of the squared log ranges."""
    return sum_of_products(log_range(candles), log_range(candles), window)


@derived
def rogers_satchell_variance(candles: Candles) -> FloatArray:
    """Rogers and Satchell's variance of each candle."""
    logs = (log_open(candles), log_high(candles), log_low(candles), log_close(candles))
    return rogers_satchell_variances(*logs)


@derived
def garman_klass_variance(candles: Candles) -> FloatArray:
    """Garman and Klass's variance of each candle."""
    return garman_klass_variances(log_range(candles), log_open(candles), log_close(candles))


@derived
def opening_move(candles: Candles) -> FloatArray:
    """Log of each open over the close before; NaN for the first."""
    return opening_moves(log_open(candles), log_close(candles))


@derived
def return_neighbours(candles: Candles) -> FloatArray:
    """Product of the size of each log return with that of the one before."""
    return neighbours(absolute_returns(candles), 1)


@derived
def bipower_over(candles: Candles, window: int) -> FloatArray:
    """Sum over the window of the products of neighbouring sizes of log returns."""
    return rolling_sum(return_neighbours(candles), window)


@derived
def return_moments(candles: Candles, window: int) -> tuple[FloatArray, ...]:
    """Realised skewness and kurtosis of the log returns over the window."""
    return realised_moments(log_returns(candles), window)


@derived
def return_bounce(candles: Candles, window: int) -> tuple[FloatArray, ...]:
    """Correlation, slope and covariance of each log return with the one before over the window."""
    returns = log_returns(candles)
    return tuple(rolling_covariance(returns, returns, 1, window))


@derived
def return_signs(candles: Candles) -> FloatArray:
    """Sign of each log return: 1, 0 or -1."""
    return np.asarray(np.sign(log_returns(candles)))


@derived
def trades_over(candles: Candles, window: int) -> FloatArray:
    """Sum of the number of trades over the window; NaN where a candle of it does not tell."""
    return rolling_sum(candles.trades, window)


@derived
def taker_flow(candles: Candles) -> FloatArray:
    """Volume that takers bought less volume that they sold; NaN where the candle does not tell."""
    return 2.0 * candles.taker_buy_volume - candles.volume


@derived
def clock(candles: Candles, period_ms: int) -> tuple[FloatArray, ...]:
    """Sine and cosine of the opens' place in a period since the epoch, one period being one round."""
    return tuple(circle(candles.open_time, period_ms))
