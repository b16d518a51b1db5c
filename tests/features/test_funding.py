"""Funding and basis by hand, and what becomes of symbols that have neither."""

import numpy as np
import pytest
from tests.features.handmade import bars, compute, last, panel_of, walk

from algotrade.domain.candles import FloatArray, Panel
from algotrade.features import FEATURES, FeatureSet

OF_FUNDING = [name for name, each in FEATURES.items() if each.needs == ("funding_rate",)]
OF_BASIS = [name for name, each in FEATURES.items() if each.needs == ("counterpart_close",)]


def settled(n: int, seed: int = 0) -> FloatArray:
    """Rates of eight-hour settlements on hourly candles."""
    return np.repeat(np.random.default_rng(seed).normal(1e-4, 1e-4, n // 8 + 1), 8)[:n]


def with_rates(panel: Panel, rates: FloatArray) -> Panel:
    panel.funding_rate[:] = rates
    return panel


def test_rates_by_hand() -> None:
    rates = settled(168)
    candles = bars(walk(168), funding_rate=rates)
    assert last("funding_rate", candles) == rates[-1]
    assert last("funding_mean_72", candles) == pytest.approx(rates[-72::8].mean()), "nine settlements of eight hours"
    assert last("funding_change_24", candles) == pytest.approx(rates[-1] - rates[-25])
    assert last("funding_z_168", candles) == pytest.approx((rates[-1] - rates.mean()) / rates.std(ddof=1))
    returns = np.diff(np.log(candles.close))[-72:]
    assert last("carry_to_risk_72", candles) == pytest.approx(rates[-72:].mean() / np.sqrt((returns**2).mean()))


def test_rates_against_those_of_the_others() -> None:
    panel = with_rates(panel_of(A=[1.0], B=[1.0], C=[1.0]), np.array([[3e-4, 1e-4, np.nan]]))
    assert last("relative_funding", panel) == pytest.approx([1e-4, -1e-4, np.nan], nan_ok=True)
    assert last("funding_rank", panel) == pytest.approx([0.75, 0.25, np.nan], nan_ok=True)


def test_a_rate_without_a_candle_takes_no_part() -> None:
    panel = with_rates(panel_of(A=[1.0, 1.0], B=[1.0, np.nan]), np.array([[3e-4, 1e-4], [3e-4, 1e-4]]))
    assert last("relative_funding", panel)[0] == 0.0


@pytest.mark.parametrize("name", OF_FUNDING)
def test_a_hole_in_the_rates_is_a_hole_in_the_values(name: str) -> None:
    rates = settled(800)
    rates[400:424] = np.nan
    values = FeatureSet.of([name]).matrix(with_rates(panel_of(A=walk(800)), rates[:, None]))[:, 0, 0]
    assert np.isnan(values[400:424]).all()
    assert np.isfinite(values[FEATURES[name].lookback : 400]).all()
    assert np.isfinite(values[424 + FEATURES[name].lookback :]).all()


def test_basis_is_the_perpetual_over_its_spot_pair_for_either() -> None:
    spot, perpetual = walk(200, seed=1), walk(200, seed=1) * np.exp(0.001 * np.sin(np.arange(200.0)))
    panel = panel_of(**{"BTC/USDT": spot, "BTC/USDT:USDT": perpetual, "ETH/USDT": walk(200, seed=2)})
    basis = np.log(perpetual / spot)
    assert compute("basis", panel)[:, 0] == pytest.approx(basis)
    assert compute("basis", panel)[:, 1] == pytest.approx(basis)
    assert last("basis_change_12", panel)[:2] == pytest.approx([basis[-1] - basis[-13]] * 2)
    z = (basis[-1] - basis[-168:].mean()) / basis[-168:].std()
    assert last("basis_z_168", panel)[:2] == pytest.approx([z, z])
    for name in OF_BASIS:
        assert np.isnan(compute(name, panel)[:, 2]).all(), "nothing is made up for a symbol without a counterpart"


@pytest.mark.parametrize(
    "symbols", [("BTC/USDT", "ETH/USDT:USDT"), ("BTC/USDT", "BTC/USDC:USDC"), ("BTC/USDT", "BTC/USDT:USDT-240628")]
)
def test_other_instruments_are_no_counterpart(symbols: tuple[str, str]) -> None:
    panel = panel_of(**{symbol: walk(10) for symbol in symbols})
    assert np.isnan(compute("basis", panel)).all()


def test_a_panel_without_rates_and_counterparts_leaves_the_family_out() -> None:
    panel = panel_of(A=walk(20))
    features = FeatureSet.of([*OF_FUNDING, *OF_BASIS, "log_return_1"])
    assert features.computable(panel).names == ("log_return_1",)
    assert features.computable(with_rates(panel, np.full((20, 1), 1e-4))).names == (*OF_FUNDING, "log_return_1")
    pair = panel_of(**{"A/USDT": walk(20), "A/USDT:USDT": walk(20)})
    assert features.computable(pair).names == (*OF_BASIS, "log_return_1")
