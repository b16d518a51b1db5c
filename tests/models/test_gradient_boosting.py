"""Boosted trees find what is there, keep quiet when nothing is, and answer single rows exactly."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from algotrade.models import LabelledSamples, Samples, Targets, build_model
from algotrade.models.fast_booster import FastBooster
from algotrade.validation.scores import auc, log_loss

SETTINGS = {"min_data_in_leaf": 20, "num_threads": 1}


@pytest.fixture(scope="module")
def fitted(training, held_out):
    return build_model("lightgbm", SETTINGS).fit(training, held_out)


def test_a_planted_relation_is_found_and_credited_to_its_feature(fitted, held_out):
    forecast = fitted.predict(held_out.samples)
    assert auc(forecast.probability, held_out.targets.direction) > 0.7
    assert np.corrcoef(forecast.expected_return, held_out.targets.forward_return)[0, 1] > 0.4
    assert fitted.importance().argmax() == 0
    assert fitted.importance().sum() == pytest.approx(1.0)


def test_noise_ends_boosting_at_once_and_stays_near_the_base_rate(training, held_out):
    random = np.random.default_rng(3)
    noise = [
        LabelledSamples(part.samples, Targets.of_returns(0.01 * random.standard_normal(len(part))))
        for part in (training, held_out)
    ]
    model = build_model("lightgbm", SETTINGS).fit(*noise)
    probability = model.predict(held_out.samples).probability
    assert abs(auc(probability, noise[1].targets.direction) - 0.5) < 0.1
    assert np.abs(probability - noise[0].targets.direction.mean()).max() < 0.1


def test_single_rows_are_predicted_natively_and_exactly(fitted, held_out):
    windows = held_out.samples.windows(1)[:50].copy()
    windows[::7, 0, 1] = np.nan
    expected = fitted.predict(Samples.of_windows(windows))
    assert fitted.fitted.fast.is_native
    for position, window in enumerate(windows):
        assert fitted.predict_one(window) == (expected.probability[position], expected.expected_return[position])


def test_threads_do_not_disturb_each_other(fitted, held_out):
    rows = held_out.samples.last()
    expected = fitted.fitted.booster.predict(rows, num_threads=1)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda row: [fitted.fitted.fast.predict(row) for _ in range(20)], rows))
    assert all(set(answer) == {truth} for answer, truth in zip(answers, expected, strict=True))


def test_without_the_native_interface_the_answer_is_the_same(fitted, held_out, monkeypatch):
    monkeypatch.setattr("algotrade.models.fast_booster._single_row_library", lambda: None)
    slow = FastBooster(fitted.fitted.booster)
    row = held_out.samples.last()[0]
    assert not slow.is_native
    assert slow.predict(row) == fitted.fitted.fast.predict(row)


def test_a_copy_answers_alike(fitted, held_out):
    row = held_out.samples.last()[:1]
    assert copy.deepcopy(fitted).predict_one(row) == fitted.predict_one(row)


def rare_rises(part: LabelledSamples) -> LabelledSamples:
    """The same samples, of which about one in ten rises."""
    return LabelledSamples(part.samples, Targets.of_returns(part.targets.forward_return - 0.018))


def test_balanced_trees_still_give_the_probabilities_of_the_world_as_it_is(training, held_out):
    rare, later = rare_rises(training), rare_rises(held_out)
    base_rate = later.targets.direction.mean()
    assert base_rate < 0.15
    fitted = build_model("lightgbm", {**SETTINGS, "balance": True, "max_rounds": 30}).fit(rare, later)
    forecast = fitted.predict(later.samples)
    assert forecast.probability.mean() == pytest.approx(base_rate, abs=0.03)
    raw = fitted.fitted.booster.predict(later.samples.last(), num_threads=1)
    assert raw.mean() > 0.3
    plain = build_model("lightgbm", {**SETTINGS, "max_rounds": 30}).fit(rare, later).predict(later.samples)
    losses = [log_loss(each.probability, later.targets.direction) for each in (forecast, plain)]
    assert losses[0] < losses[1] + 0.02
    window = later.samples.windows(1)[3]
    assert fitted.predict_one(window)[0] == pytest.approx(forecast.probability[3], abs=1e-12)


def test_balancing_what_is_balanced_changes_nothing(training, held_out):
    rises = training.targets.direction
    even = training.take(np.sort([*np.flatnonzero(rises)[:600], *np.flatnonzero(~rises)[:600]]))
    plain, balanced = (
        build_model("lightgbm", {**SETTINGS, "balance": balance}).fit(even).predict(held_out.samples).probability
        for balance in (False, True)
    )
    np.testing.assert_array_equal(plain, balanced)


def test_a_missing_value_is_a_side_of_a_split_and_not_a_number(training, held_out):
    """Where a feature is missing exactly before rises, that it is missing is the signal."""
    features = np.random.default_rng(0).standard_normal(training.samples.features.shape)
    features[training.samples.ends[training.targets.direction], 2] = np.nan
    fitted = build_model("lightgbm", SETTINGS).fit(
        LabelledSamples(Samples(features, training.samples.ends), training.targets)
    )
    rows = np.zeros((2, 5))
    rows[0, 2] = np.nan
    missing, there = fitted.predict(Samples(rows, np.arange(2))).probability
    assert missing > 0.9
    assert there < 0.1
