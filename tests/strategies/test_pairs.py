"""Pairs are chosen from the past, hedged by their volatilities, and closed when the gap has."""

import numpy as np
import pytest

from algotrade.errors import ConfigurationError, StrategyError
from algotrade.strategies import MarketView, build_strategy
from algotrade.strategies.pair_kernels import closest_pairs, pair_moments

QUICK = {"window": 20, "formation_window": 30, "formation_every": 10, "maximum_pairs": 1, "entry_deviation": 2.0}


def tied(rows: int = 300, seed: int = 0) -> np.ndarray:
    """Log prices: one walk, another that moves twice as much and comes back to it, and one on its own."""
    generator = np.random.default_rng(seed)
    walk = np.cumsum(generator.normal(0.0, 0.01, rows))
    apart = np.zeros(rows)
    for row in range(1, rows):
        apart[row] = 0.8 * apart[row - 1] + generator.normal(0.0, 0.002)
    alone = np.cumsum(generator.normal(0.0, 0.01, rows))
    return np.column_stack([walk, 2.0 * walk + apart, alone])


def test_moments_are_those_of_numpy_over_the_common_rows():
    a, b = np.random.default_rng(1).normal(size=(2, 50))
    a[[3, 40]], b[41] = np.nan, np.nan
    rows = np.array([row for row in range(21, 50) if row not in (40, 41)])
    expected = (
        a[rows].mean(),
        b[rows].mean(),
        a[rows].std(ddof=1),
        b[rows].std(ddof=1),
        np.corrcoef(a[rows], b[rows])[0, 1],
    )
    np.testing.assert_allclose(pair_moments(a, b, 49, 29), expected, rtol=1e-12)


def test_the_closest_are_chosen_when_due_and_each_symbol_once():
    generator = np.random.default_rng(2)
    first, second = generator.normal(size=(2, 100))
    noise = generator.normal(size=(5, 100))
    returns = np.array([first, first, second, second, second]) + np.array([0.1, 0.1, 0.3, 0.3, 0.5])[:, None] * noise
    due = np.arange(100) % 40 == 0
    pairs = closest_pairs(returns, due, 30, 2, 0.5)
    assert (pairs[:40] == -1).all()  # the first due row has no window yet
    assert pairs[40].tolist() == pairs[79].tolist() == [[0, 1], [2, 3]]
    assert (closest_pairs(returns, due, 30, 2, 0.995)[99] == -1).all()


def test_a_gap_is_sold_and_bought_back_when_it_has_closed(panel_of):
    weights = build_strategy("pairs", QUICK).target_weights(MarketView(panel_of(np.exp(tied()))))
    opened = np.flatnonzero(np.diff(np.abs(weights).sum(axis=1)) > 0.0) + 1
    assert len(opened) > 3
    assert (weights[:, 2] == 0.0).all()  # the one on its own
    held = weights[opened]
    np.testing.assert_allclose(np.abs(held).sum(axis=1), 1.0, rtol=1e-12)
    assert (held[:, 0] * held[:, 1] < 0.0).all()
    # The second moves about twice as much as the first: about half as much of it is held.
    assert np.median(np.abs(held[:, 1] / held[:, 0])) == pytest.approx(0.5, rel=0.1)


def test_the_dearer_one_is_sold_in_the_ratio_of_the_volatilities(panel_of):
    logs = tied()
    weights = build_strategy("pairs", QUICK).target_weights(MarketView(panel_of(np.exp(logs))))
    row = int(np.flatnonzero(weights[:, 0])[0])
    mean_a, mean_b, deviation_a, deviation_b, correlation = pair_moments(logs[:, 0], logs[:, 1], row, 20)
    gap = (logs[row, 0] - mean_a) / deviation_a - (logs[row, 1] - mean_b) / deviation_b
    assert abs(gap / np.sqrt(2.0 * (1.0 - correlation))) > 2.0
    assert np.sign(weights[row, 0]) == -np.sign(gap)
    assert weights[row, 1] / weights[row, 0] == pytest.approx(-deviation_a / deviation_b)


def test_it_earns_where_gaps_close_and_sits_out_where_there_is_no_pair(panel_of):
    panel = panel_of(np.exp(tied(2_000)))
    weights = build_strategy("pairs", QUICK).target_weights(MarketView(panel))
    earned = (weights[:-1] * (panel.close[1:] / panel.close[:-1] - 1.0)).sum(axis=1)
    assert earned.mean() > 5.0 * earned.std() / np.sqrt(len(earned))
    alone = np.exp(np.cumsum(np.random.default_rng(4).normal(0.0, 0.01, (300, 3)), axis=0))
    assert (
        not build_strategy("pairs", {**QUICK, "minimum_correlation": 0.8})
        .target_weights(MarketView(panel_of(alone)))
        .any()
    )


def test_what_has_come_apart_for_good_is_given_up(panel_of):
    logs = tied()
    strategy = build_strategy("pairs", {**QUICK, "window": 60, "stop_deviation": 3.5, "exit_deviation": -10.0})
    calm = strategy.target_weights(MarketView(panel_of(np.exp(logs))))
    row = int(np.flatnonzero(calm[:, 0])[0]) + 3
    logs[row:, 0] += 0.5 * np.sign(-calm[row, 0])  # further away in the direction that was bet against
    weights = strategy.target_weights(MarketView(panel_of(np.exp(logs))))
    assert weights[row - 1, 0] != 0.0
    assert weights[row, 0] == 0.0


def test_a_pair_whose_other_half_is_gone_is_closed(panel_of):
    prices = np.exp(tied())
    strategy = build_strategy("pairs", {**QUICK, "exit_deviation": -10.0, "stop_deviation": 100.0})
    row = int(np.flatnonzero(strategy.target_weights(MarketView(panel_of(prices)))[:, 0])[0])
    prices[row + 1 :, 1] = np.nan
    weights = strategy.target_weights(MarketView(panel_of(prices)))
    assert weights[row + 10].any()  # half of the window of 20 is still known
    assert not weights[row + 11 :].any()


def test_it_says_that_it_is_short_and_how_it_remembers(panel_of):
    strategy = build_strategy("pairs")
    assert strategy.shorts
    assert strategy.books == 4
    odd = np.zeros((4, 3))
    odd[1, 0] = 0.5
    with pytest.raises(StrategyError, match="one symbol long and one short"):
        strategy.target_weights(MarketView(panel_of(np.exp(tied()))), odd)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"entry_deviation": 0.2, "exit_deviation": 0.5}, "entry_deviation 0.2 lies below exit_deviation 0.5"),
        ({"entry_deviation": 5.0}, "entry_deviation 5 lies above stop_deviation 4"),
    ],
)
def test_bounds_in_the_wrong_order_are_refused(parameters, message):
    with pytest.raises(ConfigurationError, match=message):
        build_strategy("pairs", parameters)
