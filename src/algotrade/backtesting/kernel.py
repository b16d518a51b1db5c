"""The accounting of a simulated account, candle by candle, compiled.

The order of events in a row *t* is fixed:

1. What is held is valued at the open of *t* (the last known price where there is no candle).
2. The targets decided at the close of *t - 1* become orders for the symbols that have a candle at
   *t*; sells first, then buys, all at the open worsened by slippage, each paying its fee. If the
   cash does not cover the buys, all of them shrink by the same factor.
3. What is held is marked at the close of *t*.

A target that could not be filled for want of a candle waits: it is looked at again at the next row
that has one, by then as decided at the row before.
"""

from typing import NamedTuple

import numba
import numpy as np

from algotrade.domain.candles import FloatArray

NEGLIGIBLE = 1e-9
"""Orders below this fraction of equity are not worth sending."""
NEVER = -1
"""The ruin row of an account that survives."""


class Terms(NamedTuple):
    """Numbers that the accounting depends on besides prices and weights."""

    initial_cash: float
    fee_rate: float
    slippage_rate: float
    rebalance_band: float


class Ledger(NamedTuple):
    """What happened to the account.

    Attributes
    ----------
    equity, cash : ndarray of shape (n,)
        After the close of each row.
    positions : ndarray of shape (n, symbols)
        Units held after the open of each row; zero from ruin on.
    prices : ndarray of shape (n, symbols)
        Marks at the close of each row: the last close known; 0 before the first candle.
    fills : ndarray of shape (fills, 5)
        Row, column, signed size, price (slippage included) and fee, in the order of execution.
    ruined_row : int
        Row at which equity was found at or below zero, or :data:`NEVER`. Equity stays there.
    """

    equity: FloatArray
    cash: FloatArray
    positions: FloatArray
    prices: FloatArray
    fills: FloatArray
    ruined_row: int


@numba.njit(cache=True)
def run_account(open_price: FloatArray, close: FloatArray, weights: FloatArray, terms: Terms) -> Ledger:
    """Ledger of an account that follows target weights.

    Parameters
    ----------
    open_price, close : ndarray of shape (n, symbols)
        NaN where there is no candle, in both or in neither.
    weights : ndarray of shape (n, symbols)
        Decided at the close of each row, finite, absolute sum at most 1.
    terms : Terms
    """
    rows, columns = close.shape
    equity, cash_after = np.empty(rows), np.empty(rows)
    positions, prices = np.zeros((rows, columns)), np.zeros((rows, columns))
    fills, filled, ruined_row = np.empty((max(64, 2 * columns), 5)), 0, NEVER
    cash, held, mark, sizes = terms.initial_cash, np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for row in range(rows):
        value = _value(open_price[row], mark, held, cash)
        if row > 0 and value > 0.0 and ruined_row == NEVER:
            _orders(open_price[row], weights[row - 1], held, value, terms.rebalance_band, sizes)
            _shrink_to_cash(sizes, mark, cash, value, terms)
            fills = _with_room(fills, filled + columns)
            before = filled
            cash, filled = _execute(sizes, mark, held, cash, (fills, before), terms)
            for fill in range(before, filled):
                fills[fill, 0] = row
        if value > 0.0:
            value = _value(close[row], mark, held, cash)
        if value <= 0.0 and ruined_row == NEVER:
            ruined_row, cash = row, value
        equity[row], cash_after[row] = value, cash
        for column in range(columns):
            held[column] = held[column] if ruined_row == NEVER else 0.0
            positions[row, column], prices[row, column] = held[column], mark[column]
    return Ledger(equity, cash_after, positions, prices, fills[:filled], ruined_row)


# Plain loops: array expressions inside compiled functions take several times as long to compile.
@numba.njit(cache=True)
def _value(price: FloatArray, mark: FloatArray, held: FloatArray, cash: float) -> float:
    """Equity at these prices, which become the marks where there are any."""
    value = cash
    for column in range(len(held)):
        if not np.isnan(price[column]):
            mark[column] = price[column]
        value += held[column] * mark[column]
    return value


@numba.njit(cache=True)
def _orders(
    open_price: FloatArray, weights: FloatArray, held: FloatArray, equity: float, band: float, sizes: FloatArray
) -> None:
    """Write the signed sizes that lead from what is held to the target, zero inside the rebalance band."""
    for column in range(len(held)):
        price, weight = open_price[column], weights[column]
        sizes[column] = 0.0
        if np.isnan(price):
            continue
        distance = weight * equity - held[column] * price
        if weight == 0.0:
            sizes[column] = -held[column]
        elif abs(distance) > max(band * abs(weight), NEGLIGIBLE) * equity:
            sizes[column] = distance / price


@numba.njit(cache=True)
def _shrink_to_cash(sizes: FloatArray, open_price: FloatArray, cash: float, equity: float, terms: Terms) -> None:
    """Scale all buys by one factor so that cash after the sells covers them and their fees."""
    proceeds = cash
    needed = 0.0
    for column in range(len(sizes)):
        if sizes[column] < 0.0:
            price = open_price[column] * (1.0 - terms.slippage_rate)
            proceeds -= sizes[column] * price * (1.0 - terms.fee_rate)
        elif sizes[column] > 0.0:
            needed += sizes[column] * open_price[column] * (1.0 + terms.slippage_rate) * (1.0 + terms.fee_rate)
    if needed <= max(proceeds, 0.0):
        return
    factor = max(proceeds, 0.0) / needed
    for column in range(len(sizes)):
        if sizes[column] > 0.0:
            sizes[column] = sizes[column] * factor
            if sizes[column] * open_price[column] <= NEGLIGIBLE * equity:
                sizes[column] = 0.0


@numba.njit(cache=True)
def _execute(
    sizes: FloatArray,
    open_price: FloatArray,
    held: FloatArray,
    cash: float,
    fills_from: tuple[FloatArray, int],
    terms: Terms,
) -> tuple[float, int]:
    """Fill sells, then buys, into ``held`` and the fills from an index on; return the cash and the next index."""
    fills, filled = fills_from
    for side in (-1.0, 1.0):
        for column in range(len(sizes)):
            size = sizes[column]
            if size * side <= 0.0:
                continue
            price = open_price[column] * (1.0 + side * terms.slippage_rate)
            fee = abs(size) * price * terms.fee_rate
            cash -= size * price + fee
            held[column] += size
            fills[filled, 1], fills[filled, 2], fills[filled, 3], fills[filled, 4] = column, size, price, fee
            filled += 1
    return cash, filled


@numba.njit(cache=True)
def _with_room(fills: FloatArray, needed: int) -> FloatArray:
    """Fills in an array that holds at least ``needed`` rows, doubled when it must grow."""
    if needed <= len(fills):
        return fills
    grown = np.empty((2 * needed, fills.shape[1]))
    for fill in range(len(fills)):
        for field in range(fills.shape[1]):
            grown[fill, field] = fills[fill, field]
    return grown
