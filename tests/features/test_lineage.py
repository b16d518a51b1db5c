"""What a series depends on, and only that, changes its digest."""

from dataclasses import replace

import numpy as np
import pytest

from algotrade.domain.candles import Panel
from algotrade.features import FeatureSet
from algotrade.features.lineage import series_digests

NAMES = ["rsi_14", "market_return_4", "log_return_2@4x"]


@pytest.fixture(scope="module")
def features() -> FeatureSet:
    return FeatureSet.of(NAMES)


def changed(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> set[tuple[str, str]]:
    return {(name, symbol) for name in before for symbol in before[name] if before[name][symbol] != after[name][symbol]}


def test_the_same_candles_give_the_same_digests(features: FeatureSet, ragged: Panel) -> None:
    assert series_digests(features, ragged) == series_digests(features, replace(ragged))


def test_a_corrected_candle_touches_its_symbol_and_what_looks_across(features: FeatureSet, panel: Panel) -> None:
    close = panel.close.copy(order="K")
    close[500, 1] *= 1.001
    touched = changed(series_digests(features, panel), series_digests(features, replace(panel, close=close)))
    across = {(name, symbol) for name in NAMES[1:] for symbol in panel.symbols}
    assert touched == across | {("rsi_14", "ETH/USDT")}


def test_other_code_or_parameters_touch_that_feature_alone(features: FeatureSet, panel: Panel) -> None:
    rsi, *others = features.features
    touched = changed(
        series_digests(features, panel), series_digests(FeatureSet((replace(rsi, window=15), *others)), panel)
    )
    assert touched == {("rsi_14", symbol) for symbol in panel.symbols}


def test_known_series_are_taken_and_the_others_computed(features: FeatureSet, ragged: Panel) -> None:
    frame = features.to_frame(ragged)
    own = dict(iter(frame.groupby("symbol")))
    asked = []

    def known(name: str, symbol: str) -> np.ndarray | None:
        asked.append((name, symbol))
        taken = name != "rsi_14" or symbol == "BTC/USDT"
        return own[symbol][name].to_numpy() + 1.0 if taken else None

    reused = features.to_frame(ragged, known)
    for symbol, rows in reused.groupby("symbol"):
        for name in NAMES:
            added = 0.0 if name == "rsi_14" and symbol != "BTC/USDT" else 1.0
            np.testing.assert_array_equal(rows[name], own[symbol][name] + added)
    assert len(asked) == len(NAMES) * len(ragged.symbols)
