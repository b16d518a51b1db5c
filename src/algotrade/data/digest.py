"""A content hash of candles: the same candles, the same digest, wherever they came from."""

import hashlib

import numpy as np
import pandas as pd

from algotrade.domain.candles import CONTEXT_COLUMNS, VALUE_COLUMNS, to_milliseconds


def content_digest(candles: pd.DataFrame) -> str:
    """SHA-256 over keys, times and numbers of a long candle frame, as 64 hexadecimal digits.

    The order of rows and columns does not matter, nor does the way in which missing optional numbers are stored.
    Funding rates count where the frame has them.
    """
    ordered = candles.sort_values(["exchange", "symbol", "timeframe", "open_time"])
    digest = hashlib.sha256()
    for key, series in ordered.groupby(["exchange", "symbol", "timeframe"], observed=True, sort=True):
        digest.update("|".join(map(str, key)).encode())
        digest.update(to_milliseconds(series["open_time"]).astype("<i8").tobytes())
        for name in (*VALUE_COLUMNS, *CONTEXT_COLUMNS):
            if name in series:
                digest.update(name.encode())
                digest.update(series[name].to_numpy(dtype="<f8", na_value=np.nan).tobytes())
    return digest.hexdigest()


def frame_digest(frame: pd.DataFrame) -> str:
    """SHA-256 over the columns of a frame, in their order, by name and value, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        digest.update(f"{name}|{len(column)}|".encode())
        if pd.api.types.is_float_dtype(column):
            digest.update(np.ascontiguousarray(column.to_numpy(dtype="<f8", na_value=np.nan)).tobytes())
        else:
            digest.update(pd.util.hash_pandas_object(column, index=False).to_numpy(dtype="<u8").tobytes())
    return digest.hexdigest()
