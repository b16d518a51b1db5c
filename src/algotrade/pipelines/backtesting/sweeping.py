"""A sweep of any size outside the pipeline: resumable, counted as it goes, and as large as patience allows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pandas as pd

from algotrade.backtesting.grid import Grid
from algotrade.backtesting.statistics import deflated
from algotrade.backtesting.sweep import CHUNK, Sweep, TradingTerms, sweep_in_chunks, sweep_part
from algotrade.backtesting.trials import TrialData, TrialLedger, trial_key
from algotrade.domain import performance
from algotrade.monitoring.progress import progress
from algotrade.strategies import MarketView, Strategy
from algotrade.validation.overfitting import SharpeSample, expected_maximum_sharpe

Method = Literal["grid", "random", "optuna"]


@dataclass(frozen=True)
class SweepOrder:
    """What to try.

    Attributes
    ----------
    grid : Grid
    method : {"grid", "random", "optuna"}
        Every combination, or ``count`` of them at random, or as many proposals of Optuna.
    count, seed : int
    workers : int
        Processes; Optuna's proposals follow from one another and take one.
    """

    grid: Grid
    method: Method = "grid"
    count: int = 100
    seed: int = 0
    workers: int = 1


class LedgerFile(Protocol):
    """Where trials are counted; see ``algotrade.datasets.trials.TrialFile``."""

    def load(self) -> TrialLedger:
        """Every trial."""

    def add(self, ledger: TrialLedger) -> None:
        """Add those that are not there yet."""


class ResultFile(Protocol):
    """Where figures of finished variants are kept; see ``algotrade.datasets.trials.SweepResults``."""

    def of(self, keys: Iterable[str]) -> pd.DataFrame:
        """Those of the keys that are there, indexed by key."""

    def add(self, results: pd.DataFrame) -> None:
        """Keep results, indexed by key."""


@dataclass(frozen=True)
class SweepBook:
    """Where a sweep is kept.

    Attributes
    ----------
    ledger : LedgerFile
    results : ResultFile
    """

    ledger: LedgerFile
    results: ResultFile


@dataclass(frozen=True, eq=False)
class SweepReport:
    """What a sweep found.

    Attributes
    ----------
    results : DataFrame
        A row a variant, the highest Sharpe ratio first: ``strategy``, ``variant``, ``parameters``, ``sharpe``,
        ``annual_return``, ``max_drawdown``, ``fills`` and what the deflation needs.
    known : int
        Variants that had been finished by earlier sweeps.
    trials : int
        On this market, those of all runs.
    deflated_sharpe : float
        Probability that the best one is not the luck of so many trials.
    luck : float
        Annual Sharpe ratio to expect of the best of so many trials without any skill.
    """

    results: pd.DataFrame
    known: int
    trials: int
    deflated_sharpe: float
    luck: float


def run_sweep(view: MarketView, order: SweepOrder, terms: TradingTerms, book: SweepBook) -> SweepReport:
    """Run what is not finished yet, and judge the best of all by how many were tried.

    A trial is counted before its result is kept: whatever ends the process, what it has seen is in the ledger, and
    what it has kept is not run again.
    """
    data = TrialData.of(view)
    sweeping = _Sweeping(view, terms, book, data)
    if order.method == "optuna":
        variants, known = sweeping.proposed(order)
    else:
        variants = order.grid.variants(order.count if order.method == "random" else None, order.seed)
        known = sweeping.listed(variants, order.workers)
    results = book.results.of(trial_key(variant, data, terms.digest) for variant in variants)
    results = results.sort_values(["sharpe", "variant"], ascending=[False, True], na_position="last")
    trials = book.ledger.load().count(data)
    best = _sample(results.iloc[0])
    luck = expected_maximum_sharpe(1.0 / max(best.observations - 1, 1), trials) * performance.DAYS_PER_YEAR**0.5
    return SweepReport(results.reset_index(drop=True), known, trials, deflated(best, trials), luck)


@dataclass(frozen=True)
class _Sweeping:
    view: MarketView
    terms: TradingTerms
    book: SweepBook
    data: TrialData

    def listed(self, variants: Sequence[Strategy], workers: int) -> int:
        """Run those that are not finished; the number of those that were."""
        keys = {variant: trial_key(variant, self.data, self.terms.digest) for variant in variants}
        finished = set(self.book.results.of(keys.values()).index)
        rest = [variant for variant in variants if keys[variant] not in finished]
        with progress(f"sweep of {variants[0].name}", len(rest)) as advance:
            for done, part in self._parts(rest, workers):
                self._keep(done, part)
                advance(str(done[-1]), len(done))
        return len(variants) - len(rest)

    def _parts(self, variants: Sequence[Strategy], workers: int) -> Iterator[tuple[Sequence[Strategy], Sweep]]:
        first = 0
        chunk = min(CHUNK, max(len(variants) // (4 * workers), 1))
        for part in sweep_in_chunks(self.view, variants, self.terms, chunk, workers) if variants else ():
            yield variants[first : first + len(part.variants)], part
            first += len(part.variants)

    def proposed(self, order: SweepOrder) -> tuple[list[Strategy], int]:
        """Run what Optuna proposes; what it tried, and the number of those that were finished."""
        from algotrade.backtesting.search import propose  # noqa: PLC0415 - Optuna is heavy

        known = 0
        with progress(f"search of {order.grid.strategy}", order.count) as advance:

            def evaluate(variant: Strategy) -> float:
                nonlocal known
                finished = self.book.results.of([trial_key(variant, self.data, self.terms.digest)])
                known += len(finished)
                if finished.empty:
                    part = sweep_part(self.view, [variant], self.terms)
                    self._keep([variant], part)
                    finished = part.variants
                advance(str(variant))
                ratio = finished["sharpe"].iloc[0]
                return float(ratio) if pd.notna(ratio) else 0.0

            tried = propose(order.grid, evaluate, order.count, order.seed)
        return [variant for variant, _ in tried], known

    def _keep(self, variants: Sequence[Strategy], part: Sweep) -> None:
        trials = part.trials(variants, self.data, self.terms, "sweep")
        self.book.ledger.add(trials)
        keys = pd.Index([trial_key(variant, self.data, self.terms.digest) for variant in variants], name="key")
        samples = [SharpeSample.of_returns(part.daily_returns[str(variant)]) for variant in variants]
        moments = pd.DataFrame([_moments(sample) for sample in samples], index=keys)
        self.book.results.add(pd.concat([part.variants.reset_index().set_index(keys), moments], axis=1))


def _moments(sample: SharpeSample) -> dict[str, Any]:
    return {
        "daily_sharpe": sample.sharpe,
        "days": sample.observations,
        "skewness": sample.skewness,
        "kurtosis": sample.kurtosis,
    }


def _sample(result: pd.Series) -> SharpeSample:
    return SharpeSample(
        float(result["daily_sharpe"]), int(result["days"]), float(result["skewness"]), float(result["kurtosis"])
    )


def with_grid_of(sweep_grid: pd.DataFrame | None, report: SweepReport, configured: Strategy) -> pd.DataFrame:
    """Heat-map data in which the variants of the report stand for their strategy; the other strategies stay."""
    columns = ["variant", "strategy", "parameters", "sharpe", "annual_return", "max_drawdown", "fills"]
    own = report.results[columns].assign(configured=report.results["variant"] == str(configured))
    if sweep_grid is None:
        return own
    return pd.concat([sweep_grid[sweep_grid["strategy"] != configured.name], own], ignore_index=True)
