"""Cross-asset features against numpy and pandas, the looks over all pairs included that the features spare."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.features.handmade import compute, last, panel_of, walk

from algotrade.domain.candles import FloatArray, Panel
from algotrade.features import FEATURES, FeatureSet

CROSS_ASSET = [name for name, each in FEATURES.items() if each.family == "cross_asset"]


@pytest.fixture(scope="module")
def returns(panel: Panel) -> pd.DataFrame:
    return pd.DataFrame(np.log(panel.close), columns=list(panel.symbols)).diff()


def test_returns_ranks_and_breadth_by_hand() -> None:
    grow = 1.1 ** np.arange(5.0)
    panel = panel_of(A=100 * grow, B=[50.0] * 5, C=10 / grow)
    step = 4 * np.log(1.1)
    assert last("market_return_4", panel) == pytest.approx([0.0] * 3, abs=1e-12)
    assert last("relative_return_4", panel) == pytest.approx([step, 0.0, -step], abs=1e-12)
    assert last("return_rank_4", panel) == pytest.approx([5 / 6, 3 / 6, 1 / 6])
    assert last("breadth_4", panel) == pytest.approx([0.0] * 3)
    longer = panel_of(A=[100.0] * 12 + [110.0], B=[50.0] * 13)
    assert last("dispersion_12", longer) == pytest.approx([np.log(1.1) / 2] * 2)
    assert last("return_cross_z_12", longer) == pytest.approx([1.0, -1.0])
    assert last("breadth_12", longer) == pytest.approx([0.5] * 2)


def test_rank_change_compares_with_the_window_before() -> None:
    """A is ahead in the first window, B in the second."""
    first, second = np.arange(24.0), np.zeros(24)
    a, b = np.exp(0.01 * np.r_[0, first, 24 + second]), np.exp(0.01 * np.r_[0, second, first])
    assert last("rank_change_24", panel_of(A=a, B=b)) == pytest.approx([-0.5, 0.5])


def test_relative_strength_is_gains_by_moves_against_the_market() -> None:
    closes = np.exp(np.cumsum(np.r_[0, np.resize([0.03, -0.01], 24)]))
    # B stands, so the market moves half as much: A's excess is half of its return, and B's the opposite.
    assert last("relative_strength_24", panel_of(A=closes, B=np.ones(25))) == pytest.approx([0.75, 0.25])
    assert last("relative_strength_24", panel_of(A=closes)) == pytest.approx([0.5])


def test_fit_to_the_market(panel: Panel, returns: pd.DataFrame) -> None:
    own, market = returns[-72:].to_numpy(), returns.mean(axis=1)[-72:].to_numpy()
    for column in range(own.shape[1]):
        line = np.polyfit(market, own[:, column], 1)
        left = np.std(own[:, column] - np.polyval(line, market))
        assert last("market_beta_72", panel)[column] == pytest.approx(line[0])
        assert last("market_correlation_72", panel)[column] == pytest.approx(np.corrcoef(market, own[:, column])[0, 1])
        assert last("idiosyncratic_volatility_72", panel)[column] == pytest.approx(left)
        excess = (own[:, column] - line[0] * market).sum() / (left * np.sqrt(72))
        assert last("residual_momentum_72", panel)[column] == pytest.approx(excess)
        falls = market < 0
        slope = (own[falls, column] @ market[falls]) / (market[falls] @ market[falls])
        assert last("downside_beta_72", panel)[column] == pytest.approx(slope)


def mean_of_pairs(returns: FloatArray) -> float:
    """Risk-weighted mean correlation with a look at each pair."""
    risk, correlation = returns.std(axis=0), np.corrcoef(returns, rowvar=False)
    weights = np.outer(risk, risk)
    np.fill_diagonal(weights, 0.0)
    return float((correlation * weights).sum() / weights.sum())


def test_average_correlation_is_that_of_all_pairs(panel: Panel, returns: pd.DataFrame) -> None:
    assert last("average_correlation_72", panel) == pytest.approx([mean_of_pairs(returns[-72:].to_numpy())] * 4)
    same = panel_of(A=walk(80), B=2 * walk(80))
    assert last("average_correlation_72", same) == pytest.approx([1.0, 1.0])
    mirrored = panel_of(A=walk(80), B=1 / walk(80))
    assert last("average_correlation_72", mirrored) == pytest.approx([-1.0, -1.0])
    assert last("average_correlation_72", panel_of(A=walk(80))) == pytest.approx([0.0]), "no pair, no correlation"


def test_breadth_above_the_mean(panel: Panel) -> None:
    log_close = pd.DataFrame(np.log(panel.close))
    expected = np.sign(log_close - log_close.rolling(48).mean()).mean(axis=1)
    np.testing.assert_allclose(compute("breadth_above_mean_48", panel)[47:, 0], expected[47:])


def test_dispersion_z(panel: Panel, returns: pd.DataFrame) -> None:
    spread = returns.std(axis=1, ddof=0)
    expected = (spread - spread.rolling(168).mean()) / spread.rolling(168).std(ddof=0)
    np.testing.assert_allclose(compute("dispersion_z_168", panel)[168:, 0], expected[168:], rtol=1e-9)


def test_leader_lag_correlation_finds_a_planted_lag() -> None:
    rng = np.random.default_rng(3)
    led = rng.normal(0, 0.01, 200)
    follows = np.r_[0.0, led[:-1]] + rng.normal(0, 0.005, 200)
    panel = panel_of(A=1_000 * np.exp(np.cumsum(led)), B=np.exp(np.cumsum(follows)))
    values = last("leader_lag_correlation_72", panel)
    assert values[1] == pytest.approx(np.corrcoef(led[-73:-1], follows[-72:])[0, 1])
    assert values[1] > 0.8
    assert abs(values[0]) < 0.4, "the leader does not lead itself"


def test_the_leader_is_who_trades_most_by_then() -> None:
    """B takes over the lead with a turnover that a whole-sample look would have credited it with all along."""
    a, b = walk(200, seed=1), walk(200, seed=2)
    panel = panel_of(A=a, B=b)
    panel.volume[:, 1] = np.where(np.arange(200) < 120, 0.01, 100.0)
    scaled = {}
    for column, closes in enumerate((a, b)):
        moves = np.diff(np.log(closes), prepend=np.nan)
        risk = np.sqrt(pd.Series(moves**2).rolling(48).mean())
        scaled[column] = (moves / risk).to_numpy()
    led = compute("leader_return_1", panel)[:, 0]
    np.testing.assert_allclose(led[60:119], scaled[0][60:119], rtol=1e-9)
    np.testing.assert_allclose(led[130:], scaled[1][130:], rtol=1e-9)
    gap = FeatureSet.of(["leader_gap_4"]).matrix(panel)[:, :, 0]
    assert (gap[60:119, 0] == 0).all()
    assert (gap[130:, 1] == 0).all()


def test_a_symbol_without_a_candle_takes_no_part() -> None:
    panel = panel_of(A=[100.0, 110.0, 121.0], B=[50.0, np.nan, 50.0])
    assert compute("market_return_1", panel)[1, 0] == pytest.approx(np.log(1.1))
    assert np.isnan(compute("market_return_1", panel)[1, 1])
    assert compute("market_return_1", panel)[2, 0] == pytest.approx(np.log(1.1)), (
        "B has no candle before to return from"
    )


@pytest.fixture(scope="module")
def comers_and_goers() -> Panel:
    """A leads all the time, B is listed at row 300, C delisted after row 399, D misses two candles."""
    closes = {name: walk(700, seed=seed) for seed, name in enumerate("ABCD")}
    closes["A"] *= 1_000
    closes["B"][:300] = closes["C"][400:] = closes["D"][[500, 501]] = np.nan
    return panel_of(**closes)


@pytest.mark.parametrize("name", CROSS_ASSET)
def test_listings_and_delistings(name: str, comers_and_goers: Panel) -> None:
    """Who is not there has no value, takes no part, and leaves no trace in the others' once the window has passed."""
    values, lookback = FeatureSet.of([name]).matrix(comers_and_goers)[:, :, 0], FEATURES[name].lookback
    assert np.isnan(values[:300, 1]).all()
    assert np.isnan(values[400:, 2]).all()
    assert np.isfinite(values[300 + lookback :, 1]).all()
    assert np.isfinite(values[lookback:, 0]).all()
    left = replace(comers_and_goers)[400:]
    alone = replace(
        left, symbols=("A", "B", "D"), **{each: getattr(left, each)[:, [0, 1, 3]] for each in ("open", "high", "low")},
        **{each: np.asfortranarray(getattr(left, each)[:, [0, 1, 3]]) for each in
           ("close", "volume", "quote_volume", "trades", "taker_buy_volume", "funding_rate")},
    )  # fmt: skip
    without = FeatureSet.of([name]).matrix(alone)[:, :, 0]
    np.testing.assert_allclose(values[400 + lookback :, [0, 1, 3]], without[lookback:], atol=1e-12)


def test_nobody_leads_for_half_a_window_after_the_leader_is_delisted() -> None:
    """Its turnover counts as long as half of the 48 candles have it; then the next one leads."""
    goes, stays = 1_000 * walk(300, seed=1), walk(300, seed=2)
    goes[200:] = np.nan
    values = FeatureSet.of(["leader_return_1"]).matrix(panel_of(A=goes, B=stays))[:, 1, 0]
    assert np.flatnonzero(np.isnan(values[100:])).tolist() == list(range(100, 124))


def test_half_a_window_is_enough_and_less_is_unknown(comers_and_goers: Panel) -> None:
    beta = FeatureSet.of(["market_beta_72"]).matrix(comers_and_goers)[:, 1, 0]
    assert np.isnan(beta[: 301 + 35]).all()
    assert np.isfinite(beta[301 + 35 :]).all()
