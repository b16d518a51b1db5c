"""Feature sets: chosen by name, computed over panels, recognised by their fingerprint."""

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import Candles, FloatArray, Panel
from algotrade.errors import ConfigurationError, FeatureError
from algotrade.features import FEATURES, Feature, FeatureSet, batch, feature
from algotrade.features.base import lagged_log_ratio, ratio
from algotrade.features.fingerprint import code_digest
from algotrade.registry import Registry

FEW = ["rsi_7", "market_return_4", "log_return_1", "hour_sin"]


def test_order_is_kept_and_none_means_all() -> None:
    assert FeatureSet.of(FEW).names == tuple(FEW)
    assert FeatureSet.of(None).names == tuple(FEATURES)
    assert FeatureSet.of(FEW).lookback == FEATURES["rsi_7"].lookback
    assert FeatureSet.of(FEW).families["technical"] == ("rsi_7", "log_return_1")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["rsi_14", "rsi_41"], "Unknown feature 'rsi_41'. Closest are: rsi_14"),
        (["quantum_flux"], "Unknown feature 'quantum_flux'"),
        (["rsi_14", "macd", "rsi_14"], "more than once: rsi_14"),
        ([], "at least one feature"),
    ],
)
def test_unknown_and_repeated_names_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        FeatureSet.of(names)


def test_matrix_holds_the_features_in_order(ragged: Panel) -> None:
    matrix = FeatureSet.of(FEW).matrix(ragged)
    assert matrix.shape == (len(ragged), 4, len(FEW))
    assert matrix.dtype == np.float64
    for k, name in enumerate(FEW):
        np.testing.assert_array_equal(matrix[:, :, k], FeatureSet.of([name]).matrix(ragged)[:, :, 0])


def test_a_window_counts_candles_not_hours(ragged: Panel) -> None:
    """After a gap of 21 hours, the return of one candle spans the gap."""
    values = FeatureSet.of(["log_return_1"]).matrix(ragged)[:, 1, 0]
    assert values[721] == pytest.approx(np.log(ragged.close[721, 1] / ragged.close[699, 1]))


def test_frame_has_a_row_for_each_candle(ragged: Panel) -> None:
    features = FeatureSet.of(FEW)
    frame = features.to_frame(replace(ragged, symbols=("D", "A", "C", "B")))
    assert frame.columns.tolist() == ["symbol", "open_time", *FEW]
    assert len(frame) == ragged.present.sum()
    assert str(frame["open_time"].dtype) == "datetime64[ms, UTC]"
    assert frame.equals(frame.sort_values(["symbol", "open_time"], ignore_index=True))
    second = frame[frame["symbol"] == "A"]
    expected = features.matrix(ragged)[ragged.present[:, 1], 1]
    np.testing.assert_array_equal(second[FEW].to_numpy(), expected)
    assert not pd.isna(second["rsi_7"].iloc[-1])


def test_latest_is_nan_for_a_symbol_without_the_newest_candle(ragged: Panel) -> None:
    latest = FeatureSet.of(FEW).latest(ragged[:711])
    assert np.isnan(latest[1]).all()
    assert np.isfinite(latest[0]).all()


def test_latest_needs_no_more_than_the_lookback(panel: Panel) -> None:
    features = FeatureSet.of(None).computable(panel)
    latest = features.latest(panel[-features.lookback :])
    np.testing.assert_allclose(latest, features.latest(panel), rtol=0, atol=1e-12 + 1e-9 * np.abs(latest).max())
    assert np.isfinite(latest).all()
    assert np.isnan(features.latest(panel[-features.lookback + 1 :])).any()


