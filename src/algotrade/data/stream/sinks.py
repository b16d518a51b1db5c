"""Where live candles go."""

from typing import Protocol

import pandas as pd

from algotrade.data.store import CandleStore


class CandleSink(Protocol):
    """Takes closed candles; called from one thread at a time, in order per symbol.

    A call that fails is made again with the same candles, so taking them twice must be taking them once.
    """

    @property
    def name(self) -> str:
        """What it is called in logs and metrics."""

    def write(self, candles: pd.DataFrame) -> None:
        """Take a long candle frame (with the column ``origin``), all of it or nothing.

        Raises
        ------
        StoreError
            If it cannot be taken now.
        """

    def reject(self, rows: pd.DataFrame) -> None:
        """Take rows that are no candles, with the column ``reason``; raises as `write`."""


class StoreSink:
    """Writes candles to the candle store, and what is none to its quarantine.

    Parameters
    ----------
    store : CandleStore
    """

    name = "store"

    def __init__(self, store: CandleStore) -> None:
        self._store = store

    def write(self, candles: pd.DataFrame) -> None:
        """Store the candles in one transaction."""
        self._store.upsert(candles.drop(columns="origin"))

    def reject(self, rows: pd.DataFrame) -> None:
        """File the rows with their reason."""
        self._store.add_quarantine(rows)
