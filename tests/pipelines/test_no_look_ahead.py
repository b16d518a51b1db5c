"""Nothing up to a moment depends on what comes after it: candles to fills, over the whole chain."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import OPTIONAL_COLUMNS, PRICE_COLUMNS
from algotrade.pipelines.backtesting import nodes as backtesting
from algotrade.pipelines.feature_engineering import nodes as feature_engineering
from algotrade.pipelines.training import nodes as training
from algotrade.simulation.market import MarketSettings, simulate_market
from algotrade.strategies import STRATEGIES

PARAMETERS = {
    "seed": 7,
    "folds": {"folds": 3},
    "tuning": {"trials": 2, "inner_folds": 2, "max_rows": 3000},
    "models": {
        "lightgbm": {"max_rounds": 40},
        "lstm": {"history": 6, "units": 4, "epochs": 1, "max_sequences": 1000},
    },
}
UNIVERSE = {"timeframe": "1h", "symbols": ["BTC/USDT", "ETH/USDT", "SOL/USDT"]}
CANDLES = 2400


class Chain(NamedTuple):
    features: pd.DataFrame
    predictions: pd.DataFrame
    weights: dict[str, pd.DataFrame]
    fills: pd.DataFrame


def chain(candles: pd.DataFrame) -> Chain:
    """Everything that the pipelines derive from candles, as far as the fills."""
    features, _ = feature_engineering.compute_features(candles, UNIVERSE, {})
    labels = training.label(candles, UNIVERSE, PARAMETERS)
    data = training.join(features, labels, UNIVERSE, PARAMETERS)
    folds = training.cut_folds(data, PARAMETERS)
    settings, _ = training.tune(data, folds, PARAMETERS)
    trees = training.walk_lightgbm(data, folds, settings, PARAMETERS)
    network = training.walk_lstm(data, folds, PARAMETERS)
    blended, _ = training.blend(trees, network, folds)
    predictions = pd.concat([trees, network, blended], ignore_index=True)
    market = backtesting.view(candles, predictions, ["ensemble"], UNIVERSE, PARAMETERS)
    parameters = {"strategies": {name: {} for name in STRATEGIES}}
    _, _, fills = backtesting.run(market, parameters)
    index = market.decided.close_time
    weights = {name: pd.DataFrame(kind().target_weights(market), index=index) for name, kind in STRATEGIES.items()}
    return Chain(features, predictions, weights, fills)


def changed_after(candles: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """The same candles up to those that open at ``moment``; other prices and volumes from then on."""
    generator = np.random.default_rng(3)
    changed = candles.copy()
    later = changed["open_time"] > moment
    scale = np.exp(np.cumsum(generator.normal(0.0, 0.05, later.sum())))
    for column in (*PRICE_COLUMNS, "volume", *OPTIONAL_COLUMNS):
        changed.loc[later, column] *= scale
    return changed


@pytest.fixture(scope="module")
def candles() -> pd.DataFrame:
    settings = MarketSettings(symbols=tuple(UNIVERSE["symbols"]), candles=CANDLES, signal=0.2, seed=5)
    return simulate_market(settings)


@pytest.fixture(scope="module")
def moment(candles: pd.DataFrame) -> pd.Timestamp:
    """Open time of the last candle that stays, in the middle of the second test span."""
    return candles["open_time"].drop_duplicates().sort_values().iloc[int(CANDLES * 0.75)]


@pytest.fixture(scope="module")
def chains(candles: pd.DataFrame, moment: pd.Timestamp) -> tuple[Chain, Chain]:
    return chain(candles), chain(changed_after(candles, moment))


def test_features_up_to_the_moment_stay(chains, moment):
    before, after = (one.features[one.features["open_time"] <= moment] for one in chains)
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_predictions_up_to_the_moment_stay(chains, moment):
    decided = ["model", "fold", "symbol", "open_time", "probability", "expected_return"]
    before, after = (
        one.predictions.loc[one.predictions["open_time"] <= moment, decided].reset_index(drop=True) for one in chains
    )
    assert set(before["fold"]) == {0, 1}, "the moment lies inside a test span"
    pd.testing.assert_frame_equal(before, after, check_exact=True)


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_weights_up_to_the_moment_stay(chains, moment, strategy):
    known = moment.value // 10**6 + 3_600_000
    before, after = (one.weights[strategy].loc[:known] for one in chains)
    assert len(before) > 300
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_fills_up_to_the_moment_stay(chains, moment):
    before, after = (one.fills[one.fills["time"] <= moment].reset_index(drop=True) for one in chains)
    assert len(before) > 20
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_the_changed_future_does_change_what_follows(chains, moment):
    before, after = (one.features[one.features["open_time"] > moment] for one in chains)
    assert not before.equals(after)
