"""The specification of the simulated account: every rule in plain Python, one thought a line, slow and obvious."""

import math
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from algotrade.backtesting.account import MarketData, SimulationSettings
from algotrade.domain.candles import Panel
from algotrade.domain.costs import Costs
from algotrade.domain.instrument import Instrument

NEGLIGIBLE = 1e-9
THIRTY_DAYS_MS = 30 * 86_400_000


def multiple(value: float, step: float, rounding: str) -> float:
    """A multiple of a step; a value that was meant to be one is found within nine decimals of a step."""
    if step == 0.0 or not math.isfinite(value):
        return value
    count = round(Decimal(value) / Decimal(repr(step)), 9).to_integral_value(rounding)
    return float(count * Decimal(repr(step)))


@dataclass
class Candle:
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass
class Order:
    size: float
    reference: float
    kind: str
    decided: float
    limit: float | None = None
    resting: bool = False


@dataclass
class Position:
    size: float
    entry: float
    best: float


@dataclass
class ReferenceAccount:
    panel: Panel
    costs: Costs
    settings: SimulationSettings
    data: MarketData = field(default_factory=MarketData)

    def __post_init__(self) -> None:
        self.cash = self.peak = self.settings.initial_cash
        self.positions: dict[str, Position] = {}
        self.price: dict[str, float] = {}
        self.close_of: list[dict[str, float]] = []  # last known close of every symbol, by row
        self.variance: dict[str, float] = {}
        self.silent: dict[str, int] = {}
        self.due: dict[str, bool] = {}
        self.cut: dict[str, float] = {}  # decision price of orders that the volume cap cut
        self.blocked: dict[str, tuple[float, str]] = {}
        self.fills: list[tuple] = []
        self.equity: list[float] = []
        self.funding: list[dict[str, float]] = []
        self.borrow: list[dict[str, float]] = []
        self.ruined_row = self.halted_row = -1
        self.scale = 1.0

    # --- what the market is

    def candle(self, row: int, symbol: str) -> Candle | None:
        column = self.panel.symbols.index(symbol)
        names = ("open", "high", "low", "close", "volume")
        candle = Candle(*(float(getattr(self.panel, name)[row, column]) for name in names))
        return None if math.isnan(candle.close) else candle

    def traded(self, row: int, symbol: str) -> Candle | None:
        """The candle, if anything was traded in it."""
        candle = self.candle(row, symbol)
        return candle if candle and candle.volume != 0.0 else None

    def instrument(self, symbol: str) -> Instrument:
        return self.data.instruments.get(symbol, Instrument())

    # --- what the account is worth

    def value(self) -> float:
        return self.cash + sum(p.size * self.price[s] for s, p in self.positions.items())

    def gross(self) -> float:
        return sum(abs(p.size) * self.price[s] for s, p in self.positions.items())

    def held(self, symbol: str) -> float:
        return self.positions[symbol].size if symbol in self.positions else 0.0

    # --- costs

    def fee_rates(self, row: int) -> tuple[float, float]:
        window = max(1, THIRTY_DAYS_MS // self.panel.timeframe.milliseconds)
        lately = sum(abs(f[2]) * f[3] for f in self.fills if row - window <= f[0] < row)
        maker, taker = self.costs.maker_bps, self.costs.fee_bps
        for tier in self.costs.fee_tiers:
            if lately >= tier.from_notional:
                maker, taker = tier.maker_bps, tier.taker_bps
        return maker / 1e4, taker / 1e4

    def filled_at(self, row: int, symbol: str, order: Order) -> tuple[float, float]:
        """Price of a fill, and what of it volatility and participation took."""
        if order.resting:
            return order.reference, 0.0
        sigma = math.sqrt(self.variance_before.get(symbol, 0.0))
        volume = (self.candle(row, symbol) or Candle(0, 0, 0, 0, math.inf)).volume
        rate = self.costs.volatility_slippage * sigma
        if volume > 0.0:
            rate += self.costs.impact * sigma * math.sqrt(abs(order.size) / volume)
        rate = min(rate, 0.99 - self.costs.slippage_rate)
        side, tick = math.copysign(1.0, order.size), self.instrument(symbol).tick
        price = order.reference * (1.0 + side * (self.costs.slippage_rate + rate))
        price = multiple(price, tick, ROUND_CEILING if side > 0 else ROUND_FLOOR) or price
        if order.limit is not None:
            price = min(price, order.limit) if side > 0 else max(price, order.limit)
        worse = side * (price - order.reference)
        return price, abs(order.size) * min(order.reference * rate, max(worse, 0.0))

    def fill(self, row: int, symbol: str, order: Order, extra_fee: float = 0.0, price: float | None = None) -> None:
        impact = 0.0
        if price is None:
            price, impact = self.filled_at(row, symbol, order)
        maker, taker = self.fee_rates(row)
        fee = abs(order.size) * price * ((maker if order.resting else taker) + extra_fee)
        self.cash -= order.size * price + fee
        self.used[symbol] = self.used.get(symbol, 0.0) + abs(order.size)
        has = self.positions.get(symbol)
        if has is None:
            self.positions[symbol] = Position(order.size, price, price)
        elif has.size == -order.size:
            del self.positions[symbol]
        elif has.size * order.size > 0.0:
            has.entry = (has.entry * abs(has.size) + price * abs(order.size)) / (abs(has.size) + abs(order.size))
            has.size += order.size
        elif abs(order.size) > abs(has.size):
            self.positions[symbol] = Position(has.size + order.size, price, price)
        else:
            has.size += order.size
        column = self.panel.symbols.index(symbol)
        reference = (order.reference, impact, order.kind, order.decided)
        self.fills.append((row, column, order.size, price, fee, *reference))

    # --- the decision of the row

    def orders(self, row: int, weights) -> dict[str, Order]:
        source = row - 1 - self.settings.delay
        decision = source - source % self.settings.rebalance_every if source >= 0 else None
        equity, wanted = self.value(), {}
        for column, symbol in enumerate(self.panel.symbols):
            target = float(weights[decision, column]) if decision is not None else 0.0
            if decision is not None and decision == source:
                self.due[symbol] = True
                if symbol in self.blocked and self.blocked[symbol][0] * target <= 0.0:
                    del self.blocked[symbol]
            exiting = self.held(symbol) != 0.0 and (self.halted_row >= 0 or symbol in self.blocked)
            candle = self.traded(row, symbol)
            if candle is None or not (self.due.get(symbol) or exiting):
                continue
            order = self.order(row, symbol, candle, (target * self.scale, equity, decision))
            if order is not None and order.size != 0.0:
                wanted[symbol] = order
        return wanted

    def order(self, row: int, symbol: str, candle: Candle, wish: tuple) -> Order | None:
        target, equity, decision = wish
        kind, decided_row = "target", decision
        if self.halted_row >= 0:
            target, kind, decided_row = 0.0, "halt", row - 1
        elif symbol in self.blocked:
            target, kind, decided_row = 0.0, self.blocked[symbol][1], row - 1
        self.due[symbol] = False
        held = self.held(symbol)
        distance = target * equity - held * candle.open
        band = 0.0 if symbol in self.cut else self.settings.rebalance_band * abs(target)
        size = -held if target == 0.0 else 0.0
        if target != 0.0 and abs(distance) > max(band, NEGLIGIBLE) * equity:
            size = distance / candle.open
        if size == 0.0:
            self.cut.pop(symbol, None)
            return None
        decided = self.cut.get(symbol, self.close_of[decided_row].get(symbol, 0.0))
        order = Order(size, candle.open, kind, decided)
        if kind == "target" and self.settings.limit_offset_bps is not None:
            self.rest(row, symbol, order)
            if order.size == 0.0:
                return None
        self.cap(symbol, order, candle)
        return order

    def rest(self, row: int, symbol: str, order: Order) -> None:
        close, tick = self.close_of[row - 1].get(symbol), self.instrument(symbol).tick
        order.kind = "limit"
        if close is None:
            order.size, self.due[symbol] = 0.0, True
            self.cut.pop(symbol, None)
            return
        offset = self.settings.limit_offset_bps / 1e4
        if order.size > 0.0:
            order.limit = multiple(close * (1.0 - offset), tick, ROUND_FLOOR)
            order.resting = order.reference > order.limit
        else:
            order.limit = multiple(close * (1.0 + offset), tick, ROUND_CEILING)
            order.resting = order.reference < order.limit
        if order.resting:
            order.reference = order.limit

    def cap(self, symbol: str, order: Order, candle: Candle) -> None:
        room = math.inf if self.costs.volume_cap is None else self.costs.volume_cap * candle.volume
        if abs(order.size) > room:
            order.size = math.copysign(room, order.size)
            self.due[symbol], self.cut[symbol] = True, order.decided
        else:
            self.cut.pop(symbol, None)

    def afford(self, row: int, orders: dict[str, Order]) -> None:
        _, taker = self.fee_rates(row)
        gross, costs, opening, opening_costs, reducing = self.gross(), 0.0, 0.0, 0.0, {}
        for symbol, order in orders.items():
            held, price = self.held(symbol), self.price[symbol]
            reducing[symbol] = min(abs(held), abs(order.size)) if held * order.size < 0.0 else 0.0
            paid, _ = self.filled_at(row, symbol, order)
            unit = abs(paid - order.reference) + paid * taker
            more = abs(order.size) - reducing[symbol]
            gross -= 0.0 if order.resting else reducing[symbol] * price
            costs += reducing[symbol] * unit
            opening += more * max(price, order.reference)
            opening_costs += more * unit
        leverage, equity = self.settings.leverage, self.value()
        room, needed = max(leverage * (equity - costs) - gross, 0.0), opening + leverage * opening_costs
        if needed <= room:
            return
        for symbol, order in orders.items():
            more = abs(order.size) - reducing[symbol]
            if more > 0.0:
                kept = reducing[symbol] + more * room / needed
                worth = kept * self.price[symbol] > NEGLIGIBLE * equity
                order.size = math.copysign(kept, order.size) if worth else 0.0

    def round(self, orders: dict[str, Order]) -> None:
        for symbol, order in orders.items():
            rules = self.instrument(symbol)
            if order.size == -self.held(symbol):
                continue
            kept = multiple(abs(order.size), rules.lot, ROUND_FLOOR)
            order.size = math.copysign(kept, order.size) if kept * order.reference >= rules.minimum_notional else 0.0

    # --- inside the candle

    def stop_level(self, symbol: str) -> float | None:
        position, rules = self.positions[symbol], self.settings
        side = math.copysign(1.0, position.size)
        levels = []
        if rules.stop_loss is not None:
            levels.append(position.entry * (1.0 - side * rules.stop_loss))
        if rules.trailing_stop is not None:
            levels.append(position.best * (1.0 - side * rules.trailing_stop))
        return (max if side > 0 else min)(levels) if levels else None

    def stopped_at(self, symbol: str, candle: Candle) -> float | None:
        level, size = self.stop_level(symbol), self.held(symbol)
        if level is None:
            return None
        if size > 0.0:
            return min(level, candle.open) if candle.low <= level else None
        return max(level, candle.open) if candle.high >= level else None

    def worst(self, row: int, symbol: str) -> float:
        candle = self.traded(row, symbol)
        if candle is None:
            return self.price[symbol]
        stopped = self.stopped_at(symbol, candle)
        if stopped is not None:
            return stopped
        return candle.low if self.held(symbol) > 0.0 else candle.high

    def margin_left(self, prices: dict[str, float]) -> float:
        value = self.cash + sum(p.size * prices[s] for s, p in self.positions.items())
        gross = sum(abs(p.size) * prices[s] for s, p in self.positions.items())
        return value - self.settings.maintenance_margin * gross

    def liquidated(self, row: int, *, inside: bool) -> bool:
        if self.settings.market == "spot" or not self.positions:
            return False
        now = {s: self.price[s] for s in self.positions}
        worst = {s: self.worst(row, s) if inside else now[s] for s in self.positions}
        start, end = self.margin_left(now), self.margin_left(worst)
        if start > 0.0 and end > 0.0:
            return False
        way = 0.0 if start <= 0.0 else start / (start - end)
        for symbol in sorted(self.positions, key=self.panel.symbols.index):
            reached = now[symbol] + way * (worst[symbol] - now[symbol])
            size = self.held(symbol)
            self.cut.pop(symbol, None)
            self.blocked[symbol] = (math.copysign(1.0, size), "liquidation")
            self.fill(row, symbol, Order(-size, reached, "liquidation", reached), self.costs.liquidation_bps / 1e4)
        return True

    def stops(self, row: int, entered_inside: set[str]) -> None:
        for symbol in self.panel.symbols:
            candle, position = self.traded(row, symbol), self.positions.get(symbol)
            if candle is None or position is None:
                continue
            side, gain = math.copysign(1.0, position.size), self.settings.take_profit
            target = position.entry * (1.0 + side * gain) if gain is not None else None
            stopped = self.stopped_at(symbol, candle)
            if stopped is not None:
                order = Order(-position.size, stopped, "stop", self.stop_level(symbol))
            elif target is not None and symbol not in entered_inside and side * (candle.open - target) > 0.0:
                order = Order(-position.size, candle.open, "take_profit", target)
            elif target is not None and symbol not in entered_inside and candle.low <= target <= candle.high:
                order = Order(-position.size, target, "take_profit", target)
            else:
                continue
            self.blocked[symbol], self.due[symbol] = (side, order.kind), False
            self.cut.pop(symbol, None)
            if self.costs.volume_cap is not None:
                room = max(self.costs.volume_cap * candle.volume - self.used.get(symbol, 0.0), 0.0)
                if abs(order.size) > room:
                    self.cut[symbol] = order.decided
                    order.size = math.copysign(multiple(room, self.instrument(symbol).lot, ROUND_FLOOR), order.size)
            if order.size != 0.0:
                self.fill(row, symbol, order)

    # --- a row

    def step(self, row: int, weights) -> None:
        self.used: dict[str, float] = {}
        self.variance_before = dict(self.variance)
        for symbol in self.panel.symbols:
            candle = self.traded(row, symbol)
            if candle:
                self.price[symbol] = candle.open
        if row > 0 and not self.liquidated(row, inside=False):
            self.trade(row, weights)
        self.end(row)

    def trade(self, row: int, weights) -> None:
        orders = self.orders(row, weights)
        self.afford(row, orders)
        self.round(orders)
        orders = {symbol: order for symbol, order in orders.items() if order.size != 0.0}
        for side in (-1.0, 1.0):
            for symbol, order in orders.items():
                if order.size * side > 0.0 and not order.resting:
                    self.fill(row, symbol, order)
        inside = set()
        for symbol, order in orders.items():
            candle = self.traded(row, symbol)
            if order.resting and (candle.low < order.limit if order.size > 0.0 else candle.high > order.limit):
                self.fill(row, symbol, order)
                self.price[symbol] = order.limit
                inside.add(symbol)
            elif order.resting:
                self.due[symbol] = True
        if self.liquidated(row, inside=True):
            return
        self.stops(row, inside)
        self.remember_best(row, inside)

    def remember_best(self, row: int, inside: set[str]) -> None:
        for symbol, position in self.positions.items():
            candle = self.traded(row, symbol)
            if candle and position.size > 0.0:
                position.best = max(position.best, candle.close if symbol in inside else candle.high)
            elif candle:
                position.best = min(position.best, candle.close if symbol in inside else candle.low)

    def end(self, row: int) -> None:
        for symbol in self.panel.symbols:
            candle = self.candle(row, symbol)
            if candle:
                self.see_close(symbol, candle.close)
            self.silent[symbol] = 0 if candle else self.silent.get(symbol, 0) + 1
        self.close_of.append(dict(self.last_close))
        self.price |= self.last_close
        for symbol in [s for s in self.panel.symbols if s in self.positions]:
            if self.settings.delist_after is not None and self.silent[symbol] >= self.settings.delist_after:
                size, mark = self.held(symbol), self.price[symbol]
                self.cut.pop(symbol, None)
                price = mark * (1.0 - math.copysign(self.costs.delisting_loss, size))
                self.fill(row, symbol, Order(-size, mark, "delisting", mark), price=price)
        self.hold(row)
        value = self.value()
        if value <= 1e-6 * self.settings.initial_cash:
            self.ruined_row, self.cash, self.positions = row, value, {}
        self.peak = max(self.peak, value)
        self.watch_drawdown(row, 1.0 - value / self.peak)
        self.equity.append(value)

    last_close: dict[str, float] = field(default_factory=dict)

    def see_close(self, symbol: str, close: float) -> None:
        if symbol in self.last_close:
            square = math.log(close / self.last_close[symbol]) ** 2
            alpha = 2.0 / (self.settings.volatility_span + 1.0)
            before = self.variance.get(symbol, square)
            self.variance[symbol] = (1.0 - alpha) * before + alpha * square
        self.last_close[symbol] = close

    def hold(self, row: int) -> None:
        funding, borrow, equity = {}, {}, self.value()
        longs = sum(max(p.size, 0.0) * self.price[s] for s, p in self.positions.items())
        for symbol, position in self.positions.items() if self.settings.market == "perpetual" else ():
            value = position.size * self.price[symbol]
            funding[symbol] = value * self.data.funding[row, self.panel.symbols.index(symbol)]
            borrowed = -value if value < 0.0 else value * max(0.0, 1.0 - equity / longs)
            per_candle = self.costs.borrow_bps_per_year / 1e4 / self.panel.timeframe.candles_per_year
            borrow[symbol] = borrowed * per_candle
        self.cash -= sum(funding.values()) + sum(borrow.values())
        self.funding.append(funding)
        self.borrow.append(borrow)

    def watch_drawdown(self, row: int, drawdown: float) -> None:
        start, stop = self.settings.derisk_drawdown, self.settings.halt_drawdown
        if start is not None:
            self.scale = min(1.0, max(0.0, (stop - drawdown) / (stop - start)))
        if stop is not None and self.halted_row < 0 and drawdown >= stop:
            self.halted_row = row

    def run(self, weights) -> "ReferenceAccount":
        for row in range(len(self.panel)):
            if self.ruined_row >= 0:
                self.equity.append(self.equity[-1])
            else:
                self.step(row, weights)
        return self
