"""Laws over every feature in the registry, and proof that the laws catch what they are for."""

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import numpy.typing as npt
import pytest

from algotrade.domain.candles import VALUE_COLUMNS, Candles, FloatArray, Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.features import FEATURES, Feature, FeatureSet
from algotrade.features.base import lagged_log_ratio
from algotrade.simulation.market import MarketSettings, simulate_market

PRICES = ("open", "high", "low", "close")
VOLUMES = ("volume", "taker_buy_volume")
every_feature = pytest.mark.parametrize("name", list(FEATURES))


@pytest.fixture(scope="module")
def complete() -> Panel:
    """Four symbols without gaps."""
    settings = MarketSettings(symbols=("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT"), candles=1_300, seed=11)
    return read_only(Panel.from_frame(simulate_market(settings), Timeframe("1h")))


@pytest.fixture(scope="module")
def ragged(complete: Panel) -> Panel:
    """The same with a late listing, gaps, and a source that tells neither taker nor quote volume."""
    blocks = {name: getattr(complete, name).copy() for name in VALUE_COLUMNS}
    for block in blocks.values():
        block[:450, 2] = np.nan
        block[700:721, 1] = np.nan
        block[[650, 900, 1100], 3] = np.nan
    blocks["taker_buy_volume"][:, 3] = np.nan
    blocks["quote_volume"][:, 3] = np.nan
    return read_only(replace(complete, **blocks))


def read_only(panel: Panel) -> Panel:
    for field in fields(panel):
        value = getattr(panel, field.name)
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return panel


def values_of(feature: Feature, panel: Panel) -> FloatArray:
    return FeatureSet((feature,)).matrix(panel)[:, :, 0]


def scale_of(values: FloatArray) -> float:
    return max(float(np.nanstd(values)), 1e-12)


def changed_after(panel: Panel, row: int, seed: int) -> Panel:
    """Panel whose candles after ``row`` are others: other prices, volumes and gaps."""
    rng = np.random.default_rng(seed)
    blocks = {name: getattr(panel, name).copy() for name in VALUE_COLUMNS}
    later = blocks["close"][row + 1 :].shape
    factor, gone = np.exp(rng.normal(0.0, 0.3, later)), rng.random(later) < 0.1
    for name, block in blocks.items():
        block[row + 1 :] *= factor if name in PRICES else rng.uniform(0.1, 10.0, later)
        block[row + 1 :][gone] = np.nan
    return replace(panel, **blocks)


def assert_never_sees_the_future(feature: Feature, panel: Panel) -> None:
    before = values_of(feature, panel)
    for seed, row in enumerate((440, 700, 1_005, 1_298)):
        after = values_of(feature, changed_after(panel, row, seed))
        np.testing.assert_array_equal(after[: row + 1], before[: row + 1])
        shorter = values_of(feature, panel[: row + 1])
        np.testing.assert_array_equal(shorter, before[: row + 1])


def assert_remembers_only_its_lookback(feature: Feature, panel: Panel) -> None:
    values = values_of(feature, panel)
    tolerance = 1e-9 * scale_of(values)
    for row in np.random.default_rng(1).integers(feature.lookback, len(panel), 25):
        for column, symbol in enumerate(panel.symbols):
            if not panel.present[row, column]:
                continue
            if feature.scope == "panel":
                alone = feature.compute(panel[row + 1 - feature.lookback : row + 1])[-1, column]
            else:
                alone = feature.compute(panel[: row + 1].candles(symbol)[-feature.lookback :])[-1]
            np.testing.assert_allclose(alone, values[row, column], rtol=0, atol=tolerance, err_msg=f"row {row}")


@every_feature
def test_never_sees_the_future(name: str, ragged: Panel) -> None:
    assert_never_sees_the_future(FEATURES[name], ragged)


@every_feature
def test_its_lookback_is_all_it_needs(name: str, complete: Panel, ragged: Panel) -> None:
    assert_remembers_only_its_lookback(FEATURES[name], complete)
    assert_remembers_only_its_lookback(FEATURES[name], ragged)


@every_feature
def test_latest_is_the_last_row_of_the_matrix(name: str, ragged: Panel) -> None:
    features = FeatureSet.of([name])
    matrix = features.matrix(ragged)
    for row in (500, 710, 900, 901, 1_299):
        latest = features.latest(ragged[: row + 1])
        np.testing.assert_allclose(latest, matrix[row], rtol=0, atol=1e-9 * scale_of(matrix))


