"""CryptoDataDownload's CSV: a banner, newest first, seconds and milliseconds mixed, the symbol in a column."""

from collections.abc import Sequence

from algotrade.data.importers.base import IMPORTERS
from algotrade.data.importers.delimited import Columns, CsvLayout, DelimitedImporter
from algotrade.data.importers.names import SeriesName
from algotrade.data.importers.text import header_of
from algotrade.domain.candles import PRICE_COLUMNS
from algotrade.domain.symbol import unified_symbol

_BANNER = "cryptodatadownload"
_SYNONYMS = {"unix": "open_time", "unix_timestamp": "open_time", "tradecount": "trades", "trade_count": "trades"}


def is_cryptodatadownload(lines: Sequence[str]) -> bool:
    """Tell a CryptoDataDownload file by its banner, or without one by its header."""
    return _BANNER in lines[0].lower() or header_of(lines[0])[:3] in (
        ["unix", "date", "symbol"],
        ["unix_timestamp", "date", "symbol"],
    )


class CryptoDataDownload(DelimitedImporter):
    """Files such as Bitstamp_BTCUSD_1h.csv; the exchange stands before the symbol in the name."""

    title = "CryptoDataDownload CSV, named like Bitstamp_BTCUSD_1h.csv"

    def layout(self, lines: Sequence[str]) -> CsvLayout | None:
        """A header with unix and symbol columns, as a rule below the banner."""
        banner_lines = int(_BANNER in lines[0].lower())
        header = header_of(lines[banner_lines]) if len(lines) > banner_lines else []
        columns = set(header)
        if not is_cryptodatadownload(lines) or not {"symbol", *PRICE_COLUMNS} <= columns:
            return None
        first_row = lines[banner_lines + 1] if len(lines) > banner_lines + 1 else ""
        synonyms = _SYNONYMS | _volume_names(dict(zip(header, first_row.split(","), strict=False)))
        return CsvLayout.of_header(header, synonyms, banner_lines)

    def describe(self, named: SeriesName, columns: Columns) -> tuple[str, str | None]:
        """The symbol in the rows, on the exchange in the name."""
        return unified_symbol(columns["symbol"][0].as_py()), named.prefix.lower() if named.prefix else None


def _volume_names(row: dict[str, str]) -> dict[str, str]:
    """Which of "volume_btc" and "volume_usd" counts coins and which counts money."""
    base, _, quote = unified_symbol(row.get("symbol", "")).lower().partition("/")
    return {f"volume_{base}": "volume", f"volume_{quote}": "quote_volume"}


IMPORTERS.register("cryptodatadownload")(CryptoDataDownload())
