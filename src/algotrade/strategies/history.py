"""What several strategies read from the past, computed once for a panel; the latest few answers are kept.

Variants of a strategy that are swept on one panel mostly differ in thresholds: what they share is not computed again.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import numpy as np

from algotrade.domain.candles import FloatArray, Panel
from algotrade.domain.timeframe import IntArray
from algotrade.strategies.windows import log_returns, window_maximum, window_mean, window_mean_std, window_minimum

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
KEPT = 4
"""Answers kept for a panel: enough for what one strategy reads, and no more memory however many are swept."""


def kept(function: Callable[Concatenate[Panel, Arguments], Answer]) -> Callable[Concatenate[Panel, Arguments], Answer]:
    """The function with a short memory: what it hands out is shared and must not be written to."""
    compute = cast("Callable[..., Answer]", function)

    @wraps(function)
    def remembered(panel: Panel, *arguments: Any) -> Answer:
        answers: dict[Any, Any] = panel.memo.setdefault("strategies", {})
        key = (f"{compute.__module__}.{compute.__qualname__}", arguments)
        # Taken out and put back at the end: the first one is the one not asked for the longest.
        answer: Answer = answers.pop(key) if key in answers else compute(panel, *arguments)
        answers[key] = answer
        while len(answers) > KEPT:
            del answers[next(iter(answers))]
        return answer

    return cast("Callable[Concatenate[Panel, Arguments], Answer]", remembered)


def grid_places(panel: Panel) -> IntArray:
    """Number of each candle since the epoch, shape ``(n,)``: the same wherever the panel was cut."""
    return panel.open_time // panel.timeframe.milliseconds


@kept
def log_close(panel: Panel) -> FloatArray:
    """Natural logarithm of the close, shape ``(n, symbols)``."""
    return np.log(panel.close)


@kept
def returns_over(panel: Panel, window: int) -> FloatArray:
    """Log return over the window, shape ``(n, symbols)``; NaN where either candle is missing."""
    return log_returns(panel.close, window)


@kept
def log_price_moments(panel: Panel, window: int) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the log close over the window."""
    return window_mean_std(log_close(panel), window, _first(panel))


@kept
def price_moments(panel: Panel, window: int) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the close over the window."""
    return window_mean_std(panel.close, window, _first(panel))


@kept
def mean_price(panel: Panel, window: int) -> FloatArray:
    """Mean of the close over the window."""
    return panel.close if window == 1 else window_mean(panel.close, window, _first(panel))


@kept
def volatility(panel: Panel, window: int) -> FloatArray:
    """Standard deviation of one-candle log returns over the window, not annualised; NaN where nothing moved."""
    _, deviation = window_mean_std(returns_over(panel, 1), window, _first(panel))
    return np.where(deviation > 0.0, deviation, np.nan)


@kept
def highest_high(panel: Panel, window: int) -> FloatArray:
    """Highest high of the window, the current candle included."""
    return window_maximum(panel.high, window)


@kept
def lowest_low(panel: Panel, window: int) -> FloatArray:
    """Lowest low of the window, the current candle included."""
    return window_minimum(panel.low, window)


def _first(panel: Panel) -> int:
    return int(panel.open_time[0]) // panel.timeframe.milliseconds if len(panel) else 0
