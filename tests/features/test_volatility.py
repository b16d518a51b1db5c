"""Volatility estimators: worked out by hand after their papers, and against a market whose volatility is known."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from math import exp, log, pi, sqrt

import numpy as np
import pytest
from tests.features.handmade import bars

from algotrade.domain.candles import Candles, FloatArray
from algotrade.features import FEATURES
from algotrade.features.return_shape import (
    downside_share,
    jump_share,
    jump_statistic,
    realised_kurtosis,
    realised_skewness,
)
from algotrade.features.volatility import (
    bipower_volatility,
    close_to_close,
    garman_klass,
    garman_klass_yang_zhang,
    parkinson,
    range_ratio,
    realised_volatility,
    rogers_satchell,
    volatility_of_range,
    volatility_of_volatility,
    volatility_ratio,
    volatility_turn,
    yang_zhang,
)

VOLATILITY = [name for name in FEATURES if FEATURES[name].family == "volatility"]


def closes_of(*returns: float) -> Candles:
    """Candles without a range at closes with these log returns."""
    return bars(np.exp(np.cumsum([0.0, *returns])))


FIVE = bars(
    open=[100.0, 102.0, 99.0, 101.0, 104.0],
    high=[103.0, 104.0, 102.0, 106.0, 105.0],
    low=[99.0, 98.0, 97.0, 100.0, 101.0],
    closes=[101.0, 99.5, 101.5, 105.0, 102.0],
)
ROWS = list(zip(FIVE.open, FIVE.high, FIVE.low, FIVE.close, strict=True))
"""Five candles; windows of three or four end with the last."""


def test_parkinson_by_hand() -> None:
    """Parkinson (1980): the mean squared log range by 4 ln 2."""
    squares = log(102 / 97) ** 2 + log(106 / 100) ** 2 + log(105 / 101) ** 2
    assert parkinson(FIVE, 3)[-1] == pytest.approx(sqrt(squares / 3 / (4 * log(2))), rel=1e-12)


def test_garman_klass_by_hand() -> None:
    """Garman and Klass (1980), the practical estimator: half the squared range less 2 ln 2 - 1 of the squared body."""
    third = 0.5 * log(102 / 97) ** 2 - (2 * log(2) - 1) * log(101.5 / 99) ** 2
    fourth = 0.5 * log(106 / 100) ** 2 - (2 * log(2) - 1) * log(105 / 101) ** 2
    fifth = 0.5 * log(105 / 101) ** 2 - (2 * log(2) - 1) * log(102 / 104) ** 2
    assert garman_klass(FIVE, 3)[-1] == pytest.approx(sqrt((third + fourth + fifth) / 3), rel=1e-12)


def test_garman_klass_with_openings_by_hand() -> None:
    """The same with the squared jump from the close before to the open."""
    total = 0.0
    for (*_, before), (open_, high, low, close) in pairwise(ROWS[1:]):
        total += log(open_ / before) ** 2 + 0.5 * log(high / low) ** 2 - (2 * log(2) - 1) * log(close / open_) ** 2
    assert garman_klass_yang_zhang(FIVE, 3)[-1] == pytest.approx(sqrt(total / 3), rel=1e-12)


def test_rogers_satchell_by_hand() -> None:
    """Rogers and Satchell (1991): u (u - c) + d (d - c) with up, down and close measured from the open."""
    total = 0.0
    for open_, high, low, close in ROWS[-3:]:
        u, d, c = log(high / open_), log(low / open_), log(close / open_)
        total += u * (u - c) + d * (d - c)
    assert rogers_satchell(FIVE, 3)[-1] == pytest.approx(sqrt(total / 3), rel=1e-12)


def test_yang_zhang_by_hand() -> None:
    """Yang and Zhang (2000), equation 10: V_O + k V_C + (1 - k) V_RS with k = 0.34 / (1.34 + (n + 1) / (n - 1))."""
    n, openings, bodies, within = 4, [], [], []
    for (*_, before), (open_, high, low, close) in pairwise(ROWS):
        u, d, c = log(high / open_), log(low / open_), log(close / open_)
        openings.append(log(open_ / before))
        bodies.append(c)
        within.append(u * (u - c) + d * (d - c))
    mean_opening, mean_body = sum(openings) / n, sum(bodies) / n
    opening = sum((o - mean_opening) ** 2 for o in openings) / (n - 1)
    body = sum((c - mean_body) ** 2 for c in bodies) / (n - 1)
    k = 0.34 / (1.34 + 5 / 3)
    expected = sqrt(opening + k * body + (1 - k) * sum(within) / n)
    assert yang_zhang(FIVE, 4)[-1] == pytest.approx(expected, rel=1e-12)


def test_realised_and_close_to_close_by_hand() -> None:
    moves = closes_of(0.01, 0.03, -0.02)
    assert realised_volatility(moves, 3)[-1] == pytest.approx(sqrt((0.0001 + 0.0009 + 0.0004) / 3))
    mean = 0.02 / 3
    squares = (0.01 - mean) ** 2 + (0.03 - mean) ** 2 + (-0.02 - mean) ** 2
    assert close_to_close(moves, 3)[-1] == pytest.approx(sqrt(squares / 2))
    assert close_to_close(closes_of(*[0.01] * 5), 4)[-1] == pytest.approx(0.0, abs=1e-12)


def test_bipower_variation_by_hand() -> None:
    """Barndorff-Nielsen and Shephard (2004): pi / 2 times the products of neighbouring sizes."""
    moves = closes_of(0.01, -0.02, 0.03, -0.01)
    products = 0.01 * 0.02 + 0.02 * 0.03 + 0.03 * 0.01
    assert bipower_volatility(moves, 3)[-1] == pytest.approx(sqrt(pi / 2 * products / 3))
    squares = 0.0004 + 0.0009 + 0.0001
    assert jump_share(moves, 3)[-1] == pytest.approx(max(0.0, 1 - pi / 2 * products / squares))
    assert jump_share(closes_of(0.001, 0.001, 0.05, 0.001), 3)[-1] == pytest.approx(
        1 - pi / 2 * (0.001**2 + 0.05 * 0.001 * 2) / (2 * 0.001**2 + 0.05**2)
    )


def test_jump_statistic_by_hand() -> None:
    """Barndorff-Nielsen and Shephard (2004, 2006): the ratio statistic, its noise from the quadpower variation."""
    sizes = [0.01, 0.02, 0.03, 0.01, 0.02, 0.04]
    moves = closes_of(*(size * sign for size, sign in zip(sizes, [1, -1, 1, 1, -1, 1], strict=True)))
    realised = 0.01**2 + 0.02**2 + 0.04**2
    bipower = pi / 2 * (0.03 * 0.01 + 0.01 * 0.02 + 0.02 * 0.04)
    products = 0.01 * 0.02 * 0.03 * 0.01 + 0.02 * 0.03 * 0.01 * 0.02 + 0.03 * 0.01 * 0.02 * 0.04
    quadpower = 3 * (pi / 2) ** 2 * products
    spread = (pi**2 / 4 + pi - 5) * max(1.0, quadpower / bipower**2)
    expected = sqrt(3) * (1 - bipower / realised) / sqrt(spread)
    assert jump_statistic(moves, 3)[-1] == pytest.approx(expected, rel=1e-12)


def test_moments_of_returns_by_hand() -> None:
    """Amaya, Christoffersen, Jacobs and Vasquez (2015), equations 3 and 4; semivariance after Barndorff-Nielsen."""
    moves = closes_of(0.01, -0.02, 0.04)
    second = 0.01**2 + 0.02**2 + 0.04**2
    assert realised_skewness(moves, 3)[-1] == pytest.approx(sqrt(3) * (0.01**3 - 0.02**3 + 0.04**3) / second**1.5)
    assert realised_kurtosis(moves, 3)[-1] == pytest.approx(3 * (0.01**4 + 0.02**4 + 0.04**4) / second**2)
    assert downside_share(moves, 3)[-1] == pytest.approx(0.02**2 / second)


def test_ratios_by_hand() -> None:
    quick = closes_of(*[0.01] * 144, *[0.03] * 24)
    assert volatility_ratio(quick, 24)[-1] == pytest.approx(log(0.03 / ((144 * 0.01 + 24 * 0.03) / 168)))
    assert volatility_turn(quick, 4)[-1] == pytest.approx(0.0)
    assert volatility_turn(quick, 4)[147] == pytest.approx(log(((0.01 + 3 * 0.03) / 4) / ((21 * 0.01 + 3 * 0.03) / 24)))
    spans = sum(log(high / low) ** 2 for _, high, low, _ in ROWS[-3:]) / (4 * log(2))
    moves = sum(log(after[3] / before[3]) ** 2 for before, after in pairwise(ROWS[-4:]))
    assert range_ratio(FIVE, 3)[-1] == pytest.approx(log(spans / moves))


def test_spread_of_volatility_by_hand() -> None:
    mean = (0.01 + 0.02 + 0.06) / 3
    spread = sqrt(((0.01 - mean) ** 2 + (0.02 - mean) ** 2 + (0.06 - mean) ** 2) / 2)
    assert volatility_of_volatility(closes_of(0.01, -0.02, 0.06), 3)[-1] == pytest.approx(spread / mean)
    ranges = [log(high / low) for _, high, low, _ in ROWS[-3:]]
    middle = sum(ranges) / 3
    spread = sqrt(sum((each - middle) ** 2 for each in ranges) / 2)
    assert volatility_of_range(FIVE, 3)[-1] == pytest.approx(spread / middle)


SIGMA, STEPS, OPENING = 0.02, 400, 0.015


def geometric_brownian(drift: float = 0.0, opening: float = 0.0) -> Candles:
    """4,000 candles of 400 steps each with volatility 0.02, and jumps of a given size between them."""
    rng = np.random.default_rng(8)
    steps = rng.normal(drift / STEPS, SIGMA / sqrt(STEPS), (4_000, STEPS))
    paths = np.concatenate([np.zeros((4_000, 1)), np.cumsum(steps, axis=1)], axis=1)
    gaps = rng.normal(0.0, opening, 4_000) if opening else np.zeros(4_000)
    starts = np.cumsum(gaps + np.concatenate([[0.0], paths[:-1, -1]]))
    logs = starts[:, None] + paths
    prices = np.exp(logs)
    return bars(prices[:, -1], open=prices[:, 0], high=prices.max(axis=1), low=prices.min(axis=1))


Estimator = Callable[[Candles, int], FloatArray]


def variance(estimator: Estimator, candles: Candles) -> float:
    """From the whole series at once."""
    n = len(candles) - 2
    return float(estimator(candles, n)[-1] ** 2)


FROM_CLOSES: list[Estimator] = [realised_volatility, close_to_close, bipower_volatility]
FROM_RANGES: list[Estimator] = [parkinson, garman_klass, garman_klass_yang_zhang, rogers_satchell, yang_zhang]


@pytest.mark.parametrize("estimator", FROM_CLOSES + FROM_RANGES, ids=lambda each: each.__name__)
def test_recovers_a_known_volatility(estimator: Estimator) -> None:
    """Extremes of 400 steps fall short of the continuous ones, by about 7 % of the variance."""
    tolerance = 0.12 if estimator in FROM_RANGES else 0.06
    assert variance(estimator, geometric_brownian()) == pytest.approx(SIGMA**2, rel=tolerance)


@pytest.mark.parametrize("estimator", [rogers_satchell, yang_zhang, close_to_close], ids=lambda each: each.__name__)
def test_a_trend_is_no_volatility(estimator: Estimator) -> None:
    assert variance(estimator, geometric_brownian(drift=0.03)) == pytest.approx(SIGMA**2, rel=0.12)
    assert variance(parkinson, geometric_brownian(drift=0.03)) > 1.4 * SIGMA**2
    assert variance(realised_volatility, geometric_brownian(drift=0.03)) > 2 * SIGMA**2


@pytest.mark.parametrize(
    "estimator", [yang_zhang, garman_klass_yang_zhang, close_to_close], ids=lambda each: each.__name__
)
def test_jumps_between_candles_count(estimator: Estimator) -> None:
    gapped = geometric_brownian(opening=OPENING)
    assert variance(estimator, gapped) == pytest.approx(SIGMA**2 + OPENING**2, rel=0.12)
    for blind in (parkinson, garman_klass, rogers_satchell):
        assert variance(blind, gapped) == pytest.approx(SIGMA**2, rel=0.12)


def test_yang_zhang_is_much_the_most_precise() -> None:
    """Yang and Zhang (2000): several times as efficient as the variance of closes."""
    candles = geometric_brownian()
    spread = {each: np.nanstd(each(candles, 24) ** 2) for each in (yang_zhang, close_to_close)}
    assert spread[yang_zhang] ** 2 < spread[close_to_close] ** 2 / 4


def test_the_jump_statistic_is_about_normal_without_jumps_and_large_with_one() -> None:
    rng = np.random.default_rng(4)
    returns = rng.normal(0.0, 0.01, 48_000)
    statistics = jump_statistic(closes_of(*returns), 48)[52::48]
    assert np.mean(statistics) == pytest.approx(0.0, abs=0.15)
    assert np.std(statistics) == pytest.approx(1.0, abs=0.15)
    returns[20::48] = 0.1
    assert np.mean(jump_statistic(closes_of(*returns), 48)[52::48] > 2) > 0.95


def test_bipower_variation_passes_over_a_jump() -> None:
    rng = np.random.default_rng(5)
    returns = rng.normal(0.0, 0.01, 2_000)
    returns[1_000] = 0.8
    jumped = closes_of(*returns)
    assert bipower_volatility(jumped, 1_900)[-1] == pytest.approx(0.01, rel=0.1)
    assert realised_volatility(jumped, 1_900)[-1] > 1.5 * 0.01


NEUTRAL = {"downside_share_48": 0.5, "realised_kurtosis_48": 3.0}


@pytest.mark.parametrize("name", VOLATILITY)
def test_nothing_moves(name: str) -> None:
    """The values that the documentation promises."""
    still = bars(np.full(400, 0.3))
    values = FEATURES[name].compute(still)[FEATURES[name].lookback - 1 :]
    assert (values == NEUTRAL.get(name, 0.0)).all()
    assert FEATURES[name].missing


@pytest.mark.parametrize("name", ["volatility_ratio_12", "volatility_ratio_24", "volatility_turn_4"])
def test_a_still_window_after_moves_is_as_quiet_as_it_gets(name: str) -> None:
    stopped = closes_of(*[0.01, -0.01] * 90, *[0.0] * 12 if name.endswith("12") else [0.0] * 24)
    row = -1 if name.startswith("volatility_ratio") else -21
    assert FEATURES[name].compute(stopped)[row] == pytest.approx(log(1e-3))
    assert "ln(0.001)" in FEATURES[name].missing


def test_the_ratio_of_ranges_is_held_where_candles_swing_around_one_close() -> None:
    still = bars(np.ones(60))
    swinging = replace(still, high=np.full(60, 1.1), low=np.full(60, 0.9))
    close = np.ones(60)
    close[-1] = exp(1e-6)
    assert FEATURES["range_ratio_24"].compute(replace(swinging, close=close))[-1] == pytest.approx(log(1e3))
    assert FEATURES["range_ratio_24"].compute(swinging)[-1] == 0.0
    close[-1] = exp(0.5)
    assert FEATURES["range_ratio_24"].compute(replace(still, close=close))[-1] == pytest.approx(-log(1e3))
