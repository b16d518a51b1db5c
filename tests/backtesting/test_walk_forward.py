"""Parameters are chosen on the past alone, followed honestly, and find what is there and nothing else."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.backtesting.conftest import build_panel

from algotrade.backtesting.grid import Grid
from algotrade.backtesting.simulate import backtest
from algotrade.backtesting.sweep import TradingTerms, sweep_part
from algotrade.backtesting.trials import TrialData
from algotrade.backtesting.walk_forward import WalkForward, choose_on_grid, walk_forward
from algotrade.backtesting.windows import WalkForwardSettings, cut_windows
from algotrade.domain import performance
from algotrade.domain.candles import VALUE_COLUMNS, from_milliseconds
from algotrade.domain.costs import Costs
from algotrade.errors import TooFewCandles
from algotrade.risk import RiskSettings
from algotrade.strategies import MarketView

TERMS = TradingTerms(costs=Costs(fee_bps=2.0, slippage_bps=1.0))
GRID = Grid.of("momentum", {"window": (6, 12, 24, 48, 96), "entry_score": (0.5, 1.0)}, {"volatility_window": 24})
HORIZON = 5


def market(seed: int, days: int, *, trend: float = 0.0, symbols: int = 2) -> MarketView:
    """Hourly random walks whose drift, if any, turns every day or so: a short momentum can follow it."""
    generator, rows = np.random.default_rng(seed), 24 * days
    turns = generator.random((rows, symbols)) < 1 / 24
    segment = np.cumsum(turns, axis=0)
    sign = generator.choice([-1.0, 1.0], (int(segment.max()) + 1, symbols))
    drift = trend * np.take_along_axis(sign, segment, axis=0)
    close = 100.0 * np.exp(np.cumsum(generator.normal(0.0, 0.01, (rows, symbols)) + drift, axis=0))
    panel = build_panel(np.vstack([close[:1], close[:-1]]), close)
    return MarketView(panel, expected_return=generator.normal(0.0, 0.004, close.shape), horizon=HORIZON, warmup=120)


def garbled_after(view: MarketView, row: int) -> MarketView:
    """The same until decided row ``row``, and another future."""
    generator, last = np.random.default_rng(row), view.warmup + row
    panel = view.panel
    blocks = {name: getattr(panel, name).copy() for name in VALUE_COLUMNS}
    factor = generator.uniform(0.5, 2.0, panel.close[last + 1 :].shape)
    for name in ("open", "high", "low", "close"):
        blocks[name][last + 1 :] *= factor
    expected = view.expected_return.copy()
    expected[last + 1 :] = -expected[last + 1 :]
    return replace(view, panel=replace(panel, **blocks), expected_return=expected)


def test_windows_follow_each_other_and_know_nothing_of_their_test():
    view = market(1, 61)
    times = from_milliseconds(view.decided.close_time)
    for mode in ("expanding", "rolling"):
        windows = cut_windows(view, WalkForwardSettings(windows=4, mode=mode))
        assert [window.index for window in windows] == [0, 1, 2, 3]
        assert windows[-1].test_rows.stop == len(view)
        for before, after in pairwise(windows):
            assert before.test_rows.stop == after.test_rows.start
        for window in windows:
            assert window.test_rows.start - window.train_rows.stop >= HORIZON
            assert window.test_rows.start - window.train_rows.stop < HORIZON + 24
            assert times[window.test_rows.start - 1].hour == 0, "the choice is made between two days"
        lengths = [window.train_days.stop - window.train_days.start for window in windows]
        assert len(set(lengths)) == (1 if mode == "rolling" else 4)


def test_days_and_rows_of_a_window_are_the_same_time():
    view = market(1, 61)
    days = performance.daily_returns(backtest(GRID.default, view, Costs()).equity, 1e5).index
    closes = from_milliseconds(view.decided.close_time)
    for window in cut_windows(view, WalkForwardSettings()):
        for rows, of_rows in ((window.train_rows, window.train_days), (window.test_rows, window.test_days)):
            covered = (closes[rows] - np.timedelta64(1, "ms")).floor("D").unique()
            assert covered.equals(days[of_rows].rename(None)) or list(covered) == list(days[of_rows])


@pytest.mark.parametrize("method", ["grid", "optuna"])
@pytest.mark.parametrize("mode", ["expanding", "rolling"])
def test_the_future_of_a_training_window_changes_no_choice(method, mode):
    view, settings = market(2, 50), WalkForwardSettings(windows=3, mode=mode, method=method, trials=6)
    choices = walk_forward(view, GRID, TERMS, settings).choices
    for window in cut_windows(view, settings):
        changed = walk_forward(garbled_after(view, window.train_rows.stop - 1), GRID, TERMS, settings).choices
        known = choices["window"] <= window.index
        for column in ("variant", "train_sharpe", "train_end", "test_start"):
            assert changed.loc[known, column].tolist() == choices.loc[known, column].tolist()
        assert changed.loc[window.index, "test_sharpe"] != choices.loc[window.index, "test_sharpe"]


def test_training_returns_read_off_a_sweep_are_those_of_a_history_that_ends_there():
    view, variants = market(3, 50), GRID.variants()
    window = cut_windows(view, WalkForwardSettings())[1]
    whole = choose_on_grid(sweep_part(view, variants, TERMS), variants, [window])
    past = choose_on_grid(sweep_part(view.until(window.train_rows.stop), variants, TERMS), variants, [window])
    assert whole == past


def test_a_walk_that_always_chooses_the_default_is_the_default():
    # Nothing is sold and bought again at the edge of a window, and no cost is saved there.
    view = market(4, 50, trend=0.002)
    walk = walk_forward(view, Grid.of("momentum", {"window": (24,)}, {"window": 24}), TERMS, WalkForwardSettings())
    assert len(walk.result.fills) > 20
    np.testing.assert_allclose(walk.result.equity, walk.default.equity, rtol=1e-12)
    assert len(walk.result.fills) == len(walk.default.fills)


def test_positions_are_inherited_by_the_next_parameters_at_their_costs():
    view = market(5, 60, trend=0.003)
    settings = WalkForwardSettings(windows=6)
    walk = walk_forward(view, GRID, TERMS, settings)
    assert walk.choices["variant"].nunique() > 1
    edges = [window.test_rows.start for window in cut_windows(view, settings)][1:]
    start = edges[0] - len(view) + len(walk.result.equity)
    held = walk.result.positions.to_numpy()[[edge - edges[0] + start - 1 for edge in edges]]
    assert (held > 0.0).any(), "some position is open at an edge"
    assert walk.result.fees_paid == pytest.approx(walk.result.fills["notional"].sum() * 2e-4)
    free = walk_forward(view, GRID, TradingTerms(costs=Costs(0.0, 0.0)), settings)
    assert free.result.fees_paid == 0.0


def test_risk_limits_hold_over_the_whole_walk():
    terms = replace(TERMS, risk=RiskSettings(maximum_weight=0.1))
    walk = walk_forward(market(6, 50, trend=0.003), GRID, terms, WalkForwardSettings())
    free = walk_forward(market(6, 50, trend=0.003), GRID, TERMS, WalkForwardSettings())
    assert walk.result.weights.to_numpy().max() < 0.13 < free.result.weights.to_numpy().max()


def test_the_choices_frame_says_what_was_promised_and_kept():
    view = market(7, 60)
    walk = walk_forward(view, GRID, TERMS, WalkForwardSettings(windows=3))
    returns = performance.daily_returns(walk.result.equity, 1e5)
    first = walk.choices.iloc[0]
    own = returns[(returns.index >= first["test_start"]) & (returns.index < first["test_end"])]
    assert first["test_sharpe"] == pytest.approx(performance.sharpe(own))
    assert (walk.choices["train_end"] < walk.choices["test_start"]).all()
    assert (walk.choices["variants"] == len({*GRID.variants(), GRID.default})).all()


def test_every_variant_and_the_walk_itself_are_trials():
    view = market(8, 50)
    data, variants = TrialData.of(view), {*GRID.variants(), GRID.default}
    grid = walk_forward(view, GRID, TERMS, WalkForwardSettings())
    assert grid.trials.count(data) == len(variants) + 1
    swept = sweep_part(view, list(variants), TERMS)
    again = walk_forward(view, GRID, TERMS, WalkForwardSettings(), swept)
    counted = grid.trials.merged(swept.trials(list(variants), data, TERMS, "sweep")).merged(again.trials)
    assert counted.count(data) == len(variants) + 1, "a sweep of the same variants adds none"
    searched = walk_forward(view, GRID, TERMS, WalkForwardSettings(method="optuna", trials=5, windows=2))
    assert searched.trials.count(data) > 5


def test_a_seed_repeats_a_search():
    view, settings = market(9, 40), WalkForwardSettings(method="optuna", trials=12, windows=2, seed=4)
    first, second = (walk_forward(view, GRID, TERMS, settings) for _ in range(2))
    assert first.choices.equals(second.choices)
    assert first.trials.trials.equals(second.trials.trials)


def test_a_history_too_short_is_refused():
    with pytest.raises(TooFewCandles, match="days are too few"):
        cut_windows(market(1, 20), WalkForwardSettings())
    assert len(cut_windows(market(1, 32), WalkForwardSettings(windows=12))) < 12


def over_seeds(seeds: range, days: int, trend: float) -> list[WalkForward]:
    return [walk_forward(market(seed, days, trend=trend), GRID, TERMS, WalkForwardSettings()) for seed in seeds]


def claims(walks: list[WalkForward]) -> tuple[float, float, float]:
    """Distance of all test returns from zero in standard errors; mean Sharpe ratio promised and kept."""
    returns = np.concatenate([performance.daily_returns(walk.result.equity, 1e5).to_numpy() for walk in walks])
    distance = returns.mean() / returns.std(ddof=1) * np.sqrt(len(returns))
    promised = np.mean([walk.choices["train_sharpe"].mean() for walk in walks])
    return distance, float(promised), float(np.mean([performance.sharpe(r) for r in np.split(returns, len(walks))]))


def no_edge(walks: list[WalkForward]) -> None:
    distance, promised, kept = claims(walks)
    assert distance < 2.6, f"{distance:.1f} standard errors above zero on markets without any signal"
    assert promised > 1.0, "the best of many looks good on the days that it was chosen on"
    assert kept < promised - 1.0


def an_edge(walks: list[WalkForward], windows: tuple[int, ...]) -> None:
    distance, _, kept = claims(walks)
    assert distance > 4.0
    assert kept > 1.5
    chosen = [
        f"window={window}," in variant for walk in walks for variant in walk.choices["variant"] for window in windows
    ]
    assert sum(chosen) > 0.7 * sum(len(walk.choices) for walk in walks)


def test_without_a_signal_the_chosen_parameters_earn_nothing():
    no_edge(over_seeds(range(4), 100, trend=0.0))


def test_a_planted_signal_is_found():
    an_edge(over_seeds(range(3), 100, trend=0.004), (6, 12))


@pytest.mark.slow
def test_without_a_signal_the_chosen_parameters_earn_nothing_on_many_markets():
    no_edge(over_seeds(range(40), 300, trend=0.0))


@pytest.mark.slow
def test_a_planted_signal_is_found_on_many_markets():
    an_edge(over_seeds(range(20), 300, trend=0.003), (6, 12))
