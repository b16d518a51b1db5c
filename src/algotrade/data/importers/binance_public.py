"""Binance's public data (data.binance.vision): twelve columns, with a header or without, often in a .zip."""

from collections.abc import Sequence

from algotrade.data.importers.base import IMPORTERS
from algotrade.data.importers.delimited import Columns, CsvLayout, DelimitedImporter
from algotrade.data.importers.names import SeriesName
from algotrade.data.importers.text import header_of

_NAMES = (
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "trades",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
)


def is_public_header(header: Sequence[str]) -> bool:
    """Tell Binance's public-data header from others: twelve columns, the trades called ``count``."""
    return len(header) == len(_NAMES) and header[0] == "open_time" and "count" in header


class BinancePublic(DelimitedImporter):
    """Monthly and daily kline files as Binance publishes them; stamps in milli- or (since 2025) microseconds."""

    title = "Binance public-data CSV, plain or in a .zip, named like BTCUSDT-1h-2023-01.csv"

    def layout(self, lines: Sequence[str]) -> CsvLayout | None:
        """Binance's header, or none but its twelve numbers a line."""
        if is_public_header(header_of(lines[0])):
            return CsvLayout(1, _NAMES)
        cells = lines[0].split(",")
        headerless = len(cells) == len(_NAMES) and cells[0].isdigit() and len(cells[0]) >= len("1500000000000")
        return CsvLayout(0, _NAMES) if headerless else None

    def describe(self, named: SeriesName, columns: Columns) -> tuple[str, str | None]:  # noqa: ARG002
        """The symbol in the name, on Binance."""
        return named.symbol, "binance"


IMPORTERS.register("binance_public")(BinancePublic())
