"""freqtrade's candles as JSON, plain or gzipped: a list of [milliseconds, open, high, low, close, volume]."""

import gzip
import json
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from algotrade.data.importers.base import IMPORTERS, CandleFile, FileCandles, candle_rows
from algotrade.data.importers.columns import epoch_milliseconds
from algotrade.data.importers.names import series_name
from algotrade.domain.candles import VALUE_COLUMNS
from algotrade.errors import BadCandles, UnknownFormat

_HEAD_CHARACTERS = 65_536


class FreqtradeJson:
    """A JSON list of candles, each a list of six numbers; the name says pair and timeframe."""

    title = "freqtrade candles as JSON, named like BTC_USDT-1h.json or .json.gz"

    def recognise(self, path: Path) -> CandleFile | None:
        """Describe a JSON file whose first entries are candles."""
        if not path.name.lower().endswith((".json", ".json.gz")):
            return None
        rows = _head_rows(path)
        if rows is None or not all(_is_candle(row) for row in rows):
            return None
        named = series_name(path)
        stamps = np.array([row[0] for row in rows], dtype=np.int64)
        return CandleFile(named.symbol, named.timeframe, epoch_milliseconds(stamps))

    def read(self, path: Path) -> FileCandles:
        """Read the file."""
        with _opened(path) as stream:
            rows = json.load(stream)
        strange = next((number for number, row in enumerate(rows, 1) if not _is_candle(row)), None)
        if strange is not None:
            raise BadCandles(
                f"{path.name}: entry {strange} is {rows[strange - 1]!r}; accepted is a list of six numbers: "
                "milliseconds, open, high, low, close, volume. Repair or remove the entry."
            )
        stamps = epoch_milliseconds(np.array([row[0] for row in rows], dtype=np.int64))
        numbers = np.array([row[1:6] for row in rows], dtype=np.float64).reshape(-1, 5)
        columns = {name: pa.chunked_array([numbers[:, i]]) for i, name in enumerate(VALUE_COLUMNS[:5])}
        return FileCandles(candle_rows(path, stamps, columns))


def _head_rows(path: Path) -> list[Any] | None:
    """First entries of a JSON list, without parsing the rest; None if the file holds no list of lists."""
    try:
        with _opened(path) as stream:
            head = stream.read(_HEAD_CHARACTERS)
    except (OSError, UnicodeDecodeError, zlib.error, EOFError) as error:
        raise UnknownFormat(f"{path.name} cannot be unpacked: {error}. Get the file again.") from error
    if len(head) == _HEAD_CHARACTERS:
        head = head[: head.rfind("]") + 1] + "]"
    try:
        rows = json.loads(head)
    except json.JSONDecodeError:
        return None
    return rows if isinstance(rows, list) and all(isinstance(row, list) for row in rows) else None


def _is_candle(row: object) -> bool:
    # A missing number is written as null; it becomes NaN and goes to quarantine.
    return (
        isinstance(row, list)
        and len(row) >= 6
        and isinstance(row[0], int)
        and all(isinstance(cell, int | float) or cell is None for cell in row[1:6])
    )


def _opened(path: Path) -> IO[str]:
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


IMPORTERS.register("freqtrade_json")(FreqtradeJson())
