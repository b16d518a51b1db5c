from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from algotrade.data.online_store import FeatureVectors
from algotrade.errors import ForeignFeatures, StoreUnavailable
from algotrade.inference.predictor import Predictor
from algotrade.inference.problems import FeaturesNotOnline, StaleFeatures, UnfitFeatures, UnknownSymbol
from algotrade.monitoring.metrics import ServiceMetrics

from .fakes import NAMES, NOW_SECONDS, FakeFeatures, FakeModel, describe, vectors


def predictor(features: FakeFeatures, model: FakeModel | None = None, history: int = 1, **settings: float) -> Predictor:
    return Predictor(
        model or FakeModel(), describe(history), features, ServiceMetrics(), now=lambda: NOW_SECONDS, **settings
    )


ALL = (vectors("BTC/USDT", seed=1), vectors("ETH/USDT", seed=2), vectors("SOL/USDT", seed=3))


class TestSymbols:
    def test_answers_in_the_order_asked_whatever_the_spelling(self) -> None:
        answers = predictor(FakeFeatures(*ALL)).of_symbols(["solusdt", "BTC-USDT", "SOL/USDT"])
        assert [answer.symbol for answer in answers] == ["SOL/USDT", "BTC/USDT"]

    def test_each_symbol_has_the_forecast_of_its_own_features(self) -> None:
        together = predictor(FakeFeatures(*ALL)).of_every_symbol()
        for each in ALL:
            alone = FakeModel().predict(each.values[-1:][np.newaxis])
            answer = next(answer for answer in together if answer.symbol == each.symbol)
            assert answer.probability == float(alone.probability[0])
            assert answer.expected_return == float(alone.expected_return[0])

    def test_the_model_gets_its_history_newest_last(self) -> None:
        model = FakeModel()
        predictor(FakeFeatures(vectors("BTC/USDT", rows=5)), model, history=3).of_symbols(["BTC/USDT"])
        assert np.array_equal(model.windows[0], vectors("BTC/USDT", rows=5).values[-3:][np.newaxis])

    def test_times_are_those_of_the_newest_candle(self) -> None:
        (answer,) = predictor(FakeFeatures(vectors("BTC/USDT", last_hour=997))).of_symbols(["BTC/USDT"])
        assert answer.candle_open_time == datetime.fromtimestamp(997 * 3600, tz=UTC)
        assert answer.candle_close_time == datetime.fromtimestamp(998 * 3600, tz=UTC)
        assert answer.staleness_seconds == 2 * 3600

    def test_the_signal_is_long_above_the_threshold_only(self) -> None:
        probability = predictor(FakeFeatures(*ALL)).of_symbols(["BTC/USDT"])[0].probability
        at = predictor(FakeFeatures(*ALL), long_above=probability).of_symbols(["BTC/USDT"])[0]
        below = predictor(FakeFeatures(*ALL), long_above=probability - 1e-9).of_symbols(["BTC/USDT"])[0]
        assert (at.signal, below.signal) == ("flat", "long")

    def test_an_unknown_symbol_is_answered_with_the_known_ones(self) -> None:
        with pytest.raises(UnknownSymbol, match=r"'DOGE/USDT'\. The model knows: BTC/USDT, ETH/USDT, SOL/USDT"):
            predictor(FakeFeatures(*ALL)).of_symbols(["BTC/USDT", "DOGE/USDT"])


class TestIncompleteFeatures:
    @pytest.mark.parametrize(
        ("online", "reason"),
        [
            (None, "no 1h features online yet"),
            (vectors("BTC/USDT", rows=1), "1 candles of features online, the model looks at 2"),
            (replace(vectors("BTC/USDT"), values=np.zeros((3, 2))), "2 features online, the model takes 3"),
            (replace(vectors("BTC/USDT"), values=np.full((3, 3), np.nan)), "warming up"),
            (
                replace(vectors("BTC/USDT"), values=np.array([[0, 0, 0], [0, 0, 0], [0, np.nan, 0]], dtype=float)),
                "warming up",
            ),
            (replace(vectors("BTC/USDT"), open_time_ms=np.array([1, 2, 4]) * 3_600_000), "candles are missing"),
        ],
    )
    def test_are_named_and_left_out_of_all(self, online: FeatureVectors | None, reason: str) -> None:
        features = FakeFeatures(vectors("ETH/USDT"), *([online] if online is not None else []))
        with pytest.raises(FeaturesNotOnline, match=f"BTC/USDT: .*{reason}"):
            predictor(features, history=2).of_symbols(["ETH/USDT", "BTC/USDT"])
        assert [each.symbol for each in predictor(features, history=2).of_every_symbol()] == ["ETH/USDT"]

    def test_a_feature_whose_data_is_not_there_is_for_the_model_to_fill(self) -> None:
        values = vectors("BTC/USDT").values.copy()
        values[:, 2] = np.nan
        model = FakeModel()
        online = replace(vectors("BTC/USDT"), values=values)
        predictor(FakeFeatures(online), model).of_symbols(["BTC/USDT"])
        assert np.isnan(model.windows[0][0, 0, 2])

    def test_nothing_complete_is_a_refusal(self) -> None:
        with pytest.raises(FeaturesNotOnline, match="No symbol"):
            predictor(FakeFeatures()).of_every_symbol()


