"""The candle frame's contract as a pandera schema, for the catalog's ``validator:`` key and for nodes.

Kept apart from everything else: pandera is imported here only, so that nothing else waits for it.
"""

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from algotrade.domain.candles import to_milliseconds
from algotrade.domain.timeframe import Timeframe


class CandleSchema(pa.DataFrameModel):
    """A long candle frame that keeps the contract: unique, sorted, on its grid, with possible prices.

    Times are the candles' open times (aware UTC, milliseconds). quote_volume, trades and taker_buy_volume
    may be NaN, the others not; funding_rate may be left out, too. Rows are sorted by symbol and open time, each
    series in one piece.

    >>> sorted(CandleSchema.to_schema().columns)[:4]
    ['close', 'exchange', 'funding_rate', 'high']
    """

    exchange: Series[str]
    symbol: Series[str]
    timeframe: Series[str]
    open_time: Series[pd.DatetimeTZDtype] = pa.Field(dtype_kwargs={"unit": "ms", "tz": "UTC"})
    open: Series[float] = pa.Field(gt=0, lt=np.inf)
    high: Series[float] = pa.Field(gt=0, lt=np.inf)
    low: Series[float] = pa.Field(gt=0, lt=np.inf)
    close: Series[float] = pa.Field(gt=0, lt=np.inf)
    volume: Series[float] = pa.Field(ge=0, lt=np.inf)
    quote_volume: Series[float] = pa.Field(ge=0, lt=np.inf, nullable=True)
    trades: Series[float] = pa.Field(ge=0, lt=np.inf, nullable=True)
    taker_buy_volume: Series[float] = pa.Field(ge=0, lt=np.inf, nullable=True)
    funding_rate: Series[float] | None = pa.Field(gt=-1, lt=1, nullable=True)

    class Config:
        """No other columns."""

        name = "candles"
        strict = True

    @pa.dataframe_check(error="low must be at or below open and close, high at or above them")
    @classmethod
    def prices_in_order(cls, candles: pd.DataFrame) -> "pd.Series[bool]":
        """Each candle's open and close lie between its low and its high."""
        lower, upper = np.minimum(candles["open"], candles["close"]), np.maximum(candles["open"], candles["close"])
        return (candles["low"] <= lower) & (candles["high"] >= upper)

    @pa.dataframe_check(error="open_time must be a multiple of the timeframe")
    @classmethod
    def on_the_grid(cls, candles: pd.DataFrame) -> "pd.Series[bool]":
        """Each candle opens where a candle of its timeframe can open."""
        names, time_ms = candles["timeframe"], to_milliseconds(candles["open_time"])
        on_grid = pd.Series(data=False, index=candles.index)
        for name in names.unique():
            rows = (names == name).to_numpy()
            on_grid[rows] = ~Timeframe(name).off_grid(time_ms[rows])
        return on_grid

    @pa.dataframe_check(error="rows must be sorted by symbol and open_time, each candle once")
    @classmethod
    def sorted_and_unique(cls, candles: pd.DataFrame) -> bool:
        """Symbols ascend, each series is in one piece, and in it the open times ascend strictly."""
        keys = candles[["symbol", "exchange", "timeframe"]]
        series = keys.groupby(list(keys), sort=False).ngroup().to_numpy()
        step = np.diff(series)
        ascending = np.diff(to_milliseconds(candles["open_time"])) > 0
        return bool(candles["symbol"].is_monotonic_increasing and ((step == 1) | ((step == 0) & ascending)).all())
