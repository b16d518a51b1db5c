"""Nothing up to a moment depends on what comes after it: candles to fills, over the whole chain of the pipelines.

The same probes as ``kedro run --pipeline audit``, on every step and every model of the main job.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from algotrade.audit import Finding, ProbeSettings, Stage, probe_chain
from algotrade.domain.candles import VALUE_COLUMNS, Panel, from_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.pipelines.backtesting import nodes as backtesting
from algotrade.pipelines.feature_engineering import nodes as feature_engineering
from algotrade.pipelines.training import nodes as training
from algotrade.simulation.market import MarketSettings, simulate_market
from algotrade.strategies import STRATEGIES
from algotrade.validation.walk_forward import no_predictions

PARAMETERS = {
    "seed": 7,
    "folds": {"folds": 2},
    "tuning": {"trials": 2, "inner_folds": 2, "max_rows": 3000},
    "preparation": {"factors": {"kind": "pca", "count": 3}},
    "models": {
        "lightgbm": {"max_rounds": 40},
        "lstm": {"history": 6, "units": 4, "epochs": 1, "max_sequences": 1000},
    },
}
SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
CANDLES = 1700
FORECAST = ["model", "fold", "symbol", "open_time", "probability", "expected_return", "lower", "upper"]


def chain(panel: Panel) -> Mapping[str, Stage]:
    """Everything that the pipelines derive from candles, as far as the fills."""
    candles, universe = long_frame(panel), {"timeframe": "1h", "symbols": list(panel.symbols)}
    features, _ = feature_engineering.compute_features(candles, universe, {})
    labels = training.label(candles, universe, PARAMETERS)
    data = training.join(features, labels, universe, PARAMETERS)
    folds = training.cut_folds(data, PARAMETERS)
    predictions = walked(data, folds)
    market = backtesting.view(candles, predictions, ["ensemble"], universe, PARAMETERS)
    everything = {"account": {"market": "perpetual"}, "strategies": {name: {} for name in STRATEGIES}}
    _, _, fills = backtesting.run(market, everything)
    times = from_milliseconds(market.decided.open_time)
    weights = {
        name: pd.DataFrame(kind().target_weights(market)).add_prefix("symbol_").assign(open_time=times)
        for name, kind in STRATEGIES.items()
    }
    return {
        "features": Stage(features, ("symbol", "open_time")),
        "predictions": Stage(predictions[FORECAST], ("model", "symbol", "open_time")),
        **{f"weights of {name}": Stage(frame, ("open_time",)) for name, frame in weights.items()},
        "fills": Stage(fills, ("strategy", "symbol", "time", "side"), "time"),
    }


def walked(data, folds: list[dict[str, int]]) -> pd.DataFrame:
    """Out-of-fold predictions of both members and the ensemble, prepared, tuned and calibrated as in the main job."""
    prepared = training.prepare(data, folds, PARAMETERS)
    settings, *_ = training.tune(data, folds, PARAMETERS)
    trees = training.walk_lightgbm(data, folds, prepared, settings, PARAMETERS)[0]
    network, _ = training.walk_candidates(data, folds, prepared, settings, PARAMETERS)
    blended, _ = training.blend(trees, network, folds, PARAMETERS)
    calibrated, _ = training.calibrate(no_predictions(), trees, network, blended, data, folds, PARAMETERS)
    return calibrated


def long_frame(panel: Panel) -> pd.DataFrame:
    rows, columns = np.nonzero(panel.present)
    frame = pd.DataFrame({name: getattr(panel, name)[rows, columns] for name in VALUE_COLUMNS})
    keys = {"symbol": np.array(panel.symbols)[columns], "open_time": from_milliseconds(panel.open_time[rows])}
    return frame.assign(**keys).sort_values(["symbol", "open_time"], ignore_index=True)


@pytest.fixture(scope="module")
def panel() -> Panel:
    settings = MarketSettings(symbols=SYMBOLS, candles=CANDLES, signal=0.2, seed=5)
    return Panel.from_frame(simulate_market(settings), Timeframe("1h"))


@pytest.fixture(scope="module")
def probed(panel: Panel) -> tuple[list[Finding], list[Mapping[str, Stage]]]:
    """What is found against the chain, and what it gave each time that it was asked."""
    given: list[Mapping[str, Stage]] = []

    def remembered(panel: Panel) -> Mapping[str, Stage]:
        given.append(chain(panel))
        return given[-1]

    return probe_chain(remembered, panel, ProbeSettings(names=("prices",), moments=1), tail=9), given


def test_no_stage_sees_the_future(probed):
    findings, _ = probed
    assert [str(finding) for finding in findings] == []


def test_the_changed_future_does_change_what_follows(probed):
    _, (before, after) = probed
    assert set(before["predictions"].frame["fold"]) == {0, 1}
    for name, stage in before.items():
        assert len(stage.frame) > 20, name
        assert not stage.frame.equals(after[name].frame), name