@every_feature
def test_leaves_its_input_alone(name: str, ragged: Panel) -> None:
    """The arrays are read-only, and the candles of one symbol are made so: writing raises."""
    feature = FEATURES[name]
    if feature.scope == "panel":
        feature.compute(ragged)
        return
    candles = ragged.candles("ETH/USDT")
    for field in fields(candles):
        getattr(candles, field.name).setflags(write=False)
    feature.compute(candles)


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
    """Quoting each price in another unit changes nothing, nor does counting volume in another unit."""
    factor = np.array([1_000.0, 0.001, 1.0, 37.0])
    scaled = {price: getattr(complete, price) * factor for price in PRICES}
    scaled |= {volume: getattr(complete, volume) / factor * 3.0 for volume in VOLUMES}
    scaled["quote_volume"] = complete.quote_volume * 3.0
    before, after = values_of(FEATURES[name], complete), values_of(FEATURES[name], replace(complete, **scaled))
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-9 * scale_of(before))


@every_feature
def test_works_for_a_single_symbol(name: str, complete: Panel) -> None:
    alone = replace(
        complete, symbols=complete.symbols[:1], **{field: getattr(complete, field)[:, :1] for field in VALUE_COLUMNS}
    )
    assert np.isfinite(values_of(FEATURES[name], alone)[FEATURES[name].lookback - 1 :]).all()


@every_feature
def test_is_documented(name: str) -> None:
    feature = FEATURES[name]
    for part in (".. math::", "References", ".. [1]", f"Unit: {feature.unit}. Lookback: {feature.lookback} candles."):
        assert part in feature.doc
    assert feature.doc.splitlines()[0].endswith(".")
    assert feature.unit


def test_the_catalogue_is_broad() -> None:
    families = FeatureSet.of().families
    assert set(families) == {"technical", "volatility", "regime", "volume", "cross_asset", "calendar"}
    assert len(FEATURES) >= 45


# The laws must be able to fail: each of these breaks one.


def symbol_feature(function: Callable[[Candles], npt.NDArray[np.float64]], lookback: int = 30) -> Feature:
    return Feature("planted", "leak", lookback, "symbol", "any", None, function)


def centred_mean(candles: Candles) -> FloatArray:
    return np.convolve(candles.close, np.ones(21) / 21, mode="same") / candles.close


def whole_sample_z_score(candles: Candles) -> FloatArray:
    returns = lagged_log_ratio(candles.close, 1)
    return (returns - np.nanmean(returns)) / np.nanstd(returns)


def next_return(candles: Candles) -> FloatArray:
    return np.append(np.log(candles.close[1:] / candles.close[:-1]), 0.0)


@pytest.mark.parametrize("leak", [centred_mean, whole_sample_z_score, next_return])
def test_the_law_catches_a_planted_leak(leak: Callable[[Candles], FloatArray], ragged: Panel) -> None:
    with pytest.raises(AssertionError):
        assert_never_sees_the_future(symbol_feature(leak), ragged)


def test_the_law_catches_a_leak_through_the_other_symbols(ragged: Panel) -> None:
    def later_market(panel: Panel) -> FloatArray:
        ahead = np.roll(np.nanmean(panel.close, axis=1), -1)
        return panel.close / ahead[:, None]

    with pytest.raises(AssertionError):
        assert_never_sees_the_future(Feature("planted", "leak", 5, "panel", "any", None, later_market), ragged)


def test_the_law_catches_a_memory_longer_than_declared(complete: Panel) -> None:
    def on_balance_volume(candles: Candles) -> FloatArray:
        return np.cumsum(np.sign(np.diff(candles.close, prepend=candles.close[0])) * candles.volume)

    with pytest.raises(AssertionError):
        assert_remembers_only_its_lookback(symbol_feature(on_balance_volume), complete)


def test_the_law_catches_a_written_input(complete: Panel) -> None:
    def doubled(candles: Candles) -> FloatArray:
        candles.close[:] *= 2
        return candles.close

    candles = complete.candles("ETH/USDT")
    candles.close.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        symbol_feature(doubled).compute(candles)
