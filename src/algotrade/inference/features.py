"""The online features that one model can read."""

from collections.abc import Sequence
from typing import Protocol

from algotrade.data.online_store import FeatureVectors, OnlineStore
from algotrade.inference.problems import FeaturesNotOnline
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
    exchange : str, optional
        Whose rows; by default the exchange that published such features last, asked for until one has
        and then kept: a model does not change markets while it is served.
    """

    def __init__(self, store: OnlineStore, model: ModelDescription, exchange: str | None = None) -> None:
        self._store = store
        self._timeframe = model.timeframe
        self._fingerprint = model.feature_fingerprint
        self._exchange = exchange

    def read(self, symbols: Sequence[str]) -> dict[str, FeatureVectors]:
        """Newest feature rows of those of ``symbols`` that have any, in one round trip.

        Raises
        ------
        FeaturesNotOnline
            If nothing was published by this feature set yet.
        ForeignFeatures
            If the rows of a symbol come from another feature set.
        StoreError
            If the store cannot be read; ``StoreUnavailable`` if it does not answer.
        """
        self._exchange = self._exchange or self._store.exchange_of(self._timeframe, self._fingerprint)
        if self._exchange is None:
            raise FeaturesNotOnline(
                f"No {self._timeframe} features of the model's feature set {self._fingerprint} are online yet. "
                "Run `kedro run` to publish them."
            )
        return self._store.read(self._exchange, self._timeframe, symbols, fingerprint=self._fingerprint)
