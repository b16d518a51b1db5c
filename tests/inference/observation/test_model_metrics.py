import time

import pytest

from algotrade.data.circuit import Breaker
from algotrade.errors import StoreUnavailable
from algotrade.inference.feature_cache import CachedFeatures, CacheLimits
from algotrade.inference.predictor import Predictor
from algotrade.monitoring.metrics import ServiceMetrics
from tests.inference.fakes import NOW_SECONDS, FakeFeatures, FakeModel, describe, vectors


def test_the_breaker_is_shown_open_while_the_store_is_left_alone_and_closed_afterwards() -> None:
    metrics, store = ServiceMetrics(), FakeFeatures(vectors("BTC/USDT"))
    breaker = Breaker("store", 2, 0.2, StoreUnavailable)
    limits = CacheLimits(fresh_seconds=0, last_known_candles=0)
    cached = CachedFeatures(store, "1h", limits, breaker, metrics, now=lambda: NOW_SECONDS)
    store.error = StoreUnavailable("gone")
    for _ in range(4):
        with pytest.raises(StoreUnavailable):
            cached.read(("BTC/USDT",))
    value = metrics.registry.get_sample_value
    assert (value("algotrade_breaker_open"), value("algotrade_online_store_up")) == (1, 0)
    store.error = None
    time.sleep(0.3)
    cached.read(("BTC/USDT",))
    assert (value("algotrade_breaker_open"), value("algotrade_online_store_up")) == (0, 1)


def test_each_new_prediction_says_how_sure_it_is() -> None:
    metrics = ServiceMetrics()
    features = FakeFeatures(vectors("BTC/USDT"))
    predictor = Predictor(FakeModel(), describe(), features, metrics, now=lambda: NOW_SECONDS)
    (prediction,) = predictor.of_symbols(["BTC/USDT"])
    value = metrics.registry.get_sample_value
    assert value("algotrade_prediction_confidence_count") == 1
    assert value("algotrade_prediction_confidence_sum") == pytest.approx(abs(2 * prediction.probability - 1))