def test_many_rows_are_computed_in_pieces_that_fit_together(ragged: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    across = FeatureSet(tuple(each for each in FEATURES.values() if each.scope == "panel"))
    at_once = across.matrix(ragged)
    monkeypatch.setattr(batch, "_CELLS_AT_ONCE", 500)
    monkeypatch.setattr(batch, "_FEWEST_ROWS", 97)
    in_pieces = across.matrix(ragged)
    scale = np.maximum(np.nanstd(at_once, axis=(0, 1)), 1e-12)
    np.testing.assert_array_equal(np.isnan(in_pieces), np.isnan(at_once))
    assert np.nanmax(np.abs(in_pieces - at_once) / scale) < 1e-9


def test_too_short_a_history_is_nan_not_an_error(panel: Panel) -> None:
    for n in (1, 2, 3):
        values = FeatureSet.of(None).matrix(panel[:n])
        assert values.shape == (n, 4, len(FEATURES))
        assert np.isnan(values[:, :, FeatureSet.of(None).names.index("macd")]).all()


def test_fingerprint_is_the_same_in_another_process() -> None:
    names = ["kama_distance", "market_beta_72"]
    code = f"from algotrade.features import FeatureSet; print(FeatureSet.of({names}).fingerprint)"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == FeatureSet.of(names).fingerprint


def test_fingerprint_tells_features_order_window_and_memory_apart() -> None:
    rsi = FEATURES["rsi_7"]
    sets = [
        FeatureSet((rsi,)),
        FeatureSet.of(["rsi_14"]),
        FeatureSet.of(["rsi_7", "macd"]),
        FeatureSet.of(["macd", "rsi_7"]),
        FeatureSet((replace(rsi, window=8),)),
        FeatureSet((replace(rsi, lookback=rsi.lookback + 1),)),
    ]
    assert len({features.fingerprint for features in sets}) == len(sets)


KERNEL = '''
from numba import njit
FACTOR = 2.0

@njit
def kernel(x):
    """Words."""
    return FACTOR * x  # a remark

def helper(x):
    return kernel(x)

def function(candles):
    return helper(candles.close)
'''


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("# a remark", "# another remark", True),
        ('"""Words."""', '"""Other words."""', True),
        ("return helper(candles.close)", "return helper(\n        candles.close\n    )", True),
        ("FACTOR * x", "FACTOR * x * x", False),
        ("FACTOR = 2.0", "FACTOR = 3.0", False),
        ("return kernel(x)", "return kernel(x) + 1", False),
        ("candles.close)", "candles.open)", False),
    ],
)
def test_fingerprint_follows_the_code_that_runs(old: str, new: str, same: bool, tmp_path: Path) -> None:
    before = code_digest([_module(tmp_path / "a.py", KERNEL).function], "")
    after = code_digest([_module(tmp_path / "b.py", KERNEL.replace(old, new)).function], "")
    assert (before == after) is same


def _module(path: Path, source: str) -> ModuleType:
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("algotrade.planted", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_function_becomes_one_feature_for_each_window() -> None:
    shelf: Registry[Feature] = Registry("feature", package="json")

    @feature(family="example", unit="log return", windows=(1, 3), lookback=lambda w: w + 1, registry=shelf)
    def change(candles: Candles, window: int) -> FloatArray:
        """Change."""
        return lagged_log_ratio(candles.close, window)

    assert list(shelf) == ["change_1", "change_3"]
    assert shelf["change_3"].lookback == 4
    assert shelf["change_3"].doc.startswith("Change.\n\nUnit: log return. Lookback: 4 candles. Scale-free:")
    assert "\n\nMissing data: A gap is stepped over" in shelf["change_3"].doc


def test_a_wrong_shape_is_refused(panel: Panel) -> None:
    short = Feature("short", "example", 1, "symbol", "any", None, lambda candles: candles.close[1:])
    with pytest.raises(FeatureError, match=r"returned shape \(1299,\); expected is \(1300,\)"):
        short.compute(panel.candles("BTC/USDT"))


def test_infinite_becomes_unknown(panel: Panel) -> None:
    endless = Feature("endless", "example", 1, "symbol", "any", None, lambda candles: candles.close * np.inf)
    assert np.isnan(endless.compute(panel.candles("BTC/USDT"))).all()


def test_lookback_without_windows_must_be_a_number() -> None:
    with pytest.raises(FeatureError, match="has no windows"):
        feature(family="example", unit="any", lookback=lambda w: w)(lambda candles: candles.close)


def test_ratio_of_nothing_is_neutral_but_unknown_stays_unknown() -> None:
    quotient = ratio(np.array([1.0, 1.0, np.nan, 1.0]), np.array([0.0, 4.0, 0.0, np.nan]), neutral=0.5)
    np.testing.assert_array_equal(quotient, [0.5, 0.25, np.nan, np.nan])
