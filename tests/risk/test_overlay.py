"""All limits together: they hold, see no future, and can be resumed; what does not fit is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.test_strategies import ROWS, SYMBOLS, garbled_after, random_view

from algotrade.errors import ConfigurationError, StrategyError
from algotrade.risk import RiskSettings, apply_overlay, managed_weights
from algotrade.strategies import MarketView, build_strategy

seeds = st.integers(0, 10_000)
limits = st.builds(
    RiskSettings,
    target_volatility=st.none() | st.floats(0.1, 3.0),
    volatility_window=st.integers(2, 30),
    volatility_half_life=st.none() | st.floats(1.0, 20.0),
    maximum_scale=st.floats(0.5, 3.0),
    maximum_weight=st.none() | st.floats(0.05, 0.5),
    maximum_gross=st.none() | st.floats(0.1, 2.0),
    maximum_net=st.none() | st.floats(0.0, 0.5),
    maximum_turnover=st.none() | st.floats(0.01, 0.3),
)


def asked_for(seed: int) -> np.ndarray:
    """Random long and short weights that change now and then, gross at most 1."""
    generator = np.random.default_rng([seed, 3])
    drawn = generator.uniform(-1.0, 1.0, (ROWS, SYMBOLS)) / SYMBOLS
    changes = np.maximum.accumulate(np.where(generator.random(ROWS) < 0.3, np.arange(ROWS), 0))
    return drawn[changes]


@given(limits, seeds)
@settings(max_examples=60, deadline=None)
def test_every_limit_holds(risk, seed):
    weights = apply_overlay(random_view(seed), asked_for(seed), risk)
    tolerance = 1e-9
    if risk.maximum_weight is not None:
        assert np.abs(weights).max() <= risk.maximum_weight + tolerance
    if risk.maximum_gross is not None:
        assert np.abs(weights).sum(axis=1).max() <= risk.maximum_gross + tolerance
    if risk.maximum_net is not None:
        assert np.abs(weights.sum(axis=1)).max() <= risk.maximum_net + tolerance
    if risk.maximum_turnover is not None:
        changes = np.diff(weights, axis=0, prepend=np.zeros((1, SYMBOLS)))
        assert 0.5 * np.abs(changes).sum(axis=1).max() <= risk.maximum_turnover + tolerance
    assert np.isfinite(weights).all()


@given(limits, seeds, st.integers(0, ROWS - 2))
@settings(max_examples=60, deadline=None)
def test_the_future_changes_no_weight(risk, seed, row):
    view, asked = random_view(seed), asked_for(seed)
    weights = apply_overlay(view, asked, risk)
    later = np.concatenate([asked[: row + 1], asked[row + 1 :][::-1]])
    changed = apply_overlay(garbled_after(view, row), later, risk)
    assert np.array_equal(changed[: row + 1], weights[: row + 1])


@given(limits, seeds, st.integers(1, ROWS - 1))
@settings(max_examples=60, deadline=None)
def test_splitting_the_history_changes_nothing(risk, seed, row):
    view, asked = random_view(seed), asked_for(seed)
    whole = apply_overlay(view, asked, risk)
    first = apply_overlay(view.until(row), asked[:row], risk)
    second = apply_overlay(view.since(row, risk.lookback), asked[row:], risk, first[-1])
    np.testing.assert_allclose(np.concatenate([first, second]), whole, rtol=0.0, atol=1e-12)


def test_nothing_is_on_by_default():
    view, asked = random_view(1), asked_for(1)
    assert not RiskSettings().active
    assert apply_overlay(view, asked, RiskSettings()) is asked
    strategy = build_strategy("buy_and_hold")
    assert np.array_equal(managed_weights(strategy, view, RiskSettings()), strategy.target_weights(view))


def test_the_limits_apply_to_what_a_strategy_asks_for():
    view, strategy = random_view(2), build_strategy("buy_and_hold")
    weights = managed_weights(strategy, view, RiskSettings(maximum_weight=0.1))
    assert np.array_equal(weights, np.minimum(strategy.target_weights(view), 0.1))


def test_a_volatility_target_is_met(panel_of):
    # An equal-weighted portfolio of independent walks of 1 % a candle, aimed at a tenth of its volatility.
    generator = np.random.default_rng(5)
    panel = panel_of(100.0 * np.exp(np.cumsum(generator.normal(0.0, 0.01, (5_000, 4)), axis=0)))
    asked = np.full((5_000, 4), 0.25)
    risk = RiskSettings(target_volatility=0.05, volatility_window=100)
    weights = apply_overlay(MarketView(panel), asked, risk)
    returns = (weights[:-1] * (panel.close[1:] / panel.close[:-1] - 1.0)).sum(axis=1)[200:]
    assert returns.std() * np.sqrt(8766) == pytest.approx(0.05, rel=0.05)


def test_the_inputs_are_left_alone():
    view, asked = random_view(3), asked_for(3)
    held, before = np.full(SYMBOLS, 0.1), asked.copy()
    risk = RiskSettings(0.2, 10, maximum_weight=0.1, maximum_net=0.1, maximum_gross=0.3, maximum_turnover=0.05)
    apply_overlay(view, asked, risk, held)
    assert np.array_equal(asked, before)
    assert (held == 0.1).all()


@pytest.mark.parametrize(
    ("weights", "held", "message"),
    [
        (np.zeros((ROWS, SYMBOLS + 1)), None, "rows of 5 symbols"),
        (np.zeros(ROWS), None, "rows of 5 symbols"),
        (np.zeros((ROWS + 1, SYMBOLS)), None, "at most 160"),
        (np.full((ROWS, SYMBOLS), np.nan), None, "row 0 of S0/USDT is nan"),
        (np.zeros((ROWS, SYMBOLS)), np.zeros(2), "Initial weights must be 5 finite numbers"),
        (np.zeros((ROWS, SYMBOLS)), np.full(SYMBOLS, np.inf), "Initial weights must be 5 finite numbers"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights, held, message):
    with pytest.raises(StrategyError, match=message):
        apply_overlay(random_view(0), weights, RiskSettings(maximum_weight=0.5), held)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"target_volatility": 0.0}, "target_volatility must be a number from 0.0001 to 100; found 0.0. Use null"),
        ({"volatility_window": 1}, "volatility_window must be a whole number from 2"),
        ({"volatility_window": None}, "volatility_window must be a whole number"),
        ({"volatility_window": 24.0}, "volatility_window must be a whole number"),
        ({"maximum_weight": -0.1}, "maximum_weight must be a number"),
        ({"maximum_net": float("nan")}, "maximum_net must be a number"),
        ({"maximum_turnover": "low"}, "maximum_turnover must be a number"),
        ({"maximum_gross": True}, "maximum_gross must be a number"),
        ({"maximum_scale": None}, "maximum_scale must be a number from 0.001 to 100; found None. The default is 1.0"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ConfigurationError, match=message):
        RiskSettings(**setting)


def test_the_lookback_is_that_of_the_forecast():
    assert RiskSettings(maximum_weight=0.1).lookback == 0
    assert replace(RiskSettings(), target_volatility=0.2, volatility_window=33).lookback == 33
