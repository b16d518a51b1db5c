"""Microstructure against the formulas of the papers, worked out by hand, and against planted truth."""

import math

import numpy as np
import pytest
from tests.features.handmade import bars, compute, last, walk

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features import FEATURES, microstructure


def trading_days(n: int, spread: float, risk: float, seed: int = 3) -> Candles:
    """Days of 100 trades at the bid or the ask around a value that walks, as in Corwin and Schultz's simulation."""
    rng = np.random.default_rng(seed)
    value = np.cumsum(rng.normal(0.0, risk / 10, (n, 100)).ravel()).reshape(n, 100)
    trade = np.exp(value) * (1 + spread / 2 * rng.choice([-1.0, 1.0], (n, 100)))
    return bars(trade[:, -1], open=trade[:, 0], high=trade.max(axis=1), low=trade.min(axis=1))


def test_amihud_is_the_mean_return_by_turnover_over_the_usual() -> None:
    """Amihud (2002) averages ``|r| / Q``; here a twelfth as much is traded for the same moves of late."""
    closes = 100 * np.exp(0.01 * (np.arange(169) % 2))
    volume = np.where(np.arange(169) < 157, 12.0, 1.0) / closes
    recent, usual = 12 * 0.01 / 12, 168 * 0.01 / (156 * 12 + 12)
    assert last("amihud_ratio_12", bars(closes, volume=volume)) == pytest.approx(math.log(recent / usual))


def test_roll_by_hand() -> None:
    """Roll (1984), s = 2 sqrt(-cov): prices that bounce by one percent have a spread of one percent."""
    returns = 0.01 * np.resize([1.0, -1.0], 49)
    closes = np.exp(np.concatenate([[0.0], np.cumsum(returns)]))
    expected = 2 * math.sqrt(-np.cov(returns[:-1], returns[1:])[0, 1])
    assert last("roll_spread_48", bars(closes)) == pytest.approx(expected)
    assert last("roll_spread_48", bars(np.exp(0.01 * np.arange(50.0) ** 1.5))) == 0.0


def test_roll_recovers_a_planted_spread() -> None:
    """A trade is half the spread off the value, on either side."""
    rng, n = np.random.default_rng(4), 20_000
    value = np.exp(np.cumsum(rng.normal(0.0, 0.002, n)))
    closes = value * (1 + 0.005 * rng.choice([-1.0, 1.0], n))
    assert microstructure.roll_spread(bars(closes), 19_000)[-1] == pytest.approx(0.01, rel=0.05)


def corwin_schultz(high: FloatArray, low: FloatArray) -> float:
    """Equations 14 and 18 of the paper for two days without a gap between them."""
    beta = np.log(high / low) @ np.log(high / low)
    gamma = np.log(high.max() / low.min()) ** 2
    root = 3 - 2 * math.sqrt(2)
    alpha = (math.sqrt(2 * beta) - math.sqrt(beta)) / root - math.sqrt(gamma / root)
    return 2 * (math.exp(alpha) - 1) / (1 + math.exp(alpha))


def test_corwin_schultz_by_hand() -> None:
    high, low = np.full(25, 102.0), np.full(25, 100.0)
    high[-1] = 103.0
    narrow, wide = corwin_schultz(high[:2], low[:2]), corwin_schultz(high[-2:], low[-2:])
    assert min(narrow, wide) > 0
    candles = bars(np.full(25, 101.0), high=high, low=low)
    assert last("corwin_schultz_24", candles) == pytest.approx((23 * narrow + wide) / 24)


def test_corwin_schultz_counts_negative_estimates_as_zero_and_closes_gaps() -> None:
    """Sections I.C and II of the paper."""
    middle = 100 * np.exp(0.02 * np.arange(25.0))
    trending = bars(middle, high=middle * 1.01, low=middle / 1.01)
    # Each day is above the day before by more than the spread: alpha is below zero once the gap is closed.
    assert last("corwin_schultz_24", trending) == 0.0
    leap = np.where(np.arange(25) < 24, 1.0, 3.0)
    calm = bars(100 * leap, high=102 * leap, low=100 * leap)
    assert last("corwin_schultz_24", calm) > 0.015


def test_corwin_schultz_recovers_a_planted_spread() -> None:
    estimate = microstructure.corwin_schultz(trading_days(4_000, spread=0.02, risk=0.01), 3_900)[-1]
    assert estimate == pytest.approx(0.02, rel=0.15)


def test_abdi_ranaldo_by_hand() -> None:
    """Equation 11: with every close at the high of equal candles, each product is the half range squared."""
    candles = bars(np.full(49, 102.0), high=np.full(49, 102.0), low=np.full(49, 100.0))
    assert last("abdi_ranaldo_48", candles) == pytest.approx(2 * math.log(102 / 100) / 2)
    swinging = bars(np.resize([102.0, 100.0], 49), high=np.full(49, 102.0), low=np.full(49, 100.0))
    assert last("abdi_ranaldo_48", swinging) == pytest.approx(math.log(102 / 100)), "only the middle is compared"


