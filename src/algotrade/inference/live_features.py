"""The online features of live candles: the ones that training computed, by the same code, as each candle closes."""

import logging
from collections.abc import Sequence

import pandas as pd

from algotrade.data.funding import with_funding
from algotrade.data.online_store import FeatureSpec, FeatureVectors, OnlineStore
from algotrade.data.store import CandleStore
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, ForeignFeatures
from algotrade.features import FeatureSet
from algotrade.inference.live_window import LiveFeatures
from algotrade.models.manifest import Manifest
from algotrade.monitoring.metrics import StreamMetrics

ONLINE_ROWS = 64
"""Latest feature rows kept online for each symbol, or as many as the model looks at if those are more."""

logger = logging.getLogger(__name__)


class OnlineFeatureSink:
    """Publishes a model's features of the latest candles; a sink of `algotrade.data.stream`.

    The window begins with what the candle store holds, so the first candle already has its features. Where candles of
    one close come one after the other, the features are published with each: those across symbols are final once
    every symbol has its candle.

    Parameters
    ----------
    manifest : Manifest
        Of the bundle that is served; its features, timeframe, exchange and symbols are what is published.
    online : OnlineStore
    store : CandleStore
        What the window is warmed up with, and what knows the funding rates.
    metrics : StreamMetrics, optional
        Where to count; nowhere by default.

    Raises
    ------
    ConfigurationError
        If a feature of the model is unknown.
    ForeignFeatures
        If the features have changed since the model was trained.
    """

    name = "online"

    def __init__(
        self, manifest: Manifest, online: OnlineStore, store: CandleStore, metrics: StreamMetrics | None = None
    ) -> None:
        self._manifest = manifest
        self._online = online
        self._store = store
        self._metrics = metrics or StreamMetrics()
        self._timeframe = Timeframe(manifest.timeframe)
        features = FeatureSet.of(manifest.feature_names, self._timeframe)
        if features.fingerprint != manifest.feature_fingerprint:
            raise ForeignFeatures(
                f"The model {manifest.version} was trained on features with the fingerprint "
                f"{manifest.feature_fingerprint[:12]}, but these would make {features.fingerprint[:12]}. "
                "Run `kedro run` to train on the present features, or stream with --no-online."
            )
        self._needs_funding = any("funding_rate" in each.needs for each in features.features)
        # The digest is that of the candles of a pipeline; of those that still come in there is none.
        self._spec = FeatureSpec(features.names, features.fingerprint, parameters=manifest.feature_parameters)
        self._live = LiveFeatures(features, self._timeframe, manifest.symbols, max(ONLINE_ROWS, manifest.history))

    def warm_up(self) -> int:
        """Fill the window from the candle store and publish what it gives; return the number of candles read.

        Raises
        ------
        StoreError
            If one of the stores cannot be used.
        """
        stored = self._store.series()
        mine = (stored["exchange"] == self._manifest.exchange) & (stored["timeframe"] == self._timeframe.name)
        known = stored[mine & stored["symbol"].isin(self._manifest.symbols)]
        if known.empty:
            return 0
        span = pd.Timedelta(milliseconds=self._live.candles.rows * self._timeframe.milliseconds)
        symbols = known["symbol"].tolist()
        candles = self._store.read(self._manifest.exchange, self._timeframe, symbols, known["end"].max() - span)
        self.write(candles)
        return len(candles)

    def write(self, candles: pd.DataFrame) -> None:
        """Publish the features that these candles change.

        Raises
        ------
        BadCandles
            If a number of a candle is missing or infinite, or it breaks the contract in another way; the stream has
            such rows rejected instead.
        StoreError
            If the features cannot be published now; the same candles may be written again.
        """
        with self._metrics.update_seconds.labels("compute").time():
            if self._needs_funding:
                candles = with_funding(candles, self._store, [self._manifest.exchange], self._timeframe)
            change = self._live.candles.take(candles)
            vectors = self._live.update(change) if change is not None else []
        if vectors:
            with self._metrics.update_seconds.labels("publish").time():
                self._publish(vectors)

    def reject(self, rows: pd.DataFrame) -> None:
        """Leave out what is no candle."""

    def _publish(self, vectors: Sequence[FeatureVectors]) -> None:
        self._online.write(self._manifest.exchange, self._timeframe.name, vectors, self._spec)
        self._metrics.published.inc(len(vectors))


def obstacle(manifest: Manifest, exchange: str, timeframe: Timeframe, symbols: Sequence[str]) -> str:
    """Why a stream cannot feed a model, in words; empty where it can."""
    if exchange != manifest.exchange:
        return f"it was trained on candles of {manifest.exchange}, and these are of {exchange}"
    if timeframe.name != manifest.timeframe:
        return f"it was trained on {manifest.timeframe} candles, and these are of {timeframe}"
    missing = [symbol for symbol in manifest.symbols if symbol not in symbols]
    if missing:
        return f"its features look at {', '.join(manifest.symbols)}, and {', '.join(missing)} is not streamed"
    return ""


def symbols_to_stream(named: Sequence[str], manifest: Manifest | None) -> list[str]:
    """The symbols that were named, else those of the model that is served.

    Raises
    ------
    ConfigurationError
        If there is neither.
    """
    if named:
        return list(named)
    if manifest is None:
        raise ConfigurationError(
            "No symbols to stream. Name at least one, as in --symbols BTC/USDT,ETH/USDT; there is no champion whose "
            "symbols could be meant."
        )
    return list(manifest.symbols)
