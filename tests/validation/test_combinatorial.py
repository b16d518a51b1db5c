"""Every path goes once through the whole history, and no model on it had seen a label of what it forecasts."""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from algotrade.errors import ConfigurationError, LookAheadFound, TooFewCandles
from algotrade.models.base import build_model
from algotrade.models.preparation import PreparationSettings
from algotrade.validation import combinatorial_walk
from algotrade.validation.combinatorial import (
    CombinatorialSettings,
    combinatorial_splits,
    group_bounds,
    refuse_overlap,
    split_rows,
)
from algotrade.validation.combinatorial_walk import (
    choice_overfitting,
    daily_gains,
    path_scores,
    summarise_paths,
    walk_combinatorial,
)

STEP = 3_600_000
START = 1_700_006_400_000
LOGISTIC = {"logistic": build_model("logistic", {})}


def rows_of(count: int, longest: int, seed: int = 0, listed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two symbols with labels of 2 to ``longest`` candles, the second listed late."""
    random = np.random.default_rng(seed)
    open_time = START + STEP * np.concatenate([np.arange(count), np.arange(listed, count)]).astype(np.int64)
    return open_time, open_time + STEP * random.integers(2, longest + 1, len(open_time))


@settings(max_examples=60, deadline=None)
@given(
    groups=st.integers(3, 8),
    tested=st.integers(1, 3),
    longest=st.integers(2, 20),
    embargo=st.sampled_from([0.0, 0.01, 0.05]),
    seed=st.integers(0, 99),
    listed=st.integers(0, 150),
)
def test_no_training_label_is_under_way_while_a_test_label_is(groups, tested, longest, embargo, seed, listed):
    assume(tested < groups)
    open_time, known_at = rows_of(400, longest, seed, listed)
    cut = CombinatorialSettings(groups=groups, test_groups=tested, embargo_share=embargo)
    for split in combinatorial_splits(open_time, STEP, cut):
        training, test = split_rows(split, open_time, known_at)
        assert not (training & test).any()
        refuse_overlap(training, test, open_time, known_at)
        for start, end in split.spans:
            inside = (open_time >= start) & (open_time < end)
            assert (test[inside]).all()
            over = known_at[inside].max()
            before, after = training & (open_time < start), training & (open_time >= end)
            assert (known_at[before] <= start).all()
            assert (open_time[after] >= max(over, end) + split.embargo).all()
        # Row by row, against every tested one: the law itself, slowly.
        some = np.flatnonzero(training)[:: max(training.sum() // 40, 1)]
        for row in some:
            assert not ((open_time[test] < known_at[row]) & (known_at[test] > open_time[row])).any()


@settings(max_examples=25, deadline=None)
@given(groups=st.integers(3, 8), tested=st.integers(1, 4))
def test_each_group_of_each_path_is_tested_once(groups, tested):
    assume(tested < groups)
    open_time, _ = rows_of(300, 4)
    cut = CombinatorialSettings(groups=groups, test_groups=tested)
    splits = combinatorial_splits(open_time, STEP, cut)
    assert [split.tested for split in splits] == list(combinations(range(groups), tested))
    assert len(splits) == cut.splits == comb(groups, tested)
    places = [(path, group) for split in splits for path, group in zip(split.paths, split.tested, strict=True)]
    assert sorted(places) == [(path, group) for path in range(cut.paths) for group in range(groups)]
    assert cut.paths == cut.splits * tested // groups


def test_six_groups_two_tested_are_fifteen_splits_and_five_paths():
    """The example of the book, figure 12.1."""
    cut = CombinatorialSettings(groups=6, test_groups=2)
    assert (cut.splits, cut.paths) == (15, 5)
    splits = combinatorial_splits(rows_of(600, 4)[0], STEP, cut)
    assert [split.tested for split in splits if 0 in split.paths] == [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)]


def test_groups_are_equal_spans_of_calendar_time_whenever_symbols_were_listed():
    open_time, _ = rows_of(600, 4, listed=500)
    bounds = group_bounds(open_time, STEP, 6)
    assert set(np.diff(bounds)) == {100 * STEP}
    assert bounds[0] == START


def test_both_sides_of_a_test_span_are_purged_and_the_later_one_embargoed():
    open_time = START + STEP * np.arange(100, dtype=np.int64)
    known_at = open_time + 5 * STEP
    cut = CombinatorialSettings(groups=5, test_groups=1, embargo_share=0.03)
    split = combinatorial_splits(open_time, STEP, cut)[2]
    training, tested = split_rows(split, open_time, known_at)
    rows = np.arange(100)
    assert rows[tested].tolist() == list(range(40, 60))
    # Row 35 is known at 40; row 59 at 64, and three candles of embargo follow.
    assert rows[training].tolist() == [*range(36), *range(67, 100)]


def test_a_leak_planted_on_either_side_is_refused():
    open_time, known_at = rows_of(200, 9)
    split = combinatorial_splits(open_time, STEP, CombinatorialSettings(groups=4, test_groups=1))[1]
    training, tested = split_rows(split, open_time, known_at)
    (start, end) = split.spans[0]
    for leak in (
        (open_time < start) & (known_at > start),
        (open_time >= end) & (open_time < known_at[tested].max()),
        tested,
    ):
        with pytest.raises(LookAheadFound, match="labels under way at the time of a test label"):
            refuse_overlap(training | leak, tested, open_time, known_at)


def test_a_walk_without_purging_is_refused(unpredictable, monkeypatch):
    def everything_else(split, open_time, known_at):
        tested = np.logical_or.reduce([(open_time >= start) & (open_time < end) for start, end in split.spans])
        return ~tested, tested

    monkeypatch.setattr(combinatorial_walk, "split_rows", everything_else)
    with pytest.raises(LookAheadFound, match="Purge them on both sides"):
        walk_combinatorial(LOGISTIC, unpredictable, CombinatorialSettings(groups=4, test_groups=1))


@pytest.fixture(scope="module")
def walked(predictable):
    cut = CombinatorialSettings(groups=5, test_groups=2, max_rows=2000)
    seen = []
    walk = walk_combinatorial(LOGISTIC, predictable, cut, PreparationSettings(), seen.append)
    assert len(seen) == 10
    return walk, cut


def test_every_row_is_forecast_once_on_every_path(walked, predictable):
    walk, cut = walked
    keys = ["path", "symbol", "open_time"]
    assert not walk.predictions.duplicated(keys).any()
    assert len(walk.predictions) == cut.paths * 2000
    assert walk.splits["left_out_rows"].min() > 0
    assert (walk.splits[["training_rows", "left_out_rows", "test_rows"]].sum(axis=1) == 2000).all()


def test_a_planted_signal_is_found_on_every_path(walked):
    walk, cut = walked
    scores = path_scores(walk.predictions)
    assert len(scores) == cut.paths
    assert (scores["auc"] > 0.8).all()
    assert (scores["gain"] > 0).all()
    found = summarise_paths(scores, choice_overfitting(walk.predictions), cut)
    assert found["models"]["logistic"]["paths_above_base_rate"] == cut.paths
    assert found["best"] == "logistic"
    assert found["probability_of_overfitting"] is None


def test_a_path_scores_what_its_rows_score(walked):
    walk, _ = walked
    first = walk.predictions[walk.predictions["path"] == 0]
    rises = first["forward_return"] > 0
    said = np.where(rises, first["probability"], 1 - first["probability"])
    assert path_scores(walk.predictions)["log_loss"].iloc[0] == pytest.approx(-np.log(said).mean())
    assert path_scores(walk.predictions)["accuracy"].iloc[0] == pytest.approx((said > 0.5).mean())


def made_up(gains: dict[str, float], days: int, seed: int) -> pd.DataFrame:
    """Forecasts whose gains are noise about a mean."""
    random = np.random.default_rng(seed)
    times = pd.date_range("2024-01-01", periods=days * 24, freq="h", tz="UTC")
    return pd.concat(
        [
            pd.DataFrame({"model": name, "open_time": times, "gain": mean + random.standard_normal(len(times))})
            for name, mean in gains.items()
        ]
    )


def test_choosing_among_equals_is_overfitting_and_choosing_the_best_is_not():
    equals = [choice_overfitting(made_up(dict.fromkeys("abcdef", 0.0), 200, seed)).probability for seed in range(12)]
    assert np.mean(equals) == pytest.approx(0.5, abs=0.12)
    better = choice_overfitting(made_up({**dict.fromkeys("abcde", 0.0), "f": 0.3}, 200, 0))
    assert better.probability < 0.01


def test_days_are_the_mean_over_symbols_and_paths():
    frame = pd.DataFrame(
        {
            "model": ["a", "a", "b", "a"],
            "open_time": pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta([0, 23, 0, 24], unit="h"),
            "gain": [1.0, 3.0, 7.0, 9.0],
        }
    )
    # The second day has no forecast of b.
    assert daily_gains(frame).to_numpy().tolist() == [[2.0, 7.0]]


def test_a_history_too_short_for_the_choice_has_no_probability():
    assert choice_overfitting(made_up({"a": 0.0, "b": 0.0}, 7, 0)) is None
    assert choice_overfitting(made_up({"a": 0.0, "b": 0.0}, 8, 0)) is not None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"groups": 4, "test_groups": 4}, "none to learn"),
        ({"models": {"trees": {"model": "lightgbn"}}}, "lightgbm"),
        ({"models": {"logistic": {"penlty": 1}}}, "penalty"),
        ({"models": {"logistic, strict": {"model": "logistic"}}}, "letters, digits, spaces, - and _ only"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given, message):
    with pytest.raises(ConfigurationError, match=message):
        CombinatorialSettings(**given).build_models(7)


def test_too_short_a_history_is_refused_with_a_way_out():
    with pytest.raises(TooFewCandles, match=r"5 candles .* cannot be cut into 6 groups"):
        combinatorial_splits(START + STEP * np.arange(5, dtype=np.int64), STEP, CombinatorialSettings())
    with pytest.raises(TooFewCandles, match="0 candles"):
        combinatorial_splits(np.array([], dtype=np.int64), STEP, CombinatorialSettings())
    open_time, known_at = rows_of(30, 30)
    split = combinatorial_splits(open_time, STEP, CombinatorialSettings(groups=3, test_groups=1))[1]
    with pytest.raises(TooFewCandles, match="no row is left to learn"):
        split_rows(split, open_time, np.maximum(known_at, open_time[-1]))
