"""Intervals cover what they are to cover, agree with the closed form, and refuse to be drawn from too little."""

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import ModelError
from algotrade.validation.scores import SCORES, Interval, TimeBlocks, auc_interval, model_score, paired_difference
from algotrade.validation.scores.draws import score_draws

NULL = {"auc": 0.5, "information_coefficient": 0.0, "accuracy": 0.5}


def intervals(frame: pd.DataFrame, scores, draws: int = 200) -> dict[str, Interval]:
    resampling = TimeBlocks.of(frame).resampled(draws)
    return {
        score: Interval.of_draws(model_score(frame, score), score_draws(frame, score, resampling), resampling.blocks)
        for score in scores
    }


def coverage(found: list[dict[str, Interval]], truth: dict[str, float]) -> dict[str, float]:
    return {
        score: float(np.mean([each[score].low <= value <= each[score].high for each in found]))
        for score, value in truth.items()
    }


def test_intervals_cover_chance_at_their_rate_although_labels_overlap_and_symbols_move_together(make_forecasts):
    found = [intervals(make_forecasts(seed), NULL) for seed in range(100)]
    covered = coverage(found, NULL)
    # 95 % less three standard errors of 100 seeds.
    assert all(share >= 0.885 for share in covered.values()), covered


def test_intervals_cover_what_a_planted_forecast_is_worth(make_forecasts):
    scores = ("auc", "log_loss", "information_coefficient")
    found = [intervals(make_forecasts(seed, strength=0.05), scores) for seed in range(100, 200)]
    truth = {score: float(np.mean([each[score].value for each in found])) for score in scores}
    assert truth["auc"] > 0.6
    covered = coverage(found, truth)
    assert all(share >= 0.885 for share in covered.values()), covered


@pytest.mark.slow
def test_intervals_of_all_scores_cover_at_their_rate_over_many_seeds(make_forecasts):
    for strength in (0.0, 0.05):
        found = [intervals(make_forecasts(seed, strength), SCORES, draws=1000) for seed in range(400)]
        truth = {score: float(np.mean([each[score].value for each in found])) for score in SCORES}
        covered = coverage(found, truth)
        # Three standard errors of 400 seeds, and a point for what few blocks leave unknown.
        assert all(0.91 <= share <= 0.985 for share in covered.values()), covered


def test_the_bootstrap_agrees_with_delong_on_the_error_of_an_auc(make_forecasts):
    ratios = []
    for seed in range(40):
        frame = make_forecasts(seed, strength=0.03)
        ratios.append(intervals(frame, ("auc",))["auc"].standard_error / auc_interval(frame).standard_error)
    # Blocks that begin anywhere against blocks on a grid: each noisy by itself, equal on average.
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.06)
    assert 0.6 < min(ratios) < max(ratios) < 1.6


def test_too_few_blocks_give_a_value_and_a_reason_but_no_interval(make_frame):
    random = np.random.default_rng(0)
    frame = make_frame(random.random((60, 2)), random.standard_normal((60, 2)), horizon=9)
    found = intervals(frame, ("auc",))["auc"]
    assert np.isfinite(found.value)
    assert np.isnan([found.low, found.high, found.standard_error]).all()
    assert found.reason == "6 blocks of time are too few for an interval; 8 are needed"
    assert found.to_json() == {"low": None, "high": None, "standard_error": None}


def noisy(returns: np.ndarray, strength: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return 0.5 + 0.2 * np.tanh(strength * returns / 3.5 + random.standard_normal(returns.shape))


@pytest.mark.parametrize("score", ["log_loss", "auc"])
def test_models_that_are_equally_good_are_told_apart_no_more_often_than_promised(make_frame, make_market, score):
    values = []
    for seed in range(100):
        _, returns, _ = make_market(seed, times=600, symbols=2, horizon=6)
        first, second = (make_frame(noisy(returns, 0.5, 1000 * seed + each), returns, horizon=6) for each in (1, 2))
        values.append(paired_difference(first, second, score, seed=seed).p_value)
    # 5 % of 100 are 5; more than 12 happen once in a thousand times.
    assert np.sum(np.array(values) < 0.05) <= 12
    assert 0.35 < np.mean(values) < 0.65


def test_a_better_model_is_told_apart_and_better_is_positive(make_frame, make_market):
    _, returns, _ = make_market(5, times=2000, symbols=3, horizon=8)
    good, poor = (make_frame(noisy(returns, strength, 1), returns, horizon=8) for strength in (1.0, 0.3))
    for score in SCORES:
        found = paired_difference(good, poor, score)
        assert found.value > 0, score
        assert found.low > 0, score
        assert found.p_value < 0.05, score
        turned = paired_difference(poor, good, score)
        assert turned.value == pytest.approx(-found.value)
        assert turned.p_value == pytest.approx(found.p_value)


def test_the_p_value_is_below_the_level_exactly_where_the_interval_leaves_out_zero(make_frame, make_market):
    for seed in range(40):
        _, returns, _ = make_market(seed, times=400, symbols=2, horizon=4)
        first, second = (make_frame(noisy(returns, strength, seed), returns, horizon=4) for strength in (0.8, 0.5))
        found = paired_difference(first, second, "brier", confidence=0.9)
        assert (found.p_value < 0.1) == (found.low > 0 or found.high < 0)


def test_what_is_hard_for_both_cancels_in_a_paired_difference(make_forecasts):
    frame = make_forecasts(1, strength=0.05)
    sharper = frame.assign(probability=0.5 + 1.1 * (frame["probability"] - 0.5))
    found = paired_difference(sharper, frame, "log_loss")
    alone = intervals(frame, ("log_loss",))["log_loss"]
    assert found.high - found.low < 0.3 * (alone.high - alone.low)


def test_a_model_against_itself_is_no_different(make_forecasts):
    frame = make_forecasts(0)
    found = paired_difference(frame, frame.sample(frac=1, random_state=0))
    assert (found.value, found.p_value) == (0.0, 1.0)


def test_models_on_different_rows_are_not_compared(make_forecasts):
    frame = make_forecasts(0)
    with pytest.raises(ModelError, match=r"3000 and 2999, of which 2999 are the same"):
        paired_difference(frame, frame.iloc[1:])


def test_rows_that_one_of_two_does_not_forecast_count_for_neither(make_forecasts):
    frame = make_forecasts(0, strength=0.05)
    gone = frame["open_time"] < frame["open_time"].quantile(0.2)
    patchy = frame.assign(probability=frame["probability"].mask(gone))
    other = frame.assign(probability=0.5)
    assert paired_difference(patchy, other) == paired_difference(frame[~gone], other[~gone])


def test_a_rival_without_folds_is_compared_in_those_of_the_first(make_forecasts):
    frame = make_forecasts(2, strength=0.05)
    other = frame.assign(probability=frame["probability"].clip(0.45, 0.55))
    assert paired_difference(frame, other.drop(columns="fold"), "auc") == paired_difference(frame, other, "auc")


def test_too_few_blocks_or_one_direction_give_a_reason_instead_of_a_p_value(make_frame):
    random = np.random.default_rng(0)
    few = make_frame(random.random((60, 2)), random.standard_normal((60, 2)), horizon=9)
    found = paired_difference(few, few.assign(probability=0.5))
    assert np.isfinite(found.value)
    assert np.isnan(found.p_value)
    assert "too few" in found.reason
    rising = make_frame(random.random((400, 2)), np.ones((400, 2)))
    found = paired_difference(rising, rising.assign(probability=0.5), "auc")
    assert np.isnan([found.value, found.p_value]).all()
    assert found.reason
