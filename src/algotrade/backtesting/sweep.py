"""Many variants on the same candles, on the kernel alone: what the overfitting statistics need."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from algotrade.backtesting.simulate import SimulationSettings, account_ledger
from algotrade.domain import performance
from algotrade.domain.candles import from_milliseconds
from algotrade.domain.costs import Costs
from algotrade.errors import BacktestError
from algotrade.strategies import STRATEGIES, MarketView, Strategy


@dataclass(frozen=True, eq=False)
class Sweep:
    """What every variant earned.

    Attributes
    ----------
    daily_returns : DataFrame of shape (days, variants)
        Simple returns of UTC days; the columns are the variants as they print themselves.
    variants : DataFrame
        One row a variant, indexed like the columns: ``strategy``, ``sharpe`` (annual),
        ``annual_return``, ``max_drawdown``, ``fills``.
    """

    daily_returns: pd.DataFrame
    variants: pd.DataFrame

    def returns_of(self, strategy: str) -> pd.DataFrame:
        """Daily returns of one strategy's variants alone."""
        return self.daily_returns.loc[:, self.variants.index[self.variants["strategy"] == strategy]]


def default_grid(names: Iterable[str] | None = None) -> tuple[Strategy, ...]:
    """Every variant of the named strategies' search spaces; of all strategies by default.

    Raises
    ------
    ConfigurationError
        If a name is unknown.
    """
    return tuple(variant for name in (names or STRATEGIES) for variant in STRATEGIES[name].variants())


def sweep(
    view: MarketView, strategies: Iterable[Strategy], costs: Costs, settings: SimulationSettings | None = None
) -> Sweep:
    """Daily returns and headline figures of every strategy over the decided rows of a view.

    Raises
    ------
    BacktestError
        If no strategy is given, or the same one twice.
    """
    chosen, panel = settings or SimulationSettings(), view.decided
    index = pd.DatetimeIndex(from_milliseconds(panel.close_time), name="close_time")
    years = len(panel) / panel.timeframe.candles_per_year
    days_per_year = min(performance.DAYS_PER_YEAR, panel.timeframe.candles_per_year)
    returns: dict[str, pd.Series] = {}
    figures: dict[str, dict[str, object]] = {}
    for strategy in strategies:
        label = str(strategy)
        if label in returns:
            raise BacktestError(f"{label} is there twice; a trial counts once. Remove the duplicate.")
        ledger = account_ledger(panel, strategy.target_weights(view), costs, chosen)
        daily = performance.daily_returns(pd.Series(ledger.equity, index=index), chosen.initial_cash)
        returns[label] = daily
        figures[label] = {
            "strategy": strategy.name,
            "sharpe": performance.sharpe(daily, days_per_year),
            "annual_return": performance.annual_return(ledger.equity, chosen.initial_cash, years),
            "max_drawdown": performance.max_drawdown(ledger.equity, chosen.initial_cash),
            "fills": len(ledger.fills),
        }
    if not returns:
        raise BacktestError("There is no strategy to sweep. Give at least one, for example default_grid().")
    return Sweep(pd.DataFrame(returns), pd.DataFrame.from_dict(figures, orient="index").rename_axis("variant"))
