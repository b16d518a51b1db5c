"""Raw frames brought into the shape that the checks expect, or refused with the reason."""

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from algotrade.domain.candles import (
    OPEN_TIME_DTYPE,
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
    SERIES_COLUMNS,
    VALUE_COLUMNS,
    FloatArray,
)
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, NoCandles

CANDLE_COLUMNS = (*SERIES_COLUMNS, "open_time", *VALUE_COLUMNS)
"""The columns of a long candle frame, in order."""


def conformed(raw: pd.DataFrame, timeframe: Timeframe) -> pd.DataFrame:
    """Copy of the raw rows with the contract's columns and dtypes and an ``origin``, in the order given.

    Raises
    ------
    NoCandles
        If there are no rows.
    BadCandles
        If a required column is missing, a number column holds no numbers, ``open_time`` no aware times, or
        the rows say that they belong to another timeframe.
    """
    required = (*SERIES_COLUMNS, *REQUIRED_COLUMNS)
    missing = [name for name in required if name not in raw]
    if missing:
        raise BadCandles(
            f"Raw candles lack {', '.join(missing)}; found are {', '.join(map(str, raw.columns))}. "
            f"Required are {', '.join(required)}; {', '.join(OPTIONAL_COLUMNS)} and origin are optional."
        )
    if raw.empty:
        raise NoCandles("There are no candles to inspect: the frame has no rows. Check the source that was read.")
    nameless = [name for name in SERIES_COLUMNS if raw[name].isna().any()]
    if nameless:
        raise BadCandles(f"Some rows have no {', '.join(nameless)}. Every row must say which series it belongs to.")
    others = sorted(set(raw["timeframe"].unique()) - {timeframe.name})
    if others:
        raise BadCandles(f"Candles of {', '.join(others)} among those of {timeframe}. Inspect one timeframe at a time.")
    raw = raw.reset_index(drop=True)
    columns: dict[str, object] = {name: raw[name].astype("str") for name in SERIES_COLUMNS}
    columns["open_time"] = _times(raw["open_time"])
    columns |= {name: _numbers(raw, name) for name in VALUE_COLUMNS}
    columns["origin"] = raw["origin"].astype("str") if "origin" in raw else ""
    return pd.DataFrame(columns)


def _times(open_time: pd.Series) -> pd.Series:
    if not isinstance(open_time.dtype, pd.DatetimeTZDtype):
        raise BadCandles(
            f"open_time is {open_time.dtype}; accepted are aware times ({OPEN_TIME_DTYPE}). "
            "Convert epoch stamps with pandas.to_datetime(..., utc=True)."
        )
    return pd.Series(open_time.dt.tz_convert("UTC").astype(OPEN_TIME_DTYPE))


def _numbers(raw: pd.DataFrame, name: str) -> FloatArray:
    if name not in raw:
        return np.full(len(raw), np.nan)
    if not is_numeric_dtype(raw[name].dtype) or is_bool_dtype(raw[name].dtype):
        raise BadCandles(f"Column {name} is {raw[name].dtype}; accepted are numbers. Convert it before the inspection.")
    return np.asarray(raw[name].to_numpy(dtype=np.float64, na_value=np.nan))
