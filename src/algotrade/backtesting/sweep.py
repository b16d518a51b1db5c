"""Many variants on the same candles, on the kernel alone: what the overfitting statistics need."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from algotrade.backtesting.account import MarketData
from algotrade.backtesting.grid import default_grid
from algotrade.backtesting.market import day_ends
from algotrade.backtesting.simulate import AccountSummary, SimulationSettings, summarise
from algotrade.backtesting.trials import TrialData, TrialLedger, terms_digest, trial
from algotrade.domain import performance
from algotrade.domain.candles import Panel, from_milliseconds
from algotrade.domain.costs import Costs
from algotrade.domain.instrument import Instrument
from algotrade.errors import BacktestError
from algotrade.risk import RiskSettings, managed_weights
from algotrade.strategies import MarketView, Strategy

__all__ = ["Sweep", "TradingTerms", "default_grid", "sweep", "sweep_in_chunks"]

CHUNK = 64
"""Variants whose results are handed on together."""


@dataclass(frozen=True)
class TradingTerms:
    """What every variant trades under.

    Attributes
    ----------
    costs : Costs
    account : SimulationSettings
    risk : RiskSettings
    instruments : mapping of str to Instrument
        By symbol; the others have no steps.
    """

    costs: Costs = field(default_factory=Costs)
    account: SimulationSettings = field(default_factory=SimulationSettings)
    risk: RiskSettings = field(default_factory=RiskSettings)
    instruments: Mapping[str, Instrument] = field(default_factory=dict)

    @property
    def market_data(self) -> MarketData:
        """What is known about the instruments beside their candles."""
        return MarketData(self.instruments)

    @property
    def digest(self) -> str:
        """What tells these terms from others."""
        steps = {symbol: asdict(instrument) for symbol, instrument in self.instruments.items()}
        return terms_digest(self.costs, self.account, self.risk, steps or None)


@dataclass(frozen=True, eq=False)
class Sweep:
    """What every variant earned.

    Attributes
    ----------
    daily_returns : DataFrame of shape (days, variants)
        Simple returns of UTC days; the columns are the variants as they print themselves.
    variants : DataFrame
        One row a variant, indexed like the columns: ``strategy``, ``parameters`` (JSON), ``sharpe`` (annual),
        ``annual_return``, ``max_drawdown``, ``fills``.
    """

    daily_returns: pd.DataFrame
    variants: pd.DataFrame

    @classmethod
    def joined(cls, parts: Sequence["Sweep"]) -> "Sweep":
        """One sweep of several on the same candles, in their order."""
        return cls(
            pd.concat([part.daily_returns for part in parts], axis=1),
            pd.concat([part.variants for part in parts]),
        )

    def returns_of(self, strategy: str) -> pd.DataFrame:
        """Daily returns of one strategy's variants alone."""
        return self.daily_returns.loc[:, self.variants.index[self.variants["strategy"] == strategy]]

    def trials(self, strategies: Iterable[Strategy], data: TrialData, terms: TradingTerms, origin: str) -> TrialLedger:
        """Lines of the ledger for these strategies, all of which are in the sweep."""
        digest = terms.digest
        lines = (trial(own, self.daily_returns[str(own)].to_numpy(), data, digest, origin) for own in strategies)
        return TrialLedger.of(data, list(lines))


def sweep(
    view: MarketView, strategies: Iterable[Strategy], costs: Costs, settings: SimulationSettings | None = None
) -> Sweep:
    """Daily returns and headline figures of every strategy over the decided rows of a view.

    Raises
    ------
    BacktestError
        If no strategy is given, or the same one twice.
    """
    return Sweep.joined(list(sweep_in_chunks(view, strategies, TradingTerms(costs, settings or SimulationSettings()))))


def sweep_in_chunks(
    view: MarketView, strategies: Iterable[Strategy], terms: TradingTerms, chunk: int = CHUNK, workers: int = 1
) -> Iterator[Sweep]:
    """The sweep in parts, each as soon as its variants and all before it are done: memory holds one part at a time.

    Parameters
    ----------
    view : MarketView
    strategies : iterable of Strategy
    terms : TradingTerms
    chunk : int
        Variants a part.
    workers : int
        Processes; 1 stays in this one. What comes out does not depend on it.

    Raises
    ------
    BacktestError
        If no strategy is given, or the same one twice, or a process was ended from outside.
    """
    chosen = list(strategies)
    _refuse_duplicates(chosen)
    parts = [chosen[first : first + chunk] for first in range(0, len(chosen), chunk)]
    if min(workers, len(parts)) > 1:
        from algotrade.backtesting.parallel_sweep import sweep_elsewhere  # noqa: PLC0415 - with several workers only

        yield from sweep_elsewhere(view, parts, terms, min(workers, len(parts)))
        return
    for part in parts:
        yield sweep_part(view, part, terms)


def sweep_part(view: MarketView, strategies: Sequence[Strategy], terms: TradingTerms) -> Sweep:
    """The sweep of some variants, one after the other."""
    panel = view.decided
    outcomes = {str(strategy): _outcome(view, panel, strategy, terms) for strategy in strategies}
    days = pd.Index(from_milliseconds(panel.close_time[day_ends(panel)] - 1).floor("D"), name="day")
    return Sweep(
        pd.DataFrame({label: summary.daily_returns for label, summary in outcomes.items()}, index=days),
        pd.DataFrame.from_dict(
            {str(own): _figures(own, panel, outcomes[str(own)], terms) for own in strategies}, orient="index"
        ).rename_axis("variant"),
    )


def _outcome(view: MarketView, panel: Panel, strategy: Strategy, terms: TradingTerms) -> AccountSummary:
    weights = managed_weights(strategy, view, terms.risk)
    return summarise(panel, weights, terms.costs, terms.account, terms.market_data)


def _figures(strategy: Strategy, panel: Panel, outcome: AccountSummary, terms: TradingTerms) -> dict[str, Any]:
    per_year, initial = panel.timeframe.candles_per_year, terms.account.initial_cash
    return {
        "strategy": strategy.name,
        "parameters": json.dumps(strategy.parameters(), default=str),
        "sharpe": outcome.sharpe(min(performance.DAYS_PER_YEAR, per_year)),
        "annual_return": performance.annual_return([outcome.final_equity], initial, len(panel) / per_year),
        "max_drawdown": outcome.max_drawdown,
        "fills": outcome.fills,
    }


def _refuse_duplicates(strategies: Sequence[Strategy]) -> None:
    if not strategies:
        raise BacktestError("There is no strategy to sweep. Give at least one, for example default_grid().")
    labels = pd.Index([str(strategy) for strategy in strategies])
    if not labels.is_unique:
        raise BacktestError(
            f"{labels[labels.duplicated()][0]} is there twice; a trial counts once. Remove the duplicate."
        )
