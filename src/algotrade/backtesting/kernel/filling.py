"""What an order is filled at, and what a fill does to the account."""

import numpy as np

from algotrade.backtesting.kernel.compilation import internal
from algotrade.backtesting.kernel.terms import (
    CASH,
    COLUMN,
    DECIDED,
    FEE,
    FILLS,
    IMPACT,
    KIND,
    MAKER,
    PRICE,
    REFERENCE,
    ROW,
    SIZE,
    TAKER,
    TRADED,
    Book,
    Prices,
    Rules,
)
from algotrade.domain.candles import FloatArray
from algotrade.domain.instrument import rounded_down, rounded_up

WORST = 0.99
"""No slippage takes more than this fraction of a price, so that prices stay positive."""


@internal
def price_order(prices: Prices, rules: Rules, book: Book, row: int, column: int) -> None:
    """Write what the order of a symbol would be filled at, the rate of its fee and what its impact takes."""
    size, reference = book.size[column], book.reference[column]
    book.impact[column] = 0.0
    if book.resting[column]:
        book.paid[column], book.fee_rate[column] = reference, book.money[MAKER]
        return
    sigma, volume = prices.volatility[max(row - 1, 0), column], prices.volume[row, column]
    rate = rules.volatility_slippage * sigma
    if rules.impact > 0.0 and volume > 0.0:
        rate += rules.impact * sigma * np.sqrt(abs(size) / volume)
    rate = min(rate, WORST - rules.slippage_rate)
    limit = book.limit[column]
    if size > 0.0:
        paid = rounded_up(reference * (1.0 + rules.slippage_rate + rate), book.tick[column])
        paid = min(paid, limit) if limit > 0.0 else paid
        worse = paid - reference
    else:
        paid = reference * (1.0 - rules.slippage_rate - rate)
        stepped = rounded_down(paid, book.tick[column])
        paid = max(stepped, limit) if stepped > 0.0 else paid
        worse = reference - paid
    book.paid[column], book.fee_rate[column] = paid, book.money[TAKER]
    book.impact[column] = abs(size) * min(reference * rate, max(worse, 0.0))


@internal
def fill_order(book: Book, tape: FloatArray, row: int, column: int) -> None:
    """Fill the order of a symbol as it was priced: cash, position, average entry and the tape."""
    size, paid, held = book.size[column], book.paid[column], book.held[column]
    fee = abs(size) * paid * book.fee_rate[column]
    if held * size >= 0.0:
        book.entry[column] = (book.entry[column] * abs(held) + paid * abs(size)) / (abs(held) + abs(size))
        book.best[column] = paid if held == 0.0 else book.best[column]
    elif abs(size) > abs(held):
        book.entry[column] = book.best[column] = paid
    book.held[column] = 0.0 if size == -held else held + size
    book.money[CASH] -= size * paid + fee
    book.money[TRADED] += abs(size) * paid
    book.used[column] += abs(size)
    fill = tape[book.tally[FILLS]]
    fill[ROW], fill[COLUMN], fill[SIZE], fill[PRICE], fill[FEE] = row, column, size, paid, fee
    fill[REFERENCE], fill[IMPACT] = book.reference[column], book.impact[column]
    fill[KIND], fill[DECIDED] = book.kind[column], book.decided[column]
    book.tally[FILLS] += 1


@internal
def order_exit(book: Book, column: int, size: float, reference: float, kind: int) -> None:
    """Write an order that closes a position at a reference price and ends what was carried on."""
    book.size[column], book.reference[column], book.kind[column] = size, reference, kind
    book.resting[column], book.limit[column], book.cut[column] = False, 0.0, False
