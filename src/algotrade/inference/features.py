"""The online features that one model can read."""

from collections.abc import Sequence
from typing import Protocol

from algotrade.data.online_store import Batch, FeatureVectors, OnlineStore
from algotrade.inference.schemas import ModelDescription


class FeatureSource(Protocol):
    """Where a predictor finds features."""

    def read(self, symbols: Sequence[str]) -> Batch:
        """Newest feature rows of ``symbols``: those to be used, and apart from them those that are too old."""

    def fingerprint(self) -> str | None:
        """Of the features that are online, whoever made them; None where there are none."""

    def has_at_hand(self, symbols: Sequence[str]) -> bool:
        """Whether ``read`` would answer at once, without asking anybody."""

    def at_hand(self, symbol: str) -> FeatureVectors | None:
        """What ``read`` would give for a symbol at once; None where it would ask, or give nothing to be used."""


class OnlineFeatures:
    """The rows of the online store that were made by a model's own feature set.

    Parameters
    ----------
    store : OnlineStore
    model : ModelDescription
        Its timeframe and feature fingerprint are what the rows must have.
    exchange : str
        Whose rows: a model does not change markets while it is served.
    max_age : float, optional
        Candles since the close of the newest one, beyond which rows are not to be used; any age is by default.
    """

    def __init__(
        self, store: OnlineStore, model: ModelDescription, exchange: str, max_age: float | None = None
    ) -> None:
        self._store = store
        self._timeframe = model.timeframe
        self._fingerprint = model.feature_fingerprint
        self._rows = model.history
        self._exchange = exchange
        self._max_age = max_age

    def read(self, symbols: Sequence[str]) -> Batch:
        """As many rows of ``symbols`` as the model looks at, in one round trip.

        Raises
        ------
        ForeignFeatures
            If the rows of a symbol come from another feature set.
        StoreError
            If the store cannot be read; ``StoreUnavailable`` if it does not answer.
        """
        return self._store.read(
            self._exchange,
            self._timeframe,
            symbols,
            fingerprint=self._fingerprint,
            max_age=self._max_age,
            rows=self._rows,
        )

    def fingerprint(self) -> str | None:
        """Of what was published last for the model's exchange and timeframe; None where nothing was."""
        spec = self._store.spec(self._exchange, self._timeframe)
        return None if spec is None else spec.fingerprint

    def has_at_hand(self, symbols: Sequence[str]) -> bool:  # noqa: ARG002 - whatever is asked for
        """Never: the store is asked each time."""
        return False

    def at_hand(self, symbol: str) -> FeatureVectors | None:  # noqa: ARG002 - whatever is asked for
        """Nothing: the store is asked each time."""
        return None
