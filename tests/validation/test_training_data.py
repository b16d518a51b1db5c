"""Every sample carries the label of its own symbol and time."""

import numpy as np
import pytest

from algotrade.domain.candles import to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import FeatureError, TooFewCandles
from algotrade.validation import training_data

HOUR = Timeframe("1h")


def test_samples_match_a_plain_join(make_market):
    features, labels = make_market(60, 3, strength=0.0, horizon=2)
    data = training_data(features, labels, HOUR, history=1)
    joined = features.merge(labels, on=["symbol", "open_time"])
    assert data.feature_names == ("signal", "noise_1", "noise_2", "noise_3")
    np.testing.assert_array_equal(data.labelled.samples.last()[:, 0], joined["signal"])
    np.testing.assert_array_equal(data.labelled.targets.forward_return, joined["forward_return"])
    np.testing.assert_array_equal(data.known_at, to_milliseconds(joined["known_at"]))
    assert [data.symbols[code] for code in data.symbol_codes] == joined["symbol"].tolist()


def test_rows_may_come_in_any_order(make_market):
    features, labels = make_market(60, 3, strength=0.0, horizon=2)
    sorted_data = training_data(features, labels, HOUR, history=3)
    shuffled = training_data(
        features.sample(frac=1, random_state=0), labels.sample(frac=1, random_state=1), HOUR, history=3
    )
    np.testing.assert_array_equal(shuffled.labelled.samples.windows(3), sorted_data.labelled.samples.windows(3))
    np.testing.assert_array_equal(shuffled.labelled.targets.forward_return, sorted_data.labelled.targets.forward_return)


def test_rows_that_warm_up_or_follow_a_gap_are_left_out(make_market):
    features, labels = make_market(40, 1, strength=0.0, horizon=1)
    features.loc[:9, "noise_2"] = np.nan
    features = features.drop(index=20)
    data = training_data(features, labels, HOUR, history=5)
    hours = (data.open_time - to_milliseconds(labels["open_time"])[0]) // HOUR.milliseconds
    assert hours.tolist() == [*range(14, 20), *range(25, 38)]


def test_labels_of_unknown_symbols_are_ignored(make_market):
    features, labels = make_market(40, 2, strength=0.0, horizon=1)
    only = features[features["symbol"] == "C1/USDT"]
    data = training_data(only, labels, HOUR, history=1)
    assert data.symbols == ("C1/USDT",)
    np.testing.assert_array_equal(
        data.labelled.targets.forward_return, labels.loc[labels["symbol"] == "C1/USDT", "forward_return"]
    )


def test_a_feature_row_that_is_there_twice_is_refused(make_market):
    features, labels = make_market(40, 1, strength=0.0, horizon=1)
    features.loc[5, "open_time"] = features.loc[4, "open_time"]
    with pytest.raises(FeatureError, match="twice"):
        training_data(features, labels, HOUR, history=1)


def test_a_history_longer_than_the_features_is_refused(make_market):
    features, labels = make_market(40, 1, strength=0.0, horizon=1)
    with pytest.raises(TooFewCandles, match="None of 40 feature rows"):
        training_data(features, labels, HOUR, history=50)
