"""Strategies and risk limits as configuration gives them: what the account could not hold is refused at once."""

from pathlib import Path

import pytest
import yaml
from tests.contracts.test_strategies import random_view

from algotrade.backtesting.simulate import backtest
from algotrade.errors import ConfigurationError
from algotrade.pipelines.parameters import BacktestingParameters
from algotrade.risk import RiskSettings, managed_weights
from algotrade.strategies import build_strategy

CONFIGURED = Path(__file__).parents[2] / "conf" / "base" / "parameters_backtesting.yml"


def parsed(text: str) -> BacktestingParameters:
    return BacktestingParameters.parse(yaml.safe_load(text))


def test_an_ensemble_reads_like_this():
    (mixed,) = parsed(
        """
        strategies:
          ensemble:
            members:
              - {strategy: momentum, weight: 2}
              - {strategy: breakout, parameters: {exit_window: 48}}
        """
    ).build_strategies()
    members = [{"strategy": "momentum", "weight": 2}, {"strategy": "breakout", "parameters": {"exit_window": 48}}]
    assert mixed == build_strategy("ensemble", {"members": members})


def test_the_default_run_has_yardsticks_and_no_limit():
    configured = BacktestingParameters.parse(yaml.safe_load(CONFIGURED.read_text())["backtesting"])
    assert {"buy_and_hold", "equal_weight", "ml_signal"} <= set(configured.strategies)
    assert configured.risk == RiskSettings()


def test_who_sells_short_needs_an_account_that_can():
    text = "strategies: {{{}}}"
    for strategy in ("pairs: {}", "momentum: {long_short: true}", "ensemble: {members: [{strategy: pairs}]}"):
        with pytest.raises(ConfigurationError, match=r"sells short, which a spot account cannot.*market: perpetual"):
            parsed(text.format(strategy))
        assert parsed("{account: {market: perpetual}, " + text.format(strategy) + "}").build_strategies()


def test_leverage_of_the_overlay_stays_within_the_account():
    risk = "risk: {target_volatility: 0.5, maximum_scale: 2.0"
    with pytest.raises(ConfigurationError, match="more than the account's leverage of 1"):
        parsed(risk + "}")
    assert parsed(risk + ", maximum_gross: 1.0}").risk.maximum_gross == 1.0
    assert parsed("{account: {market: perpetual, leverage: 2.0}, " + risk + "}}").risk.maximum_scale == 2.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("risk: {maximum_wieght: 0.2}", "Unknown parameter of backtesting.risk 'maximum_wieght'"),
        ("risk: {maximum_weight: 0}", "maximum_weight must be a number"),
        (
            "strategies: {momentum: {long_short: 1}}",
            "'long_short' of strategy 'momentum' must be true or false; found 1",
        ),
    ],
)
def test_what_is_not_accepted_is_named(text, message):
    with pytest.raises(ConfigurationError, match=message):
        parsed(text)


def test_a_backtest_trades_within_the_limits():
    view, strategy = random_view(4), build_strategy("buy_and_hold")
    costs, account, risk = parsed("{}").costs, parsed("{}").account, RiskSettings(maximum_gross=0.25)
    free, limited = backtest(strategy, view, costs, account), backtest(strategy, view, costs, account, risk)
    assert managed_weights(strategy, view, risk).sum(axis=1).max() <= 0.25 + 1e-12
    assert limited.weights.sum(axis=1).max() < 0.5 < free.weights.sum(axis=1).max()
