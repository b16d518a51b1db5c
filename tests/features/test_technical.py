"""Technical indicators by hand: what TA-Lib has no function for, and what they say where nothing moves."""

from dataclasses import replace
from math import log, sqrt

import numpy as np
import pandas as pd
import pytest
from tests.features.handmade import bars, compute

from algotrade.domain.candles import Candles, Panel
from algotrade.features import FEATURES, FeatureSet
from algotrade.features.candlesticks import body_share, close_location, wick_imbalance
from algotrade.features.momentum import acceleration, scaled_return

OWN = ("technical", "volatility", "calendar")
TECHNICAL = [name for name in FEATURES if FEATURES[name].family == "technical"]


def closes_of(*returns: float) -> Candles:
    return bars(np.exp(np.cumsum([0.0, *returns])))


THREE = bars([12.0, 11.0, 11.0], open=[10.0, 12.0, 11.0], high=[13.0, 14.0, 12.0], low=[9.0, 10.0, 10.0])


def test_bodies_and_shadows_by_hand() -> None:
    assert body_share(THREE, 3)[-1] == pytest.approx((2 + 1 + 0) / (4 + 4 + 2))
    lower, upper = (1, 1, 1), (1, 2, 1)
    assert wick_imbalance(THREE, 3)[-1] == pytest.approx((sum(lower) - sum(upper)) / 10)
    assert wick_imbalance(THREE, 1)[1] == pytest.approx((1 - 2) / 4)


def test_the_place_of_the_close_by_hand() -> None:
    places = [((12 - 9) - (13 - 12)) / 4, ((11 - 10) - (14 - 11)) / 4, 0.0]
    assert close_location(THREE, 1) == pytest.approx(places)
    assert close_location(THREE, 3)[-1] == pytest.approx(sum(places) / 3)


def test_momentum_in_units_of_its_risk_by_hand() -> None:
    moves = closes_of(0.01, -0.02, 0.04, 0.03)
    squares = 0.01**2 + 0.02**2 + 0.04**2 + 0.03**2
    assert scaled_return(moves, 2)[-1] == pytest.approx(0.07 / sqrt(2 * squares / 4))
    assert acceleration(moves, 2)[-1] == pytest.approx((0.07 - (0.01 - 0.02)) / sqrt(squares))


def test_a_steady_climb_does_not_accelerate_and_hugs_its_line() -> None:
    climb = closes_of(*[0.01] * 200)
    assert compute("acceleration_24", climb)[-1] == pytest.approx(0.0, abs=1e-9)
    assert compute("regression_slope_24", climb)[-1] == pytest.approx(0.01)
    assert abs(compute("regression_distance_24", climb)[-1]) < 1e-3
    assert compute("cmo_20", climb)[-1] == pytest.approx(100.0)


def test_the_cloud_was_drawn_26_candles_before() -> None:
    """What has happened since then is not in it."""
    quiet = closes_of(*[0.0] * 200)
    moved = replace(quiet, high=quiet.high.copy(), low=quiet.low.copy(), close=quiet.close.copy())
    for prices in (moved.high, moved.low, moved.close):
        prices[-26:] = 2.0
    cloud = compute("ichimoku_cloud", moved)
    assert cloud[-26:] == pytest.approx(log(2.0))
    earlier = np.where(np.arange(201) == 201 - 27, 3.0, moved.high)
    assert compute("ichimoku_cloud", replace(moved, high=earlier))[-1] == pytest.approx(
        log(2.0 / (0.25 * (2.0 + 2.0) + 0.5 * 2.0))
    )


def test_rsi_is_wilders_smoothing(panel: Panel) -> None:
    candles = panel.candles("ETH/USDT")
    change = pd.Series(candles.close).diff()
    rise = change.clip(lower=0).ewm(alpha=1 / 14, adjust=False).mean()
    fall = (-change).clip(lower=0).ewm(alpha=1 / 14, adjust=False).mean()
    expected = 100 * rise.iloc[-1] / (rise + fall).iloc[-1]
    assert compute("rsi_14", candles)[-1] == pytest.approx(expected, rel=1e-9)


NEUTRAL = {
    "stochastic_rsi_14": 0.5,
    "ultimate_oscillator": 50.0,
    "stochastic_14": 0.5,
    "stochastic_48": 0.5,
    "slow_stochastic_14": 0.5,
    "williams_r_28": -50.0,
    "mfi_14": 50.0,
    "aroon_up_14": 100.0,
    "aroon_down_14": 100.0,
}


@pytest.mark.parametrize("name", TECHNICAL)
def test_nothing_moves_and_nothing_trades(name: str) -> None:
    """The values that the documentation promises."""
    still = bars(np.full(600, 0.3), volume=np.zeros(600))
    values = compute(name, still)[FEATURES[name].lookback - 1 :]
    np.testing.assert_allclose(values, NEUTRAL.get(name, 0.0), atol=1e-9)
    if name in NEUTRAL:
        assert FEATURES[name].missing


@pytest.mark.parametrize("name", TECHNICAL)
def test_prices_far_from_one_change_nothing(name: str, panel: Panel) -> None:
    """Coins quoted in billionths and in millions."""
    candles = panel.candles("SOL/USDT")
    values = compute(name, candles)
    for factor in (1e-9, 1e6):
        prices = {price: getattr(candles, price) * factor for price in ("open", "high", "low", "close")}
        other = compute(name, replace(candles, **prices))
        np.testing.assert_allclose(other, values, rtol=0, atol=1e-8 * np.nanstd(values))


ALIKE = [
    {"garman_klass_24", "parkinson_24", "rogers_satchell_24"},
    {"rsi_14", "ema_distance_20"},
]
"""What measures the same thing in two classical ways."""


def test_no_two_features_say_the_same(panel: Panel) -> None:
    names = [name for name in FEATURES if FEATURES[name].family in OWN]
    rows = FeatureSet.of(names).matrix(panel)[500:].reshape(-1, len(names))
    likeness = np.abs(np.corrcoef(rows, rowvar=False))
    pairs = {frozenset((names[i], names[j])) for i, j in np.argwhere(np.triu(likeness, 1) > 0.98)}
    assert not [sorted(pair) for pair in pairs if not any(pair <= group for group in ALIKE)]
    assert pairs, "the check finds nothing at all"


@pytest.mark.parametrize("name", [name for name in FEATURES if FEATURES[name].family in OWN])
def test_is_unknown_until_the_lookback_and_known_from_there(name: str, panel: Panel) -> None:
    """However few candles there are, none included."""
    candles, lookback = panel.candles("BTC/USDT"), FEATURES[name].lookback
    for count in {0, 1, 2, 3, min(27, lookback), lookback - 1, lookback, lookback + 1} - {-1}:
        values = compute(name, candles[:count])
        assert np.isnan(values[: lookback - 1]).all()
        assert np.isfinite(values[lookback - 1 :]).all()
        assert len(values) == count
