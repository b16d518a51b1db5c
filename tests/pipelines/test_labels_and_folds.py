"""From candles to folds and paths through the steps of the training pipeline, and what they say of bad input."""

import json

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import AlgotradeError, ConfigurationError, TooFewCandles
from algotrade.models.base import build_model
from algotrade.pipelines.parameters import TrainingParameters
from algotrade.pipelines.schemas import LabelSchema
from algotrade.pipelines.training import nodes
from algotrade.pipelines.training.nodes.artefacts import folds_of
from algotrade.simulation.market import MarketSettings, simulate_market
from algotrade.validation import TrainingData, walk_forward
from algotrade.validation.combinatorial_walk import PATH_COLUMNS, SPLIT_COLUMNS
from algotrade.validation.labels import LABELS

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
UNIVERSE = {"timeframe": "1h", "symbols": list(SYMBOLS)}
FOLDS = {"folds": {"folds": 2}}


@pytest.fixture(scope="module")
def candles() -> pd.DataFrame:
    """Three symbols, the last one listed in the middle."""
    market = simulate_market(MarketSettings(symbols=SYMBOLS, candles=1_200, seed=3, signal=0.25))
    listed = market["open_time"].min() + pd.Timedelta(hours=600)
    return market[(market["symbol"] != SYMBOLS[2]) | (market["open_time"] >= listed)].reset_index(drop=True)


@pytest.fixture(scope="module")
def features(candles) -> pd.DataFrame:
    closes = candles.groupby("symbol")["close"]
    frame = candles[["symbol", "open_time"]].assign(
        return_4=np.log(candles["close"] / closes.shift(4)), spread=np.log(candles["high"] / candles["low"])
    )
    return frame.sort_values(["symbol", "open_time"], ignore_index=True)


def joined(candles, features, **parameters):
    labels = nodes.label(candles, UNIVERSE, parameters)
    return nodes.join(features, labels, UNIVERSE, parameters)


def walked(data: TrainingData, folds: list[dict[str, int]]) -> pd.DataFrame:
    return walk_forward(build_model("logistic", {}), data, folds_of(folds)).predictions


@pytest.mark.parametrize("kind", list(LABELS))
def test_every_kind_of_label_goes_from_candles_to_forecasts(kind, candles, features):
    parameters = {**FOLDS, "label": {"kind": kind}}
    labels = nodes.label(candles, UNIVERSE, parameters)
    LabelSchema.validate(labels)
    data = nodes.join(features, labels, UNIVERSE, parameters)
    kept = labels.merge(features[["symbol", "open_time"]], on=["symbol", "open_time"])
    assert set(np.round(data.labelled.targets.target, 12)) <= set(np.round(kept["target"], 12))
    predictions = walked(data, nodes.cut_folds(data, parameters))
    assert predictions["probability"].between(0, 1).all()
    # Scores and strategies are about what a position earned, whatever was learned.
    earned = predictions.merge(labels, on=["symbol", "open_time"], suffixes=("", "_of_label"))
    np.testing.assert_array_equal(earned["forward_return"], earned["forward_return_of_label"])


def test_the_layout_counts_the_rows_of_a_late_listing(candles, features, caplog):
    data = joined(candles, features, **FOLDS)
    folds = nodes.cut_folds(data, FOLDS)
    with caplog.at_level("INFO"):
        layout = nodes.lay_out_folds(data, folds, FOLDS)
    late = layout[layout["symbol"] == SYMBOLS[2]]
    assert set(late.loc[late["fold"] == 0, "part"]) == {"not joined"}
    assert "test" in set(late.loc[late["fold"] == 1, "part"])
    assert f"{SYMBOLS[2]} has too few training rows in 1 of 2 folds" in caplog.text
    # And forecast is what it says to be tested.
    counts = walked(data, folds).groupby(["fold", "symbol"]).size()
    told = layout[layout["part"] == "test"].set_index(["fold", "symbol"])["rows"]
    assert counts.to_dict() == told.to_dict()


