"""What a file's name says: ``BTCUSDT-1h-2023-01``, ``BTC_USDT_USDT-1h-futures``, ``Bitstamp_BTCUSD_1h``."""

import re
from dataclasses import dataclass
from pathlib import Path

from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe

_SUFFIXES = (".zip", ".gz", ".csv", ".json", ".parquet", ".feather")
_UNITS = {"m": "m", "min": "m", "minute": "m", "h": "h", "hr": "h", "hour": "h", "d": "d", "day": "d", "w": "w"}
_ALONE = {"minute": "1m", "hour": "1h", "daily": "1d", "d": "1d"}
# Binance's month and second are no timeframes here, but they too end the symbol.
_TIMEFRAME = rf"(?P<count>[1-9]\d*)(?P<unit>{'|'.join(_UNITS)})|(?P<alone>{'|'.join(_ALONE)})|1M|1mo|1s"
_NAME = re.compile(rf"^(?P<pair>.+?)[-_. ](?:{_TIMEFRAME})(?=$|[-_. ])")


@dataclass(frozen=True)
class SeriesName:
    """Symbol, timeframe (None if unnamed) and what stands before the symbol (an exchange, often)."""

    symbol: str
    timeframe: Timeframe | None
    prefix: str | None


def bare_name(path: Path) -> str:
    """File name without the endings that tell its format.

    >>> bare_name(Path("data/BTC_USDT-1h.json.gz"))
    'BTC_USDT-1h'
    """
    name = path.name
    while name.lower().endswith(_SUFFIXES):
        name = name.rsplit(".", 1)[0]
    return name


def series_name(path: Path) -> SeriesName:
    """Read symbol and timeframe off a file's name.

    >>> series_name(Path("Bitstamp_BTCUSD_1h_head6000.csv"))
    SeriesName(symbol='BTC/USD', timeframe=Timeframe(name='1h'), prefix='Bitstamp')
    >>> series_name(Path("BTC_USDT_USDT-4h-futures.feather")).symbol
    'BTC/USDT:USDT'
    """
    name = bare_name(path)
    match = _NAME.match(name)
    if not match:
        symbol, prefix = _pair(name)
        return SeriesName(symbol, None, prefix)
    symbol, prefix = _pair(match["pair"])
    if not match["alone"] and not match["count"]:
        return SeriesName(symbol, None, prefix)
    timeframe = _ALONE[match["alone"]] if match["alone"] else match["count"] + _UNITS[match["unit"]]
    return SeriesName(symbol, Timeframe.of_milliseconds(Timeframe(timeframe).milliseconds), prefix)


def _pair(text: str) -> tuple[str, str | None]:
    """Unified symbol of the part of a name before the timeframe, and its prefix."""
    parts = re.split(r"[-_ ]", text)
    *before, last = parts
    if not before or "/" in unified_symbol(last):
        return unified_symbol(last), "_".join(before) or None
    if len(parts) == 2:
        return unified_symbol(f"{before[0]}/{last}"), None
    base, quote = parts[-3], parts[-2]
    # freqtrade names a perpetual BASE_QUOTE_SETTLE; it settles in one of its two currencies.
    if len(parts) == 3 and last in {base, quote}:
        return unified_symbol(f"{base}/{quote}:{last}"), None
    return unified_symbol(f"{quote}/{last}"), "_".join(parts[:-2])
