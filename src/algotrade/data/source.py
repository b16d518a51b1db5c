"""What a source of candles hands over, wherever the candles come from."""

from dataclasses import dataclass

import pandas as pd

from algotrade.domain.timeframe import Timeframe

SIMULATED = "simulated"
FILES = "files"
EXCHANGE = "exchange"
SOURCES = (SIMULATED, FILES, EXCHANGE)


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
