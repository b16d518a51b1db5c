"""A sample counts the more, the less others tell the same and the newer it is, by what training may know."""

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError
from algotrade.models.configuration import parse_settings
from algotrade.validation import TrainingSettings, WeightSettings, build_label, training_data
from algotrade.validation.folds import FoldSettings, walk_forward_folds
from algotrade.validation.labels.concurrency import relative_uniqueness
from algotrade.validation.sample_weights import fitting_weights
from algotrade.validation.training_rows import final_rows, fold_rows

DAY = 86_400_000


def test_uniqueness_by_hand():
    """Positions over rows 1-3, 2-3 and 3-5: one, two, three, one and one of them are open on rows 1 to 5."""
    weight = relative_uniqueness(np.array([[4], [4], [6], [-1], [-1], [-1], [-1]]), 3)
    np.testing.assert_allclose(weight[:3, 0], 3 * np.array([(1 + 1 / 2 + 1 / 3) / 3, (1 / 2 + 1 / 3) / 2, (7 / 3) / 3]))
    assert np.isnan(weight[3:]).all()


def test_labels_of_one_length_that_overlap_wholly_weigh_one_and_one_alone_weighs_its_horizon():
    rows = np.arange(60)[:, None]
    crowd = np.where(rows < 50, rows + 1 + 5, -1)
    weight = relative_uniqueness(crowd, 5)
    assert (weight[4:46] == 1.0).all()
    assert (weight[:4] > 1).all()
    alone = np.full((60, 1), -1)
    alone[20] = 26
    assert relative_uniqueness(alone, 5)[20, 0] == 5.0


def test_symbols_do_not_share_their_spans():
    known = np.array([[3, 3], [-1, 4], [-1, -1], [-1, -1]])
    weight = relative_uniqueness(known, 2)
    assert weight[0].tolist() == [2.0, 1.5]


def test_a_position_counts_while_it_is_open_though_its_label_never_comes():
    """Whether a candle will be missing at its exit is not known while it is open."""
    known = np.array([[4], [5], [-1], [-1], [-1], [-1]])
    open_end = known.copy()
    open_end[1] = 900
    np.testing.assert_array_equal(relative_uniqueness(known, 3)[0], relative_uniqueness(open_end, 3)[0])


@pytest.mark.parametrize("row", [150, 220, 260])
def test_a_weight_is_known_when_its_label_is(make_panel, row):
    """What happens after it neither lengthens nor removes the labels that it shares its span with, as then known."""
    random = np.random.default_rng(2)
    prices = 100 * np.exp(np.cumsum(0.01 * random.standard_normal((300, 1)), axis=0))
    label = build_label({"kind": "triple_barrier", "horizon": 10, "window": 20})
    other = prices.copy()
    other[row:] = np.nan
    other[row + 30 :] = prices[row + 30 :] * 3
    panel = make_panel(prices)
    before, after = label.of(panel), label.of(make_panel(other))
    until = pd.to_datetime(panel.open_time[row - 1], unit="ms", utc=True)
    known = [frame[frame["known_at"] <= until].reset_index(drop=True) for frame in (before, after)]
    assert len(known[0]) > 100
    pd.testing.assert_frame_equal(*known, check_exact=True)


def test_decay_halves_with_age_and_the_mean_is_one():
    weight = fitting_weights(np.ones(4), np.array([0, 10, 20, 30]) * DAY, 10.0)
    np.testing.assert_allclose(weight[1:] / weight[:-1], 2.0)
    assert weight.mean() == pytest.approx(1.0)
    np.testing.assert_array_equal(fitting_weights(np.ones(4), np.arange(4), None), np.ones(4))
    # However old the history: the newest sample always counts.
    old = fitting_weights(np.ones(2), np.array([0, 20_000 * DAY]), 1.0)
    np.testing.assert_allclose(old, [0.0, 2.0])


@pytest.fixture
def barrier_data(make_market, make_panel):
    features, _ = make_market(1200, 2, strength=0.0, horizon=1)
    random = np.random.default_rng(0)
    panel = make_panel(100 * np.exp(np.cumsum(0.01 * random.standard_normal((1200, 2)), axis=0)))
    labels = build_label({"kind": "triple_barrier", "horizon": 12, "window": 24}).of(panel)

    def joined(**weights):
        return training_data(features, labels, Timeframe("1h"), 1, WeightSettings(**weights))

    return joined


def test_weights_reach_what_models_are_fitted_on_with_mean_one(barrier_data):
    data = barrier_data(uniqueness=True, decay_half_life_days=5.0)
    fold = walk_forward_folds(data.open_time, data.known_at, 3_600_000, FoldSettings(folds=2))[1]
    rows = fold_rows(data, fold, TrainingSettings(max_training_rows=300))
    for part in (rows.training, rows.early_stopping):
        assert len(part) <= 300
        assert part.targets.weight.mean() == pytest.approx(1.0)
        assert part.targets.weight.std() > 0.3
    final = final_rows(data, TrainingSettings())
    assert final.training.targets.weight.mean() == pytest.approx(1.0)


def test_switched_off_all_samples_count_the_same(barrier_data):
    data = barrier_data(uniqueness=False)
    assert (data.labelled.targets.weight == 1.0).all()
    assert (final_rows(data, TrainingSettings()).training.targets.weight == 1.0).all()
    assert (barrier_data(uniqueness=True).labelled.targets.weight != 1.0).any()


def test_a_training_set_has_the_weights_that_it_would_have_if_nothing_came_after_it(barrier_data):
    data = barrier_data(uniqueness=True, decay_half_life_days=20.0)
    fold = walk_forward_folds(data.open_time, data.known_at, 3_600_000, FoldSettings(folds=3))[0]
    ended = data.take(data.known_at <= fold.train_until)
    with_future, without = (fold_rows(each, fold, TrainingSettings()).training for each in (data, ended))
    np.testing.assert_array_equal(with_future.targets.weight, without.targets.weight)


def test_scores_do_not_weigh(barrier_data):
    """Weights are for fitting: the returns that are scored stay what they are."""
    one, other = barrier_data(uniqueness=True), barrier_data(uniqueness=False)
    np.testing.assert_array_equal(one.labelled.targets.forward_return, other.labelled.targets.forward_return)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ConfigurationError, match="decay_half_life_days = -1"):
        parse_settings(WeightSettings, {"decay_half_life_days": -1}, "weights")
    with pytest.raises(ConfigurationError, match="uniqueness"):
        parse_settings(WeightSettings, {"uniquness": True}, "weights")
