"""The feature pipeline's own steps: which features, of what, and what need not be computed again."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.data.stored_features import StoredFeatures
from algotrade.errors import ConfigurationError, TooFewCandles
from algotrade.features import FEATURES
from algotrade.features.base import Feature
from algotrade.pipelines.feature_engineering.nodes import compute_features
from algotrade.simulation.market import MarketSettings, simulate_market

SYMBOLS = ["BTC/USDT", "ETH/USDT"]
UNIVERSE = {"timeframe": "1h", "symbols": SYMBOLS, "data_digest": "of the candles"}
NAMES = ["rsi_14", "log_return_1", "market_return_4"]


@pytest.fixture(scope="module")
def candles() -> pd.DataFrame:
    return simulate_market(MarketSettings(symbols=tuple(SYMBOLS), candles=700, seed=3))


class Stored:
    """Frame and specification as the catalog would store them."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "features.parquet", folder / "feature_spec.json"

    def save(self, frame: pd.DataFrame, spec: dict[str, object]) -> None:
        frame.to_parquet(self.files[0])
        self.files[1].write_text(json.dumps(spec))

    def open(self) -> StoredFeatures:
        return StoredFeatures(*self.files)


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return Stored(tmp_path)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the features that are computed, once for each symbol."""
    names: list[str] = []
    compute = Feature.raw

    def counting(self: Feature, candles: object) -> np.ndarray:
        names.append(self.name)
        return compute(self, candles)

    monkeypatch.setattr(Feature, "raw", counting)
    return names


def test_the_frame_carries_its_lineage(candles: pd.DataFrame, stored: Stored) -> None:
    frame, spec = compute_features(candles, UNIVERSE, {"names": NAMES})
    stored.save(frame, spec)
    lineage = pd.read_parquet(stored.files[0]).attrs["lineage"]
    assert lineage["feature_fingerprint"] == spec["fingerprint"]
    assert lineage["data_digest"] == "of the candles"


def test_nothing_is_computed_twice(candles: pd.DataFrame, stored: Stored, computed: list[str]) -> None:
    first = compute_features(candles, UNIVERSE, {"names": NAMES}, stored.open())
    assert sorted(computed) == sorted(["rsi_14", "log_return_1"] * 2 + ["market_return_4"])
    stored.save(*first)
    computed.clear()
    again, _ = compute_features(candles, UNIVERSE, {"names": NAMES}, stored.open())
    assert computed == []
    pd.testing.assert_frame_equal(again, first[0], check_exact=True)


def test_only_what_changed_is_computed_again(candles: pd.DataFrame, stored: Stored, computed: list[str]) -> None:
    stored.save(*compute_features(candles, UNIVERSE, {"names": NAMES}))
    computed.clear()
    compute_features(candles, UNIVERSE, {"names": [*NAMES, "volume_z_24"]}, stored.open())
    assert computed == ["volume_z_24"] * 2
    corrected = candles.copy()
    corrected.loc[(corrected["symbol"] == "ETH/USDT").idxmax(), "close"] *= 1.0001
    computed.clear()
    frame, _ = compute_features(corrected, UNIVERSE, {"names": NAMES}, stored.open())
    assert sorted(computed) == ["log_return_1", "market_return_4", "rsi_14"]
    pd.testing.assert_frame_equal(frame, compute_features(corrected, UNIVERSE, {"names": NAMES})[0], check_exact=True)


def test_a_frame_that_is_not_the_specifications_is_not_trusted(
    candles: pd.DataFrame, stored: Stored, computed: list[str]
) -> None:
    """As after a run that ended between the two files."""
    frame, spec = compute_features(candles, UNIVERSE, {"names": NAMES})
    stored.save(frame, {**spec, "series_digest": "another"})
    computed.clear()
    compute_features(candles, UNIVERSE, {"names": NAMES}, stored.open())
    assert len(computed) == 5


def test_features_without_their_data_are_left_out_unless_they_were_named(candles: pd.DataFrame) -> None:
    without = candles.drop(columns="taker_buy_volume")
    needy = [name for name, each in FEATURES.items() if "taker_buy_volume" in each.needs]
    assert needy
    _, spec = compute_features(without, UNIVERSE, {})
    assert not set(needy) & set(spec["names"])
    with pytest.raises(ConfigurationError, match=f"'{needy[0]}' needs taker_buy_volume.*none of these candles has"):
        compute_features(without, UNIVERSE, {"names": [*NAMES, needy[0]]})


def test_a_lookback_longer_than_the_history_is_refused(candles: pd.DataFrame) -> None:
    with pytest.raises(TooFewCandles, match=r"'rsi_14@24x' looks back \d+ candles.*longest history here has 700"):
        compute_features(candles, UNIVERSE, {"names": NAMES, "slower": ["rsi_14@24x"]})
    compute_features(candles, UNIVERSE, {"names": NAMES, "slower": ["log_return_2@4h"]})


def test_a_newly_listed_symbol_has_features_when_its_own_history_is_long_enough(candles: pd.DataFrame) -> None:
    listed = candles["open_time"].drop_duplicates().sort_values().iloc[500]
    late = candles[(candles["symbol"] != "ETH/USDT") | (candles["open_time"] >= listed)]
    frame, _ = compute_features(late, UNIVERSE, {"names": ["log_return_48", "market_return_4"]})
    own = frame[frame["symbol"] == "ETH/USDT"].reset_index(drop=True)
    assert own["log_return_48"].isna().sum() == 48
    assert own["market_return_4"].notna().all(), "the market was there before it"
