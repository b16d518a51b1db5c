"""Strategies whose parameters are chosen on the past and judged on what came next, as a trader would have had to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from algotrade.backtesting.grid import Grid
from algotrade.backtesting.result import BacktestResult
from algotrade.backtesting.simulate import backtest, simulate
from algotrade.backtesting.sweep import Sweep, TradingTerms, sweep_part
from algotrade.backtesting.trials import TrialData, TrialLedger, procedure_trial
from algotrade.backtesting.windows import WalkForwardSettings, Window, cut_windows, window_times
from algotrade.domain import performance
from algotrade.domain.candles import FloatArray
from algotrade.risk import apply_overlay
from algotrade.strategies import MarketView, Strategy

ORIGIN = "walk_forward"
CHOICE_COLUMNS = (
    "strategy", "window", "train_start", "train_end", "test_start", "test_end", "variant", "parameters",
    "train_sharpe", "test_sharpe", "default_sharpe", "variants",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """Parameters chosen for one window.

    Attributes
    ----------
    window : Window
    strategy : Strategy
        The variant that had the highest Sharpe ratio on the training days.
    train_sharpe : float
        That ratio, annual; 0 for a variant whose returns did not vary.
    """

    window: Window
    strategy: Strategy
    train_sharpe: float


@dataclass(frozen=True, eq=False)
class WalkForward:
    """One strategy's walk over all windows.

    Attributes
    ----------
    choices : DataFrame
        A row a window with :data:`CHOICE_COLUMNS`: the spans, the chosen ``variant`` and its ``parameters`` (JSON),
        annual Sharpe ratios on the training days, on the test days, and of the default parameters on the same test
        days, and how many ``variants`` were compared.
    result, default : BacktestResult
        Of the chosen and of the default parameters over all test windows, each one account from cash.
    trials : TrialLedger
        Every variant that was simulated for the choice, and the walk itself.
    """

    choices: pd.DataFrame
    result: BacktestResult
    default: BacktestResult
    trials: TrialLedger


def walk_forward(
    view: MarketView, grid: Grid, terms: TradingTerms, settings: WalkForwardSettings, swept: Sweep | None = None
) -> WalkForward:
    """Out-of-sample result of a strategy whose parameters are chosen anew on every training window.

    The account starts from cash at the first test window and goes on from window to window: a position is inherited
    by the next parameters, which trade out of it, at cost, where they want another.

    Parameters
    ----------
    view : MarketView
    grid : Grid
    terms : TradingTerms
    settings : WalkForwardSettings
    swept : Sweep, optional
        That holds every variant of the grid on the same view and terms, so that none is simulated again.

    Raises
    ------
    TooFewCandles
        If the view is too short to be cut.

    References
    ----------
    .. [1] Pardo, R. (2008). The evaluation and optimization of trading strategies, 2nd ed., chapter 11.
    """
    windows, data = cut_windows(view, settings), TrialData.of(view)
    if settings.method == "grid":
        variants = list(dict.fromkeys([grid.default, *grid.variants()]))
        known = swept or sweep_part(view, variants, terms)
        choices = choose_on_grid(known, variants, windows)
        trials, compared = known.trials(variants, data, terms, ORIGIN), len(variants)
    else:
        choices, trials = _choose_by_search(view, grid, terms, settings, windows)
        compared = settings.trials
    result, default = _followed(view, choices, terms), _default(view, grid.default, windows, terms)
    label = f"walk_forward({grid.default}, {settings.method} of {compared}, {len(windows)} {settings.mode} windows)"
    returns = performance.daily_returns(result.equity, result.initial_cash).to_numpy()
    own = procedure_trial(grid.strategy, label, returns, data, terms.digest, ORIGIN)
    return WalkForward(
        _choices_frame(view, choices, result, default, compared),
        result,
        default,
        trials.merged(TrialLedger.of(data, [own])),
    )


def choose_on_grid(swept: Sweep, variants: Sequence[Strategy], windows: Sequence[Window]) -> list[Choice]:
    """The best of the variants on the training days of each window; among equals the first.

    A variant is simulated once, over everything, and its training returns are read off: a day's return depends on
    nothing later.
    """
    returns = swept.daily_returns[[str(variant) for variant in variants]].to_numpy()
    choices = []
    for window in windows:
        scores = [_score(column) for column in returns[window.train_days].T]
        best = int(np.argmax(scores))
        choices.append(Choice(window, variants[best], scores[best]))
    return choices


def walk_forward_efficiency(choices: pd.DataFrame) -> float | None:
    """Mean Sharpe ratio of the test windows over that of the training windows: what of the promise was kept.

    None where the training windows promised nothing.

    References
    ----------
    .. [1] Pardo, R. (2008), chapter 11, of annual profits.

    >>> walk_forward_efficiency(pd.DataFrame({"train_sharpe": [2.0, 4.0], "test_sharpe": [1.0, np.nan]}))
    0.1667
    """
    promised = float(choices["train_sharpe"].mean())
    kept = float(choices["test_sharpe"].fillna(0.0).mean())
    return round(kept / promised, 4) if promised > 0.0 else None


def _choose_by_search(
    view: MarketView, grid: Grid, terms: TradingTerms, settings: WalkForwardSettings, windows: Sequence[Window]
) -> tuple[list[Choice], TrialLedger]:
    """The best that Optuna found on each training window, each simulated on that window alone, from cash."""
    from algotrade.backtesting.search import propose  # noqa: PLC0415 - Optuna is heavy

    data, trials, choices = TrialData.of(view), TrialLedger.empty(), []
    for window in windows:
        rows = window.train_rows
        simulated: list[tuple[Strategy, Sweep]] = []

        def evaluate(variant: Strategy, rows: slice = rows, kept: list[tuple[Strategy, Sweep]] = simulated) -> float:
            context = max(variant.lookback, terms.risk.lookback)
            training = view.since(rows.start, context).until(rows.stop - rows.start)
            kept.append((variant, sweep_part(training, [variant], terms)))
            return _score(kept[-1][1].daily_returns.to_numpy()[:, 0])

        tried = propose(grid, evaluate, settings.trials, settings.seed + window.index)
        for variant, own in simulated:
            trials = trials.merged(own.trials([variant], data, terms, ORIGIN))
        best, score = max(tried, key=lambda pair: pair[1])
        choices.append(Choice(window, best, score))
    return choices, trials


def _score(returns: FloatArray) -> float:
    """Annual Sharpe ratio; 0, which is that of cash, where returns do not vary."""
    ratio = performance.sharpe(returns)
    return ratio if np.isfinite(ratio) else 0.0


def _followed(view: MarketView, choices: Sequence[Choice], terms: TradingTerms) -> BacktestResult:
    """One account over all test windows, under the parameters chosen for each."""
    weights: list[FloatArray] = []
    held: FloatArray | None = None
    for choice in choices:
        rows, strategy = choice.window.test_rows, choice.strategy
        part = view.since(rows.start, strategy.lookback).until(rows.stop - rows.start)
        # Parameters that keep another number of books cannot read the earlier ones' memory.
        known = held if held is not None and len(held) == strategy.books else None
        books = strategy.book_weights(part, known)
        held = books[-1]
        weights.append(strategy.combined(books))
    tested = view.since(choices[0].window.test_rows.start, terms.risk.lookback)
    managed = apply_overlay(tested, np.concatenate(weights), terms.risk)
    return simulate(tested.decided, managed, terms.costs, terms.account, terms.market_data)


def _default(view: MarketView, default: Strategy, windows: Sequence[Window], terms: TradingTerms) -> BacktestResult:
    tested = view.since(windows[0].test_rows.start, max(default.lookback, terms.risk.lookback))
    return backtest(default, tested, terms.costs, terms.account, terms.risk, terms.market_data)


def _choices_frame(
    view: MarketView, choices: Sequence[Choice], result: BacktestResult, default: BacktestResult, compared: int
) -> pd.DataFrame:
    first = choices[0].window.test_days.start
    own, usual = (performance.daily_returns(each.equity, each.initial_cash).to_numpy() for each in (result, default))
    return pd.DataFrame([_choice_row(view, choice, (own, usual), first, compared) for choice in choices])


def _choice_row(
    view: MarketView, choice: Choice, returns: tuple[FloatArray, FloatArray], first: int, compared: int
) -> dict[str, Any]:
    days = slice(choice.window.test_days.start - first, choice.window.test_days.stop - first)
    own, usual = (performance.sharpe(each[days]) for each in returns)
    return {
        "strategy": choice.strategy.name,
        "window": choice.window.index,
        **window_times(view.decided, choice.window),
        "variant": str(choice.strategy),
        "parameters": json.dumps(choice.strategy.parameters(), default=str),
        "train_sharpe": choice.train_sharpe,
        "test_sharpe": own,
        "default_sharpe": usual,
        "variants": compared,
    }
