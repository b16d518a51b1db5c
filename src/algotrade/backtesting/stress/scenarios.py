"""A strategy in every scenario: a table that says what would have become of the account."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from algotrade.backtesting.account import SimulationSettings
from algotrade.backtesting.result import BacktestResult
from algotrade.backtesting.statistics import periods_per_year, scaled_costs
from algotrade.backtesting.stress.damage import with_flash_crash, without_candles
from algotrade.backtesting.stress.history import historical_stress, outcome
from algotrade.domain.costs import Costs
from algotrade.errors import BacktestError, ConfigurationError
from algotrade.strategies import MarketView

STRESS_COLUMNS = ("scenario", "kind", "start", "end", "total_return", "max_drawdown", "sharpe", "note")
Conditions = tuple[MarketView, Costs, SimulationSettings]
Rerun = Callable[[MarketView, Costs, SimulationSettings], BacktestResult]
"""The strategy on another view, at other costs, in another account."""


@dataclass(frozen=True)
class StressSettings:
    """How hard the made-up scenarios are.

    Parameters
    ----------
    cost_multiple : float
        Of the configured costs.
    delay : int
        Candles by which every fill comes later.
    missing : float in [0, 1)
        Share of the candles that is lost.
    crash_depth : float in (0, 1)
        Fall of all prices within one candle; half of it comes back.
    crash_candles : int
        That the recovery takes.
    seed : int
        Of the candles that are lost.

    Raises
    ------
    ConfigurationError
        If a number is out of range.
    """

    cost_multiple: float = 2.0
    delay: int = 1
    missing: float = 0.05
    crash_depth: float = 0.3
    crash_candles: int = 12
    seed: int = 7

    def __post_init__(self) -> None:
        for name, fine in (
            ("cost_multiple", 0.0 <= self.cost_multiple < 100.0),
            ("delay", self.delay >= 0),
            ("missing", 0.0 <= self.missing < 1.0),
            ("crash_depth", 0.0 < self.crash_depth < 1.0),
            ("crash_candles", self.crash_candles >= 1),
            ("seed", self.seed >= 0),
        ):
            if not fine:
                raise ConfigurationError(
                    f"The stress setting {name} is {getattr(self, name)!r}. Accepted is: cost_multiple from 0 to below "
                    "100, delay and seed from 0, crash_candles from 1, missing from 0 and crash_depth above 0, below 1."
                )


def stress_test(
    result: BacktestResult,
    rerun: Rerun,
    view: MarketView,
    terms: tuple[Costs, SimulationSettings],
    settings: StressSettings | None = None,
) -> pd.DataFrame:
    """Return, drawdown and Sharpe ratio of a strategy in each scenario.

    The historical windows are read off the result; in the others the strategy decides and is simulated again. The
    crash comes when the account is exposed most (the first time).

    Parameters
    ----------
    result : BacktestResult
        Of the strategy as it is.
    rerun : callable
        Result of the strategy on another view, at other costs, with other settings of the account.
    view : MarketView
    terms : tuple of Costs and SimulationSettings
        As the result was simulated.
    settings : StressSettings, optional

    Returns
    -------
    DataFrame
        ``scenario``, ``kind`` ("history", "costs", "delay", "missing", "crash"), ``start``, ``end`` (of the
        stretch that the figures are about), ``total_return``, ``max_drawdown``, ``sharpe`` (NaN where there is none),
        ``note``.
    """
    scenarios = _scenarios(result, view, terms, settings or StressSettings())
    rows = [*historical_stress(result), *(_case(result, rerun, *scenario) for scenario in scenarios)]
    table = pd.DataFrame(rows, columns=list(STRESS_COLUMNS))
    return table.astype(dict.fromkeys(("total_return", "max_drawdown", "sharpe"), np.float64))


def _scenarios(
    result: BacktestResult, view: MarketView, terms: tuple[Costs, SimulationSettings], settings: StressSettings
) -> Iterator[tuple[str, str, Conditions, str]]:
    """Name, kind, conditions and note of each made-up scenario, one at a time: a view is a copy of the market."""
    costs, account = terms
    dear, late = scaled_costs(costs, settings.cost_multiple), replace(account, delay=account.delay + settings.delay)
    candles = "candle" if settings.delay == 1 else "candles"
    yield f"costs times {settings.cost_multiple:g}", "costs", (view, dear, account), ""
    yield f"fills {settings.delay} {candles} later", "delay", (view, costs, late), ""
    patchy = without_candles(view, settings.missing, settings.seed)
    yield f"{settings.missing:.0%} of the candles missing", "missing", (patchy, costs, account), ""
    row = _most_exposed(result)
    crashed = with_flash_crash(view, row, settings.crash_depth, settings.crash_candles)
    when = f"at {result.equity.index[row]:%Y-%m-%d %H:%M}"
    yield f"flash crash of {settings.crash_depth:.0%}", "crash", (crashed, costs, account), when


def _case(
    result: BacktestResult, rerun: Rerun, scenario: str, kind: str, conditions: Conditions, note: str
) -> dict[str, Any]:
    """Figures of one scenario; one that cannot be simulated, or not by the chosen engine, says why."""
    start = result.equity.index[0] - pd.Timedelta(result.timeframe.milliseconds, unit="ms")
    row: dict[str, Any] = {"scenario": scenario, "kind": kind, "start": start, "end": result.equity.index[-1]}
    try:
        found = rerun(*conditions)
    except (BacktestError, ConfigurationError) as error:
        return {**row, "note": str(error)}
    ruined = "" if found.ruined_at is None else f"ruined at {found.ruined_at:%Y-%m-%d %H:%M}"
    figures = outcome(found.equity, found.initial_cash, periods_per_year(found))
    return {**row, **figures, "note": "; ".join(part for part in (note, ruined) if part)}


def _most_exposed(result: BacktestResult) -> int:
    """First row after which most was held; the first of all where nothing ever was."""
    gross = np.abs(result.weights.to_numpy()).sum(axis=1)
    return min(int(gross.argmax()) + 1, len(gross) - 1)
