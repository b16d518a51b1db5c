"""From the newest decision to the orders of one open: sized, capped, afforded, rounded, filled."""

from algotrade.backtesting.kernel.compilation import internal
from algotrade.backtesting.kernel.filling import fill_order, price_order
from algotrade.backtesting.kernel.terms import (
    CUTS,
    EQUITY,
    HALT,
    HALTED,
    LIMIT,
    NEGLIGIBLE,
    SCALE,
    TAKER,
    TARGET,
    Book,
    Prices,
    Rules,
)
from algotrade.domain.candles import FloatArray
from algotrade.domain.instrument import rounded_down, rounded_up


@internal
def order_targets(prices: Prices, weights: FloatArray, rules: Rules, book: Book, row: int) -> None:
    """Write the orders of a row, one a symbol, size 0 for none."""
    source = row - 1 - rules.delay
    decision = source - source % rules.every if source >= 0 else -1
    for column in range(len(book.held)):
        book.size[column], book.resting[column], book.limit[column] = 0.0, False, 0.0
        weight = weights[decision, column] if decision >= 0 else 0.0
        if decision >= 0 and decision == source:
            book.due[column] = True
            if book.blocked[column] * weight <= 0.0:
                book.blocked[column] = 0.0
        exiting = (book.money[HALTED] > 0.0 or book.blocked[column] != 0.0) and book.held[column] != 0.0
        if not prices.open[row, column] > 0.0 or not (book.due[column] or exiting):
            continue
        kind = TARGET
        if book.money[HALTED] > 0.0:
            weight, kind = 0.0, HALT
        elif book.blocked[column] != 0.0:
            weight, kind = 0.0, book.exit_kind[column]
        book.kind[column] = kind
        _size(rules, book, column, weight * (book.money[SCALE] if kind == TARGET else 1.0))
        if book.size[column] == 0.0:
            continue
        if not book.cut[column]:
            book.decided[column] = prices.mark[decision if kind == TARGET else row - 1, column]
        book.reference[column] = book.price[column]
        if kind == TARGET and rules.limit_offset >= 0.0:
            _rest(rules, book, column, prices.mark[row - 1, column])
        _cap(rules, book, column, prices.volume[row, column])
        price_order(prices, rules, book, row, column)


@internal
def _size(rules: Rules, book: Book, column: int, weight: float) -> None:
    """Write the signed size that leads to a weight, zero inside the rebalance band of a finished order."""
    held, price, equity = book.held[column], book.price[column], book.money[EQUITY]
    book.due[column] = False
    if weight == 0.0:
        book.size[column] = -held
    else:
        band = 0.0 if book.cut[column] else rules.rebalance_band * abs(weight)
        distance = weight * equity - held * price
        book.size[column] = distance / price if abs(distance) > max(band, NEGLIGIBLE) * equity else 0.0
    if book.size[column] == 0.0:
        book.cut[column] = False


@internal
def _rest(rules: Rules, book: Book, column: int, close: float) -> None:
    """Make the order a limit order at an offset from the last close; it takes where the open is as good."""
    tick, price = book.tick[column], book.price[column]
    book.kind[column] = LIMIT
    if close <= 0.0:  # there was no close yet to set a limit by
        book.size[column], book.due[column] = 0.0, True
        return
    if book.size[column] > 0.0:
        limit = rounded_down(close * (1.0 - rules.limit_offset), tick)
        book.resting[column] = price > limit
    else:
        limit = rounded_up(close * (1.0 + rules.limit_offset), tick)
        book.resting[column] = price < limit
    book.limit[column] = limit
    if book.resting[column]:
        book.reference[column] = limit


@internal
def _cap(rules: Rules, book: Book, column: int, volume: float) -> None:
    """Cut an order to its part of the volume; what is left stays due."""
    room, size = rules.volume_cap * volume, book.size[column]
    book.cut[column] = abs(size) > room
    if book.cut[column]:
        book.size[column] = room if size > 0.0 else -room
        book.due[column] = True
        book.tally[CUTS] += 1


@internal
def afford(rules: Rules, book: Book) -> None:
    r"""Shrink what opens positions by one factor, so that their value stays within leverage times equity after costs.

    What reduces positions is never shrunk, and counts as done unless it rests. For a spot account this is
    the cash that covers the buys.
    """
    gross, costs, opening, opening_costs = 0.0, 0.0, 0.0, 0.0
    for column in range(len(book.held)):
        held, size, price = book.held[column], book.size[column], book.price[column]
        gross += abs(held) * price
        if size == 0.0:
            continue
        reducing = min(abs(held), abs(size)) if held * size < 0.0 else 0.0
        unit = abs(book.paid[column] - book.reference[column]) + book.paid[column] * book.money[TAKER]
        gross -= 0.0 if book.resting[column] else reducing * price
        costs += reducing * unit
        opening += (abs(size) - reducing) * max(price, book.reference[column])
        opening_costs += (abs(size) - reducing) * unit
    room = max(rules.leverage * (book.money[EQUITY] - costs) - gross, 0.0)
    needed = opening + rules.leverage * opening_costs
    if needed <= room:
        return
    for column in range(len(book.held)):
        held, size = book.held[column], book.size[column]
        reducing = min(abs(held), abs(size)) if held * size < 0.0 else 0.0
        if abs(size) > reducing:
            kept = reducing + (abs(size) - reducing) * room / needed
            worth = kept * book.price[column] > NEGLIGIBLE * book.money[EQUITY]
            book.size[column] = (kept if size > 0.0 else -kept) if worth else 0.0


@internal
def round_orders(book: Book) -> None:
    """Round sizes towards zero to the lot and drop what is below the minimum; closing whole is exempt."""
    for column in range(len(book.held)):
        size = book.size[column]
        if size == 0.0 or size == -book.held[column]:
            continue
        kept = rounded_down(abs(size), book.lot[column])
        if kept * book.reference[column] < book.smallest[column]:
            kept = 0.0
        book.size[column] = kept if size > 0.0 else -kept


@internal
def fill_at_open(prices: Prices, rules: Rules, book: Book, tape: FloatArray, row: int) -> None:
    """Fill what takes: sells first, then buys."""
    for side in (-1.0, 1.0):
        for column in range(len(book.held)):
            if book.size[column] * side > 0.0 and not book.resting[column]:
                price_order(prices, rules, book, row, column)
                fill_order(book, tape, row, column)
