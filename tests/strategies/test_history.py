"""What strategies share is computed once for a panel, and only the latest few answers are kept."""

import numpy as np

from algotrade.strategies import MarketView, build_strategy
from algotrade.strategies.history import KEPT, grid_places, log_price_moments, volatility


def test_the_same_question_is_answered_from_memory(panel_of):
    panel = panel_of(np.linspace(10.0, 20.0, 50)[:, None])
    assert volatility(panel, 10) is volatility(panel, 10)
    assert volatility(panel, 11) is not volatility(panel, 10)
    assert volatility(panel[1:], 10) is not volatility(panel, 10)


def test_memory_stays_flat_however_many_variants_are_tried(panel_of):
    panel = panel_of(10.0 + np.random.default_rng(0).random((80, 2)))
    view = MarketView(panel)
    for window in range(2, 60):
        build_strategy("mean_reversion", {"window": window}).target_weights(view)
    assert len(panel.memo["strategies"]) == KEPT


def test_what_was_asked_for_last_is_kept(panel_of):
    panel = panel_of(10.0 + np.random.default_rng(0).random((80, 2)))
    first = log_price_moments(panel, 5)
    for window in range(10, 30):
        volatility(panel, window)
        assert log_price_moments(panel, 5) is first


def test_variants_that_differ_in_thresholds_share_their_windows(panel_of, monkeypatch):
    from algotrade.strategies import history

    asked: list[int] = []
    compute = history.window_mean_std

    def counted(values, window, first):
        asked.append(window)
        return compute(values, window, first)

    monkeypatch.setattr(history, "window_mean_std", counted)
    view = MarketView(panel_of(10.0 + np.random.default_rng(0).random((80, 2))))
    for entry in (1.0, 1.5, 2.0, 2.5):
        build_strategy("mean_reversion", {"window": 24, "entry_deviation": entry}).target_weights(view)
    assert asked == [24]


def test_places_on_the_grid_do_not_depend_on_where_the_panel_was_cut(panel_of):
    panel = panel_of(np.full((30, 1), 10.0))
    assert np.array_equal(grid_places(panel)[7:], grid_places(panel[7:]))
