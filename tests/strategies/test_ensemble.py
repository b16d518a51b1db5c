"""An ensemble is its members, each with its part of the equity; what configuration gives is checked."""

import numpy as np
import pytest
from tests.contracts.test_strategies import random_view

from algotrade.errors import ConfigurationError, StrategyError
from algotrade.strategies import MarketView, build_strategy
from algotrade.strategies.ensemble import Ensemble, Member

TREND = {"window": 12, "volatility_window": 16}
REVERSAL = {"window": 14, "entry_deviation": 1.2}


def ensemble(*members) -> Ensemble:
    return build_strategy("ensemble", {"members": list(members)})


def test_the_weights_are_those_of_the_members_in_proportion():
    view = random_view(1)
    mixed = ensemble(
        {"strategy": "momentum", "weight": 3, "parameters": TREND},
        {"strategy": "mean_reversion", "parameters": REVERSAL},
    )
    momentum = build_strategy("momentum", TREND).target_weights(view)
    reversal = build_strategy("mean_reversion", REVERSAL).target_weights(view)
    np.testing.assert_allclose(mixed.target_weights(view), 0.75 * momentum + 0.25 * reversal, rtol=0, atol=1e-15)


def test_what_one_buys_and_another_sells_is_not_traded_and_not_forgotten(panel_of):
    close = 100.0 * np.exp(np.cumsum(np.where(np.arange(80) < 40, 0.01, -0.01)))[:, None]
    view = MarketView(panel_of(close * (1.0 + 0.001 * np.sin(np.arange(80.0)))[:, None]))
    both = {"window": 8, "volatility_window": 8, "target_volatility": 10.0, "long_short": True}
    mixed = ensemble(
        {"strategy": "momentum", "parameters": both},
        {"strategy": "momentum", "parameters": {**both, "window": 40, "volatility_window": 8}},
    )
    books, weights = mixed.book_weights(view), mixed.target_weights(view)
    opposite = (books[:, 0, 0] * books[:, 1, 0]) < 0.0
    assert opposite.any()
    assert (weights[opposite] == 0.0).all()
    row = int(np.flatnonzero(opposite)[0])
    resumed = mixed.target_weights(view.since(row + 1, mixed.lookback), books[row])
    np.testing.assert_allclose(resumed, weights[row + 1 :], atol=1e-12)


def test_one_book_is_not_enough_to_go_on_from():
    mixed, view = ensemble({"strategy": "buy_and_hold"}, {"strategy": "equal_weight"}), random_view(2)
    with pytest.raises(StrategyError, match=r"of shape \(2, 5\), a row for each book"):
        mixed.target_weights(view, np.zeros(5))


def test_ensembles_can_be_members():
    inner = {"members": [{"strategy": "buy_and_hold"}, {"strategy": "equal_weight"}]}
    outer = ensemble({"strategy": "ensemble", "parameters": inner}, {"strategy": "pairs"})
    assert outer.books == 2 + build_strategy("pairs").books
    assert outer.lookback == build_strategy("pairs").lookback
    assert outer.shorts
    assert not ensemble({"strategy": "ensemble", "parameters": inner}).shorts


def test_members_can_be_given_as_they_are():
    given = Ensemble(members=(Member(build_strategy("momentum"), 2.0),))
    assert given == ensemble({"strategy": "momentum", "weight": 2})
    assert str(given).startswith(
        "ensemble(members=[{'strategy': 'momentum', 'weight': 2.0, 'parameters': {'window': 168"
    )


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([], "must be a list of at least one strategy"),
        ("momentum", "must be a list of at least one strategy"),
        ([{"weight": 2}], "must name its strategy"),
        (["momentum"], "must name its strategy"),
        ([{"strategy": "momentum", "wieght": 2}], "must name its strategy, and may have a weight"),
        (
            [{"strategy": "momentum", "weight": 0}],
            "weight of 'momentum' in strategy 'ensemble' must be a positive number",
        ),
        ([{"strategy": "momentum", "weight": True}], "must be a positive number; found True"),
        ([{"strategy": "momentum", "weight": float("nan")}], "must be a positive number; found nan"),
        ([{"strategy": "momentun"}], "Unknown strategy 'momentun'"),
        ([{"strategy": "momentum", "parameters": {"windw": 3}}], "Unknown parameter 'windw' of strategy 'momentum'"),
    ],
)
def test_members_that_are_not_accepted_are_named(members, message):
    with pytest.raises(ConfigurationError, match=message):
        build_strategy("ensemble", {"members": members})
