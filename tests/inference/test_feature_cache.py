import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from algotrade.data.circuit import Breaker
from algotrade.data.online_store import Batch
from algotrade.errors import ForeignFeatures, StoreUnavailable
from algotrade.inference.condition import checks_of
from algotrade.inference.feature_cache import CachedFeatures, CacheLimits, LastKnown
from algotrade.inference.predictor import Predictor
from algotrade.monitoring.metrics import ServiceMetrics

from .fakes import HOUR_MS, NOW_SECONDS, FakeFeatures, FakeModel, describe, vectors

ALL = tuple(vectors(symbol, seed=seed) for seed, symbol in enumerate(describe().symbols))


class Counted(FakeFeatures):
    """Counts how often it was asked; each answer is made of new objects, as the store's are."""

    reads = 0
    finished = 0
    seconds = 0.0
    go_on: threading.Event | None = None

    def read(self, symbols: Sequence[str]) -> Batch:
        self.reads += 1
        time.sleep(self.seconds)
        if self.go_on is not None:
            assert self.go_on.wait(60)
        self.online = {
            name: type(each)(name, each.open_time_ms.copy(), each.values.copy()) for name, each in self.online.items()
        }
        self.finished += 1
        return super().read(symbols)


def soon(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


class Desk:
    """A cache over a source that can fail, with a clock of its own."""

    def __init__(self, **limits: float) -> None:
        self.now = NOW_SECONDS
        self.source = Counted(*ALL)
        self.metrics = ServiceMetrics()
        self.breaker = Breaker("store", 3, 0.2, StoreUnavailable)
        self.cache = CachedFeatures(
            self.source, "1h", CacheLimits(**limits), self.breaker, self.metrics, now=lambda: self.now
        )

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    def break_store(self) -> None:
        self.source.error = StoreUnavailable("does not answer")


class TestWhileTheStoreAnswers:
    def test_it_is_asked_once_in_a_while(self) -> None:
        desk = Desk(fresh_seconds=0.1)
        for _ in range(3):
            desk.cache.read(["BTC/USDT"])
        assert desk.source.reads == 1
        desk.now += 0.11
        desk.cache.read(["BTC/USDT"])
        assert desk.source.reads == 2
        assert desk.value("algotrade_feature_reads_total", origin="cache") == 2
        assert desk.value("algotrade_feature_reads_total", origin="store") == 2

    def test_each_symbol_counts_for_itself(self) -> None:
        desk = Desk()
        desk.cache.read(["BTC/USDT"])
        assert desk.cache.has_at_hand(["BTC/USDT"])
        assert not desk.cache.has_at_hand(["BTC/USDT", "ETH/USDT"])

    def test_the_same_content_stays_the_same_object(self) -> None:
        desk = Desk()
        first = desk.cache.read(["BTC/USDT"])["BTC/USDT"]
        desk.now += 1
        assert desk.cache.read(["BTC/USDT"])["BTC/USDT"] is first
        desk.now += 1
        desk.source.online["BTC/USDT"].values[-1, 0] += 1e-12
        assert desk.cache.read(["BTC/USDT"])["BTC/USDT"] is not first

    def test_missing_values_equal_themselves(self) -> None:
        desk = Desk()
        desk.source.online["BTC/USDT"].values[-1, 2] = np.nan
        first = desk.cache.read(["BTC/USDT"])["BTC/USDT"]
        desk.now += 1
        assert desk.cache.read(["BTC/USDT"])["BTC/USDT"] is first

    def test_what_is_absent_is_not_asked_for_again_and_again(self) -> None:
        desk = Desk()
        del desk.source.online["ETH/USDT"]
        assert [desk.cache.read(["ETH/USDT"]).absent for _ in range(3)] == [("ETH/USDT",)] * 3
        assert desk.source.reads == 1
        assert desk.cache.at_hand("ETH/USDT") is None

    def test_age_is_counted_now_and_not_when_it_was_read(self) -> None:
        desk = Desk(fresh_seconds=1e9, max_age=3.0)
        assert list(desk.cache.read(["BTC/USDT"]).fresh) == ["BTC/USDT"]
        desk.now += 4 * HOUR_MS / 1000
        assert list(desk.cache.read(["BTC/USDT"]).stale) == ["BTC/USDT"]
        assert desk.cache.at_hand("BTC/USDT") is None

    def test_reads_are_counted_by_state_and_aged(self) -> None:
        desk = Desk(max_age=3.0)
        desk.source.online = {
            "BTC/USDT": vectors("BTC/USDT", last_hour=997),
            "ETH/USDT": vectors("ETH/USDT", last_hour=995),
        }
        desk.cache.read(describe().symbols)
        for state in ("fresh", "stale", "absent"):
            assert desk.value("algotrade_online_vectors_total", state=state) == 1
        assert desk.value("algotrade_feature_age_candles_sum") == 6
        assert desk.value("algotrade_online_read_seconds_count") == 1

    def test_what_is_asked_for_again_is_read_ahead_and_nobody_waits(self) -> None:
        desk = Desk(fresh_seconds=1.0)
        desk.cache.read(["BTC/USDT", "ETH/USDT"])
        desk.now += 0.6
        desk.source.go_on = threading.Event()
        assert desk.cache.at_hand("BTC/USDT") is not None
        assert list(desk.cache.read(["ETH/USDT"])) == ["ETH/USDT"]
        desk.source.go_on.set()
        soon(lambda: desk.source.finished >= 2)
        desk.now += 0.6
        soon(lambda: desk.cache.has_at_hand(["BTC/USDT"]))
        assert desk.source.reads <= 3

    def test_a_failure_ahead_of_time_is_no_failure_yet(self) -> None:
        desk = Desk(fresh_seconds=1.0)
        first = desk.cache.read(["BTC/USDT"])["BTC/USDT"]
        desk.break_store()
        desk.now += 0.6
        for _ in range(5):
            assert desk.cache.at_hand("BTC/USDT") is first
            time.sleep(0.01)
        desk.now += 0.6
        assert isinstance(desk.cache.read(["BTC/USDT"]), LastKnown)

    def test_threads_that_wait_for_the_same_answer_ask_once(self) -> None:
        desk = Desk()
        desk.source.seconds = 0.05
        threads = [threading.Thread(target=desk.cache.read, args=(["BTC/USDT"],)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert desk.source.reads == 1


class TestWhileItDoesNot:
    def test_the_last_known_vectors_are_given_and_marked(self) -> None:
        desk = Desk()
        known = desk.cache.read(["BTC/USDT"])
        desk.break_store()
        desk.now += 1
        recalled = desk.cache.read(["BTC/USDT"])
        assert isinstance(recalled, LastKnown)
        assert not isinstance(known, LastKnown)
        assert recalled["BTC/USDT"] is known["BTC/USDT"]
        assert desk.value("algotrade_feature_reads_total", origin="last_known") == 1
        assert desk.value("algotrade_online_store_up") == 0

    def test_only_within_their_limit(self) -> None:
        desk = Desk(last_known_candles=2.0)
        desk.cache.read(["BTC/USDT"])
        desk.break_store()
        desk.now += 2 * HOUR_MS / 1000 - 1
        desk.cache.read(["BTC/USDT"])
        desk.now += 2
        with pytest.raises(StoreUnavailable, match="does not answer"):
            desk.cache.read(["BTC/USDT"])

    def test_a_symbol_that_was_never_read_is_not_made_up(self) -> None:
        desk = Desk()
        desk.cache.read(["BTC/USDT"])
        desk.break_store()
        with pytest.raises(StoreUnavailable):
            desk.cache.read(["BTC/USDT", "ETH/USDT"])

    def test_after_failures_in_a_row_nobody_waits_for_it_any_more(self) -> None:
        desk = Desk()
        desk.cache.read(["BTC/USDT"])
        desk.break_store()
        for _ in range(10):
            desk.now += 1
            desk.cache.read(["BTC/USDT"])
        assert desk.source.reads == 1 + 3
        assert desk.breaker.state == "opened"
        with pytest.raises(StoreUnavailable, match="failed several times in a row and is left alone until"):
            desk.cache.read(["ETH/USDT"])

    def test_it_is_tried_again_after_a_rest_and_all_is_well(self) -> None:
        desk = Desk()
        desk.cache.read(["BTC/USDT"])
        desk.break_store()
        for _ in range(4):
            desk.now += 1
            desk.cache.read(["BTC/USDT"])
        desk.source.error = None
        time.sleep(0.25)
        desk.now += 1
        assert not isinstance(desk.cache.read(["BTC/USDT"]), LastKnown)
        assert (desk.breaker.state, desk.value("algotrade_online_store_up")) == ("closed", 1)

    def test_features_of_another_feature_set_are_neither_served_nor_last_known(self) -> None:
        desk = Desk()
        desk.cache.read(["BTC/USDT"])
        desk.now += 1
        desk.source.error = ForeignFeatures("others")
        with pytest.raises(ForeignFeatures):
            desk.cache.read(["BTC/USDT"])
        desk.break_store()
        with pytest.raises(StoreUnavailable):
            desk.cache.read(["BTC/USDT"])

    def test_predictions_say_that_they_are_degraded_and_health_that_it_is_ready(self) -> None:
        desk = Desk()
        served = Predictor(FakeModel(), describe(), desk.cache, desk.metrics, now=lambda: desk.now)
        well = served.of_every_symbol()
        desk.break_store()
        desk.now += 60
        ill = served.of_every_symbol()
        assert [each.degraded for each in (*well, *ill)] == [False] * 3 + [True] * 3
        assert [each.probability for each in ill] == [each.probability for each in well]
        assert [each.staleness_seconds for each in ill] == [60.0] * 3
        failed = [check for check in checks_of(describe(), desk.cache, lambda: desk.now) if not check.ok]
        assert [(check.name, check.needed) for check in failed] == [("online_store", False)]


def test_the_model_is_asked_once_for_each_content_of_the_features() -> None:
    desk, model = Desk(), FakeModel()
    served = Predictor(model, describe(), desk.cache, desk.metrics, now=lambda: desk.now)
    for _ in range(5):
        served.of_every_symbol()
        desk.now += 1
    assert (len(model.windows), desk.source.reads) == (len(ALL), 5)
    desk.source.online["BTC/USDT"] = vectors("BTC/USDT", seed=77)
    (new,) = served.of_symbols(["BTC/USDT"])
    assert len(model.windows) == len(ALL) + 1
    assert new.probability == float(FakeModel().predict(vectors("BTC/USDT", seed=77).values[-1:][None]).probability[0])
