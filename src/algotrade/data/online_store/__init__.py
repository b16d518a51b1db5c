"""The newest feature vectors of every instrument, where a prediction finds them in one round trip."""

from algotrade.data.online_store.batch import Batch
from algotrade.data.online_store.packing import SCHEMA_VERSION, pack, unpack
from algotrade.data.online_store.store import TTL_CANDLES, OnlineStore
from algotrade.data.online_store.vectors import FeatureSpec, FeatureVectors

__all__ = [
    "SCHEMA_VERSION",
    "TTL_CANDLES",
    "Batch",
    "FeatureSpec",
    "FeatureVectors",
    "OnlineStore",
    "pack",
    "unpack",
]
