"""TA-Lib's functions as they are, without its look for series of pandas and polars among the arguments.

That look takes longer than most of the functions do on the window of a newest candle.
"""

from collections.abc import Callable
from inspect import unwrap
from typing import Any

import talib

ATR: Callable[..., Any] = unwrap(talib.ATR)
EMA: Callable[..., Any] = unwrap(talib.EMA)
MACD: Callable[..., Any] = unwrap(talib.MACD)
PPO: Callable[..., Any] = unwrap(talib.PPO)
RSI: Callable[..., Any] = unwrap(talib.RSI)
TEMA: Callable[..., Any] = unwrap(talib.TEMA)
TRIX: Callable[..., Any] = unwrap(talib.TRIX)
EXPONENTIAL = int(talib.MA_Type.EMA)
