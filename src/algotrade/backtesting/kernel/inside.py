"""What happens inside a candle, of which only the extremes are known; the order of events is the conservative one.

1. Resting limit orders are filled if the candle trades beyond their limit; touching it is not enough.
2. All positions move to their worst price of the candle at once, or to their stop if that comes first. If equity
   reaches the maintenance margin on the way, everything is liquidated there.
3. A stop that was touched is filled at its level, or at the open where the market jumped over it; only where no
   stop was touched does a profit target count, and not for what was opened inside the candle.
"""

import numpy as np

from algotrade.backtesting.kernel.compilation import internal
from algotrade.backtesting.kernel.filling import fill_order, order_exit, price_order
from algotrade.backtesting.kernel.terms import (
    CASH,
    CUTS,
    LIQUIDATION,
    LIQUIDATIONS,
    STOP,
    TAKE_PROFIT,
    Book,
    Prices,
    Rules,
)
from algotrade.domain.candles import FloatArray
from algotrade.domain.instrument import rounded_down
from algotrade.risk.rules import (
    stop_fill_price,
    stop_hit,
    stop_price,
    take_profit_fill_price,
    take_profit_hit,
    take_profit_price,
    trailing_stop_price,
)


@internal
def fill_limits(prices: Prices, rules: Rules, book: Book, tape: FloatArray, row: int) -> None:
    """Fill resting orders that the candle traded beyond, as a maker; the others stay due."""
    for column in range(len(book.held)):
        if not book.resting[column] or book.size[column] == 0.0:
            continue
        buys, limit = book.size[column] > 0.0, book.limit[column]
        if (prices.low[row, column] < limit) if buys else (prices.high[row, column] > limit):
            price_order(prices, rules, book, row, column)
            fill_order(book, tape, row, column)
            book.price[column], book.inside[column] = limit, True
        else:
            book.due[column] = True


@internal
def liquidate(prices: Prices, rules: Rules, book: Book, tape: FloatArray, row: int, inside: bool) -> bool:
    """Close everything where equity reaches the maintenance margin, at the open or on the way to the worst prices."""
    start, worst = book.money[CASH], book.money[CASH]
    for column in range(len(book.held)):
        held = book.held[column]
        start += held * book.price[column] - rules.maintenance_margin * abs(held) * book.price[column]
        if inside:
            reached = _worst_price(prices, rules, book, row, column)
            worst += held * reached - rules.maintenance_margin * abs(held) * reached
    if start > 0.0 and (not inside or worst > 0.0):
        return False
    way = 0.0 if start <= 0.0 else start / (start - worst)
    closed = False
    for column in range(len(book.held)):
        held, price = book.held[column], book.price[column]
        if held == 0.0:
            continue
        reached = price + way * (_worst_price(prices, rules, book, row, column) - price) if way > 0.0 else price
        order_exit(book, column, -held, reached, LIQUIDATION)
        price_order(prices, rules, book, row, column)
        book.fee_rate[column] += rules.liquidation_rate
        book.decided[column] = reached
        book.blocked[column], book.exit_kind[column] = np.sign(held), LIQUIDATION
        fill_order(book, tape, row, column)
        closed = True
    book.tally[LIQUIDATIONS] += closed
    return closed


@internal
def _worst_price(prices: Prices, rules: Rules, book: Book, row: int, column: int) -> float:
    """Worst price of a candle for a position, or where its stop takes it out before."""
    held = book.held[column]
    if held == 0.0 or not prices.open[row, column] > 0.0:
        return float(book.price[column])
    side = np.sign(held)
    level = stop_level(rules, book, column)
    if stop_hit(side, level, prices.low[row, column], prices.high[row, column]):
        return float(stop_fill_price(side, level, prices.open[row, column]))
    return float(prices.low[row, column] if held > 0.0 else prices.high[row, column])


@internal
def stop_level(rules: Rules, book: Book, column: int) -> float:
    """The nearer of the stop loss and the trailing stop, as of the candles before."""
    side = np.sign(book.held[column])
    fixed = stop_price(side, book.entry[column], rules.stop_loss)
    trailing = trailing_stop_price(side, book.best[column], rules.trailing_stop)
    return float(max(fixed, trailing) if side > 0.0 else min(fixed, trailing))


@internal
def fill_stops(prices: Prices, rules: Rules, book: Book, tape: FloatArray, row: int) -> None:
    """Close positions at their stops and profit targets, as a taker; what the volume cap leaves is carried on."""
    for column in range(len(book.held)):
        held, opened = book.held[column], prices.open[row, column]
        if held == 0.0 or not opened > 0.0:
            continue
        side, low, high = np.sign(held), prices.low[row, column], prices.high[row, column]
        stop = stop_level(rules, book, column)
        target = take_profit_price(side, book.entry[column], rules.take_profit)
        if stop_hit(side, stop, low, high):
            order_exit(book, column, -held, stop_fill_price(side, stop, opened), STOP)
            book.decided[column] = stop
        elif not book.inside[column] and take_profit_hit(side, target, low, high):
            order_exit(book, column, -held, take_profit_fill_price(side, target, opened), TAKE_PROFIT)
            book.decided[column] = target
        else:
            continue
        book.blocked[column], book.exit_kind[column], book.due[column] = side, book.kind[column], False
        _cap_exit(rules, book, column, prices.volume[row, column])
        if book.size[column] != 0.0:
            price_order(prices, rules, book, row, column)
            fill_order(book, tape, row, column)


@internal
def _cap_exit(rules: Rules, book: Book, column: int, volume: float) -> None:
    """Cut an exit to what is left of the symbol's part of the volume, in whole lots."""
    room = max(rules.volume_cap * volume - book.used[column], 0.0)
    book.cut[column] = abs(book.size[column]) > room
    if book.cut[column]:
        book.tally[CUTS] += 1
        kept = rounded_down(room, book.lot[column])
        book.size[column] = kept if book.size[column] > 0.0 else -kept


@internal
def remember_best(prices: Prices, book: Book, row: int) -> None:
    """Move the best price since entry by a candle that has ended; by its close where the entry lay inside it."""
    for column in range(len(book.held)):
        held = book.held[column]
        if held == 0.0 or not prices.open[row, column] > 0.0:
            continue
        inside = book.inside[column]
        if held > 0.0:
            seen = prices.close[row, column] if inside else prices.high[row, column]
            book.best[column] = max(book.best[column], seen)
        else:
            seen = prices.close[row, column] if inside else prices.low[row, column]
            book.best[column] = min(book.best[column], seen)
