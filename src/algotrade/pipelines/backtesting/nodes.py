"""Steps of the backtesting pipeline."""

import logging
from typing import Any

import pandas as pd

from algotrade.backtesting.audit import audit
from algotrade.backtesting.result import BacktestResult
from algotrade.backtesting.simulate import backtest
from algotrade.backtesting.statistics import strategy_metrics
from algotrade.backtesting.sweep import default_grid, sweep
from algotrade.domain.candles import Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import BacktestingParameters, TrainingParameters
from algotrade.strategies import MarketView
from algotrade.validation.overfitting import probability_of_backtest_overfitting

logger = logging.getLogger(__name__)


def view(
    candles: pd.DataFrame,
    predictions: pd.DataFrame,
    ranking: list[str],
    universe: dict[str, Any],
    training: dict[str, Any],
) -> MarketView:
    """Candles with the best candidate's out-of-fold predictions; decisions start where predictions do."""
    panel = Panel.from_frame(candles, Timeframe(universe["timeframe"]), universe["symbols"])
    best = predictions[predictions["model"] == ranking[0]]
    return MarketView.from_predictions(panel, best, TrainingParameters.parse(training).horizon).predicted


def run(market: MarketView, parameters: dict[str, Any]) -> tuple[dict[str, BacktestResult], pd.DataFrame, pd.DataFrame]:
    """Every configured strategy simulated: results by name, equity curves and fills as long frames."""
    settings = BacktestingParameters.parse(parameters)
    results = {
        strategy.name: backtest(strategy, market, settings.costs, settings.account)
        for strategy in settings.build_strategies()
    }
    for name, result in results.items():
        if result.ruined_at is not None:
            logger.warning("%s was ruined at %s", name, result.ruined_at)
    equity = pd.concat(
        [
            pd.DataFrame({"strategy": name, "time": result.equity.index, "equity": result.equity.to_numpy()})
            for name, result in results.items()
        ],
        ignore_index=True,
    )
    fills = pd.concat([result.fills.assign(strategy=name) for name, result in results.items()], ignore_index=True)
    return results, equity, fills


def audit_all(results: dict[str, BacktestResult]) -> pd.DataFrame:
    """Round trips of every strategy, by vectorbt, which has to agree with each result."""
    trades = []
    with progress("audit with vectorbt", len(results)) as advance:
        for name, result in results.items():
            trades.append(audit(result).trades.assign(strategy=name))
            advance(name)
    return pd.concat(trades, ignore_index=True)


def sweep_variants(market: MarketView, parameters: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Daily returns of every variant of the configured strategies, and how each one did."""
    settings = BacktestingParameters.parse(parameters)
    variants = dict.fromkeys([*settings.build_strategies(), *default_grid(settings.strategies)])
    swept = sweep(market, variants, settings.costs, settings.account)
    return swept.daily_returns, swept.variants


def judge(
    results: dict[str, BacktestResult],
    trades: pd.DataFrame,
    trial_returns: pd.DataFrame,
    parameters: dict[str, Any],
) -> tuple[dict[str, dict[str, float | int | None]], dict[str, float | int]]:
    """Figures of every strategy, deflated by all that was tried, and the probability of overfitting."""
    trials = trial_returns.shape[1]
    scores = {
        name: strategy_metrics(result, trades[trades["strategy"] == name], trials) for name, result in results.items()
    }
    groups = BacktestingParameters.parse(parameters).pbo_groups
    estimate = probability_of_backtest_overfitting(trial_returns.to_numpy(), groups)
    return scores, {
        "probability_of_backtest_overfitting": estimate.probability,
        "trials": trials,
    }