def test_abdi_ranaldo_recovers_a_planted_spread() -> None:
    estimate = microstructure.abdi_ranaldo(trading_days(4_000, spread=0.02, risk=0.01), 3_900)[-1]
    assert estimate == pytest.approx(0.02, rel=0.1)


def test_kyle_recovers_a_planted_impact() -> None:
    """Kyle (1985): the price moves by lambda for each unit of net purchases."""
    rng = np.random.default_rng(5)
    volume = rng.lognormal(0, 0.3, 49)
    flow = rng.normal(0, 0.2, 49) * volume
    closes = np.exp(0.003 + np.cumsum(0.01 * flow + 0.002))
    candles = bars(closes, volume=volume, taker_buy_volume=(volume + flow) / 2)
    assert last("kyle_lambda_48", candles) == pytest.approx(0.01 * volume[1:].mean())


def test_hasbrouck_by_hand() -> None:
    """Returns that are exactly the signed root of turnover: lambda times the mean root is the mean size."""
    rng = np.random.default_rng(6)
    sizes, sides = rng.uniform(0.001, 0.02, 60), rng.choice([-1.0, 1.0], 60)
    closes = np.exp(np.cumsum(sizes * sides))
    candles = bars(closes, volume=sizes**2 / closes)
    assert last("hasbrouck_impact_48", candles) == pytest.approx(1.0)


def test_impact_asymmetry_is_positive_when_falls_need_less_turnover() -> None:
    closes = 100 * np.exp(0.01 * (np.arange(49) % 2))
    fell = np.arange(49) % 2 == 0
    candles = bars(closes, volume=np.where(fell, 1.0, 4.0) / closes)
    assert last("impact_asymmetry_48", candles) == pytest.approx(math.log(4))
    assert last("impact_asymmetry_48", bars(walk(49), volume=np.zeros(49))) == 0.0
    assert last("impact_asymmetry_48", bars(np.exp(0.01 * np.arange(49.0)))) == 0.0


def test_shares_of_the_takers() -> None:
    """Easley et al. (2012): VPIN is the sum of the sizes of the imbalances by the volume."""
    volume, bought = np.full(48, 2.0), np.resize([2.0, 0.0, 1.0], 48)
    candles = bars(np.full(48, 10.0), volume=volume, taker_buy_volume=bought)
    assert last("flow_toxicity_48", candles) == pytest.approx((16 * 2 + 16 * 2) / 96)
    assert last("taker_buy_imbalance_12", candles) == pytest.approx(0.0)
    assert compute("taker_buy_imbalance_1", candles)[:3] == pytest.approx([0.5, -0.5, 0.0])


def test_unknown_takers_are_unknown_as_long_as_the_window_holds_them() -> None:
    volume, bought = np.ones(100), np.full(100, 0.7)
    bought[60] = np.nan
    values = compute("taker_buy_imbalance_12", bars(walk(100), volume=volume, taker_buy_volume=bought))
    assert np.flatnonzero(np.isnan(values)).tolist() == [*range(11), *range(60, 72)]
    assert values[[59, 72]] == pytest.approx([0.2, 0.2])


def test_bulk_imbalance_classifies_by_the_normal_distribution() -> None:
    """Bulk volume classification of Easley et al. (2012): a move of one sigma is bought to 84 %."""
    closes = np.exp(0.01 * (np.arange(72) % 2))
    rises = np.arange(72) % 2 == 1
    share = math.erf(1 / math.sqrt(2))
    values = last("bulk_imbalance_24", bars(closes, volume=np.where(rises, 3.0, 1.0)))
    assert values == pytest.approx(share * (3 - 1) / (3 + 1))


def test_flow_persistence_recovers_a_planted_autocorrelation() -> None:
    rng, n = np.random.default_rng(7), 6_000
    flow = np.zeros(n)
    for t in range(1, n):
        flow[t] = 0.5 * flow[t - 1] + rng.normal(0, 0.1)
    candles = bars(walk(n), taker_buy_volume=(1 + flow) / 2)
    assert microstructure.flow_persistence(candles, 5_000)[-1] == pytest.approx(0.5, abs=0.05)
    twin = np.corrcoef(flow[-49:-1], flow[-48:])[0, 1]
    assert last("flow_persistence_48", candles) == pytest.approx(twin)


def test_trade_size_ratio() -> None:
    volume, trades = np.full(168, 10.0), np.where(np.arange(168) < 156, 10.0, 5.0)
    usual = 1680 / (1560 + 60)
    assert last("trade_size_ratio_12", bars(walk(168), volume=volume, trades=trades)) == pytest.approx(
        math.log(2 / usual)
    )


@pytest.mark.parametrize("name", [name for name, each in FEATURES.items() if each.family == "microstructure"])
def test_a_market_that_stands_still_without_volume_is_neutral(name: str) -> None:
    nothing = dict.fromkeys(("volume", "trades", "taker_buy_volume"), np.zeros(400))
    assert (compute(name, bars(np.full(400, 10.0), **nothing))[300:] == 0.0).all()
