"""Laws that every strategy in the registry keeps."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from algotrade.domain.candles import VALUE_COLUMNS, Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, StrategyError
from algotrade.strategies import STRATEGIES, MarketView, Strategy, build_strategy

ROWS, SYMBOLS = 160, 5
SHORT = {
    "momentum": {"window": 12, "volatility_window": 16, "entry_score": 0.3},
    "mean_reversion": {"window": 14, "entry_deviation": 1.2, "maximum_positions": 3},
    "ml_signal": {"maximum_positions": 3, "target_volatility": 1.0, "volatility_window": 8},
    "moving_average_cross": {"fast": 3, "slow": 12, "volatility_window": 16},
    "breakout": {"entry_window": 12, "exit_window": 6, "volatility_window": 16},
    "bollinger": {"window": 12, "deviations": 1.2, "maximum_positions": 3},
    "cross_sectional_momentum": {"window": 12, "rebalance_every": 5, "maximum_positions": 2},
    "equal_weight": {"rebalance_every": 7},
    "pairs": {
        **{"window": 14, "formation_window": 20, "formation_every": 9, "maximum_pairs": 2},
        **{"minimum_correlation": -1.0, "entry_deviation": 1.0, "stop_deviation": 3.0},
    },
    "ensemble": {
        "members": [
            {"strategy": "momentum", "parameters": {"window": 12, "volatility_window": 16, "entry_score": 0.3}},
            {"strategy": "mean_reversion", "parameters": {"window": 14, "entry_deviation": 1.2}, "weight": 2},
            {
                "strategy": "pairs",
                "parameters": {"window": 14, "formation_window": 20, "formation_every": 9, "minimum_correlation": -1.0},
            },
        ]
    },
}
"""Windows short enough for many trades in few rows; a strategy that is not named here keeps its defaults."""


def random_view(seed: int, rows: int = ROWS, symbols: int = SYMBOLS) -> MarketView:
    """Random walks with late listings, gaps and an early end; predictions from the tenth row on."""
    generator = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(generator.normal(0.0, 0.02, (rows, symbols)), axis=0))
    close[generator.random(close.shape) < 0.05] = np.nan
    close[: rows // 4, 0] = np.nan
    close[-rows // 5 :, 1] = np.nan
    opens = close * np.exp(generator.normal(0.0, 0.001, close.shape))
    volume = np.where(np.isnan(close), np.nan, generator.lognormal(size=close.shape))
    panel = Panel(
        Timeframe("1h"),
        tuple(f"S{column}/USDT" for column in range(symbols)),
        3_600_000 * np.arange(rows, dtype=np.int64),
        *(opens, np.fmax(opens, close), np.fmin(opens, close), close),
        *(volume, volume, volume, volume),
    )
    expected = np.where(np.arange(rows)[:, None] < 10, np.nan, generator.normal(0.0, 0.004, close.shape))
    return MarketView(panel, probability=0.5 + 20.0 * expected, expected_return=expected, horizon=4)


def garbled_after(view: MarketView, row: int) -> MarketView:
    """The same past with another future, some of whose candles are missing."""
    generator = np.random.default_rng(row)

    def garble(block: np.ndarray) -> np.ndarray:
        changed = block.copy()
        changed[row + 1 :] *= generator.uniform(0.2, 5.0, changed[row + 1 :].shape)
        changed[row + 1 :][generator.random(changed[row + 1 :].shape) < 0.2] = np.nan
        return changed

    panel = replace(view.panel, **{name: garble(getattr(view.panel, name)) for name in VALUE_COLUMNS})
    return replace(
        view, panel=panel, probability=garble(view.probability), expected_return=garble(view.expected_return)
    )


def permuted(view: MarketView, order: np.ndarray) -> MarketView:
    panel = replace(
        view.panel,
        symbols=tuple(np.array(view.panel.symbols)[order]),
        **{name: getattr(view.panel, name)[:, order] for name in VALUE_COLUMNS},
    )
    return replace(
        view, panel=panel, probability=view.probability[:, order], expected_return=view.expected_return[:, order]
    )


def _cases() -> dict[str, Strategy]:
    """Every strategy of the registry, and those with a switch for it long and short, too."""
    cases = {name: build_strategy(name, SHORT.get(name)) for name in STRATEGIES}
    switched = [name for name, case in cases.items() if "long_short" in case.parameters()]
    both = {f"{name}_long_short": {**SHORT.get(name, {}), "long_short": True} for name in switched}
    return cases | {case: build_strategy(case.removesuffix("_long_short"), given) for case, given in both.items()}


CASES = _cases()


@pytest.fixture(params=list(CASES))
def strategy(request) -> Strategy:
    return CASES[request.param]


def other_parameters(strategy: Strategy) -> st.SearchStrategy[Strategy]:
    """The same strategy with some of the parameters that a search tries, as far as they are short."""
    tried = {
        name: st.sampled_from([value for value in values if not isinstance(value, int) or value <= 30] or [None])
        for name, values in type(strategy).search_space().items()
    }

    def built(chosen: dict) -> Strategy | None:
        try:
            return replace(strategy, **{name: value for name, value in chosen.items() if value is not None})
        except ConfigurationError:  # an entry below its exit, say
            return None

    return st.fixed_dictionaries(tried).map(built).filter(lambda other: other is not None)


every_strategy = st.sampled_from(list(CASES)).map(CASES.__getitem__)
seeds = st.integers(0, 10_000)


def test_the_instrument_trades(strategy):
    # The laws below would hold for a strategy that does nothing.
    weights = strategy.target_weights(random_view(0))
    assert (weights != 0.0).any()
    assert len(np.unique(weights.round(6), axis=0)) > 5


@given(every_strategy, seeds, st.integers(0, ROWS - 2))
@settings(max_examples=150, deadline=None)
def test_the_future_changes_no_weight(strategy, seed, row):
    view = random_view(seed)
    weights = strategy.target_weights(view)
    assert np.array_equal(strategy.target_weights(garbled_after(view, row))[: row + 1], weights[: row + 1])


@given(every_strategy, seeds, st.integers(1, ROWS - 1))
@settings(max_examples=150, deadline=None)
def test_splitting_the_history_changes_nothing(strategy, seed, row):
    view = random_view(seed)
    whole = strategy.target_weights(view)
    first = strategy.book_weights(view.until(row))
    second = strategy.book_weights(view.since(row, strategy.lookback), first[-1])
    np.testing.assert_allclose(strategy.combined(np.concatenate([first, second])), whole, rtol=0.0, atol=1e-12)


@given(every_strategy, seeds, st.integers(1, ROWS - 1))
@settings(max_examples=30, deadline=None)
def test_a_strategy_of_one_book_goes_on_from_its_weights(strategy, seed, row):
    assume(strategy.books == 1)
    view = random_view(seed)
    whole = strategy.target_weights(view)
    second = strategy.target_weights(view.since(row, strategy.lookback), whole[row - 1])
    np.testing.assert_allclose(second, whole[row:], rtol=0.0, atol=1e-12)


def test_candle_by_candle_is_the_same_as_all_at_once(strategy):
    view, books, rows = random_view(3), None, []
    for row in range(len(view)):
        step = view.since(row, strategy.lookback).until(1)
        books = strategy.book_weights(step, books)[-1]
        rows.append(strategy.combined(books[None])[0])
    np.testing.assert_allclose(rows, strategy.target_weights(view), rtol=0.0, atol=1e-12)


@given(every_strategy, seeds, st.integers(0, ROWS))
@settings(max_examples=80, deadline=None)
def test_weights_have_the_shape_and_stay_in_bounds(strategy, seed, warmup):
    view = replace(random_view(seed), warmup=warmup)
    weights = strategy.target_weights(view)
    assert weights.shape == (ROWS - warmup, SYMBOLS)
    assert np.isfinite(weights).all()
    assert (np.abs(weights) <= 1.0 + 1e-12).all()
    assert (np.abs(weights).sum(axis=1) <= 1.0 + 1e-12).all()


@given(every_strategy, seeds, st.integers(20, ROWS - 20), st.data())
@settings(max_examples=150, deadline=None)
def test_positions_of_other_parameters_are_inherited_within_the_equity(strategy, seed, row, data):
    view, later = random_view(seed), data.draw(other_parameters(strategy))
    assume(later.books == strategy.books)
    held = strategy.book_weights(view.until(row))[-1]
    weights = later.combined(later.book_weights(view.since(row, later.lookback), held))
    assert (np.abs(weights).sum(axis=1) <= 1.0 + 1e-12).all()


@given(every_strategy, seeds, st.permutations(range(SYMBOLS)))
@settings(max_examples=80, deadline=None)
def test_the_order_of_symbols_does_not_matter(strategy, seed, order):
    view, columns = random_view(seed), np.array(order)
    weights = strategy.target_weights(view)
    np.testing.assert_allclose(
        strategy.target_weights(permuted(view, columns)), weights[:, columns], rtol=0.0, atol=1e-9
    )


def test_nothing_is_opened_before_the_first_candle(strategy):
    view = random_view(5)
    listed = np.maximum.accumulate(view.panel.present, axis=0)
    assert (strategy.target_weights(view)[~listed] == 0.0).all()


def test_the_inputs_are_left_alone(strategy):
    view = random_view(7)
    initial = strategy.book_weights(view)[-1]
    blocks = [*(getattr(view.panel, name) for name in VALUE_COLUMNS), view.probability, view.expected_return, initial]
    before = [block.copy() for block in blocks]
    strategy.book_weights(view, initial)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, blocks, strict=True))


def test_the_same_question_has_the_same_answer(strategy):
    view = random_view(9)
    assert np.array_equal(strategy.target_weights(view), strategy.target_weights(view))


def test_negative_weights_are_announced(strategy):
    assert strategy.shorts == bool((strategy.target_weights(random_view(0)) < 0.0).any())


def test_its_parameters_build_the_same_strategy(strategy):
    again = build_strategy(strategy.name, strategy.parameters())
    assert again == strategy
    assert hash(again) == hash(strategy)
    assert str(again) == str(strategy)


def test_initial_weights_that_do_not_fit_are_refused(strategy):
    view = random_view(0)
    for wrong in (np.zeros((strategy.books, SYMBOLS + 1)), np.full((strategy.books, SYMBOLS), np.nan)):
        with pytest.raises(StrategyError, match="Initial weights"):
            strategy.book_weights(view, wrong)


def test_every_variant_worth_comparing_can_be_built(strategy):
    variants = list(type(strategy).variants())
    assert 1 <= len(variants) <= 60
    assert set(type(strategy).search_space()) <= {field.name for field in fields(strategy)}
