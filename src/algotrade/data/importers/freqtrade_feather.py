"""freqtrade's candles as Feather: ``BTC_USDT-1h.feather`` with a ``date`` column."""

from pathlib import Path

import pyarrow as pa
from pyarrow import feather

from algotrade.data.importers.base import IMPORTERS, CandleFile, FileCandles, candle_rows
from algotrade.data.importers.columns import times
from algotrade.data.importers.names import series_name
from algotrade.domain.candles import PRICE_COLUMNS
from algotrade.errors import UnknownFormat


class FreqtradeFeather:
    """Feather with date, open, high, low, close, volume; the name says pair and timeframe."""

    title = "freqtrade candles as Feather, named like BTC_USDT-1h.feather"

    def recognise(self, path: Path) -> CandleFile | None:
        """Describe a Feather file that has prices and a date."""
        if path.suffix.lower() != ".feather":
            return None
        try:
            table = feather.read_table(path, memory_map=True)
        except (pa.ArrowInvalid, OSError) as error:
            raise UnknownFormat(f"{path.name} cannot be read as Feather: {error}. Get the file again.") from error
        if not {"date", *PRICE_COLUMNS} <= set(table.column_names):
            return None
        named = series_name(path)
        return CandleFile(named.symbol, named.timeframe, times(table.column("date"), path))

    def read(self, path: Path) -> FileCandles:
        """Read the file."""
        table = feather.read_table(path)
        columns = {name: table.column(name) for name in table.column_names}
        return FileCandles(candle_rows(path, times(columns.pop("date"), path), columns))


IMPORTERS.register("freqtrade_feather")(FreqtradeFeather())
