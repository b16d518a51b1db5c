"""The candle store: every candle once, addressed by exchange, symbol, timeframe and open time."""

from algotrade.data.store.candle_store import CandleStore, UpsertCount

__all__ = ["CandleStore", "UpsertCount"]