class TestGivenFeatures:
    def test_names_are_put_into_the_order_of_the_model(self) -> None:
        model = FakeModel()
        named = {"taker_buy_imbalance_12": 3.0, "momentum": 1.0, "volatility": 2.0}
        (answer,) = predictor(FakeFeatures(), model).of_features(named)
        assert model.windows[0].tolist() == [[[1.0, 2.0, 3.0]]]
        assert (answer.symbol, answer.candle_open_time, answer.staleness_seconds) == (None, None, None)

    def test_a_matrix_is_history_rows(self) -> None:
        model = FakeModel()
        predictor(FakeFeatures(), model, history=2).of_features([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        assert model.windows[0].tolist() == [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]

    @pytest.mark.parametrize(
        ("features", "history", "message"),
        [
            (dict.fromkeys(NAMES[:2], 0.0), 1, "missing: taker_buy_imbalance_12; unknown: none"),
            (dict.fromkeys((*NAMES, "typo"), 0.0), 1, "missing: none; unknown: typo"),
            (dict.fromkeys(NAMES, 0.0), 2, "looks at 2 candles"),
            ([[0.0] * 3], 2, "1 rows of 3 numbers; the model takes 2 rows"),
            ([[0.0] * 3, [0.0] * 2], 2, "2 rows of 2 or 3 numbers"),
            ([[0.0] * 4], 1, "1 rows of 4 numbers"),
        ],
    )
    def test_anything_else_is_refused(self, features: object, history: int, message: str) -> None:
        with pytest.raises(UnfitFeatures, match=message):
            predictor(FakeFeatures(), history=history).of_features(features)  # type: ignore[arg-type]

    def test_a_refusal_does_not_repeat_a_thousand_names(self) -> None:
        with pytest.raises(UnfitFeatures) as refusal:
            predictor(FakeFeatures()).of_features({f"{'x' * 500}{number}": 0.0 for number in range(1000)})
        assert len(str(refusal.value)) < 1000


class TestChecks:
    def failed(self, features: FakeFeatures) -> list[str]:
        return [check.name for check in predictor(features).checks() if not check.ok]

    def test_fresh_and_complete_is_healthy(self) -> None:
        assert self.failed(FakeFeatures(*ALL)) == []

    def test_two_missed_candles_are_tolerated_three_are_not(self) -> None:
        tolerated = [replace(each, open_time_ms=each.open_time_ms - 2 * 3_600_000) for each in ALL]
        stale = [replace(each, open_time_ms=each.open_time_ms - 3 * 3_600_000) for each in ALL]
        assert self.failed(FakeFeatures(*tolerated)) == []
        assert self.failed(FakeFeatures(*stale)) == ["freshness"]

    def test_a_symbol_without_features_is_named(self) -> None:
        checks = predictor(FakeFeatures(*ALL[:2])).checks()
        assert [check.detail for check in checks if not check.ok] == ["SOL/USDT: no 1h features online yet"]

    @pytest.mark.parametrize(
        ("error", "name"),
        [
            (StoreUnavailable("does not answer"), "online_store"),
            (ForeignFeatures("others"), "online_features"),
            (FeaturesNotOnline("nothing yet"), "online_features"),
        ],
    )
    def test_a_store_that_fails_is_reported_not_raised(self, error: Exception, name: str) -> None:
        features = FakeFeatures(*ALL)
        features.error = error
        assert self.failed(features) == [name]


class TestAge:
    def aged(self, max_age: float | None) -> FakeFeatures:
        """One symbol two candles old, one four, one missing."""
        return FakeFeatures(vectors("BTC/USDT", last_hour=997), vectors("ETH/USDT", last_hour=995), max_age=max_age)

    def test_features_of_any_age_are_served_unless_a_limit_is_set(self) -> None:
        answers = predictor(self.aged(None)).of_every_symbol()
        assert [each.staleness_seconds for each in answers] == [2 * 3600, 4 * 3600]

    def test_a_symbol_with_older_ones_is_refused_by_name_and_left_out_of_all(self) -> None:
        served = predictor(self.aged(3))
        with pytest.raises(
            StaleFeatures, match=r"ETH/USDT: the newest features are 4\.0 candles old, and at most 3 are"
        ):
            served.of_symbols(["BTC/USDT", "ETH/USDT"])
        assert [each.symbol for each in served.of_every_symbol()] == ["BTC/USDT"]

    def test_only_older_ones_are_a_refusal(self) -> None:
        with pytest.raises(StaleFeatures, match="BTC/USDT"):
            predictor(self.aged(1)).of_every_symbol()

    def test_health_is_not_ready_then(self) -> None:
        checks = predictor(self.aged(3)).checks()
        assert [(each.name, each.detail) for each in checks if not each.ok] == [
            (
                "online_features",
                "ETH/USDT: the newest features are 4.0 candles old, and at most 3 are accepted; "
                "SOL/USDT: no 1h features online yet",
            )
        ]


class TestFeatureSets:
    def test_the_online_fingerprint_is_told_beside_the_models(self) -> None:
        features = FakeFeatures(*ALL)
        assert predictor(features).feature_sets().model_dump() == {
            "expected": "fingerprint-a",
            "online": "fingerprint-a",
        }
        features.made_by = "fingerprint-b"
        assert predictor(features).feature_sets().online == "fingerprint-b"

    def test_without_a_store_it_is_unknown(self) -> None:
        features = FakeFeatures()
        features.error = StoreUnavailable("does not answer")
        assert predictor(features).feature_sets().online is None


def test_a_missing_feature_is_named() -> None:
    values = vectors("BTC/USDT").values.copy()
    values[-1, 1] = np.nan
    with pytest.raises(FeaturesNotOnline, match="the newest candle has no volatility"):
        predictor(FakeFeatures(replace(vectors("BTC/USDT"), values=values))).of_symbols(["BTC/USDT"])
