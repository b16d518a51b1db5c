"""The compiled accounting equals its specification: the same rules in plain Python, one thought a line."""

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from algotrade.backtesting.kernel import NEVER, Terms, run_account

NEGLIGIBLE = 1e-9


@dataclass
class Account:
    """The specification."""

    cash: float
    symbols: int
    terms: Terms
    held: dict[int, float] = field(default_factory=dict)
    mark: dict[int, float] = field(default_factory=dict)
    fills: list[tuple[int, int, float, float, float]] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    ruined_row: int = NEVER

    def value(self) -> float:
        return self.cash + sum(size * self.mark[symbol] for symbol, size in self.held.items())

    def see(self, prices) -> None:
        self.mark.update({s: prices[s] for s in range(self.symbols) if not math.isnan(prices[s])})

    def orders(self, opens, targets) -> dict[int, float]:
        equity, wanted = self.value(), {}
        for s in range(self.symbols):
            if math.isnan(opens[s]):
                continue
            has, target = self.held.get(s, 0.0), targets[s]
            distance = target * equity - has * opens[s]
            if target == 0.0 and has != 0.0:
                wanted[s] = -has
            elif target != 0.0 and abs(distance) > max(self.terms.rebalance_band * abs(target), NEGLIGIBLE) * equity:
                wanted[s] = distance / opens[s]
        return wanted

    def price(self, reference: float, size: float) -> float:
        return reference * (1.0 + math.copysign(self.terms.slippage_rate, size))

    def affordable(self, opens, wanted) -> dict[int, float]:
        equity, fee = self.value(), self.terms.fee_rate
        sells = {s: size for s, size in wanted.items() if size < 0.0}
        buys = {s: size for s, size in wanted.items() if size > 0.0}
        cash = self.cash + sum(-size * self.price(opens[s], size) * (1.0 - fee) for s, size in sells.items())
        needed = sum(size * self.price(opens[s], size) * (1.0 + fee) for s, size in buys.items())
        if needed > max(cash, 0.0):
            shrunk = {s: size * max(cash, 0.0) / needed for s, size in buys.items()}
            buys = {s: size for s, size in shrunk.items() if size * opens[s] > NEGLIGIBLE * equity}
        return sells | buys

    def fill(self, row, opens, orders) -> None:
        for s, size in orders.items():
            price = self.price(opens[s], size)
            fee = abs(size) * price * self.terms.fee_rate
            self.cash -= size * price + fee
            self.held[s] = self.held.get(s, 0.0) + size
            self.fills.append((row, s, size, price, fee))

    def ruin(self, row) -> None:
        self.cash, self.held, self.ruined_row = self.value(), {}, row


def specification(opens, close, weights, terms) -> Account:
    account = Account(terms.initial_cash, close.shape[1], terms)
    for row in range(len(close)):
        if account.ruined_row == NEVER:
            account.see(opens[row])
            if account.value() <= 0.0:
                account.ruin(row)
            elif row > 0:
                orders = account.orders(opens[row], weights[row - 1])
                account.fill(row, opens[row], account.affordable(opens[row], orders))
        if account.ruined_row == NEVER:
            account.see(close[row])
            if account.value() <= 0.0:
                account.ruin(row)
        account.equity.append(account.value())
    return account


