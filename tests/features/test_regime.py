"""Regimes against formulas, plain recursions and processes whose truth is known."""

import math

import numpy as np
import pytest
from tests.features.handmade import bars, compute, last, walk

from algotrade.domain.candles import FloatArray, Panel
from algotrade.features import regime

CRITICAL = 1.358
"""Of the largest distance of a Brownian bridge at 5 %: Inclan and Tiao (1994), table 1."""


def prices(returns: FloatArray) -> FloatArray:
    return np.exp(np.concatenate([[0.0], np.cumsum(returns)]))


def fractional_noise(n: int, hurst: float, seed: int) -> FloatArray:
    """Fractional Gaussian noise by Davies and Harte's method: exact."""
    lags = np.arange(n + 1.0)
    power = 2 * hurst
    covariance = 0.5 * ((lags + 1) ** power - 2 * lags**power + np.abs(lags - 1) ** power)
    eigenvalues = np.fft.fft(np.concatenate([covariance, covariance[-2:0:-1]])).real
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=2 * n) + 1j * rng.normal(size=2 * n)
    return np.fft.fft(np.sqrt(np.maximum(eigenvalues, 0) / (2 * n)) * noise).real[:n]


def test_trend_and_range() -> None:
    rising = np.exp(0.01 * np.arange(120.0))
    swinging = np.exp(0.01 * (np.arange(120.0) % 2))
    assert last("efficiency_ratio_12", bars(rising)) == pytest.approx(1.0)
    assert last("efficiency_ratio_12", bars(rising[::-1])) == pytest.approx(-1.0)
    assert last("efficiency_ratio_12", bars(swinging)) == pytest.approx(0.0)
    assert last("variance_ratio_96", bars(rising)) == pytest.approx(4.0)
    assert last("variance_ratio_96", bars(swinging)) == pytest.approx(0.0)
    assert last("return_autocorrelation_48", bars(swinging)) == pytest.approx(-1.0)
    assert last("rise_balance_24", bars(rising)) == 1.0
    assert last("drawdown_72", bars(rising[::-1])) == pytest.approx(-0.71)
    assert last("rally_72", bars(rising)) == pytest.approx(0.71)


def test_variance_ratio_and_volatility_rank_are_neutral_without_predictability(panel: Panel) -> None:
    for symbol in panel.symbols:
        assert np.nanmean(compute("variance_ratio_96", panel.candles(symbol))) == pytest.approx(1.0, abs=0.25)
        assert np.nanmean(compute("volatility_rank_168", panel.candles(symbol))) == pytest.approx(0.5, abs=0.12)


def test_the_bucket_is_the_third_that_the_rank_falls_in(panel: Panel) -> None:
    candles = panel.candles("ETH/USDT")
    rank, bucket = compute("volatility_rank_168", candles)[300:], compute("volatility_bucket_168", candles)[300:]
    np.testing.assert_array_equal(bucket, np.where(rank < 1 / 3, -1.0, np.where(rank < 2 / 3, 0.0, 1.0)))
    assert set(bucket) == {-1.0, 0.0, 1.0}


def test_autocorrelations_agree_with_numpy() -> None:
    candles = bars(walk(120))
    returns = np.diff(np.log(candles.close))
    expected = np.corrcoef(returns[-49:-1], returns[-48:])[0, 1]
    assert last("return_autocorrelation_48", candles) == pytest.approx(expected)
    sizes = np.abs(returns)
    assert last("volatility_clustering_96", candles) == pytest.approx(np.corrcoef(sizes[-97:-1], sizes[-96:])[0, 1])


def test_hurst_by_hand() -> None:
    """The slope of the log mean square on the log lag, by numpy's least squares."""
    log_close = np.log(walk(176))
    squares = [np.mean((log_close[8:] - log_close[8 - lag : 176 - lag]) ** 2) for lag in (1, 2, 4, 8)]
    slope = np.polyfit(np.log([1, 2, 4, 8]), np.log(squares), 1)[0]
    assert last("hurst_168", bars(np.exp(log_close))) == pytest.approx(slope / 2)


@pytest.mark.parametrize("exponent", [0.3, 0.5, 0.7])
def test_hurst_recovers_the_exponent_of_fractional_brownian_motion(exponent: float) -> None:
    found = [regime.hurst(bars(prices(0.01 * fractional_noise(4_000, exponent, seed))), 3_900)[-1] for seed in range(5)]
    assert np.mean(found) == pytest.approx(exponent, abs=0.03)
    short = [last("hurst_168", bars(prices(0.01 * fractional_noise(200, exponent, seed)))) for seed in range(60)]
    assert np.mean(short) == pytest.approx(exponent, abs=0.05)


