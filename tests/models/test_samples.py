"""Windows never cross a symbol, a gap or a missing row."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algotrade.models import LabelledSamples, Samples, Targets, sample_ends, usable_rows

HOUR = 3_600_000


def test_a_window_is_the_last_rows_up_to_its_end():
    samples = Samples(np.arange(12.0).reshape(6, 2), np.array([2, 5]))
    np.testing.assert_array_equal(samples.windows(3), [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]])
    np.testing.assert_array_equal(samples.last(), [[4, 5], [10, 11]])


def test_windows_survive_the_way_through_samples():
    windows = np.random.default_rng(0).standard_normal((5, 3, 2))
    np.testing.assert_array_equal(Samples.of_windows(windows).windows(3), windows)


@given(
    rows=st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.booleans()), min_size=1, max_size=40),
    history=st.integers(1, 5),
)
def test_every_sample_is_gapless_usable_and_of_one_symbol_and_none_is_forgotten(rows, history):
    steps, usable, changes = (np.array(column) for column in zip(*rows, strict=True))
    symbols, hours = np.cumsum(changes), np.cumsum(steps)
    ends = set(sample_ends(symbols, hours * HOUR, HOUR, usable, history).tolist())
    for end in range(len(rows)):
        block = slice(end - history + 1, end + 1)
        possible = (
            end + 1 >= history
            and usable[block].all()
            and len(set(symbols[block])) == 1
            and hours[end] - hours[block.start] == history - 1
        )
        assert (end in ends) == possible


def test_rows_are_usable_where_all_features_that_they_need_are_there():
    nan = np.nan
    features = np.array([[nan, 1.0], [2.0, 1.0], [2.0, nan], [np.inf, 1.0], [nan, nan]])
    assert usable_rows(features, np.array([True, False])).tolist() == [False, True, True, False, False]
    assert usable_rows(features, np.array([True, True])).tolist() == [False, True, False, False, False]
    assert usable_rows(features, np.array([False, False])).tolist() == [True, True, True, True, False]


def test_thinning_keeps_samples_and_targets_together_and_both_ends():
    features = np.arange(100.0)[:, None]
    thinned = LabelledSamples(Samples(features, np.arange(100)), Targets.of_returns(features[:, 0])).thinned(7)
    assert len(thinned) == 7
    np.testing.assert_array_equal(thinned.samples.last()[:, 0], thinned.targets.forward_return)
    assert thinned.targets.forward_return[[0, -1]].tolist() == [0.0, 99.0]


def test_a_return_of_zero_is_not_a_rise():
    assert Targets.of_returns(np.array([-0.1, 0.0, 0.1])).direction.tolist() == [False, False, True]