@given(
    seed=st.integers(0, 10_000),
    short=st.booleans(),
    gaps=st.sampled_from([0.0, 0.2]),
    terms=st.builds(
        Terms,
        initial_cash=st.just(10_000.0),
        fee_rate=st.sampled_from([0.0, 0.001, 0.03]),
        slippage_rate=st.sampled_from([0.0, 0.0005, 0.02]),
        rebalance_band=st.sampled_from([0.0, 0.2, 0.9]),
    ),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_kernel_equals_specification(random_panel, random_weights, seed, short, gaps, terms):
    rows, symbols = 60, 1 + seed % 5
    panel, weights = random_panel(seed, rows, symbols, gaps=gaps), random_weights(seed, rows, symbols, short=short)
    expected = specification(panel.open, panel.close, weights, terms)
    ledger = run_account(panel.open, panel.close, weights, terms)
    assert ledger.ruined_row == expected.ruined_row
    np.testing.assert_allclose(ledger.equity, expected.equity, rtol=1e-10, atol=1e-7)
    assert len(ledger.fills) == len(expected.fills)
    if expected.fills:
        np.testing.assert_allclose(ledger.fills, expected.fills, rtol=1e-7, atol=1e-10)


def one_symbol(opens, close, weights, **terms):
    columns = [np.array(values, dtype=float)[:, None] for values in (opens, close, weights)]
    return run_account(*columns, Terms(**{"initial_cash": 100.0, "fee_rate": 0.0, "slippage_rate": 0.0,
                                          "rebalance_band": 0.0} | terms))  # fmt: skip


def test_a_decision_is_filled_at_the_next_open():
    ledger = one_symbol([10.0, 20.0, 30.0], [15.0, 25.0, 35.0], [1.0, 1.0, 1.0])
    assert ledger.fills.tolist() == [[1, 0, 5.0, 20.0, 0.0]]
    assert ledger.equity.tolist() == [100.0, 125.0, 175.0]


def test_the_last_decision_has_no_open_to_be_filled_at():
    assert len(one_symbol([10.0, 10.0], [10.0, 10.0], [0.0, 1.0]).fills) == 0


def test_costs_are_paid_on_both_sides():
    ledger = one_symbol([10.0] * 4, [10.0] * 4, [0.5, 0.0, 0.0, 0.0], fee_rate=0.01, slippage_rate=0.1)
    assert ledger.fills[:, 2].tolist() == [5.0, -5.0]
    assert ledger.fills[:, 3] == pytest.approx([11.0, 9.0])
    assert ledger.fills[:, 4] == pytest.approx([0.55, 0.45])
    assert ledger.equity[-1] == pytest.approx(100.0 - 55.0 - 0.55 + 45.0 - 0.45)


def test_buys_shrink_by_one_factor_to_the_cash_there_is():
    prices = np.full((2, 2), 10.0)
    ledger = run_account(prices, prices, np.array([[0.75, 0.25]] * 2), Terms(100.0, 0.0, 0.25, 0.0))
    assert ledger.fills[:, 2] == pytest.approx([6.0, 2.0])
    assert ledger.cash[-1] == pytest.approx(0.0)


def test_sells_pay_for_buys_of_the_same_candle():
    prices = np.full((3, 2), 10.0)
    ledger = run_account(prices, prices, np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), Terms(100.0, 0.0, 0.0, 0.0))
    assert ledger.fills[:, :3].tolist() == [[1, 0, 10.0], [2, 0, -10.0], [2, 1, 10.0]]


def test_an_order_waits_for_a_candle():
    opens = [10.0, np.nan, np.nan, 40.0]
    ledger = one_symbol(opens, [10.0, np.nan, np.nan, 50.0], [1.0, 1.0, 1.0, 1.0])
    assert ledger.fills[:, :4].tolist() == [[3, 0, 2.5, 40.0]]


def test_a_vanished_symbol_keeps_its_last_mark():
    opens = [10.0, 10.0, np.nan, np.nan]
    ledger = one_symbol(opens, [10.0, 12.0, np.nan, np.nan], [1.0, 0.0, 0.0, 0.0])
    assert ledger.equity.tolist() == [100.0, 120.0, 120.0, 120.0]
    assert ledger.positions[-1, 0] == 10.0


def test_drift_inside_the_band_is_not_traded_and_outside_is():
    opens = [10.0, 10.0, 11.0, 20.0]
    quiet = one_symbol(opens[:3], opens[:3], [0.5] * 3, rebalance_band=0.2)
    loud = one_symbol(opens, opens, [0.5] * 4, rebalance_band=0.2)
    assert len(quiet.fills) == 1
    assert loud.fills[1, :3] == pytest.approx([3, 0, -(5.0 - 0.5 * 150.0 / 20.0)])


def test_the_band_never_holds_back_an_exit():
    ledger = one_symbol([10.0] * 4, [10.0] * 4, [0.5, 0.0, 0.0, 0.0], rebalance_band=0.99)
    assert ledger.positions[:, 0].tolist() == [0.0, 5.0, 0.0, 0.0]


def test_ruin_stops_the_account():
    ledger = one_symbol([10.0, 10.0, 12.0, 5.0], [10.0, 12.0, 21.0, 5.0], [-1.0] * 4, rebalance_band=0.9)
    assert ledger.ruined_row == 2
    assert ledger.equity.tolist() == [100.0, 80.0, -10.0, -10.0]
    assert len(ledger.fills) == 1
    assert ledger.positions[2:, 0].tolist() == [0.0, 0.0]