def inclan_tiao(returns: FloatArray, every: int) -> float:
    """Their centred cumulative sum of squares at each multiple of ``every``, of the largest size."""
    share = np.cumsum(returns**2) / (returns**2).sum() - np.arange(1, len(returns) + 1) / len(returns)
    looked = share[every - 1 :: every]
    return float(math.sqrt(len(returns) / 2) * looked[np.abs(looked).argmax()])


def test_variance_change_is_inclan_and_tiaos_statistic() -> None:
    returns = np.random.default_rng(8).normal(0, 0.01, 96)
    found = last("variance_change_96", bars(prices(returns)))
    assert -found == pytest.approx(inclan_tiao(returns, every=12))
    assert abs(found) <= abs(inclan_tiao(returns, every=1))


def test_variance_change_holds_its_level_and_finds_a_change() -> None:
    rng = np.random.default_rng(9)
    null = [last("variance_change_96", bars(prices(rng.normal(0, 0.01, 96)))) for _ in range(400)]
    assert 0.01 < np.mean(np.abs(null) > CRITICAL) < 0.07
    rises = np.where(np.arange(96) < 48, 0.01, 0.03)
    found = [last("variance_change_96", bars(prices(rng.normal(0, rises)))) for _ in range(50)]
    assert np.min(found) > CRITICAL
    fallen = [last("variance_change_96", bars(prices(rng.normal(0, rises[::-1])))) for _ in range(50)]
    assert np.max(fallen) < -CRITICAL


def test_drift_change_is_a_cusum_and_finds_a_turn() -> None:
    rng = np.random.default_rng(10)
    returns = rng.normal(0, 0.01, 96)
    bridge = np.cumsum(returns) - np.arange(1, 97) / 96 * returns.sum()
    looked = bridge[11::12]
    expected = -looked[np.abs(looked).argmax()] / np.sqrt((returns**2).sum())
    assert last("drift_change_96", bars(prices(returns))) == pytest.approx(expected)
    turn = np.where(np.arange(96) < 48, -0.005, 0.005)
    assert last("drift_change_96", bars(prices(rng.normal(turn, 0.005)))) > CRITICAL
    assert last("drift_change_96", bars(prices(rng.normal(-turn, 0.005)))) < -CRITICAL


def hamilton(
    log_returns: FloatArray, risk: FloatArray, mean: tuple[float, float], variance: tuple[float, float]
) -> float:
    """Hamilton's (1989) filter as in his book, equations 22.4.5 and 22.4.6, from the densities."""
    stay, state = 0.95, np.array([0.5, 0.5])
    for change, sigma in zip(log_returns, risk, strict=True):
        density = np.array(
            [
                math.exp(-((change / sigma - m) ** 2) / (2 * v)) / math.sqrt(2 * math.pi * v)
                for m, v in zip(mean, variance, strict=True)
            ]
        )
        state = density * (np.array([[stay, 1 - stay], [1 - stay, stay]]) @ state)
        state /= state.sum()
    return float(state[1])


@pytest.mark.parametrize(
    ("name", "mean", "variance"),
    [("stress_probability_168", (0.0, 0.0), (0.5, 2.0)), ("uptrend_probability_168", (-0.25, 0.25), (1.0, 1.0))],
)
def test_the_filter_is_hamiltons(name: str, mean: tuple[float, float], variance: tuple[float, float]) -> None:
    candles = bars(walk(600))
    returns = np.diff(np.log(candles.close))
    risk = np.array([np.sqrt((returns[t - 168 : t] ** 2).mean()) for t in range(168, 600)])
    assert last(name, candles) == pytest.approx(hamilton(returns[167:], risk, mean, variance), abs=1e-10)


def test_the_hidden_state_is_found() -> None:
    """Of a market that switches between calm and stress the filter tells most candles apart, without the future."""
    rng, n = np.random.default_rng(11), 6_000
    stressed = np.logical_xor.accumulate(rng.random(n) < 0.02)
    returns = rng.normal(0, np.where(stressed, 0.02, 0.01))
    found = compute("stress_probability_168", bars(prices(returns)))[1:]
    told = np.mean((found > 0.5)[500:] == stressed[500:])
    assert told > 0.8
    drift = np.where(np.logical_xor.accumulate(rng.random(n) < 0.02), 0.004, -0.004)
    up = compute("uptrend_probability_168", bars(prices(rng.normal(drift, 0.01))))[1:]
    assert np.mean((up > 0.5)[500:] == (drift > 0)[500:]) > 0.7


def test_a_market_that_stands_still_is_calm_and_without_direction() -> None:
    still = bars(np.full(500, 10.0))
    assert last("stress_probability_168", still) < 0.5
    neutral = {"uptrend_probability_168": 0.5, "hurst_168": 0.5, "volatility_bucket_168": 0.0, "variance_ratio_96": 1.0}
    for name in ("variance_change_96", "drift_change_96", "return_autocorrelation_48", "volatility_clustering_96"):
        neutral[name] = 0.0
    for name, value in neutral.items():
        assert last(name, still) == value
