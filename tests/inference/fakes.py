"""A model and a feature source whose answers can be told in advance."""

from collections.abc import Sequence

import numpy as np

from algotrade.data.online_store import Batch, FeatureVectors
from algotrade.data.online_store.batch import age_in_candles
from algotrade.domain.timeframe import Timeframe
from algotrade.inference.schemas import ModelDescription
from algotrade.models.samples import Forecast

HOUR_MS = 3_600_000
HOUR = Timeframe("1h")
NOW_SECONDS = 1_000 * 3_600.0
NAMES = ("momentum", "volatility", "taker_buy_imbalance_12")


def describe(history: int = 1) -> ModelDescription:
    return ModelDescription(
        name="fake",
        version="7",
        feature_fingerprint="fingerprint-a",
        timeframe="1h",
        symbols=("BTC/USDT", "ETH/USDT", "SOL/USDT"),
        horizon=4,
        history=history,
        feature_names=NAMES,
    )


def vectors(symbol: str, rows: int = 3, last_hour: int = 999, seed: int = 0) -> FeatureVectors:
    hours = np.arange(last_hour - rows + 1, last_hour + 1, dtype=np.int64)
    return FeatureVectors(symbol, hours * HOUR_MS, np.random.default_rng(seed).normal(size=(rows, len(NAMES))))


class FakeModel:
    """Says a probability that shows which numbers it was given, and in which order."""

    def __init__(self) -> None:
        self.windows: list[np.ndarray] = []

    def predict(self, windows: np.ndarray) -> Forecast:
        self.windows.append(windows)
        filled = np.nan_to_num(windows[:, -1, :])
        probability = 1 / (1 + np.exp(-filled @ np.array([1.0, 0.1, 0.01])))
        return Forecast(probability, probability - 0.5)

    def predict_one(self, window: np.ndarray) -> tuple[float, float]:
        forecast = self.predict(window[np.newaxis])
        return float(forecast.probability[0]), float(forecast.expected_return[0])

    @property
    def interval_level(self) -> float | None:
        return 0.9

    def interval(self, expected_return: float, window: np.ndarray | None = None) -> tuple[float, float]:
        return expected_return - 0.02, expected_return + 0.02


class FakeFeatures:
    """Holds what is online, or an error to raise instead."""

    def __init__(self, *online: FeatureVectors, max_age: float | None = None) -> None:
        self.online = {each.symbol: each for each in online}
        self.error: Exception | None = None
        self.made_by: str | None = "fingerprint-a"
        self.max_age = max_age
        self.instant = False

    def read(self, symbols: Sequence[str]) -> Batch:
        if self.error is not None:
            raise self.error
        found = {symbol: self.online[symbol] for symbol in symbols if symbol in self.online}
        now_ms = int(1_000 * NOW_SECONDS)
        ages = {symbol: age_in_candles(each, HOUR, now_ms) for symbol, each in found.items()}
        stale = {symbol for symbol, age in ages.items() if self.max_age is not None and age > self.max_age}
        return Batch(
            timeframe=HOUR,
            fresh={symbol: each for symbol, each in found.items() if symbol not in stale},
            stale={symbol: each for symbol, each in found.items() if symbol in stale},
            absent=tuple(symbol for symbol in symbols if symbol not in found),
            fingerprint=self.made_by,
            read_time_ms=now_ms,
            max_age=self.max_age,
        )

    def has_at_hand(self, symbols: Sequence[str]) -> bool:
        return self.instant

    def at_hand(self, symbol: str) -> FeatureVectors | None:
        return self.online.get(symbol) if self.instant and self.error is None else None

    def fingerprint(self) -> str | None:
        if self.error is not None:
            raise self.error
        return self.made_by
