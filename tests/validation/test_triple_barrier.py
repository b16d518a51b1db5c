"""Each way out of a position, computed by hand; moves of one candle are of 10 % of a log unit before it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import Panel
from algotrade.validation import build_label, forward_returns

HOUR = pd.Timedelta(hours=1)
SIGMA = 0.1
ENTRY = 100.0
ROW = 2
"""The first row that knows both returns of its window: its position opens on row 3."""


@pytest.fixture
def panel(make_panel) -> Panel:
    """Ten candles: the first three close 10 % of a log unit apart, from row 3 on all is quiet at 100."""
    close = np.full((10, 1), ENTRY)
    close[:3, 0] = ENTRY * np.exp([SIGMA, 0.0, SIGMA])
    return make_panel(close)


def with_candle(panel: Panel, row: int, **prices: float) -> Panel:
    blocks = {name: getattr(panel, name).copy() for name in ("open", "high", "low", "close")}
    for name, price in prices.items():
        blocks[name][row] = price
    return replace(panel, **blocks)


def label_of(panel: Panel, row: int = ROW, **settings) -> pd.Series | None:
    given = {"kind": "triple_barrier", "horizon": 4, "profit": 1.0, "loss": 0.5, "window": 2, **settings}
    labels = build_label(given).of(panel)
    opened = (labels["open_time"] - pd.to_datetime(panel.open_time[0], unit="ms", utc=True)) // HOUR
    found = labels[opened == row]
    return found.iloc[0] if len(found) else None


def after(label: pd.Series) -> int:
    """Candles from the open of the row until its label is known."""
    return (label["known_at"] - label["open_time"]) // HOUR


# Over four candles a standard deviation is twice that of one.
UPPER, LOWER = ENTRY * np.exp(2 * SIGMA), ENTRY * np.exp(-SIGMA)


def test_without_a_touch_the_exit_is_the_open_after_the_horizon(panel):
    label = label_of(with_candle(panel, 7, open=105.0, high=105.0))
    assert label["forward_return"] == pytest.approx(np.log(1.05))
    assert after(label) == 5


def test_a_high_that_touches_the_upper_barrier_takes_the_profit_there_and_is_known_at_the_close(panel):
    label = label_of(with_candle(panel, 4, high=UPPER + 1e-9))
    assert label["forward_return"] == pytest.approx(2 * SIGMA)
    assert after(label) == 3


def test_a_low_that_touches_the_lower_barrier_takes_the_loss_there(panel):
    label = label_of(with_candle(panel, 5, low=LOWER - 1e-9))
    assert label["forward_return"] == pytest.approx(-SIGMA)
    assert after(label) == 4


def test_prices_just_inside_the_barriers_touch_nothing(panel):
    label = label_of(with_candle(panel, 4, high=UPPER - 1e-6, low=LOWER + 1e-6))
    assert after(label) == 5


def test_of_two_barriers_touched_in_one_candle_the_loss_is_taken(panel):
    label = label_of(with_candle(panel, 4, high=UPPER + 5, low=LOWER - 5))
    assert label["forward_return"] == pytest.approx(-SIGMA)


@pytest.mark.parametrize("price", [80.0, 130.0])
def test_a_gap_through_a_barrier_is_filled_at_the_open_and_known_then(panel, price):
    # The other barrier is touched later in the same candle: too late.
    label = label_of(with_candle(panel, 4, open=price, low=80.0, high=130.0))
    assert label["forward_return"] == pytest.approx(np.log(price / ENTRY))
    assert after(label) == 2


def test_the_candle_of_the_entry_is_watched(panel):
    label = label_of(with_candle(panel, 3, high=UPPER + 1))
    assert label["forward_return"] == pytest.approx(2 * SIGMA)
    assert after(label) == 2


def test_the_candle_after_the_horizon_is_not_watched_beyond_its_open(panel):
    label = label_of(with_candle(panel, 7, low=LOWER - 5))
    assert label["forward_return"] == pytest.approx(0.0)


def test_of_several_touches_the_first_counts(panel):
    touched = with_candle(with_candle(panel, 5, low=LOWER - 1), 4, high=UPPER + 1)
    assert label_of(touched)["forward_return"] == pytest.approx(2 * SIGMA)


def test_a_missing_candle_is_not_watched_and_the_next_one_counts_with_its_open(panel):
    nothing = dict.fromkeys(("open", "high", "low", "close"), np.nan)
    gone = with_candle(with_candle(panel, 4, **nothing), 5, open=70.0, low=70.0)
    label = label_of(gone)
    assert label["forward_return"] == pytest.approx(np.log(0.7))
    assert after(label) == 3
    assert after(label_of(with_candle(panel, 4, **nothing))) == 5


def test_without_an_entry_an_exit_or_a_volatility_there_is_no_label(panel):
    nothing = dict.fromkeys(("open", "high", "low", "close"), np.nan)
    assert label_of(with_candle(panel, 3, **nothing)) is None
    assert label_of(with_candle(panel, 7, **nothing)) is None
    assert label_of(with_candle(panel, 2, **nothing)) is None
    # Closed before the exit that is missing.
    assert label_of(with_candle(with_candle(panel, 7, **nothing), 4, low=1.0)) is not None
    # Quiet since two candles: a barrier at the entry itself is none.
    assert label_of(panel, row=4, horizon=2) is not None
    assert label_of(panel, row=5, horizon=2) is None


def test_a_label_touched_before_the_history_ends_is_there_though_its_horizon_is_not(panel):
    touched = with_candle(panel, 4, high=UPPER + 1)
    assert label_of(touched[:5])["forward_return"] == pytest.approx(2 * SIGMA)
    assert label_of(touched[:6]) is not None
    assert label_of(panel[:7]) is None


def test_a_barrier_can_be_taken_away(panel):
    crash = with_candle(panel, 4, low=1.0)
    assert label_of(crash, loss=None)["forward_return"] == pytest.approx(0.0)
    boom = with_candle(panel, 4, high=1000.0)
    assert label_of(boom, profit=None)["forward_return"] == pytest.approx(0.0)


def test_without_barriers_it_is_the_forward_return(make_market, make_panel):
    random = np.random.default_rng(3)
    panel = make_panel(100 * np.exp(np.cumsum(0.01 * random.standard_normal((300, 2)), axis=0)))
    free = build_label({"kind": "triple_barrier", "horizon": 6, "profit": None, "loss": None, "window": 10}).of(panel)
    plain = forward_returns(panel, 6).merge(free[["symbol", "open_time"]], on=["symbol", "open_time"])
    pd.testing.assert_frame_equal(
        free.drop(columns="weight"), plain.drop(columns="weight"), check_exact=False, rtol=1e-12
    )


def test_agrees_with_a_plain_walk_along_each_path(make_panel):
    """A second, slow implementation that follows one position at a time."""
    random = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(0.01 * random.standard_normal((400, 1)), axis=0))
    opens = np.vstack([close[:1], close[:-1]]) * np.exp(0.003 * random.standard_normal((400, 1)))
    high = np.maximum(opens, close) * np.exp(0.004 * random.random((400, 1)))
    low = np.minimum(opens, close) * np.exp(-0.004 * random.random((400, 1)))
    panel = replace(make_panel(close), open=opens, high=high, low=low)
    labels = build_label({"kind": "triple_barrier", "horizon": 7, "profit": 0.8, "loss": 0.6, "window": 20}).of(panel)
    returns = np.diff(np.log(close[:, 0]))
    checked = 0
    for label in labels.itertuples():
        row = (label.open_time - labels["open_time"].iloc[0]) // HOUR + 10
        sigma = np.sqrt(np.mean(returns[max(row - 20, 0) : row] ** 2)) * np.sqrt(7)
        entry, leave, known = opens[row + 1, 0], None, row + 8
        for later in range(row + 1, row + 8):
            if later > row + 1 and abs(np.log(opens[later, 0] / entry) + 0.1 * 0) > 0:
                at_open = np.log(opens[later, 0] / entry)
                if at_open >= 0.8 * sigma or at_open <= -0.6 * sigma:
                    leave, known = at_open, later
                    break
            if later < 400 and np.log(low[later, 0] / entry) <= -0.6 * sigma:
                leave, known = -0.6 * sigma, later + 1
                break
            if later < 400 and np.log(high[later, 0] / entry) >= 0.8 * sigma:
                leave, known = 0.8 * sigma, later + 1
                break
        leave = np.log(opens[known, 0] / entry) if leave is None else leave
        assert label.forward_return == pytest.approx(leave, abs=1e-12)
        assert (label.known_at - label.open_time) // HOUR == known - row
        checked += 1
    assert checked > 370
