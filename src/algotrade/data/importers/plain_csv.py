"""A plain CSV with a header: a time column or two, open, high, low, close, volume.

Some files carry the time twice, as text in the local time of whoever wrote them and as an epoch stamp.
The epoch stamp has no time zone to be wrong about, so it is the one that is used.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from algotrade.data.importers.base import IMPORTERS
from algotrade.data.importers.binance_api import is_api_header
from algotrade.data.importers.binance_public import is_public_header
from algotrade.data.importers.columns import TIME_COLUMNS, times
from algotrade.data.importers.cryptodatadownload import is_cryptodatadownload
from algotrade.data.importers.delimited import Columns, CsvLayout, DelimitedImporter
from algotrade.data.importers.names import SeriesName
from algotrade.data.importers.text import header_of
from algotrade.domain.candles import PRICE_COLUMNS
from algotrade.domain.timeframe import IntArray

_MINUTE_MS = 60_000


class PlainCsv(DelimitedImporter):
    """CSV with a header that no exchange's own format claims; the name says symbol and timeframe."""

    title = "plain CSV (time and/or timestamp, open, high, low, close, volume), named like BTCUSDT-1h.csv"

    def layout(self, lines: Sequence[str]) -> CsvLayout | None:
        """A header with a time and prices."""
        header = header_of(lines[0])
        claimed = is_public_header(header) or is_api_header(header) or is_cryptodatadownload(lines)
        known = set(PRICE_COLUMNS) <= set(header) and not set(TIME_COLUMNS).isdisjoint(header)
        return CsvLayout.of_header(header, {}) if known and not claimed else None

    def describe(self, named: SeriesName, columns: Columns) -> tuple[str, str | None]:  # noqa: ARG002
        """The symbol in the name, on an exchange that only the folder can tell."""
        return named.symbol, None

    def open_times(self, columns: Columns, path: Path) -> IntArray:
        """The epoch column where there is one, else the text column read as UTC."""
        return times(columns[_time_columns(columns)[0]], path)

    def notes(self, columns: Columns, path: Path) -> tuple[str, ...]:
        """Which of two time columns was used, and how far the other one is off."""
        used, *others = _time_columns(columns)
        kind = "epoch column" if pa.types.is_integer(columns[used].type) else "column"
        return tuple(
            f"{path.name} has its time twice: the {kind} {used!r} was used, {name!r} was not"
            f"{_offset(times(columns[name], path) - times(columns[used], path))}."
            for name in others
        )


def _offset(difference_ms: IntArray) -> str:
    """How far one time column runs ahead of another, in words; nothing if both say the same minute."""
    hours = np.unique(np.round(difference_ms / _MINUTE_MS)) / 60
    if not hours.any():
        return ""
    span = " to ".join(f"{hour:+g}" for hour in sorted({hours.min(), hours.max()}))
    return f" (it is {span} h off, the local time of whoever wrote it)"


def _time_columns(columns: Columns) -> list[str]:
    """The time columns of the file, epoch numbers before text."""
    present = [name for name in TIME_COLUMNS if name in columns]
    return sorted(present, key=lambda name: not pa.types.is_integer(columns[name].type))


IMPORTERS.register("plain_csv")(PlainCsv())
