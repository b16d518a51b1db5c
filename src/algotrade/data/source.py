"""What a source of candles hands over, wherever the candles come from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from algotrade.domain.timeframe import Timeframe

SIMULATED = "simulated"
FILES = "files"
EXCHANGE = "exchange"
SOURCES = (SIMULATED, FILES, EXCHANGE)


def exchange_names(chosen: str | Sequence[str] | None) -> list[str]:
    """Exchanges that a configuration names, in lower case, each once; none where it names none.

    >>> exchange_names("binance+Kraken"), exchange_names(["kraken"]), exchange_names(None)
    (['binance', 'kraken'], ['kraken'], [])
    """
    names = re.split(r"[+;,\s]+", chosen) if isinstance(chosen, str) else chosen or ()
    return list(dict.fromkeys(name.strip().lower() for name in names if name.strip()))


@dataclass(frozen=True)
class SourceCandles:
    """Candles as a source gave them, not yet inspected.

    Attributes
    ----------
    source : str
        One of ``SOURCES``.
    timeframe : Timeframe
    candles : DataFrame
        Long frame: ``exchange``, ``symbol``, ``timeframe``, ``open_time``, the candle's numbers, ``origin``.
    notes : tuple of str
        What the reader of a report should know about them.
    planted_signal : float, optional
        Of a simulated market: the correlation that was planted in it.
    """

    source: str
    timeframe: Timeframe
    candles: pd.DataFrame
    notes: tuple[str, ...] = ()
    planted_signal: float | None = None
