"""Every strategy simulated, and accounted for a second time."""

import logging
from typing import Any

import numpy as np
import pandas as pd

from algotrade.backtesting.audit import audit
from algotrade.backtesting.result import BacktestResult
from algotrade.backtesting.simulate import backtest
from algotrade.domain.candles import Panel
from algotrade.domain.timeframe import Timeframe
from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import BacktestingParameters, TrainingParameters
from algotrade.strategies import MarketView

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
    if settings.account.market == "perpetual" and np.isnan(market.panel.funding_rate).all():
        logger.warning("No funding rates are known: positions pay costs.funding_bps = %g", settings.costs.funding_bps)
    terms = settings.terms
    results = {
        strategy.name: backtest(strategy, market, terms.costs, terms.account, terms.risk, terms.market_data)
        for strategy in settings.build_strategies()
    }
    for name, result in results.items():
        if result.ruined_at is not None:
            logger.warning("%s was ruined at %s", name, result.ruined_at)
        if result.halted_at is not None:
            logger.warning("%s was halted by its drawdown at %s", name, result.halted_at)
        if result.liquidations:
            logger.warning("%s was liquidated %d times", name, result.liquidations)
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