def test_symbols_without_anything_to_learn_from_are_named(candles, features, caplog):
    gone = features.copy()
    gone.loc[gone["symbol"] == SYMBOLS[1], ["return_4", "spread"]] = np.nan
    universe = {**UNIVERSE, "symbols": [*SYMBOLS, "NEVER/USDT"]}
    labels = nodes.label(candles, universe, {})
    with caplog.at_level("WARNING"):
        data = nodes.join(gone, labels, universe, {})
    assert "ETH/USDT, NEVER/USDT: no candle with features and a label" in caplog.text
    assert set(np.unique(data.symbol_codes)) == {0, 2}


def test_paths_are_walked_and_summed_up_as_json(candles, features):
    parameters = {"combinatorial": {"groups": 4, "max_rows": 1000, "models": {"logistic": {}, "majority": {}}}}
    data = joined(candles, features)
    paths, splits, found = nodes.walk_paths(data, parameters)
    assert list(paths.columns) == list(PATH_COLUMNS)
    assert list(splits.columns) == list(SPLIT_COLUMNS)
    assert (len(splits), len(paths)) == (6, 2 * 3)
    assert found["paths"] == 3
    assert found["best"] == "logistic"
    assert 0.0 <= found["probability_of_overfitting"] <= 1.0
    json.dumps(found, allow_nan=False)
    # The same data and seed: the same paths.
    pd.testing.assert_frame_equal(nodes.walk_paths(data, parameters)[0], paths)


def test_switched_off_there_are_no_paths(candles, features):
    paths, splits, found = nodes.walk_paths(joined(candles, features), {"combinatorial": None})
    assert (len(paths), len(splits), found) == (0, 0, {})
    assert list(paths.columns) == list(PATH_COLUMNS)


@pytest.mark.parametrize(
    ("given", "helps"),
    [
        ({"label": {"kind": "tripple"}}, "forward_return, triple_barrier"),
        ({"label": {"kind": "triple_barrier", "profits": 2}}, "profit, window"),
        ({"label": {"kind": "triple_barrier", "profit": -1}}, "profit = -1"),
        ({"label": {"kind": "volatility_scaled", "window": 1}}, "window = 1"),
        ({"label": {"kind": "forward_return", "horizon": 3}}, "Set training.horizon instead"),
        ({"label": {}}, "Known are: forward_return"),
        ({"weights": {"uniqunes": True}}, "Did you mean 'uniqueness'"),
        ({"weights": {"decay_half_life_days": 0}}, "greater than 0"),
        ({"combinatorial": {"gropus": 4}}, "Did you mean 'groups'"),
        ({"combinatorial": {"test_groups": 9}}, "none to learn from"),
        ({"combinatorial": {"models": {"trees": {"model": "lightgbn"}}}}, "lightgbm"),
        ({"fitting": {"min_symbol_rows": -1}}, "greater than or equal to 0"),
    ],
)
def test_settings_that_make_no_sense_are_one_clear_error(given, helps):
    with pytest.raises(ConfigurationError) as caught:
        TrainingParameters.parse(given)
    assert helps in str(caught.value)


@pytest.mark.parametrize(
    ("parameters", "helps"),
    [
        ({"horizon": 5_000}, "needs 5002 candles, there are 1200"),
        ({"horizon": 300, "folds": {"folds": 4}}, "A label is known up to 301 candles after the open of its row"),
        ({"folds": {"folds": 2, "test_candles": 540}}, "Fold 0 has"),
        ({"folds": {"folds": 700}}, "cannot be cut into 700 test spans"),
    ],
)
def test_a_history_too_short_for_labels_or_folds_is_one_clear_error(parameters, helps, candles, features):
    with pytest.raises(TooFewCandles) as caught:
        nodes.cut_folds(joined(candles, features, **parameters), parameters)
    assert helps in str(caught.value)
    assert isinstance(caught.value, AlgotradeError)
    assert "etch a longer history" in str(caught.value)
