"""Variants of the strategies compared, parameters chosen on the past, and every trial counted."""

import logging
from collections.abc import Iterator
from typing import Any

import pandas as pd

from algotrade.backtesting.result import BacktestResult
from algotrade.backtesting.statistics import deflated, strategy_metrics
from algotrade.backtesting.sweep import Sweep, sweep_in_chunks
from algotrade.backtesting.trials import TrialData, TrialLedger
from algotrade.backtesting.walk_forward import CHOICE_COLUMNS, WalkForward, walk_forward, walk_forward_efficiency
from algotrade.domain import performance
from algotrade.errors import TooFewCandles
from algotrade.monitoring.progress import progress
from algotrade.pipelines.parameters import BacktestingParameters
from algotrade.strategies import MarketView, Strategy
from algotrade.validation.overfitting import SharpeSample

logger = logging.getLogger(__name__)
_FIGURES = (
    "sharpe", "annual_return", "max_drawdown", "turnover", "exposure", "fees_paid", "slippage_paid", "final_equity",
    "probabilistic_sharpe",
)  # fmt: skip
_NO_TRADES = pd.DataFrame({"pnl": [], "status": []})

Figures = dict[str, dict[str, Any]]


def sweep_variants(
    market: MarketView, parameters: dict[str, Any]
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame, TrialLedger]]:
    """Daily returns of every variant of the configured strategies, and how each one did.

    A generator: what is finished is saved part by part, so that the trials of a sweep that breaks off are counted.
    """
    settings = BacktestingParameters.parse(parameters)
    terms, data, variants = settings.terms, TrialData.of(market), _variants(settings)
    finished: list[Sweep] = []
    with progress("sweep", len(variants)) as advance:
        for part in sweep_in_chunks(market, variants, terms, workers=settings.workers):
            first = sum(len(own.variants) for own in finished)
            done = variants[first : first + len(part.variants)]
            finished.append(part)
            advance(done[-1].name, len(done))
            whole = Sweep.joined(finished)
            yield whole.daily_returns, whole.variants, part.trials(done, data, terms, "sweep")


def _variants(settings: BacktestingParameters) -> list[Strategy]:
    """The configured strategies and every variant of their grids, each once."""
    grids = settings.grids.values()
    return list(dict.fromkeys([grid.default for grid in grids] + [own for grid in grids for own in grid.variants()]))


def optimise(
    market: MarketView, trial_returns: pd.DataFrame, trial_variants: pd.DataFrame, parameters: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, Figures, TrialLedger]:
    """Strategies whose parameters are chosen on each training window and judged on the next.

    Returns the choices, the equity of the tested spans as a long frame, figures by strategy, and the trials.
    """
    settings = BacktestingParameters.parse(parameters)
    grids = {name: grid for name, grid in settings.grids.items() if len(grid) > 1}
    swept, walks = Sweep(trial_returns, trial_variants), {}
    if settings.walk_forward is not None:
        with progress("walk-forward optimisation", len(grids)) as advance:
            for name, grid in grids.items():
                try:
                    walks[name] = walk_forward(market, grid, settings.terms, settings.walk_forward, swept)
                except TooFewCandles as error:
                    logger.warning("No walk-forward optimisation: %s", error)
                    break
                advance(name)
    ledger = TrialLedger.empty()
    for walk in walks.values():
        ledger = ledger.merged(walk.trials)
    figures = {name: _figures(walk) for name, walk in walks.items()}
    return _choices(walks), _equity(walks), figures, ledger


def _choices(walks: dict[str, WalkForward]) -> pd.DataFrame:
    frames = [walk.choices for walk in walks.values()]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(CHOICE_COLUMNS))


def _equity(walks: dict[str, WalkForward]) -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "strategy": name,
                "time": walk.result.equity.index,
                "equity": walk.result.equity.to_numpy(),
                "default_equity": walk.default.equity.to_numpy(),
            }
        )
        for name, walk in walks.items()
    ]
    columns = ["strategy", "time", "equity", "default_equity"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _figures(walk: WalkForward) -> dict[str, Any]:
    def headline(result: BacktestResult) -> dict[str, Any]:
        metrics = strategy_metrics(result, _NO_TRADES)
        return {name: metrics[name] for name in _FIGURES}

    chosen = walk.choices["variant"]
    return {
        "optimised": headline(walk.result),
        "default": headline(walk.default),
        "windows": len(walk.choices),
        "variants": int(walk.choices["variants"].iloc[0]),
        "changes": int((chosen != chosen.shift()).sum()) - 1,
        "efficiency": walk_forward_efficiency(walk.choices),
    }


def lay_out_grid(trial_variants: pd.DataFrame, parameters: dict[str, Any]) -> pd.DataFrame:
    """Figures of every variant of the strategies that have more than one; see ``backtesting.grid.grid_table``."""
    grids = BacktestingParameters.parse(parameters).grids
    configured = {str(grid.default) for grid in grids.values()}
    frame = trial_variants.reset_index()
    frame["configured"] = frame["variant"].isin(configured)
    return frame[frame.groupby("strategy")["variant"].transform("size") > 1].reset_index(drop=True)


def count_trials(market: MarketView, ledger: TrialLedger, trial_variants: pd.DataFrame) -> dict[str, Any]:
    """How many trials the results on this market were selected from, over all runs on it that this folder knows of."""
    data = TrialData.of(market)
    counted = ledger.on(data)
    return {
        "count": ledger.count(data),
        "this_run": len(trial_variants),
        "by_strategy": {
            str(name): int(count) for name, count in counted["strategy"].value_counts().sort_index().items()
        },
        "data": data.digest,
    }


def judge_walk_forward(
    figures: Figures, equity: pd.DataFrame, trial_count: dict[str, Any], parameters: dict[str, Any]
) -> Figures:
    """The figures of each walk with its Sharpe ratio deflated by all that was tried on this market."""
    initial = BacktestingParameters.parse(parameters).account.initial_cash
    judged = {}
    for name, found in figures.items():
        own = equity[equity["strategy"] == name].set_index("time")
        shown = {}
        for which, column in (("optimised", "equity"), ("default", "default_equity")):
            sample = SharpeSample.of_returns(performance.daily_returns(own[column], initial))
            probability = deflated(sample, trial_count["count"])
            shown[which] = {**found[which], "deflated_sharpe": probability if pd.notna(probability) else None}
        judged[name] = {**found, **shown}
    return judged
