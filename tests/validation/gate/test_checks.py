"""Each check fails for what it is there for, and says so."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.validation.gate.predictions import HOUR, folds_of, predictions, truth

from algotrade.errors import ConfigurationError
from algotrade.models.samples import Forecast
from algotrade.validation.gate import (
    GateSettings,
    calibration_check,
    latency_check,
    leak_check,
    serving_check,
    stability_check,
)
from algotrade.validation.scores import TimeBlocks
from algotrade.validation.scores.calibration import calibration_scores

SETTINGS = GateSettings()


@pytest.fixture(scope="module")
def honest() -> pd.DataFrame:
    return predictions("model", *truth(3_000, seed=5))


class TestLeak:
    def check(self, frame, folds=None, prepared=None, trained=None):
        folds = folds or folds_of(frame)
        until = [fold.train_until for fold in folds]
        return leak_check(frame, folds, prepared or until, trained or until)

    def test_honest_folds_pass(self, honest):
        found = self.check(honest)
        assert found.passed
        assert found.found == "0 faults in 4 folds"

    def test_a_model_that_knew_labels_of_its_test_span(self, honest):
        trained = [fold.test_start + HOUR for fold in folds_of(honest)]
        found = self.check(honest, trained=trained)
        assert not found.passed
        assert "the models of fold 0 learned from labels known after its training end" in found.reason

    def test_a_preparation_that_knew_them(self, honest):
        prepared = [fold.train_until + (1 if fold.index == 2 else 0) for fold in folds_of(honest)]
        found = self.check(honest, prepared=prepared)
        assert "the preparation of fold 2" in found.reason

    def test_training_into_the_test_span(self, honest):
        folds = tuple(replace(fold, train_until=fold.test_start + 1) for fold in folds_of(honest))
        assert "trains beyond the start of its test span" in self.check(honest, folds=folds).reason

    def test_forecasts_outside_of_the_test_span(self, honest):
        moved = honest.assign(fold=honest["fold"].where(honest.index != 5, 3))
        assert "fold 3 forecasts candles outside of its test span" in self.check(moved, folds=folds_of(honest)).reason

    def test_forecasts_of_no_fold(self, honest):
        moved = honest.assign(fold=honest["fold"].where(honest.index != 5, 9))
        assert "1 forecasts belong to no fold" in self.check(moved, folds=folds_of(honest)).reason

    def test_labels_that_are_known_too_early(self, honest):
        early = honest.assign(known_at=honest["close_time"])
        assert "known before their candle has closed" in self.check(early).reason

    def test_a_missing_preparation(self, honest):
        folds = folds_of(honest)
        until = [fold.train_until for fold in folds]
        assert not leak_check(honest, folds, until[:-1], until).passed


class TestCalibration:
    def check(self, frame: pd.DataFrame):
        blocks = TimeBlocks.of(frame).resampled(draws=200)
        return calibration_check(calibration_scores(frame, blocks).to_json(), SETTINGS)

    def test_true_probabilities_pass(self, honest):
        found = self.check(honest)
        assert found.passed, found
        assert found.reason == "probabilities mean what they say"

    @pytest.mark.parametrize(
        ("stretch", "shift", "reason"),
        [
            (4.0, 0.0, "surer than it should be"),
            (0.2, 0.0, "less sure than it could be"),
            (1.0, 0.6, "probabilities are off what happened"),
            (0.0, 0.0, "cannot be held against what happened"),
        ],
    )
    def test_others_do_not(self, honest, stretch: float, shift: float, reason: str):
        odds = np.log(honest["probability"] / (1 - honest["probability"]))
        found = self.check(honest.assign(probability=1 / (1 + np.exp(-stretch * odds - shift))))
        assert not found.passed
        assert reason in found.reason


class TestStability:
    def scores(self, challenger: list[float]) -> pd.DataFrame:
        losses = {"challenger": challenger, "coin": [0.69] * 4, "worse": [0.70] * 4}
        return pd.DataFrame(
            [
                {"model": model, "fold": fold, "rows": 100, "log_loss": loss}
                for model, own in losses.items()
                for fold, loss in enumerate(own)
            ]
        )

    @pytest.mark.parametrize(
        ("challenger", "passed"),
        [
            ([0.68, 0.68, 0.68, 0.68], True),
            ([0.60, 0.68, 0.68, 0.70], True),  # one bad fold, and not by much
            ([0.60, 0.60, 0.695, 0.695], False),  # two bad folds
            ([0.50, 0.60, 0.60, 0.72], False),  # one, but by too much
        ],
    )
    def test_one_slightly_worse_fold_is_forgiven(self, challenger: list[float], passed: bool):
        found = stability_check(self.scores(challenger), "challenger", ["coin", "worse"], SETTINGS)
        assert found.passed is passed
        assert "worse than coin" in found.found


class TestServing:
    fitted = Forecast(np.array([0.4, 0.6]), np.array([-0.01, 0.01]))

    def test_what_was_fitted_is_served(self):
        assert serving_check(self.fitted, self.fitted, (), SETTINGS).passed

    def test_another_answer_is_found(self):
        other = replace(self.fitted, expected_return=self.fitted.expected_return + 1e-4)
        found = serving_check(self.fitted, other, (), SETTINGS)
        assert not found.passed
        assert "1.0e-04" in found.found

    def test_so_is_a_missing_one(self):
        assert not serving_check(
            self.fitted, replace(self.fitted, probability=np.array([0.4, np.nan])), (), SETTINGS
        ).passed
        assert not serving_check(self.fitted, Forecast(np.zeros(1), np.zeros(1)), (), SETTINGS).passed

    def test_and_a_heavy_library(self):
        found = serving_check(self.fitted, self.fitted, ("tensorflow",), SETTINGS)
        assert not found.passed
        assert "tensorflow" in found.reason


def test_slow_models_are_stopped():
    assert latency_check(0.3, SETTINGS).passed
    assert not latency_check(11.0, SETTINGS).passed


def test_slopes_have_to_be_in_order():
    with pytest.raises(ConfigurationError, match="lowest_slope"):
        GateSettings(lowest_slope=2.0, highest_slope=1.0)
