"""Building strategies from configuration, and declaring their parameters."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from algotrade.errors import ConfigurationError, StrategyError
from algotrade.strategies import STRATEGIES, MarketView, build_strategy


def test_the_registry_finds_every_file_by_itself():
    shipped = ["bollinger", "breakout", "buy_and_hold", "cross_sectional_momentum", "ensemble", "equal_weight"]
    shipped += ["mean_reversion", "ml_signal", "momentum", "moving_average_cross", "pairs"]
    assert list(STRATEGIES) == shipped
    assert all(STRATEGIES[name].name == name for name in STRATEGIES)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("momentun", {}, "Unknown strategy 'momentun'. Known are: bollinger, breakout, buy_and_hold"),
        ("momentum", {"windw": 3}, "Unknown parameter 'windw' of strategy 'momentum'. Known are: window"),
        ("momentum", {"window": 1}, "'window' of strategy 'momentum' must be a whole number from 2"),
        ("momentum", {"window": 24.0}, "must be a whole number"),
        ("momentum", {"window": True}, "must be a whole number"),
        ("momentum", {"entry_score": float("nan")}, "must be a number from -10 to 10; found nan"),
        ("momentum", {"entry_score": "high"}, "must be a number from -10 to 10; found 'high'"),
        ("momentum", {"entry_score": -1.0}, "Raise entry_score"),
        ("mean_reversion", {"entry_deviation": 0.0}, "Raise entry_deviation"),
        ("ml_signal", {"entry_probability": 0.4}, "Raise entry_probability"),
        ("ml_signal", {"exit_edge_bps": 50.0}, "lower exit_edge_bps"),
    ],
)
def test_what_is_not_accepted_is_named_with_what_is(name, parameters, message):
    with pytest.raises(ConfigurationError, match=message.replace("(", r"\(")):
        build_strategy(name, parameters)


def test_whole_numbers_are_fine_where_any_number_is():
    assert build_strategy("momentum", {"entry_score": 2}).parameters()["entry_score"] == 2


def test_a_strategy_is_frozen_and_prints_its_parameters():
    strategy = build_strategy("mean_reversion", {"window": 10})
    with pytest.raises(FrozenInstanceError):
        strategy.window = 11
    assert str(strategy).startswith("mean_reversion(window=10, entry_deviation=2.0")


def test_variants_are_the_product_of_the_search_space():
    momentum = STRATEGIES["momentum"]
    variants = list(momentum.variants())
    assert len(variants) == len(set(map(str, variants))) == np.prod([len(v) for v in momentum.search_space().values()])
    assert [str(variant) for variant in STRATEGIES["buy_and_hold"].variants()] == ["buy_and_hold()"]


@pytest.mark.parametrize("weights", [np.zeros(3), np.array([np.nan, 0.0])])
def test_initial_weights_that_do_not_fit_are_refused(panel_of, weights):
    view = MarketView(panel_of(np.full((5, 2), 10.0)))
    with pytest.raises(StrategyError, match="Initial weights must be 2 finite numbers"):
        build_strategy("buy_and_hold").target_weights(view, weights)
