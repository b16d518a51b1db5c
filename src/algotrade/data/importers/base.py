"""What an importer is, and the registry that finds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from algotrade.data.importers.columns import numbers
from algotrade.domain.candles import VALUE_COLUMNS, from_milliseconds
from algotrade.domain.timeframe import IntArray, Timeframe
from algotrade.errors import BadCandles
from algotrade.registry import Registry


@dataclass(frozen=True)
class CandleFile:
    """What can be told of a candle file without reading all of it.

    Attributes
    ----------
    symbol : str
        As ``BASE/QUOTE``.
    timeframe : Timeframe or None
        What the file's name says.
    sample_times : ndarray of int64
        Open times (ms since the epoch) of a stretch of its rows, in file order.
    exchange : str or None
        What the format or the name says; None where only the folder can tell.
    """

    symbol: str
    timeframe: Timeframe | None
    sample_times: IntArray
    exchange: str | None = None


@dataclass(frozen=True)
class FileCandles:
    """The rows of a file: ``open_time`` and the value columns, and what the user should know about them."""

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


class Importer(Protocol):
    """One file format."""

    title: str
    """The format as an error lists it."""

    def recognise(self, path: Path) -> CandleFile | None:
        """Describe the file, or return None if it is not in this format."""

    def read(self, path: Path) -> FileCandles:
        """Read every row of a file that `recognise` knows, in file order, good or bad.

        Raises
        ------
        BadCandles
            If a cell that should hold a number or a time holds something else.
        """


IMPORTERS: Registry[Importer] = Registry("importer", package="algotrade.data.importers")


def candle_rows(path: Path, times_ms: IntArray, columns: Mapping[str, pa.ChunkedArray]) -> pd.DataFrame:
    """Frame of ``open_time`` and the value columns from a file's columns; NaN where it has none.

    Raises
    ------
    BadCandles
        If open, high, low, close or volume is missing, or a cell holds no number; the file is named.
    """
    missing = [name for name in VALUE_COLUMNS[:5] if name not in columns]
    if missing:
        raise BadCandles(
            f"{path.name} has no column for {', '.join(missing)}. Candles need open, high, low, close, volume."
        )
    values = {
        name: numbers(columns[name], name, path) if name in columns else np.full(len(times_ms), np.nan)
        for name in VALUE_COLUMNS
    }
    return pd.DataFrame({"open_time": from_milliseconds(times_ms), **values})
