"""The online features that one model can read."""

from collections.abc import Sequence
from typing import Protocol

from algotrade.data.online_store import FeatureVectors, OnlineStore
from algotrade.inference.schemas import ModelDescription


class FeatureSource(Protocol):
    """Where a predictor finds features."""

    def read(self, symbols: Sequence[str]) -> dict[str, FeatureVectors]:
        """Newest feature rows of those of ``symbols`` that have any."""


class OnlineFeatures:
    """The rows of the online store that were made by a model's own feature set.

    Parameters
    ----------
    store : OnlineStore
    model : ModelDescription
        Its timeframe and feature fingerprint are what the rows must have.
    exchange : str
        Whose rows: a model does not change markets while it is served.
    """

    def __init__(self, store: OnlineStore, model: ModelDescription, exchange: str) -> None:
        self._store = store
        self._timeframe = model.timeframe
        self._fingerprint = model.feature_fingerprint
        self._exchange = exchange

    def read(self, symbols: Sequence[str]) -> dict[str, FeatureVectors]:
        """Newest feature rows of those of ``symbols`` that have any, in one round trip.

        Raises
        ------
        ForeignFeatures
            If the rows of a symbol come from another feature set.
        StoreError
            If the store cannot be read; ``StoreUnavailable`` if it does not answer.
        """
        return self._store.read(self._exchange, self._timeframe, symbols, fingerprint=self._fingerprint)
