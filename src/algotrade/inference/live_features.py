"""The online features of live candles: the ones that training computed, by the same code, as each candle closes."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from algotrade.data.online_store import FeatureSpec, FeatureVectors, OnlineStore
from algotrade.data.store import CandleStore
from algotrade.domain.candles import FloatArray, Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, ForeignFeatures
from algotrade.features import FeatureSet
from algotrade.models.manifest import Manifest

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
        What the window is warmed up with.

    Raises
    ------
    ConfigurationError
        If a feature of the model is unknown.
    ForeignFeatures
        If the features have changed since the model was trained.
    """

    name = "online"

    def __init__(self, manifest: Manifest, online: OnlineStore, store: CandleStore) -> None:
        self._manifest = manifest
        self._online = online
        self._store = store
        self._timeframe = Timeframe(manifest.timeframe)
        self._features = FeatureSet.of(manifest.feature_names)
        if self._features.fingerprint != manifest.feature_fingerprint:
            raise ForeignFeatures(
                f"The model {manifest.version} was trained on features with the fingerprint "
                f"{manifest.feature_fingerprint[:12]}, but these would make {self._features.fingerprint[:12]}. "
                "Run `kedro run` to train on the present features, or stream with --no-online."
            )
        self._rows = max(ONLINE_ROWS, manifest.history)
        # Twice what is needed without gaps: a symbol with gaps looks further back.
        self._window_ms = 2 * (self._features.lookback + self._rows) * self._timeframe.milliseconds
        self._window = pd.DataFrame()

    def warm_up(self) -> int:
        """Fill the window from the candle store and publish what it gives; return its number of candles.

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
        start = known["end"].max() - pd.Timedelta(milliseconds=self._window_ms)
        symbols = known["symbol"].tolist()
        self._take(self._store.read(self._manifest.exchange, self._timeframe, symbols, start))
        self._publish()
        return len(self._window)

    def write(self, candles: pd.DataFrame) -> None:
        """Publish the features of these candles and those before them."""
        mine = candles[candles["symbol"].isin(self._manifest.symbols)]
        if mine.empty:
            return
        self._take(mine.drop(columns="origin"))
        self._publish()

    def reject(self, rows: pd.DataFrame) -> None:
        """Leave out what is no candle."""

    def _take(self, candles: pd.DataFrame) -> None:
        joined = pd.concat([self._window, candles]) if len(self._window) else candles
        latest = joined.drop_duplicates(["symbol", "open_time"], keep="last")
        start = latest["open_time"].max() - pd.Timedelta(milliseconds=self._window_ms)
        self._window = latest[latest["open_time"] > start].reset_index(drop=True)

    def _publish(self) -> None:
        if self._window.empty:
            return
        panel = Panel.from_frame(self._window, self._timeframe, self._manifest.symbols)
        spec = FeatureSpec(self._features.names, self._features.fingerprint)
        self._online.write(self._manifest.exchange, self._timeframe.name, self._vectors(panel), spec)

    def _vectors(self, panel: Panel) -> list[FeatureVectors]:
        needed = panel[self._first_needed(panel) :]
        values = self._features.matrix(needed)
        return self._latest(needed, values)

    def _first_needed(self, panel: Panel) -> int:
        """First row that the published rows look back to; earlier where a symbol has gaps."""
        count = self._features.lookback + self._rows
        enough = [np.flatnonzero(present)[-count:] for present in panel.present.T]
        return min([max(0, len(panel) - count), *(int(rows[0]) for rows in enough if len(rows))])

    def _latest(self, panel: Panel, values: FloatArray) -> list[FeatureVectors]:
        vectors = []
        for column, symbol in enumerate(panel.symbols):
            rows = np.flatnonzero(panel.present[:, column])[-self._rows :]
            if len(rows):
                vectors.append(FeatureVectors(symbol, panel.open_time[rows], values[rows, column]))
        return vectors


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
        raise ConfigurationError("No symbols to stream. Name at least one, as in --symbols BTC/USDT,ETH/USDT.")
    return list(manifest.symbols)
