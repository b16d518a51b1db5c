"""A return in units of how far prices usually move, known when the return is."""

import numpy as np
import pandas as pd
import pytest

from algotrade.validation import build_label, forward_returns
from algotrade.validation.labels.volatility import causal_volatility

KEYS = ["symbol", "open_time"]


def scaled(panel, **settings) -> pd.DataFrame:
    return build_label({"kind": "volatility_scaled", "horizon": 4, "window": 2, **settings}).of(panel)


def test_hand_computed(make_panel):
    # Returns of 0.1 and 0.3 before row 2, then a position over four candles that earns 0.4.
    logs = np.array([0.0, 0.1, 0.4, 0.5, 0.5, 0.5, 0.5, 0.9])
    first = scaled(make_panel(np.exp(logs)[:, None]))
    label = first[first["open_time"] == first["open_time"].min() + pd.Timedelta(hours=1)].iloc[0]
    sigma = np.sqrt((0.1**2 + 0.3**2) / 2)
    assert label["forward_return"] == pytest.approx(0.4)
    assert label["target"] == pytest.approx(0.4 / (sigma * 2))


def test_the_return_that_is_scored_is_the_forward_return(make_panel):
    random = np.random.default_rng(0)
    panel = make_panel(100 * np.exp(np.cumsum(0.01 * random.standard_normal((200, 2)), axis=0)))
    labels = scaled(panel, window=20)
    plain = labels[KEYS].merge(forward_returns(panel, 4), on=KEYS)
    for column in ("known_at", "forward_return"):
        pd.testing.assert_series_equal(labels[column], plain[column])
    assert ((labels["target"] > 0) == (labels["forward_return"] > 0)).all()


def test_calm_and_wild_markets_have_targets_of_one_size(make_panel):
    random = np.random.default_rng(1)
    wild = np.where(np.arange(4000) < 2000, 0.001, 0.05)[:, None]
    panel = make_panel(np.exp(np.cumsum(wild * random.standard_normal((4000, 1)), axis=0)))
    labels = scaled(panel, window=50)
    calm, late = labels.iloc[:1900], labels.iloc[2100:]
    assert late["forward_return"].std() / calm["forward_return"].std() > 30
    assert late["target"].std() / calm["target"].std() == pytest.approx(1.0, abs=0.15)
    assert labels["target"].std() == pytest.approx(1.0, abs=0.2)


def test_a_price_that_never_moved_has_no_scale_and_no_label(make_panel):
    close = np.concatenate([np.full(10, 5.0), 5.0 * np.exp(0.1 * np.arange(10))])[:, None]
    panel = make_panel(close)
    labels = scaled(panel)
    # The first candle that moved is row 11.
    assert labels["open_time"].min() == pd.to_datetime(panel.open_time[11], unit="ms", utc=True)


def test_a_missing_candle_leaves_its_two_returns_out_of_the_volatility():
    close = np.exp(np.array([0.0, 0.2, np.nan, 9.0, 9.1, 9.1]))[:, None]
    volatility = causal_volatility(close, 4)
    assert np.isnan(volatility[:4]).all()
    # Known are 0.2 and 0.1; the jump over the gap is bridged by no return.
    assert volatility[4, 0] == pytest.approx(np.sqrt((0.2**2 + 0.1**2) / 2))
    assert volatility[5, 0] == pytest.approx(np.sqrt((0.1**2 + 0.0**2) / 2))
