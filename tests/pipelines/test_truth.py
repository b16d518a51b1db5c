"""The platform as a scientific instrument: it finds what is there, and nothing where nothing is."""

import numpy as np
import pandas as pd
import pytest

from algotrade.pipelines.backtesting import nodes as backtesting
from algotrade.pipelines.feature_engineering import nodes as feature_engineering
from algotrade.pipelines.training import nodes as training
from algotrade.simulation.market import MarketSettings, simulate_market
from algotrade.validation.scores import auc_interval

PARAMETERS = {
    "seed": 7,
    "tune": False,
    "folds": {"folds": 3},
    "preparation": {"max_correlation": 0.98, "max_features": 50, "factors": {"kind": "pca", "count": 4}},
    "models": {"lightgbm": {"max_rounds": 150}},
}
STRATEGIES = {"ml_signal": {}, "momentum": {}, "mean_reversion": {}, "buy_and_hold": {}}


def judged(signal: float, seed: int, length: int = 6000) -> tuple[pd.DataFrame, dict[str, dict]]:
    """Out-of-fold predictions of LightGBM and the figures of every strategy on one simulated market."""
    candles = simulate_market(MarketSettings(candles=length, signal=signal, seed=seed))
    universe = {"timeframe": "1h", "symbols": sorted(candles["symbol"].unique())}
    features, _ = feature_engineering.compute_features(candles, universe, {})
    labels = training.label(candles, universe, PARAMETERS)
    data = training.join(features, labels, universe, PARAMETERS)
    folds = training.cut_folds(data, PARAMETERS)
    settings, _, _ = training.tune(data, folds, PARAMETERS)
    prepared = training.prepare(data, folds, PARAMETERS)
    predictions, _ = training.walk_lightgbm(data, folds, prepared, settings, PARAMETERS)
    market = backtesting.view(candles, predictions, ["lightgbm"], universe, PARAMETERS)
    results, _, _ = backtesting.run(market, {"strategies": STRATEGIES})
    *_, (trial_returns, trial_variants, ledger) = backtesting.sweep_variants(market, {"strategies": STRATEGIES})
    counted = backtesting.count_trials(market, ledger, trial_variants)
    trades = pd.DataFrame({"strategy": [], "pnl": [], "status": []})
    scores, _ = backtesting.judge(results, trades, market, trial_returns, counted, {"strategies": STRATEGIES})
    return predictions, scores


@pytest.fixture(scope="module")
def nothing_planted() -> list[tuple[pd.DataFrame, dict[str, dict]]]:
    return [judged(signal=0.0, seed=seed) for seed in (1, 2, 3)]


def test_without_a_signal_the_auc_is_one_half_up_to_sampling_error(nothing_planted):
    intervals = [auc_interval(predictions) for predictions, _ in nothing_planted]
    scores = [(interval.auc - 0.5) / interval.standard_error for interval in intervals]
    assert max(np.abs(scores)) < 3.0, f"distances from one half in standard errors: {scores}"
    assert abs(np.sum(scores)) / np.sqrt(len(scores)) < 2.6


def test_without_a_signal_no_strategy_claims_skill(nothing_planted):
    claims = [
        (name, figures["deflated_sharpe"])
        for _, scores in nothing_planted
        for name, figures in scores.items()
        if (figures["deflated_sharpe"] or 0.0) > 0.95
    ]
    assert claims == []


def test_a_planted_signal_is_clearly_found():
    # Half a year of hours is tested: with less, a Sharpe ratio of six is not yet beyond the best of many by luck.
    predictions, scores = judged(signal=0.2, seed=1, length=9000)
    interval = auc_interval(predictions)
    assert interval.auc - 5 * interval.standard_error > 0.5
    assert scores["ml_signal"]["deflated_sharpe"] > 0.95
    assert scores["ml_signal"]["sharpe"] > scores["buy_and_hold"]["sharpe"]
