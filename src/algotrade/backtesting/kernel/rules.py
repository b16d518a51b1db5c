"""The accounting of a simulated account with every rule, candle by candle, compiled.

The order of events in a row *t* is fixed:

1. What is held is valued at the open of *t* (the last price known where there is none). A margined account at
   or below its maintenance margin is liquidated there, and orders nothing.
2. The newest decision, at the latest of the close of *t - 1 - delay*, becomes an order for each symbol that can
   be traded at *t*: sized at the open, cut to its part of the volume, shrunk together to what the account
   affords, rounded. Sells are filled first, then buys, at the open worsened by slippage; limit orders rest.
3. Inside the candle: limits, liquidation, stops; see :mod:`algotrade.backtesting.kernel.inside`.
4. What is held is marked at the close. A symbol that has vanished is closed out; funding and interest are paid.
5. Equity decides about ruin, and its drawdown about the next row: how much of the targets is left, or the halt.

A decision that could not be acted upon, or only in part, stays due: it is looked at again in the next row in which
the symbol can be traded, against the equity of that row, unless a newer one takes its place.
"""

import numpy as np

from algotrade.backtesting.kernel.compilation import compiled, internal
from algotrade.backtesting.kernel.filling import fill_order, order_exit
from algotrade.backtesting.kernel.inside import fill_limits, fill_stops, liquidate, remember_best
from algotrade.backtesting.kernel.orders import afford, fill_at_open, order_targets, round_orders
from algotrade.backtesting.kernel.tape import FIELDS, with_room
from algotrade.backtesting.kernel.terms import (
    CASH,
    CUTS,
    DELISTING,
    EQUITY,
    FILLS,
    HALTED,
    LIQUIDATIONS,
    MAKER,
    NEVER,
    RUIN,
    SCALE,
    TAKER,
    TRADED,
    Book,
    Ledger,
    Prices,
    Rules,
)
from algotrade.domain.candles import FloatArray
from algotrade.risk.rules import drawdown_scale, halted


@compiled
def run_rules(prices: Prices, weights: FloatArray, rules: Rules, steps: FloatArray, tiers: FloatArray) -> Ledger:
    """Ledger of an account that follows target weights under every rule.

    Parameters
    ----------
    prices : Prices
    weights : ndarray of shape (n, symbols)
        Decided at the close of each row, finite.
    rules : Rules
    steps : ndarray of shape (3, symbols)
        Tick, lot and minimum notional, 0 for none.
    tiers : ndarray of shape (tiers, 3)
        Traded notional from which on a tier counts, its maker and its taker rate; the first from 0.
    """
    rows, columns = prices.close.shape
    equity, cash_after, traded = np.empty(rows), np.empty(rows), np.zeros(rows + 1)
    funding, borrow = np.zeros((rows, columns)), np.zeros((rows, columns))
    book, tape = _new_book(columns, rules.initial_cash, steps), np.empty((max(64, 4 * columns), FIELDS))
    peak, value, ruined_row, halted_row = rules.initial_cash, rules.initial_cash, NEVER, NEVER
    for row in range(rows):
        if ruined_row == NEVER:
            tape = with_room(tape, book.tally[FILLS] + 2 * columns)
            _set_fees(book, tiers, traded[row] - traded[max(0, row - rules.fee_rows)])
            _trade(prices, weights, rules, book, tape, row)
            value = _close(prices, rules, book, tape, row)
            value -= _hold(rules, book, prices.funding[row], funding[row], borrow[row], value)
            if value <= RUIN * rules.initial_cash:
                ruined_row, book.money[CASH] = row, value
                book.held[:] = 0.0
            peak = max(peak, value)
            drawdown = 1.0 - value / peak
            book.money[SCALE] = drawdown_scale(drawdown, rules.derisk_drawdown, rules.halt_drawdown)
            if halted_row == NEVER and halted(drawdown, rules.halt_drawdown):
                halted_row, book.money[HALTED] = row, 1.0
        equity[row], cash_after[row] = value, book.money[CASH]
        traded[row + 1] = traded[row] + book.money[TRADED]
    fills = tape[: book.tally[FILLS]]
    cuts, liquidations = book.tally[CUTS], book.tally[LIQUIDATIONS]
    return Ledger(equity, cash_after, fills, funding, borrow, ruined_row, halted_row, cuts, liquidations)


