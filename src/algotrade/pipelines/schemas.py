"""What the frames between the pipelines must look like; the catalog checks them on load and save."""

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from algotrade.domain.candles import OPEN_TIME_DTYPE

_KEYS = ["symbol", "open_time"]


class _Keyed(pa.DataFrameModel):
    """Rows keyed by symbol and candle, sorted, each only once."""

    symbol: Series[str]
    open_time: Series[OPEN_TIME_DTYPE]

    @pa.dataframe_check(error="rows must be sorted by symbol and open_time, each candle once")
    @classmethod
    def sorted_and_unique(cls, frame: pd.DataFrame) -> bool:
        """Each row comes after the one before it."""
        symbols, times = frame["symbol"].to_numpy(), frame["open_time"]
        same_symbol = symbols[1:] == symbols[:-1]
        ordered = symbols[1:] >= symbols[:-1]
        later = (times.diff().dt.total_seconds() > 0).to_numpy()[1:]
        return bool((ordered & (later | ~same_symbol)).all())


class FeatureSchema(_Keyed):
    """Feature frame: besides its keys one float64 column a feature, NaN while warming up, never infinite."""

    @pa.dataframe_check(error="features must be float64 and never infinite")
    @classmethod
    def finite_numbers(cls, frame: pd.DataFrame) -> bool:
        """Every column that is no key holds finite numbers or NaN."""
        features = frame.drop(columns=_KEYS)
        return bool((features.dtypes == np.float64).all()) and not np.isinf(features.to_numpy()).any()


class LabelSchema(_Keyed):
    """Labels: what the market did after each candle, and when that was known."""

    known_at: Series[OPEN_TIME_DTYPE]
    forward_return: Series[float] = pa.Field(nullable=False)
    target: Series[float] = pa.Field(nullable=False)
    weight: Series[float] = pa.Field(gt=0, nullable=False)

    @pa.dataframe_check(error="a label must be known only after its candle")
    @classmethod
    def known_later(cls, frame: pd.DataFrame) -> bool:
        """No label is known at its own candle."""
        return bool((frame["known_at"] > frame["open_time"]).all())


class PredictionSchema(pa.DataFrameModel):
    """Out-of-fold predictions: one row a model and test candle, without an interval in the first fold."""

    model: Series[str]
    fold: Series[int] = pa.Field(ge=0)
    symbol: Series[str]
    open_time: Series[OPEN_TIME_DTYPE]
    close_time: Series[OPEN_TIME_DTYPE]
    probability: Series[float] = pa.Field(ge=0, le=1)
    expected_return: Series[float]
    forward_return: Series[float]
    known_at: Series[OPEN_TIME_DTYPE]
    raw_probability: Series[float] = pa.Field(ge=0, le=1)
    lower: Series[float] = pa.Field(nullable=True)
    upper: Series[float] = pa.Field(nullable=True)
