"""What a model says of the newest features, once for each of their contents."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

import numpy as np

from algotrade.data.online_store import Batch, FeatureVectors
from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import Timeframe
from algotrade.inference.schemas import Interval, ModelDescription
from algotrade.inference.windows import lacking
from algotrade.monitoring.metrics import ServiceMetrics


class ServedModel(Protocol):
    """What the service needs of a model bundle."""

    def predict_one(self, window: FloatArray) -> tuple[float, float]:
        """Probability and expected log return from one window of shape ``(history, F)``."""

    @property
    def interval_level(self) -> float | None:
        """Share of the returns that lie in the model's intervals; None where it knows no interval."""

    def interval(self, expected_return: float, window: FloatArray | None = None) -> tuple[float, float]:
        """Ends of the interval around an expected log return."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a model says of one window.

    Attributes
    ----------
    probability : float in [0, 1]
        That the forward return is positive.
    expected_return : float
        Log return.
    interval : Interval or None
    open_time, close_time : datetime or None
        Of the newest candle; None where nobody knows it.
    close_seconds : float
        The latter since the epoch.
    """

    probability: float
    expected_return: float
    interval: Interval | None
    open_time: datetime | None = None
    close_time: datetime | None = None
    close_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the newest features of a symbol.

    Attributes
    ----------
    symbol : str
    vectors : FeatureVectors or None
        The features themselves; None where there are none.
    lacking : str
        What keeps them from being predicted on; empty where nothing does.
    outlook : Outlook or None
    """

    symbol: str
    vectors: FeatureVectors | None
    lacking: str
    outlook: Outlook | None = None


class Outlooks:
    """What one model says of every symbol; asked again only when a symbol's features are another object.

    A prediction is a function of model and features, so the same features need not be predicted on twice. As many
    outlooks are kept as the model has symbols.

    Parameters
    ----------
    model : ServedModel
    description : ModelDescription
    metrics : ServiceMetrics
    """

    def __init__(self, model: ServedModel, description: ModelDescription, metrics: ServiceMetrics) -> None:
        self._model = model
        self._description = description
        self._candle_ms = Timeframe(description.timeframe).milliseconds
        self._seconds = metrics.inference_seconds
        self._confidence = metrics.confidence
        self._known: dict[str, Known] = {}

    def of(self, batch: Batch) -> tuple[dict[str, Known], Sequence[Known]]:
        """What is known of each symbol that is fresh or absent, and which of it is new."""
        known: dict[str, Known] = {}
        new: list[Known] = []
        for symbol, vectors in batch.fresh.items():
            found = self._known.get(symbol)
            if found is None or found.vectors is not vectors:
                found = self._known[symbol] = self._look_at(vectors)
                new.append(found)
            known[symbol] = found
        for symbol in (*batch.absent, *batch.stale):
            known[symbol] = Known(symbol, None, lacking(None, self._description))
        return known, new

    def last(self, symbol: str) -> Known | None:
        """What was known of a symbol when it was last asked about; None where it never was."""
        return self._known.get(symbol)

    def of_window(self, window: FloatArray) -> Outlook:
        """What the model says of one window of shape ``(history, F)``."""
        begun = time.perf_counter()
        probability, expected_return = self._model.predict_one(window)
        interval = self._interval(expected_return, window)
        self._seconds.observe(time.perf_counter() - begun)
        self._confidence.observe(abs(2 * probability - 1))
        return Outlook(probability, expected_return, interval)

    def warm_up(self) -> None:
        """Prepare what is prepared on first use."""
        self._model.predict_one(np.zeros((self._description.history, len(self._description.feature_names))))

    def _look_at(self, vectors: FeatureVectors) -> Known:
        reason = lacking(vectors, self._description)
        if reason:
            return Known(vectors.symbol, vectors, reason)
        said = self.of_window(vectors.values[-self._description.history :])
        open_ms = int(vectors.open_time_ms[-1])
        close_ms = open_ms + self._candle_ms
        outlook = replace(said, open_time=_utc(open_ms), close_time=_utc(close_ms), close_seconds=close_ms / 1000)
        return Known(vectors.symbol, vectors, "", outlook)

    def _interval(self, expected_return: float, window: FloatArray) -> Interval | None:
        level = self._model.interval_level
        if level is None:
            return None
        low, high = self._model.interval(expected_return, window)
        return Interval(low=low, high=high, level=level)


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC)
