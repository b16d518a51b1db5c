"""Between the quarantine frame and its table: each bad row once, whatever it lacks."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from algotrade.data.store.tables import QUARANTINE
from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, from_milliseconds

_TEXT = (*SERIES_COLUMNS, "origin", "reason")
_COLUMNS = tuple(column.name for column in QUARANTINE.columns if column.name != "digest")


def quarantine_records(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Records of the rows by their digest; what a row lacks is None."""
    text: dict[str, Any] = dict.fromkeys(_TEXT, "str")
    frame = rows.reindex(columns=list(_COLUMNS)).astype(text)
    frame[list(_TEXT)] = frame[list(_TEXT)].fillna("")
    times = [None if pd.isna(time) else round(time.timestamp() * 1_000) for time in frame["open_time"]]
    numbers = frame[list(VALUE_COLUMNS)].to_numpy(dtype=np.float64, na_value=np.nan)
    records = {}
    for words, time, values in zip(frame[list(_TEXT)].itertuples(index=False), times, numbers.tolist(), strict=True):
        record = dict(zip(_TEXT, words, strict=True)) | {"open_time": time}
        # NaN is what is missing; unequal to itself, it would make every digest and every row a new one.
        record |= {name: None if np.isnan(value) else value for name, value in zip(VALUE_COLUMNS, values, strict=True)}
        digest = hashlib.sha256(repr(sorted(record.items())).encode()).hexdigest()
        records[digest] = record | {"digest": digest}
    return records


def quarantine_frame(rows: Sequence[Any]) -> pd.DataFrame:
    """Frame of the table's rows, in the columns of a quarantine."""
    frame = pd.DataFrame(rows, columns=[column.name for column in QUARANTINE.columns])[list(_COLUMNS)]
    times = frame["open_time"].astype("Int64").to_numpy(dtype=np.int64, na_value=pd.NaT.value)
    types: dict[str, Any] = dict.fromkeys(_TEXT, "str") | dict.fromkeys(VALUE_COLUMNS, "float64")
    return frame.assign(open_time=from_milliseconds(times)).astype(types)
