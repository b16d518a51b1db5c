"""Cutting a view keeps context and decisions apart; predictions land on their candle."""

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import from_milliseconds
from algotrade.errors import StrategyError
from algotrade.strategies import MarketView


@pytest.fixture
def view(panel_of) -> MarketView:
    close = 10.0 + np.arange(20.0)[:, None] + np.arange(2.0)
    probability = np.full((20, 2), np.nan)
    probability[6:, 1] = 0.5
    return MarketView(panel_of(close), probability=probability, horizon=4)


def test_since_and_until_meet_without_overlap(view):
    first, second = view.until(8), view.since(8, lookback=3)
    assert (len(first), first.warmup) == (8, 0)
    assert (len(second), second.warmup, len(second.panel)) == (12, 3, 15)
    times = np.concatenate([first.decided.open_time, second.decided.open_time])
    assert times.tolist() == view.panel.open_time.tolist()


def test_context_is_cut_where_history_begins(view):
    early = view.since(2, lookback=5)
    assert (early.warmup, len(early)) == (2, 18)


def test_cuts_can_be_cut_again(view):
    again = view.since(4, lookback=2).since(3, lookback=4)
    assert again.decided.open_time[0] == view.panel.open_time[7]
    assert again.probability is not None
    assert np.array_equal(again.probability, view.probability[3:], equal_nan=True)


def test_predicted_starts_at_the_first_prediction(view):
    assert view.predicted.warmup == 6
    assert len(view.predicted) == 14


def test_a_view_without_predictions_says_so(panel_of):
    with pytest.raises(StrategyError, match="Run the training pipeline first"):
        _ = MarketView(panel_of(np.full((4, 1), 10.0))).predicted


def test_predictions_are_laid_on_the_grid(panel_of):
    panel = panel_of(np.full((4, 2), 10.0))
    predictions = pd.DataFrame(
        {
            "symbol": ["S1/USDT", "S0/USDT", "ELSEWHERE/USDT"],
            "open_time": from_milliseconds(panel.open_time[[2, 3, 0]]),
            "probability": [0.7, 0.4, 0.9],
            "expected_return": [0.01, -0.02, 0.5],
        }
    )
    view = MarketView.from_predictions(panel, predictions, horizon=2)
    assert np.argwhere(np.isfinite(view.probability)).tolist() == [[2, 1], [3, 0]]
    assert view.expected_return[3, 0] == -0.02
    with pytest.raises(StrategyError, match="there twice"):
        MarketView.from_predictions(panel, pd.concat([predictions, predictions]), horizon=2)


@pytest.mark.parametrize(
    "wrong", [{"probability": np.zeros((4, 1))}, {"horizon": 0}, {"warmup": 5}, {"expected_return": np.zeros(4)}]
)
def test_a_view_that_does_not_fit_is_refused(panel_of, wrong):
    with pytest.raises(StrategyError):
        MarketView(panel_of(np.full((4, 2), 10.0)), **wrong)
