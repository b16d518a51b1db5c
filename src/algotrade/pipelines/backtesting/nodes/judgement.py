"""Strategies judged: what they earned, where it came from, how much of it may be luck, and what would break it."""

from typing import Any

import pandas as pd

from algotrade.backtesting import attribution, statistics, stress
from algotrade.backtesting.result import BacktestResult
from algotrade.backtesting.simulate import backtest, simulate
from algotrade.domain import performance
from algotrade.domain.costs import Costs
from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import BacktestingParameters
from algotrade.risk import managed_weights
from algotrade.strategies import MarketView, Strategy, build_strategy
from algotrade.validation.overfitting import probability_of_backtest_overfitting

BENCHMARK = "buy_and_hold"
Results = dict[str, BacktestResult]
Figures = dict[str, dict[str, Any]]


def judge(
    results: Results,
    trades: pd.DataFrame,
    market: MarketView,
    trial_returns: pd.DataFrame,
    trial_count: dict[str, Any],
    parameters: dict[str, Any],
) -> tuple[Figures, dict[str, Any]]:
    """Figures of every strategy, deflated by all that was ever tried on this market, and the odds of overfitting.

    The best variant of this run is also tested against buying and holding, as the best of all of them.
    """
    settings, trials = BacktestingParameters.parse(parameters), trial_count["count"]
    of_market = _market_returns(market)
    scores = {
        name: statistics.strategy_metrics(result, _own(trades, name), trials, of_market)
        for name, result in results.items()
    }
    estimate = probability_of_backtest_overfitting(trial_returns.to_numpy(), settings.pbo_groups)
    benchmark = _benchmark(results, market, settings)
    return scores, {
        "probability_of_backtest_overfitting": estimate.probability,
        "trials": trials,
        "trials_this_run": trial_returns.shape[1],
        "benchmark": BENCHMARK,
        "superiority": statistics.superiority_over(benchmark, trial_returns, settings.statistics),
    }


def estimate_intervals(
    results: Results, trades: pd.DataFrame, market: MarketView, parameters: dict[str, Any]
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Ends of the interval of every headline figure, by strategy and figure."""
    settings, of_market = BacktestingParameters.parse(parameters).statistics, _market_returns(market)
    return {
        name: statistics.strategy_intervals(result, _own(trades, name), settings, of_market)
        for name, result in results.items()
    }


def assess_robustness(
    results: Results,
    trades: pd.DataFrame,
    market: MarketView,
    trial_returns: pd.DataFrame,
    trial_variants: pd.DataFrame,
    sweep_grid: pd.DataFrame,
    parameters: dict[str, Any],
) -> Figures:
    """By strategy: what another order, dearer trading, more money, other parameters and the search would change."""
    settings, of_market = BacktestingParameters.parse(parameters), _market_returns(market)
    chosen, benchmark, found = settings.statistics, _benchmark(results, market, settings), {}
    with progress("robustness", len(results)) as advance:
        for strategy in settings.build_strategies():
            name, result = strategy.name, results[strategy.name]
            pnl = statistics.closed_pnl(_own(trades, name))
            variants = trial_returns[trial_variants.index[trial_variants["strategy"] == name]]
            found[name] = {
                "minimum_track_record": statistics.track_record(result, chosen.confidence),
                "lo": statistics.autocorrelation_of_days(result),
                "monte_carlo": statistics.trade_order(pnl, result.initial_cash, chosen.trade_orders, chosen.seed),
                "cost_sensitivity": _at_other_costs(strategy, market, settings),
                "capacity": statistics.capacity(result, market.decided, chosen.participation),
                "reality_check": statistics.superiority_over(benchmark, variants, chosen),
                "plateau": statistics.parameter_plateau(sweep_grid, name, strategy.parameters()),
                "market_model": statistics.market_model(
                    _daily(result), of_market, statistics.periods_per_year(result), chosen.confidence
                ),
                "shortfall": attribution.implementation_shortfall(result),
            }
            advance(name)
    return found


def list_drawdowns(results: Results, parameters: dict[str, Any]) -> pd.DataFrame:
    """The deepest drawdowns of every strategy."""
    most = BacktestingParameters.parse(parameters).statistics.drawdowns
    return _by_strategy(
        {name: statistics.drawdown_table(result.equity, result.initial_cash, most) for name, result in results.items()}
    )


def attribute_profits(results: Results, trades: pd.DataFrame, market: MarketView) -> pd.DataFrame:
    """Where the profit of every strategy came from."""
    return _by_strategy(
        {name: attribution.attribute(result, _own(trades, name), market) for name, result in results.items()}
    )


def stress_strategies(results: Results, market: MarketView, parameters: dict[str, Any]) -> pd.DataFrame:
    """What would have become of every strategy in hard times."""
    settings = BacktestingParameters.parse(parameters)
    terms, known, tables = (settings.costs, settings.account), settings.terms.market_data, {}

    def rerun(strategy: Strategy) -> stress.Rerun:
        return lambda view, costs, account: backtest(strategy, view, costs, account, settings.risk, known)

    with progress("stress", len(results)) as advance:
        for strategy in settings.build_strategies():
            name = strategy.name
            tables[name] = stress.stress_test(results[name], rerun(strategy), market, terms, settings.stress)
            advance(name)
    return _by_strategy(tables)


def _at_other_costs(strategy: Strategy, market: MarketView, settings: BacktestingParameters) -> dict[str, Any]:
    weights = managed_weights(strategy, market, settings.risk)

    def simulation(costs: Costs) -> BacktestResult:
        return simulate(market.decided, weights, costs, settings.account, settings.terms.market_data)

    return statistics.cost_sensitivity(simulation, settings.costs, settings.statistics.cost_multiples)


def _benchmark(results: Results, market: MarketView, settings: BacktestingParameters) -> pd.Series:
    """Daily returns of buying and holding, on the terms of the run."""
    if BENCHMARK in results:
        return _daily(results[BENCHMARK])
    terms = settings.terms
    strategy = build_strategy(BENCHMARK)
    return _daily(backtest(strategy, market, terms.costs, terms.account, terms.risk, terms.market_data))


def _market_returns(market: MarketView) -> pd.Series:
    return performance.daily_returns(attribution.market_equity(market.decided), 1.0)


def _daily(result: BacktestResult) -> pd.Series:
    return performance.daily_returns(result.equity, result.initial_cash)


def _own(trades: pd.DataFrame, strategy: str) -> pd.DataFrame:
    return trades[trades["strategy"] == strategy]


def _by_strategy(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One long frame of the tables, each with the name of its strategy in front."""
    named = [table.assign(strategy=name) for name, table in tables.items()]
    whole = pd.concat(named, ignore_index=True)
    return whole[["strategy", *(column for column in whole.columns if column != "strategy")]]
