"""Nothing that a model learns from was known later than the moment before its first decision."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from algotrade.errors import TooFewCandles
from algotrade.validation import FoldSettings, early_stopping_split, folds, train_rows, walk_forward_folds

STEP = 3_600_000
START = 1_700_006_400_000


def times(rows: int, horizon: int, listed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Open times and known_at of one symbol that is listed ``listed`` candles late."""
    open_time = START + STEP * np.arange(listed, rows, dtype=np.int64)
    return open_time, open_time + (1 + horizon) * STEP


def stacked(*symbols: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([each[0] for each in symbols]), np.concatenate([each[1] for each in symbols])


cuts = st.builds(
    FoldSettings,
    folds=st.integers(1, 6),
    test_share=st.floats(0.1, 0.6),
    mode=st.sampled_from(["expanding", "rolling"]),
    embargo=st.integers(0, 5),
    min_training_rows=st.just(1),
)


@settings(max_examples=80, deadline=None)
@given(
    cut=cuts, rows=st.integers(240, 400), horizon=st.integers(1, 12), listed=st.integers(0, 60), seed=st.integers(0, 99)
)
def test_no_training_label_is_known_after_the_test_starts(cut, rows, horizon, listed, seed):
    """Labels of any length up to the horizon, as those of a triple barrier, or all of one length."""
    assume(int(rows * cut.test_share) // cut.folds > horizon)
    open_time, known_at = stacked(times(rows, horizon), times(rows, horizon, listed))
    if seed % 2:
        known_at = open_time + STEP * np.random.default_rng(seed).integers(2, horizon + 2, len(open_time))
    walk = walk_forward_folds(open_time, known_at, STEP, cut)
    for fold in walk:
        trained, tested = train_rows(fold, open_time, known_at), folds.test_rows(fold, open_time)
        assert known_at[trained].max() <= open_time[tested].min() - cut.embargo * STEP
        # No price move is in a training and in a test return: the former end before the latter begin.
        assert known_at[trained].max() < (open_time[tested] + STEP).min()
        assert not (trained & tested).any()
        # And nothing that was known in time is left out.
        assert not ((known_at <= fold.train_until) & (open_time >= fold.train_start) & ~trained).any()
        fit, stop = early_stopping_split(trained, open_time, known_at, 0.3, fold.embargo)
        assert known_at[fit].max() <= open_time[stop].min() - fold.embargo
        assert not ((fit | stop) & ~trained).any()
        left = trained & ~fit & ~stop
        assert (known_at[left] > open_time[stop].min() - fold.embargo).all()


@settings(max_examples=60, deadline=None)
@given(cut=cuts, rows=st.integers(120, 400))
def test_test_spans_follow_each_other_up_to_the_last_row(cut, rows):
    open_time, known_at = times(rows, horizon=1)
    walk = walk_forward_folds(open_time, known_at, STEP, cut)
    tested = np.array([folds.test_rows(fold, open_time) for fold in walk])
    assert tested.sum(axis=0).max() == 1
    assert len(set(tested.sum(axis=1))) == 1
    assert tested[-1][-1]
    assert all(one.test_end == other.test_start for one, other in pairwise(walk))


def test_a_leak_planted_at_the_edge_is_purged():
    open_time, known_at = times(200, horizon=4)
    fold = walk_forward_folds(open_time, known_at, STEP, FoldSettings(folds=2, min_training_rows=1))[0]
    last = np.flatnonzero(train_rows(fold, open_time, known_at))[-1]
    # Known exactly when the test span starts: the last row that may be used.
    assert known_at[last] == fold.test_start
    leaking = known_at.copy()
    leaking[last] += 1
    assert not train_rows(fold, open_time, leaking)[last]


def test_purging_follows_each_labels_own_known_at():
    open_time, known_at = times(200, horizon=1)
    known_at[50] = open_time[-1]
    cut = FoldSettings(folds=1, test_candles=150, min_training_rows=1)
    trained = train_rows(walk_forward_folds(open_time, known_at, STEP, cut)[0], open_time, known_at)
    assert trained[48]
    assert not trained[50]


def test_expanding_keeps_the_beginning_and_rolling_the_length():
    open_time, known_at = times(500, horizon=1)
    for mode, starts, lengths in (("expanding", 1, 4), ("rolling", 4, 1)):
        walk = walk_forward_folds(open_time, known_at, STEP, FoldSettings(folds=4, mode=mode))
        assert len({fold.train_start for fold in walk}) == starts
        assert len({fold.test_start - fold.train_start for fold in walk}) == lengths


def test_test_candles_set_the_length_of_a_test_span():
    open_time, known_at = times(400, horizon=1)
    walk = walk_forward_folds(open_time, known_at, STEP, FoldSettings(folds=3, test_candles=20))
    assert {fold.test_end - fold.test_start for fold in walk} == {20 * STEP}


def test_a_late_listed_symbol_joins_later_folds_and_moves_no_boundary():
    early, late = times(500, horizon=1), times(500, horizon=1, listed=300)
    cut = FoldSettings(folds=4)
    assert walk_forward_folds(*early, STEP, cut) == walk_forward_folds(*stacked(early, late), STEP, cut)


@pytest.mark.parametrize(
    ("rows", "cut", "message"),
    [
        (40, FoldSettings(folds=1), r"Fold 0 has 19 training rows .*; 200 are needed"),
        (10, FoldSettings(folds=8), r"10 candles cannot be cut into 8 test spans"),
        (300, FoldSettings(folds=3, test_candles=100), r"300 candles cannot be cut into 3 test spans of 100"),
        (0, FoldSettings(), r"no labelled row"),
    ],
)
def test_a_history_that_is_too_short_is_refused_with_numbers_and_a_way_out(rows, cut, message):
    with pytest.raises(TooFewCandles, match=message) as caught:
        walk_forward_folds(*times(rows, horizon=1), STEP, cut)
    assert "Fetch a longer history" in str(caught.value)


@pytest.mark.parametrize(("horizon", "fits"), [(19, True), (20, False)])
def test_a_horizon_longer_than_a_fold_is_refused(horizon, fits):
    cut = FoldSettings(folds=3, test_candles=20)
    if fits:
        assert len(walk_forward_folds(*times(500, horizon), STEP, cut)) == 3
        return
    with pytest.raises(TooFewCandles, match=r"known up to 21 candles .* but a test span has 20 candles") as caught:
        walk_forward_folds(*times(500, horizon), STEP, cut)
    assert "Lower the horizon or `folds` (now 3)" in str(caught.value)


def test_a_gap_as_long_as_a_test_span_is_refused():
    open_time, known_at = times(500, horizon=1)
    kept = (open_time < START + 300 * STEP) | (open_time >= START + 390 * STEP)
    with pytest.raises(TooFewCandles, match="Fold 1 has no test row from 2023"):
        walk_forward_folds(open_time[kept], known_at[kept], STEP, FoldSettings(folds=4, test_candles=60))


def test_too_few_rows_to_stop_early_on_are_refused():
    open_time, known_at = times(3, horizon=5)
    with pytest.raises(TooFewCandles, match="3 training rows cannot be cut"):
        early_stopping_split(np.ones(3, dtype=bool), open_time, known_at, 0.2, 0)
