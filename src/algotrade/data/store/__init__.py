"""The candle store: every candle once, addressed by exchange, symbol, timeframe and open time."""

from algotrade.data.store.candle_store import CandleStore
from algotrade.data.store.capabilities import Capabilities
from algotrade.data.store.upsert_count import UpsertCount

__all__ = ["CandleStore", "Capabilities", "UpsertCount"]
