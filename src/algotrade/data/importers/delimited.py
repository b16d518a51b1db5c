"""What the delimited formats share: a layout found in the first lines, then columns."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from algotrade.data.importers.base import CandleFile, FileCandles, candle_rows
from algotrade.data.importers.columns import times
from algotrade.data.importers.names import SeriesName, series_name
from algotrade.data.importers.text import head_lines, is_delimited_text, read_table, table_of_lines
from algotrade.domain.timeframe import IntArray
from algotrade.errors import UnknownFormat

Columns = dict[str, pa.ChunkedArray]


@dataclass(frozen=True)
class CsvLayout:
    """Lines above the first row, and the name of every column.

    Columns are called as a candle's are (``open_time``, ``quote_volume``) where they mean the same.
    """

    skip_lines: int
    names: tuple[str, ...]

    @classmethod
    def of_header(cls, header: Sequence[str], synonyms: Mapping[str, str], banner_lines: int = 0) -> "CsvLayout":
        """Layout of a file with a header line below ``banner_lines`` others."""
        return cls(banner_lines + 1, tuple(synonyms.get(cell, cell) for cell in header))

    def by_name(self, table: pa.Table) -> Columns:
        """The columns of a table in this layout; of two with one name, the first."""
        return {name: table.column(place) for place, name in reversed(list(enumerate(self.names)))}


class DelimitedImporter(ABC):
    """An importer of one delimited layout; a format says how it is laid out and what its columns mean."""

    title: str

    @abstractmethod
    def layout(self, lines: Sequence[str]) -> CsvLayout | None:
        """Find the layout in the first lines of a file (at least one), None if they are not in this format."""

    @abstractmethod
    def describe(self, named: SeriesName, columns: Columns) -> tuple[str, str | None]:
        """Symbol and exchange (None if unknown), from the file's name and its first rows."""

    def open_times(self, columns: Columns, path: Path) -> IntArray:
        """Open time of each row, ms since the epoch."""
        return times(columns["open_time"], path)

    def notes(self, columns: Columns, path: Path) -> tuple[str, ...]:  # noqa: ARG002
        """What the user should know about the file; nothing, as a rule."""
        return ()

    def recognise(self, path: Path) -> CandleFile | None:
        """Describe a file in this layout."""
        lines = head_lines(path) if is_delimited_text(path) else []
        layout = self.layout(lines) if lines else None
        if layout is None:
            return None
        named, rows = series_name(path), lines[layout.skip_lines :]
        if not any(line.strip() for line in rows):
            return CandleFile(named.symbol, named.timeframe, np.empty(0, dtype=np.int64))
        columns = layout.by_name(table_of_lines(rows, layout.names, path))
        symbol, exchange = self.describe(named, columns)
        return CandleFile(symbol, named.timeframe, self.open_times(columns, path), exchange)

    def read(self, path: Path) -> FileCandles:
        """Read every row of the file, in file order."""
        layout = self.layout(head_lines(path))
        if layout is None:
            raise UnknownFormat(f"{path.name} is not {self.title}.")
        columns = layout.by_name(read_table(path, layout.skip_lines, layout.names))
        frame = candle_rows(path, self.open_times(columns, path), columns)
        return FileCandles(frame, self.notes(columns, path))
