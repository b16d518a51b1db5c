"""A label is what the earliest fill earns, and says when it was known."""

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import ConfigurationError, TooFewCandles
from algotrade.validation import forward_returns
from algotrade.validation.labels import LABEL_COLUMNS

HOUR = pd.Timedelta(hours=1)


def test_hand_computed_labels_and_when_they_were_known(make_panel):
    labels = forward_returns(make_panel(np.array([[100.0], [110.0], [121.0], [133.1], [100.0]])), horizon=2)
    np.testing.assert_allclose(labels["forward_return"], [np.log(133.1 / 110), np.log(100 / 121)])
    assert (labels["known_at"] - labels["open_time"] == 3 * HOUR).all()
    assert list(labels.columns) == list(LABEL_COLUMNS)
    np.testing.assert_array_equal(labels["target"], labels["forward_return"])
    assert str(labels["known_at"].dtype) == "datetime64[ms, UTC]"


@pytest.mark.parametrize("horizon", [1, 3, 7])
def test_the_last_rows_have_no_label(make_panel, horizon):
    panel = make_panel(np.linspace(1, 2, 20)[:, None])
    assert len(forward_returns(panel, horizon)) == 20 - (horizon + 1)


def test_rows_without_an_entry_an_exit_or_a_candle_have_no_label(make_panel):
    opens = np.arange(1.0, 9.0)[:, None]
    opens[3] = np.nan
    labels = forward_returns(make_panel(opens), horizon=1)
    hours = (labels["open_time"] - labels["open_time"].iloc[0]) // HOUR
    # Row 3 is missing itself, row 2 has no entry, row 1 no exit.
    assert hours.tolist() == [0, 4, 5]


def test_symbols_are_sorted_whatever_their_order_in_the_panel(make_panel):
    opens = np.array([[1.0, 10.0], [1.0, 10.0], [2.0, 10.0], [2.0, 20.0]])
    labels = forward_returns(make_panel(opens, ("Z/USDT", "A/USDT")), horizon=1)
    assert labels["symbol"].tolist() == ["A/USDT", "A/USDT", "Z/USDT", "Z/USDT"]
    np.testing.assert_allclose(labels["forward_return"], np.log([1, 2, 2, 1]))


def test_a_label_never_depends_on_its_own_close_or_an_earlier_price(make_panel):
    opens = np.arange(1.0, 9.0)[:, None]
    changed = opens.copy()
    changed[:3] = 77.0
    before, after = (forward_returns(make_panel(each), 2)["forward_return"].to_numpy() for each in (opens, changed))
    np.testing.assert_array_equal(before[2:], after[2:])


def test_a_horizon_that_makes_no_sense_is_refused(make_panel):
    panel = make_panel(np.ones((5, 1)))
    with pytest.raises(ConfigurationError, match="horizon = 0: Input should be greater than 0"):
        forward_returns(panel, 0)
    with pytest.raises(TooFewCandles, match="horizon of 4 needs 6 candles, there are 5"):
        forward_returns(panel, 4)