@internal
def _trade(prices: Prices, weights: FloatArray, rules: Rules, book: Book, tape: FloatArray, row: int) -> None:
    """The open of a row, and what happens inside its candle."""
    _open(prices, book, row)
    if row == 0 or (rules.margined and liquidate(prices, rules, book, tape, row, False)):
        return
    order_targets(prices, weights, rules, book, row)
    afford(rules, book)
    round_orders(book)
    fill_at_open(prices, rules, book, tape, row)
    if rules.limit_offset >= 0.0:
        fill_limits(prices, rules, book, tape, row)
    if rules.margined and liquidate(prices, rules, book, tape, row, True):
        return
    if rules.stop_loss < np.inf or rules.take_profit < np.inf or rules.trailing_stop < np.inf:
        fill_stops(prices, rules, book, tape, row)
        remember_best(prices, book, row)


@internal
def _open(prices: Prices, book: Book, row: int) -> None:
    """Value what is held at the open."""
    book.money[EQUITY], book.money[TRADED] = book.money[CASH], 0.0
    for column in range(len(book.held)):
        if prices.open[row, column] > 0.0:
            book.price[column] = prices.open[row, column]
        book.money[EQUITY] += book.held[column] * book.price[column]
        book.used[column], book.inside[column] = 0.0, False


@internal
def _close(prices: Prices, rules: Rules, book: Book, tape: FloatArray, row: int) -> float:
    """Equity at the close, after symbols that have vanished for too long were closed out."""
    for column in range(len(book.held)):
        held, mark = book.held[column], prices.mark[row, column]
        book.price[column] = mark
        book.silent[column] = book.silent[column] + 1 if np.isnan(prices.close[row, column]) else 0
        if held != 0.0 and book.silent[column] >= rules.delist_after:
            order_exit(book, column, -held, mark, DELISTING)
            book.paid[column] = mark * (1.0 - np.sign(held) * rules.delisting_loss)
            book.fee_rate[column], book.impact[column], book.decided[column] = book.money[TAKER], 0.0, mark
            fill_order(book, tape, row, column)
    value = book.money[CASH]
    for column in range(len(book.held)):
        value += book.held[column] * book.price[column]
    return float(value)


@internal
def _hold(rules: Rules, book: Book, rates: FloatArray, funding: FloatArray, borrow: FloatArray, equity: float) -> float:
    """Take what holding costs from the cash, write it by symbol and return it."""
    bought, total = 0.0, 0.0
    for column in range(len(book.held)):
        bought += max(book.held[column], 0.0) * book.price[column]
    financed = max(0.0, 1.0 - equity / bought) if bought > 0.0 else 0.0
    for column in range(len(book.held)):
        value = book.held[column] * book.price[column]
        funding[column] = value * rates[column]
        borrow[column] = rules.borrow_rate * (value * financed if value > 0.0 else -value)
        total += funding[column] + borrow[column]
    book.money[CASH] -= total
    return total


@internal
def _set_fees(book: Book, tiers: FloatArray, lately: float) -> None:
    """Fees of the highest tier that what was traded lately reaches."""
    for tier in range(len(tiers)):
        if lately >= tiers[tier, 0]:
            book.money[MAKER], book.money[TAKER] = tiers[tier, 1], tiers[tier, 2]


@internal
def _new_book(columns: int, cash: float, steps: FloatArray) -> Book:
    floats, flags = np.zeros((14, columns)), np.zeros((4, columns), dtype=np.bool_)
    numbers, money, tally = np.zeros((3, columns), dtype=np.int64), np.zeros(7), np.zeros(3, dtype=np.int64)
    money[CASH], money[SCALE] = cash, 1.0
    return Book(
        floats[0], floats[1], floats[2], floats[3], floats[4], numbers[0],
        flags[0], flags[1], flags[2], numbers[1], floats[5],
        floats[6], floats[7], floats[8], floats[9], floats[10], floats[11], numbers[2], flags[3], floats[12],
        steps[0], steps[1], steps[2], money, tally,
    )  # fmt: skip
