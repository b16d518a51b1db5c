"""Out-of-fold predictions: of every test row, by a model that knew nothing of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import to_milliseconds
from algotrade.models import LabelledSamples, Targets, build_model
from algotrade.validation import (
    FoldSettings,
    TrainingData,
    TrainingSettings,
    auc_interval,
    fit_final,
    folds,
    model_scores,
    walk_forward,
    walk_forward_folds,
)
from algotrade.validation.walk_forward import PREDICTION_COLUMNS

TREES = {"min_data_in_leaf": 20, "num_threads": 1, "max_rounds": 60, "learning_rate": 0.1}

FORECAST = ["probability", "expected_return"]


def cut(data: TrainingData, **settings) -> tuple[folds.Fold, ...]:
    return walk_forward_folds(
        data.open_time, data.known_at, data.timeframe.milliseconds, FoldSettings(folds=3, **settings)
    )


def test_every_test_row_is_predicted_once_with_all_that_judgement_needs(predictable):
    walk, seen = cut(predictable), []
    result = walk_forward(
        build_model("logistic"), predictable, walk, progress=lambda name, fold: seen.append((name, fold.index))
    )
    predictions = result.predictions
    assert tuple(predictions.columns) == PREDICTION_COLUMNS
    assert not predictions.isna().any().any()
    assert not predictions.duplicated(["symbol", "open_time"]).any()
    tested = np.logical_or.reduce([folds.test_rows(fold, predictable.open_time) for fold in walk])
    assert len(predictions) == tested.sum()
    assert sorted(predictions["forward_return"]) == sorted(predictable.labelled.targets.forward_return[tested])
    assert (predictions["close_time"] - predictions["open_time"] == pd.Timedelta(hours=1)).all()
    assert str(predictions["known_at"].dtype) == "datetime64[ms, UTC]"
    assert seen == [("logistic", 0), ("logistic", 1), ("logistic", 2)]
    assert (result.folds["test_start"] >= result.folds["train_until"]).all()
    assert result.folds["test_rows"].sum() == len(predictions)


def test_a_planted_relation_is_found_out_of_fold(predictable):
    for model, settings in (("logistic", {}), ("lightgbm", TREES)):
        predictions = walk_forward(build_model(model, settings), predictable, cut(predictable)).predictions
        assert auc_interval(predictions).low > 0.6
        scores = model_scores(predictions)[model]
        assert scores["information_coefficient"] > 0.4
        assert scores["log_loss"] < np.log(2)


def test_nothing_is_found_in_noise(unpredictable):
    predictions = walk_forward(build_model("lightgbm", TREES), unpredictable, cut(unpredictable)).predictions
    interval = auc_interval(predictions, confidence=0.999)
    assert interval.low < 0.5 < interval.high


def with_returns(data: TrainingData, forward_return: np.ndarray) -> TrainingData:
    return replace(data, labelled=LabelledSamples(data.labelled.samples, Targets.of_returns(forward_return)))


@pytest.mark.parametrize(("model", "settings"), [("logistic", {}), ("lightgbm", TREES)])
def test_labels_that_were_not_yet_known_change_no_prediction(predictable, model, settings):
    walk = cut(predictable)
    unknown = predictable.known_at > walk[0].train_until
    flipped = np.where(unknown, -1, 1) * predictable.labelled.targets.forward_return
    honest, poisoned = (
        walk_forward(build_model(model, settings), data, walk[:1]).predictions[FORECAST]
        for data in (predictable, with_returns(predictable, flipped))
    )
    np.testing.assert_array_equal(honest, poisoned)


def test_a_label_that_pretends_to_be_known_early_is_a_leak_that_shows(predictable):
    """The test of the test: without purging, the poisoned labels do change predictions."""
    walk = cut(predictable)
    unknown = predictable.known_at > walk[0].train_until
    flipped = np.where(unknown, -1, 1) * predictable.labelled.targets.forward_return
    pretending = replace(predictable, known_at=predictable.open_time)
    honest, poisoned = (
        walk_forward(build_model("logistic"), data, walk[:1]).predictions[FORECAST]
        for data in (pretending, with_returns(pretending, flipped))
    )
    assert (honest != poisoned).any(axis=None)


def test_the_same_seed_gives_the_same_predictions(predictable):
    walk = cut(predictable)[:1]
    one, other = (
        walk_forward(build_model("lightgbm", {**TREES, "seed": 3}), predictable, walk).predictions for _ in range(2)
    )
    pd.testing.assert_frame_equal(one, other)


def test_more_rows_than_allowed_are_thinned(predictable):
    result = walk_forward(
        build_model("logistic"), predictable, cut(predictable), TrainingSettings(max_training_rows=300)
    )
    assert (result.folds["training_rows"] == 300).all()
    assert model_scores(result.predictions)["logistic"]["auc"] > 0.6


def test_the_final_model_is_fitted_on_all_but_the_purged_last_slice(predictable):
    stop = TrainingSettings(early_stopping_share=0.2)
    final = fit_final(build_model("majority"), predictable, stop)
    start = np.quantile(predictable.open_time, 0.8, method="higher")
    expected = predictable.labelled.targets.direction[predictable.known_at <= start].mean()
    assert final.predict(predictable.labelled.samples).probability[0] == pytest.approx(expected)
    assert expected != predictable.labelled.targets.direction.mean()


def test_the_model_of_each_fold_is_kept(predictable):
    walk = cut(predictable)
    result = walk_forward(build_model("lightgbm", TREES), predictable, walk)
    for fold, model in zip(walk, result.models, strict=True):
        tested = predictable.labelled.samples.take(folds.test_rows(fold, predictable.open_time))
        own = result.predictions[result.predictions["fold"] == fold.index]
        np.testing.assert_array_equal(model.predict(tested).probability, own["probability"])


def test_predictions_are_sorted_as_their_samples(predictable):
    predictions = walk_forward(build_model("majority"), predictable, cut(predictable)).predictions
    for _, group in predictions.groupby(["fold", "symbol"]):
        assert (np.diff(to_milliseconds(group["open_time"])) > 0).all()
