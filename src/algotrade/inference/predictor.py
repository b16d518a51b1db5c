"""From a request to predictions: looks up features, asks the model, names the signal."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

import numpy as np

from algotrade.data.online_store import Batch, FeatureVectors
from algotrade.domain.candles import FloatArray
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import StoreError, StoreUnavailable
from algotrade.inference.features import FeatureSource
from algotrade.inference.problems import FeaturesNotOnline, StaleFeatures, UnknownSymbol
from algotrade.inference.schemas import Check, FeatureSets, ModelDescription, NamedRow, Prediction
from algotrade.inference.windows import lacking, listed, window_of_names, window_of_rows
from algotrade.models.samples import Forecast
from algotrade.monitoring.metrics import ServiceMetrics

# A candle may be late by one more before its features count as stale.
_STALE_AFTER_CANDLES = 2


class ServedModel(Protocol):
    """What the service needs of a model bundle."""

    def predict(self, windows: FloatArray) -> Forecast:
        """Forecast from windows of shape ``(n, history, F)``."""

    def predict_one(self, window: FloatArray) -> tuple[float, float]:
        """Probability and expected log return from one window of shape ``(history, F)``: the fast path."""


class Predictor:
    """Answers questions about one model's symbols from the newest online features.

    Parameters
    ----------
    model : ServedModel
    description : ModelDescription
        What ``model`` is and knows.
    features : FeatureSource
        Of the model's feature set.
    metrics : ServiceMetrics
    long_above : float in [0, 1]
        Probability above which the signal is ``long``.
    now : callable, optional
        Current time in seconds since the epoch; the system's clock by default.
    """

    def __init__(
        self,
        model: ServedModel,
        description: ModelDescription,
        features: FeatureSource,
        metrics: ServiceMetrics,
        *,
        long_above: float = 0.5,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.description = description
        self._model = model
        self._features = features
        self._metrics = metrics
        self._long_above = long_above
        self._now = now
        self._candle_ms = Timeframe(description.timeframe).milliseconds
        metrics.model_info.labels(description.name, description.version, description.feature_fingerprint).set(1)

    def of_symbols(self, names: Sequence[str]) -> tuple[Prediction, ...]:
        """Predictions for instruments, in the order asked; one named twice is answered once.

        Raises
        ------
        UnknownSymbol
            If the model does not know one of them.
        FeaturesNotOnline
            If one of them has no complete features online.
        StaleFeatures
            If those of one of them are older than is accepted.
        StoreError
            If the online store does not answer or holds features of another feature set.
        """
        symbols = tuple(dict.fromkeys(self._known(name) for name in names))
        batch = self._read(symbols)
        for symbol in symbols:
            if symbol in batch.stale:
                raise StaleFeatures(f"{symbol}: {_too_old(batch, symbol)}. Keep them fresh with `algotrade stream`.")
            reason = lacking(batch.get(symbol), self.description)
            if reason:
                raise FeaturesNotOnline(f"{symbol}: {reason}. Run `kedro run` to publish features.")
        return self._predict([batch[symbol] for symbol in symbols])

    def of_every_symbol(self) -> tuple[Prediction, ...]:
        """Predictions for those instruments of the model that have complete features online.

        Raises
        ------
        FeaturesNotOnline
            If none has.
        StaleFeatures
            If those of all of them are older than is accepted.
        StoreError
            If the online store does not answer or holds features of another feature set.
        """
        batch = self._read(self.description.symbols)
        complete = [each for each in batch.values() if not lacking(each, self.description)]
        if not complete and batch.stale:
            first = next(iter(batch.stale))
            raise StaleFeatures(f"{first}: {_too_old(batch, first)}. Keep them fresh with `algotrade stream`.")
        if not complete:
            raise FeaturesNotOnline(
                f"No symbol of the model has complete {self.description.timeframe} features online yet. "
                "Run `kedro run` to publish features."
            )
        return self._predict(complete)

    def of_features(self, features: NamedRow | list[list[float]]) -> tuple[Prediction, ...]:
        """Prediction from features that the request brought.

        Raises
        ------
        UnfitFeatures
            If they are not ``history`` rows of exactly the model's features.
        """
        if isinstance(features, dict):
            window = window_of_names(features, self.description)
        else:
            window = window_of_rows(features, self.description)
        return (self._answer(self._forecast(window[np.newaxis]), 0, None),)

    def checks(self) -> tuple[Check, ...]:
        """State of what predictions by symbol depend on, up to the first thing that failed.

        All but ``freshness`` are needed to predict at all.
        """
        model = self.description
        loaded = Check(name="model", ok=True, detail=f"{model.name} {model.version}")
        reachable = Check(name="online_store", ok=True, detail="answers")
        try:
            batch = self._read(model.symbols)
        except StoreUnavailable as error:
            return loaded, Check(name="online_store", ok=False, detail=str(error))
        except (StoreError, FeaturesNotOnline) as error:
            return loaded, reachable, Check(name="online_features", ok=False, detail=str(error))
        return loaded, reachable, *self._check_vectors(batch)

    def feature_sets(self) -> FeatureSets:
        """The fingerprint that the model was trained on, and the one of the features that are online."""
        try:
            online = self._features.fingerprint()
        except StoreError:
            online = None
        return FeatureSets(expected=self.description.feature_fingerprint, online=online)

    def _check_vectors(self, batch: Batch) -> tuple[Check, ...]:
        found = {
            symbol: _too_old(batch, symbol) if symbol in batch.stale else lacking(batch.get(symbol), self.description)
            for symbol in self.description.symbols
        }
        unusable = [f"{symbol}: {reason}" for symbol, reason in found.items() if reason]
        if unusable:
            return (Check(name="online_features", ok=False, detail=listed(unusable, "; ")),)
        staleness = max(self._staleness_seconds(each) for each in batch.values())
        return (
            Check(name="online_features", ok=True, detail=f"complete for {len(batch)} symbols"),
            Check(
                name="freshness",
                ok=staleness <= _STALE_AFTER_CANDLES * self._candle_ms / 1000,
                detail=f"the newest candle of every symbol closed at most {staleness:.0f} s ago",
            ),
        )

    def _known(self, name: str) -> str:
        symbol = unified_symbol(name)
        if symbol not in self.description.symbols:
            raise UnknownSymbol(f"Unknown symbol {name!r}. The model knows: {', '.join(self.description.symbols)}.")
        return symbol

    def _read(self, symbols: Sequence[str]) -> Batch:
        try:
            with self._metrics.online_read_seconds.time():
                batch = self._features.read(symbols)
        except StoreUnavailable:
            self._metrics.online_store_up.set(0)
            raise
        self._metrics.online_store_up.set(1)
        for state, vectors in (("fresh", batch.fresh), ("stale", batch.stale), ("absent", batch.absent)):
            self._metrics.online_vectors.labels(state).inc(len(vectors))
        for symbol in (*batch.fresh, *batch.stale):
            self._metrics.feature_age_candles.observe(batch.age(symbol))
        return batch

    def _forecast(self, windows: FloatArray) -> Forecast:
        with self._metrics.inference_seconds.time():
            if len(windows) > 1:
                return self._model.predict(windows)
            probability, expected_return = self._model.predict_one(windows[0])
            return Forecast(np.array([probability]), np.array([expected_return]))

    def _predict(self, vectors: Sequence[FeatureVectors]) -> tuple[Prediction, ...]:
        history = self.description.history
        forecast = self._forecast(np.stack([each.values[-history:] for each in vectors]))
        self._metrics.feature_staleness_seconds.set(max(self._staleness_seconds(each) for each in vectors))
        return tuple(self._answer(forecast, row, each) for row, each in enumerate(vectors))

    def _answer(self, forecast: Forecast, row: int, vectors: FeatureVectors | None) -> Prediction:
        probability = float(forecast.probability[row])
        bare = Prediction(
            symbol=None,
            probability=probability,
            expected_return=float(forecast.expected_return[row]),
            signal="long" if probability > self._long_above else "flat",
        )
        self._metrics.predictions.labels(bare.signal).inc()
        if vectors is None:
            return bare
        open_time_ms = int(vectors.open_time_ms[-1])
        return bare.model_copy(
            update={
                "symbol": vectors.symbol,
                "candle_open_time": _utc(open_time_ms),
                "candle_close_time": _utc(open_time_ms + self._candle_ms),
                "staleness_seconds": self._staleness_seconds(vectors),
            }
        )

    def _staleness_seconds(self, vectors: FeatureVectors) -> float:
        return round(self._now() - (int(vectors.open_time_ms[-1]) + self._candle_ms) / 1000, 3)


def _too_old(batch: Batch, symbol: str) -> str:
    limit = "" if batch.max_age is None else f", and at most {batch.max_age:g} are accepted"
    return f"the newest features are {batch.age(symbol):,.1f} candles old{limit}"


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC)
