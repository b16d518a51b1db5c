"""Tidy Parquet: one series a file, a time column (``ts``, ``open_time`` or ``date``) and the candle's numbers."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from algotrade.data.importers.base import IMPORTERS, CandleFile, FileCandles, candle_rows
from algotrade.data.importers.columns import TIME_COLUMNS, times
from algotrade.data.importers.names import series_name
from algotrade.domain.candles import PRICE_COLUMNS, VALUE_COLUMNS
from algotrade.errors import UnknownFormat

_SAMPLE_ROWS = 5_000


class TidyParquet:
    """Parquet with a time column and open, high, low, close, volume; the name says symbol and timeframe."""

    title = "tidy Parquet (ts or open_time, open, high, low, close, volume), named like BTCUSDT-1h.parquet"

    def recognise(self, path: Path) -> CandleFile | None:
        """Describe a Parquet file that has prices and a time column."""
        if path.suffix.lower() != ".parquet":
            return None
        try:
            file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise UnknownFormat(f"{path.name} cannot be read as Parquet: {error}. Get the file again.") from error
        with file:
            names = _candle_columns(file.schema_arrow.names)
            if not {"time", *PRICE_COLUMNS} <= set(names):
                return None
            stretch = file.read_row_group(0, columns=[names["time"]]) if file.num_row_groups else file.read()
            sample = times(stretch.column(names["time"]).slice(length=_SAMPLE_ROWS), path)
        named = series_name(path)
        return CandleFile(named.symbol, named.timeframe, sample)

    def read(self, path: Path) -> FileCandles:
        """Read the file."""
        table = pq.read_table(path)
        names = _candle_columns(table.column_names)
        columns = {name: table.column(source) for name, source in names.items()}
        return FileCandles(candle_rows(path, times(columns.pop("time"), path), columns))


def _candle_columns(names: list[str]) -> dict[str, str]:
    """The file's name for "time" and each value column that it has."""
    by_lower = {name.lower(): name for name in names}
    time = next((by_lower[name] for name in TIME_COLUMNS if name in by_lower), None)
    found = {name: by_lower[name] for name in VALUE_COLUMNS if name in by_lower}
    return {"time": time, **found} if time else found


IMPORTERS.register("tidy_parquet")(TidyParquet())
