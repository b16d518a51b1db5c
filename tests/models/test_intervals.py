"""An interval holds what it says, and is wider where prices have moved more."""

import json

import numpy as np
import pytest

from algotrade.errors import ModelError
from algotrade.models.intervals import ReturnInterval, conformal_quantile, volatility_feature


def moved(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Residuals whose size follows a volatility, and that volatility."""
    random = np.random.default_rng(seed)
    volatility = np.exp(0.7 * random.standard_normal(count)) * 0.01
    return volatility * random.standard_t(5, count), volatility


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("adaptive", [False, True])
def test_new_returns_lie_inside_as_often_as_it_says(level, adaptive):
    shares = []
    for seed in range(30):
        residual, volatility = moved(500, seed)
        interval = ReturnInterval.fit(level, residual, volatility if adaptive else None, "v")
        fresh, then = moved(500, 1000 + seed)
        shares.append(np.mean(np.abs(fresh) <= interval.half_widths(then if adaptive else None)))
    # Standard error of the mean of 30 shares of 500, learned from 500: below 0.004.
    assert np.mean(shares) == pytest.approx(level, abs=0.013)


def test_one_that_scales_is_narrower_and_right_in_calm_and_storm():
    residual, volatility = moved(4000, 0)
    fixed, scaled = ReturnInterval.fit(0.9, residual), ReturnInterval.fit(0.9, residual, volatility, "v")
    fresh, then = moved(4000, 1)
    calm = then < np.median(then)
    inside_fixed, inside = np.abs(fresh) <= fixed.half_widths(), np.abs(fresh) <= scaled.half_widths(then)
    assert inside_fixed[calm].mean() - inside_fixed[~calm].mean() > 0.1
    assert abs(inside[calm].mean() - inside[~calm].mean()) < 0.04
    assert scaled.half_widths(then).mean() < 0.95 * fixed.half_widths()


def test_a_missing_or_dead_volatility_counts_as_the_floor():
    interval = ReturnInterval(0.9, 0.02, "v", factor=2.0, floor=0.001)
    assert interval.half_widths(np.array([np.nan, 0.0, 0.01])).tolist() == [0.002, 0.002, 0.02]
    for volatility, half in ((np.nan, 0.002), (0.0, 0.002), (0.01, 0.02)):
        assert interval.half_width_of(np.array([[1.0, 9.0], [1.0, volatility]]), ("a", "v")) == half


def test_without_a_window_it_is_as_wide_as_on_average():
    interval = ReturnInterval(0.9, 0.02, "v", factor=2.0, floor=0.001)
    assert interval.half_width_of(None, ("v",)) == 0.02
    assert ReturnInterval(0.9, 0.02).half_width_of(np.ones((1, 1)), ("v",)) == 0.02


def test_a_volatility_that_says_nothing_is_not_scaled_with():
    residual = np.random.default_rng(0).standard_normal(100)
    for volatility in (np.full(100, np.nan), np.zeros(100)):
        assert ReturnInterval.fit(0.9, residual, volatility, "v").volatility == ""


def test_few_residuals_give_no_interval():
    assert ReturnInterval.fit(0.9, np.ones(19)) is None
    assert ReturnInterval.fit(0.99, np.ones(99)) is None
    assert ReturnInterval.fit(0.9, np.full(500, np.nan)) is None
    assert ReturnInterval.fit(0.9, np.ones(20)).half_width == 1.0


def test_the_quantile_is_one_that_exchangeable_returns_stay_within():
    random = np.random.default_rng(0)
    inside = [
        float(abs(random.standard_normal())) <= conformal_quantile(np.abs(random.standard_normal(19)), 0.9)
        for _ in range(4000)
    ]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.015)


def test_the_feature_to_scale_with_is_a_volatility_of_the_candles_own_timeframe():
    names = ["rsi_14", "realised_volatility_12@4h", "realised_volatility_168", "realised_volatility_12", "parkinson_24"]
    assert volatility_feature(names) == "realised_volatility_12"
    assert volatility_feature(["parkinson_24", "yang_zhang_48"]) == "parkinson_24"
    assert volatility_feature(["rsi_14", "realised_volatility_ratio"]) == ""


def test_the_features_of_the_platform_have_one():
    from algotrade.features import FEATURES

    assert volatility_feature(list(FEATURES)) == "realised_volatility_48"


def test_it_survives_json_and_nothing_else_is_taken_for_it():
    interval = ReturnInterval(0.9, 0.1 + 0.2, "v", 1 / 3, 1e-9)
    assert ReturnInterval.from_json(json.loads(json.dumps(interval.to_json()))) == interval
    with pytest.raises(ModelError, match="Train the model again"):
        ReturnInterval.from_json({"level": 0.9, "width": 1.0})
