"""Every family finds nothing where nothing is, and the right one finds what was planted for it.

The interval of the AUC is to leave out one half in 5 % of the markets without a signal. Over ``n`` markets the number
that do is binomial; more than ``isf(0.005, n, 0.05)`` of them, which a nominal rate exceeds once in 200 times, fails.

Folds are long against what features remember (a day). In short ones a model that learned from past returns and an AUC
that ranks within the fold share a bias: both measure moves against a mean that those moves have shifted.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from tests.validation.truth import HOUR, nothing, out_of_fold, planted, significant

from algotrade.models import Samples
from algotrade.models.ensemble import EnsembleSettings
from algotrade.validation import (
    FoldSettings,
    TrainingData,
    auc_interval,
    blend_out_of_fold,
    model_scores,
    walk_forward_folds,
)

SEEDS = {"logistic": 40, "ridge": 40, "persistence": 40, "lightgbm": 40, "lstm": 20}
ROWS = {"lstm": 1000}
"""Candles of a market; 2,000 by default."""
METHODS = ("blend", "stack")


def most_by_chance(markets: int) -> int:
    return int(binom.isf(0.005, markets, 0.05))


@cache
def market(rows: int, seed: int) -> TrainingData:
    return nothing(rows, seed=seed)


@cache
def null_predictions(model: str, seed: int, rows: int = 2000, **settings: int) -> pd.DataFrame:
    return out_of_fold(model, market(rows, seed), **settings)


@pytest.mark.parametrize("model", SEEDS)
def test_without_a_signal_findings_are_as_rare_as_they_claim(model):
    found = [significant(null_predictions(model, seed, ROWS.get(model, 2000))) for seed in range(SEEDS[model])]
    assert sum(found) <= most_by_chance(len(found)), f"{sum(found)} of {len(found)} markets"


@pytest.mark.parametrize("method", METHODS)
def test_without_a_signal_an_ensemble_finds_as_little(method):
    """Of trees and a line here, whose walks are there already; with the network among the slow ones."""
    found = [significant(combined(("lightgbm", "logistic"), seed, method)) for seed in range(40)]
    assert sum(found) <= most_by_chance(len(found)), f"{sum(found)} of {len(found)} markets"


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_without_a_signal_trees_and_network_together_find_as_little(method):
    found = [significant(combined(("lightgbm", "lstm"), seed, method)) for seed in range(60)]
    assert sum(found) <= most_by_chance(len(found)), f"{sum(found)} of {len(found)} markets"


@pytest.mark.slow
@pytest.mark.parametrize("model", ["logistic", "ridge", "lightgbm", "lstm"])
def test_the_rate_of_findings_is_nominal_and_not_merely_possible(model):
    """Over 200 markets, both ways: intervals that never leave out one half would be useless."""
    found = sum(significant(out_of_fold(model, nothing(3000, seed=1000 + seed))) for seed in range(200))
    assert binom.ppf(0.005, 200, 0.05) <= found <= most_by_chance(200), f"{found} of 200 markets"


def combined(members: tuple[str, ...], seed: int, method: str) -> pd.DataFrame:
    data = market(2000, seed)
    folds = walk_forward_folds(data.open_time, data.known_at, HOUR.milliseconds, FoldSettings(folds=2))
    predictions = pd.concat([null_predictions(member, seed) for member in members], ignore_index=True)
    return blend_out_of_fold(predictions, folds, EnsembleSettings(method=method)).predictions


def linear(features: np.ndarray) -> np.ndarray:
    return 0.3 * features[..., 0] - 0.2 * features[..., 2]


def interaction(features: np.ndarray) -> np.ndarray:
    return 0.8 * features[..., 0] * np.sign(features[..., 1])


def pattern(features: np.ndarray) -> np.ndarray:
    """Two values after two others: whether the first feature has risen, which no single row shows."""
    lag = [np.roll(features[..., 0], steps, axis=0) for steps in range(5)]
    return 0.8 * np.sign(lag[1] + lag[2] - lag[3] - lag[4])


SIGNALS = {"linear": linear, "interaction": interaction, "pattern": pattern}


@cache
def found_in(signal: str, model: str) -> pd.DataFrame:
    epochs = {"epochs": 12, "patience": 4, "batch_size": 128} if model == "lstm" else {}
    return out_of_fold(model, planted(SIGNALS[signal], rows=2000), **epochs)


def loss(signal: str, model: str) -> float:
    return model_scores(found_in(signal, model))[model]["log_loss"]


@pytest.mark.parametrize("model", ["logistic", "ridge", "lightgbm", "lstm"])
def test_a_linear_signal_is_found_by_every_family(model):
    assert auc_interval(found_in("linear", model)).low > 0.53


@pytest.mark.parametrize("line", ["logistic", "ridge"])
def test_a_linear_signal_is_told_best_by_a_line(line):
    assert loss("linear", line) < min(loss("linear", "lightgbm"), loss("linear", "lstm")) - 0.001


@pytest.mark.parametrize("line", ["logistic", "ridge"])
def test_an_interaction_is_found_by_trees_and_by_no_line(line):
    assert auc_interval(found_in("interaction", "lightgbm")).low > 0.6
    assert not significant(found_in("interaction", line))
    assert loss("interaction", "lightgbm") < loss("interaction", line) - 0.02


@pytest.mark.parametrize("blind", ["lightgbm", "logistic", "ridge"])
def test_a_pattern_of_past_rows_is_found_by_the_network_and_by_none_that_sees_one_row(blind):
    assert auc_interval(found_in("pattern", "lstm")).low > 0.6
    assert not significant(found_in("pattern", blind))
    assert loss("pattern", "lstm") < loss("pattern", blind) - 0.02


@pytest.mark.parametrize("method", METHODS)
def test_an_ensemble_follows_the_member_who_knows(method):
    data = planted(pattern, rows=2000)
    folds = walk_forward_folds(data.open_time, data.known_at, HOUR.milliseconds, FoldSettings(folds=2))
    members = pd.concat([found_in("pattern", model) for model in ("lightgbm", "lstm")], ignore_index=True)
    blend = blend_out_of_fold(members, folds, EnsembleSettings(method=method))
    weights = blend.weights.set_index("fold").loc[1]
    assert weights["lstm"] > 0.8
    assert weights["lightgbm"] < 0.3
    assert auc_interval(blend.predictions).low > 0.58


def test_windows_of_a_joined_market_never_cross_a_symbol_or_a_gap():
    data = planted(linear, rows=300)
    samples, history = data.labelled.samples, 8
    assert samples.history == history
    stamped = np.arange(len(samples.features), dtype=np.float64)[:, None]
    windows = Samples(stamped, samples.ends, history=history).windows(history)[..., 0]
    assert (np.diff(windows, axis=1) == 1).all()
    # 300 rows a symbol, stored one symbol after the other.
    assert (windows.min(axis=1) // 300 == windows.max(axis=1) // 300).all()
    assert (windows[:, -1] // 300 == data.symbol_codes).all()
