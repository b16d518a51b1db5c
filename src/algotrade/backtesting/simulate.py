"""From target weights to a result: checked at the door, simulated by the kernel, labelled on the way out."""

from dataclasses import dataclass

import numpy as np

from algotrade.backtesting.account import MarketData, SimulationSettings
from algotrade.backtesting.conditions import fee_tiers, is_plain, plain_terms, rules_of, steps_of
from algotrade.backtesting.kernel import Ledger, extremes, run_plain, run_rules, run_summary
from algotrade.backtesting.labelling import labelled
from algotrade.backtesting.market import day_ends, market_prices, marks, settled_funding, tradable_opens
from algotrade.backtesting.result import BacktestResult
from algotrade.domain import performance
from algotrade.domain.candles import FloatArray, Panel
from algotrade.domain.costs import Costs
from algotrade.errors import StrategyError
from algotrade.risk import RiskSettings, managed_weights
from algotrade.strategies import MarketView, Strategy

__all__ = ["AccountSummary", "MarketData", "SimulationSettings", "account_ledger", "backtest", "simulate", "summarise"]

WEIGHT_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class AccountSummary:
    """What an account came to, without its path.

    Attributes
    ----------
    daily_returns : ndarray of shape (days,)
        Of UTC days, as :func:`algotrade.domain.performance.daily_returns`.
    max_drawdown : float
        Positive fraction, over all rows.
    final_equity, notional : float
        After the last close; of all fills.
    fills : int
    """

    daily_returns: FloatArray
    max_drawdown: float
    final_equity: float
    notional: float
    fills: int

    def sharpe(self, days_per_year: float = performance.DAYS_PER_YEAR) -> float:
        """Annual Sharpe ratio of the daily returns."""
        return performance.sharpe(self.daily_returns, days_per_year)


def simulate(
    panel: Panel,
    target_weights: FloatArray,
    costs: Costs,
    settings: SimulationSettings | None = None,
    market_data: MarketData | None = None,
) -> BacktestResult:
    """Result of following target weights: decided at a close, filled at the next open.

    Parameters
    ----------
    panel : Panel
    target_weights : ndarray of shape (n, symbols)
        In [0, 1], sum of a row at most 1; of either sign and with an absolute sum up to the leverage for a
        perpetual account.
    costs : Costs
    settings : SimulationSettings, optional
    market_data : MarketData, optional
        Steps of the instruments and exact funding rates; none by default.

    Raises
    ------
    StrategyError
        If the weights have the wrong shape, are not finite or out of bounds.
    BacktestError
        If the panel has no rows, or is not in order, or has prices that cannot be traded at.
    ConfigurationError
        If the engine is vectorbt and the settings ask for a rule that it does not have.
    """
    chosen, data = settings or SimulationSettings(), market_data or MarketData()
    if chosen.engine == "vectorbt":
        from algotrade.backtesting.engine_vectorbt import simulate_with_vectorbt  # noqa: PLC0415 - imports vectorbt

        check_weights(panel, target_weights, chosen)
        return simulate_with_vectorbt(panel, target_weights, costs, chosen, data)
    return labelled(_ledger(panel, target_weights, costs, chosen, data), panel, chosen)


def backtest(
    strategy: Strategy,
    view: MarketView,
    costs: Costs,
    settings: SimulationSettings | None = None,
    risk: RiskSettings | None = None,
    market_data: MarketData | None = None,
) -> BacktestResult:
    """Result of a strategy over the rows of a view that get a decision, starting from cash.

    Its weights pass the risk overlay first; every rule of it is off by default.

    Raises
    ------
    StrategyError, BacktestError, ConfigurationError
        As :func:`simulate` and the strategy do.
    """
    return simulate(view.decided, managed_weights(strategy, view, risk), costs, settings, market_data)


def account_ledger(
    panel: Panel,
    target_weights: FloatArray,
    costs: Costs,
    settings: SimulationSettings,
    market_data: MarketData | None = None,
) -> Ledger:
    """Bare ledger of :func:`simulate`, without the frames; always by the kernel."""
    return _ledger(panel, target_weights, costs, settings, market_data or MarketData())


