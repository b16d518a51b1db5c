"""The account of most research, compiled for speed: a spot account, a flat fee and a flat slippage, no other rule.

It is the account of :mod:`algotrade.backtesting.kernel.rules` with every rule off, in a fraction of the time. A
row without a decision costs one product a symbol; whoever asks for figures only never materialises equity.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from algotrade.backtesting.kernel.compilation import compiled, internal
from algotrade.backtesting.kernel.tape import FIELDS, with_room
from algotrade.backtesting.kernel.terms import (
    COLUMN,
    DECIDED,
    FEE,
    IMPACT,
    KIND,
    NEGLIGIBLE,
    NEVER,
    PRICE,
    REFERENCE,
    ROW,
    RUIN,
    SIZE,
    TARGET,
    Ledger,
    PlainTerms,
)
from algotrade.domain.candles import BoolArray, FloatArray


class Wallet(NamedTuple):
    """Units held, prices and orders of one open; arrays of shape (symbols,) that the loop changes in place."""

    held: FloatArray
    price: FloatArray
    size: FloatArray


class Inputs(NamedTuple):
    """Arrays of shape (n, symbols)."""

    opens: FloatArray
    mark: FloatArray
    weights: FloatArray


class Kept(NamedTuple):
    """What is written while the loop runs: a path of shape (n,), or the equity of days where ``day_ends`` says so.

    The tape has room for all fills of one symbol. Its rows are not touched before they are written, so they cost no
    memory; a tape that grew within the loop would cost more than the rest of the loop.
    """

    equity: FloatArray
    day_equity: FloatArray
    day_ends: BoolArray
    tape: FloatArray


class Summary(NamedTuple):
    """An account in a few numbers.

    Attributes
    ----------
    day_equity : ndarray of shape (days,)
        Equity at the last close of each day.
    max_drawdown : float
        Positive fraction of the highest equity so far, the initial one included.
    final_equity : float
    notional : float
        Sum of all fills.
    fills : int
    """

    day_equity: FloatArray
    max_drawdown: float
    final_equity: float
    notional: float
    fills: int


def run_plain(opens: FloatArray, mark: FloatArray, weights: FloatArray, terms: PlainTerms) -> Ledger:
    """Ledger of a spot account that follows target weights.

    Parameters
    ----------
    opens : ndarray of shape (n, symbols)
        NaN where nothing can be traded.
    mark : ndarray of shape (n, symbols)
        The last close known, 0 before the first.
    weights : ndarray of shape (n, symbols)
        Decided at the close of each row, finite, in [0, 1], sum at most 1.
    terms : PlainTerms
    """
    # Made here: numpy asks for large pages. Compiled code does not, and finding small ones takes longer than the run.
    rows, alone = len(mark), mark.shape[1] == 1
    tape = np.empty((rows if alone else 0, FIELDS))
    kept = Kept(np.empty(rows), np.empty(0), np.empty(0, dtype=np.bool_), tape)
    fills, _, ruined_row = (_path_of_one if alone else _path_of_many)(Inputs(opens, mark, weights), kept, terms)
    none = np.empty((0, mark.shape[1]))
    return Ledger(kept.equity, np.empty(0), fills.copy() if alone else fills, none, none, ruined_row, NEVER, 0, 0)


def run_summary(
    opens: FloatArray, mark: FloatArray, weights: FloatArray, terms: PlainTerms, day_ends: BoolArray
) -> Summary:
    """What :func:`run_plain` comes to, without keeping its path: memory for the days alone.

    Parameters
    ----------
    opens, mark, weights, terms
        As for :func:`run_plain`.
    day_ends : ndarray of bool, shape (n,)
        Whether a row is the last of its day.
    """
    day_equity = np.empty(np.count_nonzero(day_ends))
    kept = Kept(np.empty(0), day_equity, day_ends, np.empty((0, FIELDS)))
    inputs, run = Inputs(opens, mark, weights), _figures_of_one if mark.shape[1] == 1 else _figures_of_many
    _, (deepest, value, notional, fills), _ = run(inputs, kept, terms)
    return Summary(day_equity, deepest, value, notional, int(fills))


_Outcome = tuple[FloatArray, tuple[float, float, float, float], int]


# One loop for both, without a view of a row or a call where nothing is traded: that is where the time goes.
@njit(inline="always", error_model="numpy")
def _run(inputs: Inputs, kept: Kept, terms: PlainTerms, keeping: bool) -> _Outcome:  # noqa: PLR0912, C901
    """Fills where the path is kept, the figures where it is not, and the row of ruin."""
    opens, mark, weights = inputs.opens, inputs.mark, inputs.weights
    (rows, columns), cash, band = mark.shape, terms.initial_cash, terms.rebalance_band
    held, price, size, due = np.zeros(columns), np.zeros(columns), np.zeros(columns), np.zeros(columns, dtype=np.bool_)
    wallet, tape, filled = Wallet(held, price, size), np.empty((max(64, 2 * columns), FIELDS)), 0
    waiting, decision, countdown, ruined_row, ruin = 0, 0, 0, NEVER, RUIN * terms.initial_cash
    peak, deepest, notional, fills, days, value = cash, 0.0, 0.0, 0, 0, cash
    for row in range(rows):
        fresh = row > terms.delay and countdown == 0
        if row > terms.delay:
            decision = row - 1 - terms.delay if fresh else decision
            countdown = (terms.every if fresh else countdown) - 1
        if (fresh or waiting > 0) and ruined_row == NEVER:
            value, waiting, ordered = cash, 0, False
            for column in range(columns):
                opened = opens[row, column]
                price[column] = opened if opened > 0.0 else mark[row - 1, column]
                value += held[column] * price[column]
            for column in range(columns):
                size[column] = 0.0
                if fresh or due[column]:
                    due[column] = not opens[row, column] > 0.0
                    if due[column]:
                        waiting += 1
                    else:
                        weight = weights[decision, column]
                        distance = weight * value - held[column] * price[column]
                        if weight == 0.0:
                            size[column] = -held[column]
                        elif abs(distance) > value * (band * weight if band * weight > NEGLIGIBLE else NEGLIGIBLE):
                            size[column] = distance / price[column]
                        ordered = ordered or size[column] != 0.0
            if ordered:
                tape = with_room(tape, filled + columns)
                before, (cash, filled) = filled, _trade(wallet, cash, terms, tape, filled)
                for fill in range(before, filled):
                    tape[fill, ROW], tape[fill, DECIDED] = row, mark[decision, int(tape[fill, COLUMN])]
                    notional += 0.0 if keeping else abs(tape[fill, SIZE]) * tape[fill, PRICE]
                fills += filled - before
                filled = filled if keeping else 0
        if ruined_row == NEVER:
            value = cash
            for column in range(columns):
                value += held[column] * mark[row, column]
            if not keeping and value > peak:
                peak = value
            elif not keeping and value < (1.0 - deepest) * peak:
                deepest = 1.0 - value / peak
            if value <= ruin:
                ruined_row = row
        if keeping:
            kept.equity[row] = value
        elif kept.day_ends[row]:
            kept.day_equity[days] = value
            days += 1
    return tape[:filled], (deepest, value, notional, float(fills)), ruined_row


@njit(inline="always", error_model="numpy")
def _run_one(inputs: Inputs, kept: Kept, terms: PlainTerms, keeping: bool) -> _Outcome:  # noqa: PLR0912, C901
    """:func:`_run` for one symbol: the account is a handful of numbers, which never leave the processor."""
    opens, mark, weights = inputs.opens, inputs.mark, inputs.weights
    cash, held, due, band = terms.initial_cash, 0.0, False, terms.rebalance_band
    tape, filled, decision, countdown, ruined_row, ruin = kept.tape, 0, 0, 0, NEVER, RUIN * cash
    peak, floor, deepest, notional, fills, days, value = cash, cash, 0.0, 0.0, 0, 0, cash
    for row in range(len(mark)):
        if row > terms.delay:
            if countdown == 0:
                decision, countdown, due = row - 1 - terms.delay, terms.every, True
            countdown -= 1
        opened = opens[row, 0]
        if due and opened > 0.0 and ruined_row == NEVER:
            due, weight, size, worth = False, weights[decision, 0], -held, cash + held * opened
            if weight != 0.0:
                distance = weight * worth - held * opened
                wide = abs(distance) > worth * (band * weight if band * weight > NEGLIGIBLE else NEGLIGIBLE)
                size = distance / opened if wide else 0.0
            if size > 0.0:
                needed = size * opened * (1.0 + terms.slippage_rate) * (1.0 + terms.fee_rate)
                if needed > max(cash, 0.0):
                    size *= max(cash, 0.0) / needed
                    size = size if size * opened > NEGLIGIBLE * worth else 0.0
            if size != 0.0:
                paid = opened * (1.0 + (terms.slippage_rate if size > 0.0 else -terms.slippage_rate))
                fee = abs(size) * paid * terms.fee_rate
                cash -= size * paid + fee
                held += size
                notional += abs(size) * paid
                fills += 1
                if keeping:
                    tape[filled, ROW], tape[filled, COLUMN], tape[filled, SIZE] = row, 0, size
                    tape[filled, PRICE], tape[filled, FEE], tape[filled, REFERENCE] = paid, fee, opened
                    tape[filled, IMPACT], tape[filled, KIND], tape[filled, DECIDED] = 0.0, TARGET, mark[decision, 0]
                    filled += 1
        if ruined_row == NEVER:
            value = cash + held * mark[row, 0]
            if value <= ruin:
                ruined_row = row
        if keeping:
            kept.equity[row] = value
        else:
            if value > peak:
                peak, floor = value, (1.0 - deepest) * value
            elif value < floor:
                deepest, floor = 1.0 - value / peak, value
            if kept.day_ends[row]:
                kept.day_equity[days] = value
                days += 1
    return tape[:filled], (deepest, value, notional, float(fills)), ruined_row


# Who asks for figures only pays for no path: which of the two it is, is known to the compiler.
@compiled
def _path_of_one(inputs: Inputs, kept: Kept, terms: PlainTerms) -> _Outcome:
    outcome: _Outcome = _run_one(inputs, kept, terms, True)
    return outcome


@compiled
def _figures_of_one(inputs: Inputs, kept: Kept, terms: PlainTerms) -> _Outcome:
    outcome: _Outcome = _run_one(inputs, kept, terms, False)
    return outcome


@compiled
def _path_of_many(inputs: Inputs, kept: Kept, terms: PlainTerms) -> _Outcome:
    outcome: _Outcome = _run(inputs, kept, terms, True)
    return outcome


@compiled
def _figures_of_many(inputs: Inputs, kept: Kept, terms: PlainTerms) -> _Outcome:
    outcome: _Outcome = _run(inputs, kept, terms, False)
    return outcome


@internal
def _trade(wallet: Wallet, cash: float, terms: PlainTerms, tape: FloatArray, filled: int) -> tuple[float, int]:
    """Fill sells, then buys that the cash covers, from an index of the tape on; return cash and the next index."""
    held, price, size = wallet.held, wallet.price, wallet.size
    _shrink_to_cash(wallet, cash, terms)
    for side in (-1.0, 1.0):
        for column in range(len(size)):
            ordered = size[column]
            if ordered * side <= 0.0:
                continue
            paid = price[column] * (1.0 + side * terms.slippage_rate)
            fee = abs(ordered) * paid * terms.fee_rate
            cash -= ordered * paid + fee
            held[column] += ordered
            tape[filled, COLUMN], tape[filled, SIZE], tape[filled, PRICE], tape[filled, FEE] = (
                column,
                ordered,
                paid,
                fee,
            )
            tape[filled, REFERENCE], tape[filled, IMPACT], tape[filled, KIND] = price[column], 0.0, TARGET
            filled += 1
    return cash, filled


@internal
def _shrink_to_cash(wallet: Wallet, cash: float, terms: PlainTerms) -> None:
    """Scale all buys by one factor so that cash after the sells covers them and their fees."""
    held, price, size = wallet.held, wallet.price, wallet.size
    proceeds, needed, value = cash, 0.0, cash
    for column in range(len(size)):
        value += held[column] * price[column]
        if size[column] < 0.0:
            proceeds -= size[column] * price[column] * (1.0 - terms.slippage_rate) * (1.0 - terms.fee_rate)
        elif size[column] > 0.0:
            needed += size[column] * price[column] * (1.0 + terms.slippage_rate) * (1.0 + terms.fee_rate)
    if needed <= max(proceeds, 0.0):
        return
    factor = max(proceeds, 0.0) / needed
    for column in range(len(size)):
        if size[column] > 0.0:
            size[column] *= factor
            if size[column] * price[column] <= NEGLIGIBLE * value:
                size[column] = 0.0
