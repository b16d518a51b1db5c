"""What people dump from Binance's API: klines under a header of their own, in one of two shapes."""

from collections.abc import Sequence

from algotrade.data.importers.base import IMPORTERS
from algotrade.data.importers.delimited import Columns, CsvLayout, DelimitedImporter
from algotrade.data.importers.names import SeriesName
from algotrade.data.importers.text import header_of
from algotrade.domain.candles import PRICE_COLUMNS

_SYNONYMS = {
    "timestamp": "open_time",
    "quote_av": "quote_volume",
    "quote_asset_volume": "quote_volume",
    "number_of_trades": "trades",
    "tb_base_av": "taker_buy_volume",
    "taker_buy_base_asset_volume": "taker_buy_volume",
}


def is_api_header(header: Sequence[str]) -> bool:
    """Tell a dump of Binance's API by what it calls the quote volume."""
    return header[0] in {"timestamp", "open_time"} and not {"quote_av", "quote_asset_volume"}.isdisjoint(header)


class BinanceApi(DelimitedImporter):
    """API klines as CSV: text stamps and all twelve fields, or epoch stamps, quote volume and a TWAP."""

    title = "CSV dump of Binance's API (timestamp or Open Time, open, …, quote_av or Quote Asset Volume)"

    def layout(self, lines: Sequence[str]) -> CsvLayout | None:
        """The header of a dump."""
        header = header_of(lines[0])
        known = is_api_header(header) and set(PRICE_COLUMNS) <= set(header)
        return CsvLayout.of_header(header, _SYNONYMS) if known else None

    def describe(self, named: SeriesName, columns: Columns) -> tuple[str, str | None]:  # noqa: ARG002
        """The symbol in the name, on Binance."""
        return named.symbol, "binance"


IMPORTERS.register("binance_api")(BinanceApi())
