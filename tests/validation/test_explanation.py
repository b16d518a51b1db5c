"""The feature that the market follows is found, by trees and by any model, on rows that no model had seen."""

import numpy as np
import pytest
from scipy.special import logit

from algotrade.models import PreparationSettings, build_model
from algotrade.validation import FoldSettings, TrainingSettings, fit_preparations, walk_forward, walk_forward_folds
from algotrade.validation.explanation import COLUMNS, permutation_importance, tree_contributions, unseen_rows

TREES = {"max_rounds": 60, "min_data_in_leaf": 20, "num_threads": 1}
FAMILIES = {"signal": "trend", "noise_1": "volume", "noise_2": "volume", "noise_3": "volume"}
ROWS = 600


@pytest.fixture(scope="module")
def cut(predictable):
    return walk_forward_folds(
        predictable.open_time, predictable.known_at, predictable.timeframe.milliseconds, FoldSettings(folds=3)
    )


@pytest.fixture(scope="module")
def prepared(predictable, cut):
    return fit_preparations(predictable, cut, PreparationSettings(factors={"kind": "pca", "count": 1})).folds


@pytest.fixture(scope="module")
def tested(predictable, cut, prepared):
    return unseen_rows(predictable, cut, prepared, TrainingSettings(), ROWS)


@pytest.fixture(scope="module")
def models(predictable, cut, prepared):
    return {
        name: walk_forward(build_model(name, settings), predictable, cut, preparations=prepared).models
        for name, settings in {"lightgbm": TREES, "logistic": {}}.items()
    }


def test_models_are_explained_on_rows_of_their_test_spans_and_no_other(predictable, cut, tested):
    assert sum(len(fold.data) for fold in tested) == ROWS
    for fold, own in zip(cut, tested, strict=True):
        assert own.data.open_time.min() >= fold.test_start
        assert own.data.open_time.max() < fold.test_end
        assert set(own.data.symbol_codes) == set(predictable.symbol_codes)


def test_contributions_and_bias_add_up_to_the_log_odds_of_each_row(models, tested):
    for trees, fold in zip(models["lightgbm"], tested, strict=True):
        samples = fold.samples.samples
        contributions = trees.contributions(samples)
        assert contributions.shape == (len(fold.data), len(fold.names) + 1)
        np.testing.assert_allclose(contributions.sum(axis=1), logit(trees.predict(samples).probability), atol=1e-9)


def test_they_add_up_for_trees_that_were_grown_on_balanced_classes(predictable, cut, tested):
    balanced = build_model("lightgbm", {**TREES, "balance": True})
    names = fold_names = tested[0].preparation
    rows = predictable.labelled.samples
    lopsided = predictable.labelled.take(np.flatnonzero(predictable.labelled.targets.forward_return > -0.005))
    fitted = balanced.fit(names.of_labelled(lopsided))
    samples = fold_names.of(rows)
    np.testing.assert_allclose(
        fitted.contributions(samples).sum(axis=1), logit(fitted.predict(samples).probability), atol=1e-9
    )


def test_the_trees_lean_on_the_feature_that_the_market_follows(models, tested):
    found = tree_contributions(models["lightgbm"], tested, FAMILIES)
    assert tuple(found.columns) == COLUMNS
    assert (found["kind"] == "shap").all()
    best, *others = found.to_dict("records")
    assert (best["feature"], best["family"]) == ("signal", "trend")
    assert best["low"] > max(other["high"] for other in others if other["feature"] != "factor_1")
    assert found["value"].is_monotonic_decreasing
    assert (found["family"] == "custom").sum() == 1, "the factor"


@pytest.mark.parametrize("name", ["lightgbm", "logistic"])
def test_any_model_loses_by_the_feature_that_the_market_follows_when_it_tells_of_another_time(models, tested, name):
    found = permutation_importance(models[name], tested, FAMILIES)
    best, *others = found.to_dict("records")
    assert (best["model"], best["feature"], best["kind"]) == (name, "signal", "permutation")
    assert best["low"] > 0
    noise = [other for other in others if other["feature"].startswith("noise")]
    assert all(abs(other["value"]) < 0.1 * best["value"] for other in noise)


def test_a_feature_is_whole_again_after_it_was_moved(models, tested):
    before = tested[0].samples.samples.windows(1).copy()
    permutation_importance(models["logistic"], tested, FAMILIES)
    np.testing.assert_array_equal(tested[0].samples.samples.windows(1), before)


def test_the_seed_decides_what_is_found(models, tested):
    first, second = (permutation_importance(models["logistic"], tested, FAMILIES, seed=3) for _ in range(2))
    assert first.equals(second)
