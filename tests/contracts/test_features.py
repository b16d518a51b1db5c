"""Laws over every feature in the registry; that they catch what they are for is shown in tests/audit."""

from dataclasses import replace

import numpy as np
import pytest

from algotrade.audit import Finding, probe_features
from algotrade.domain.candles import CONTEXT_COLUMNS, VALUE_COLUMNS, FloatArray, Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.features import FEATURES, Feature, FeatureSet
from algotrade.simulation.market import MarketSettings, simulate_market

BLOCKS = (*VALUE_COLUMNS, *CONTEXT_COLUMNS)
PRICES = ("open", "high", "low", "close")
VOLUMES = ("volume", "taker_buy_volume")
SYMBOLS = ("BTC/USDT", "BTC/USDT:USDT", "ETH/USDT", "ETH/USDT:USDT")
FAMILIES = ("calendar", "cross_asset", "funding", "microstructure", "regime", "technical", "volatility", "volume")
every_feature = pytest.mark.parametrize("name", list(FEATURES))


@pytest.fixture(scope="module")
def complete() -> Panel:
    """Two pairs and their perpetuals without gaps, with all that a candle may tell."""
    market = simulate_market(MarketSettings(symbols=SYMBOLS, candles=1_100, seed=11))
    panel = Panel.from_frame(market, Timeframe("1h"), SYMBOLS)
    rates = np.random.default_rng(5).normal(1e-4, 2e-4, (len(panel) // 8 + 1, len(SYMBOLS)))
    return replace(panel, funding_rate=np.asfortranarray(np.repeat(rates, 8, axis=0)[: len(panel)]))


@pytest.fixture(scope="module")
def ragged(complete: Panel) -> Panel:
    """The same with a late listing, gaps, and a source that tells neither taker nor quote volume."""
    blocks = {name: getattr(complete, name).copy(order="K") for name in BLOCKS}
    for block in blocks.values():
        block[:250, 2] = np.nan
        block[700:721, 1] = np.nan
        block[[650, 900, 1000], 3] = np.nan
    for name in ("taker_buy_volume", "quote_volume", "trades"):
        blocks[name][:, 3] = np.nan
    blocks["funding_rate"][:300, 0] = np.nan
    return replace(complete, **blocks)


@pytest.fixture(scope="module")
def findings(ragged: Panel) -> list[Finding]:
    """What the audit has against any feature of the registry."""
    return probe_features(FeatureSet.of(), ragged)


def values_of(feature: Feature, panel: Panel) -> FloatArray:
    return FeatureSet((feature,)).matrix(panel)[:, :, 0]


def scale_of(values: FloatArray) -> float:
    return max(float(np.nanstd(values)), 1e-12)


@every_feature
def test_the_audit_has_nothing_against_it(name: str, findings: list[Finding]) -> None:
    """It sees no later candle, remembers no more than it says, is the same live, and leaves its input alone."""
    assert [finding for finding in findings if finding.name == name] == []


@every_feature
def test_is_nan_in_the_warm_up_and_finite_after_it(name: str, complete: Panel) -> None:
    values = values_of(FEATURES[name], complete)
    warm_up = FEATURES[name].lookback - 1
    assert np.isnan(values[:warm_up]).all()
    assert np.isfinite(values[warm_up:]).all()


@every_feature
def test_is_never_infinite_and_only_where_a_candle_is(name: str, ragged: Panel) -> None:
    values = values_of(FEATURES[name], ragged)
    assert not np.isinf(values).any()
    assert np.isnan(values[~ragged.present]).all()


@every_feature
def test_is_finite_in_a_market_that_stands_still(name: str, complete: Panel) -> None:
    still = {price: np.full_like(complete.close, 0.1) for price in PRICES}
    nothing = {volume: np.zeros_like(complete.close) for volume in (*VOLUMES, "quote_volume", "trades")}
    values = values_of(FEATURES[name], replace(complete, **still, **nothing))
    assert np.isfinite(values[FEATURES[name].lookback - 1 :]).all()


@every_feature
def test_is_scale_free(name: str, complete: Panel) -> None:
    """Quoting a pair in another unit changes nothing, nor does counting volume in another unit."""
    factor = np.array([1_000.0, 1_000.0, 0.003, 0.003])
    scaled = {price: getattr(complete, price) * factor for price in PRICES}
    scaled |= {volume: getattr(complete, volume) / factor * 3.0 for volume in VOLUMES}
    scaled["quote_volume"] = complete.quote_volume * 3.0
    before, after = values_of(FEATURES[name], complete), values_of(FEATURES[name], replace(complete, **scaled))
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-9 * scale_of(before))


@every_feature
def test_is_unknown_without_the_data_it_needs(name: str, complete: Panel) -> None:
    """No silent fill: what is not told is not known."""
    for need in FEATURES[name].needs:
        without = lacking(need, complete)
        assert np.isnan(values_of(FEATURES[name], without)).all()
        assert name not in FeatureSet.of([name, "log_return_1"]).computable(without).names


def lacking(need: str, panel: Panel) -> Panel:
    if need == "counterpart_close":
        return replace(panel, symbols=("BTC/USDT", "XRP/USDT", "ETH/USDT", "SOL/USDT"))
    return replace(panel, **{need: np.full_like(panel.close, np.nan)})


@every_feature
def test_works_for_a_single_symbol(name: str, complete: Panel) -> None:
    alone = replace(
        complete, symbols=complete.symbols[:1], **{field: getattr(complete, field)[:, :1] for field in BLOCKS}
    )
    values = values_of(FEATURES[name], alone)[FEATURES[name].lookback - 1 :]
    lonely = "counterpart_close" in FEATURES[name].needs
    assert np.isnan(values).all() if lonely else np.isfinite(values).all()


@every_feature
def test_is_documented(name: str) -> None:
    feature = FEATURES[name]
    facts = f"Unit: {feature.unit}. Lookback: {feature.lookback} candles. Scale-free"
    for part in (".. math::", "References", ".. [1]", facts, "Missing data: "):
        assert part in feature.doc
    assert feature.doc.splitlines()[0].endswith((".", ":"))
    assert feature.unit
    assert feature.family in FAMILIES or not feature.function.__module__.startswith("algotrade.")


def test_the_catalogue_is_broad() -> None:
    assert {each.family for each in FEATURES.values()} >= set(FAMILIES)
    assert len(FEATURES) >= 120