def summarise(
    panel: Panel,
    target_weights: FloatArray,
    costs: Costs,
    settings: SimulationSettings,
    market_data: MarketData | None = None,
) -> AccountSummary:
    """What :func:`simulate` comes to, for sweeps: a plain account never materialises its equity.

    The panel's arrays are prepared once and shared by all calls on the same panel, so memory does not grow with
    the number of variants.

    Raises
    ------
    StrategyError, BacktestError
        As :func:`simulate` does.
    """
    data, ends = market_data or MarketData(), day_ends(panel)
    if is_plain(costs, settings, data):
        opens = tradable_opens(panel)
        check_weights(panel, target_weights, settings)
        weights = np.ascontiguousarray(target_weights, dtype=np.float64)
        done = run_summary(opens, marks(panel), weights, plain_terms(costs, settings), ends)
        days, numbers = done.day_equity, (done.max_drawdown, done.final_equity, done.notional, done.fills)
    else:
        ledger = _ledger(panel, target_weights, costs, settings, data)
        drawdown = performance.max_drawdown(ledger.equity, settings.initial_cash)
        days = ledger.equity[ends]
        numbers = (drawdown, float(ledger.equity[-1]), ledger.notional, len(ledger.fills))
    return AccountSummary(performance.simple_returns(days, settings.initial_cash), *numbers)


def _ledger(
    panel: Panel, target_weights: FloatArray, costs: Costs, settings: SimulationSettings, data: MarketData
) -> Ledger:
    opens = tradable_opens(panel)
    check_weights(panel, target_weights, settings)
    weights = np.ascontiguousarray(target_weights, dtype=np.float64)
    ledger: Ledger
    if is_plain(costs, settings, data):
        ledger = run_plain(opens, marks(panel), weights, plain_terms(costs, settings))
        return ledger
    hours = settings.funding_interval_hours
    margined = settings.market == "perpetual"
    funding = settled_funding(panel, costs, hours, data) if margined else np.zeros_like(opens)
    prices = market_prices(panel, costs, settings.volatility_span, funding)
    rules = rules_of(costs, settings, panel.timeframe)
    ledger = run_rules(prices, weights, rules, steps_of(panel, data), fee_tiers(costs))
    return ledger


def check_weights(panel: Panel, weights: FloatArray, settings: SimulationSettings) -> None:
    """Refuse weights that the account cannot follow.

    Raises
    ------
    StrategyError
        Saying which row, what was found and what is accepted.
    """
    expected = (len(panel), len(panel.symbols))
    if weights.shape != expected:
        raise StrategyError(f"Target weights must have the shape of the panel {expected}; found {weights.shape}.")
    finite, smallest, gross = _extremes(weights)
    if not finite:
        row, column = np.argwhere(~np.isfinite(weights))[0]
        raise StrategyError(
            f"Target weights must be finite; row {row} of {panel.symbols[column]} is {weights[row, column]}. "
            "A strategy without an opinion keeps its previous weight or returns 0."
        )
    if settings.market == "spot" and smallest < 0.0:
        raise StrategyError(
            f"A spot account cannot be short; the smallest target weight is {smallest:g}. "
            "Return weights in [0, 1], or set account.market: perpetual."
        )
    if gross > settings.leverage + WEIGHT_TOLERANCE:
        raise StrategyError(
            f"Target weights must not exceed {settings.leverage:g} in absolute sum, the leverage of the account; the "
            f"largest row has {gross:g}. Scale them down"
            + (", or raise account.leverage." if settings.market == "perpetual" else ": a spot account cannot borrow.")
        )


def _extremes(weights: FloatArray) -> tuple[bool, float, float]:
    if weights.shape[1] != 1:
        found: tuple[bool, float, float] = extremes(np.ascontiguousarray(weights, dtype=np.float64))
        return found
    low, high = float(weights.min()), float(weights.max())
    return bool(np.isfinite(low) and np.isfinite(high)), low, max(-low, high)
