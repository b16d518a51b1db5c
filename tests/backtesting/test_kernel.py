"""The compiled accounting equals its specification, the same rules in plain Python, over all rules at random."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.backtesting.reference import ReferenceAccount

from algotrade.backtesting.account import MarketData, SimulationSettings
from algotrade.backtesting.kernel import KINDS
from algotrade.backtesting.simulate import account_ledger, summarise
from algotrade.domain import performance
from algotrade.domain.costs import Costs, FeeTier
from algotrade.domain.instrument import Instrument

RELAXED = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
TIERS = (FeeTier(50_000.0, 2.0, 6.0), FeeTier(400_000.0, -1.0, 4.0))

PLAIN_COSTS = st.builds(
    Costs, fee_bps=st.sampled_from([0.0, 10.0, 300.0]), slippage_bps=st.sampled_from([0.0, 5.0, 200.0])
)
PLAIN = st.builds(
    SimulationSettings,
    initial_cash=st.just(10_000.0),
    rebalance_band=st.sampled_from([0.0, 0.2, 0.9]),
    delay=st.sampled_from([0, 0, 1, 3]),
    rebalance_every=st.sampled_from([1, 1, 2, 7]),
)


def maybe(*values):
    return st.sampled_from([None, *values])


COSTS = st.builds(
    Costs,
    fee_bps=st.sampled_from([0.0, 10.0, 300.0]),
    slippage_bps=st.sampled_from([0.0, 5.0, 200.0]),
    maker_fee_bps=maybe(0.0, -1.0),
    fee_tiers=st.sampled_from([(), TIERS]),
    volatility_slippage=st.sampled_from([0.0, 0.2]),
    impact=st.sampled_from([0.0, 1.0]),
    volume_cap=maybe(0.05, 0.5),
    borrow_bps_per_year=st.sampled_from([0.0, 5_000.0]),
    liquidation_bps=st.sampled_from([0.0, 50.0]),
    delisting_loss=st.sampled_from([0.0, 0.3, 1.0]),
)
RULES = {
    "initial_cash": st.just(10_000.0),
    "rebalance_band": st.sampled_from([0.0, 0.2, 0.9]),
    "delay": st.sampled_from([0, 0, 1, 3]),
    "rebalance_every": st.sampled_from([1, 1, 2, 7]),
    "limit_offset_bps": maybe(None, 0.0, 50.0, 200.0),
    "stop_loss": maybe(0.03, 0.2),
    "take_profit": maybe(0.04, 0.2),
    "trailing_stop": maybe(0.05),
    "delist_after": maybe(1, 4),
    "volatility_span": st.sampled_from([1, 20]),
}
SPOT = st.builds(SimulationSettings, **RULES, halt_drawdown=maybe(0.15, 0.5))
PERPETUAL = st.builds(
    SimulationSettings,
    **RULES,
    halt_drawdown=st.just(0.6),
    derisk_drawdown=maybe(0.2),
    market=st.just("perpetual"),
    leverage=st.sampled_from([1.0, 3.0, 8.0]),
    maintenance_margin=st.sampled_from([0.0, 0.02, 0.1]),
)
INSTRUMENTS = st.sampled_from([{}, {"S0/USDT": Instrument(0.01, 0.001, 10.0), "S1/USDT": Instrument(0.5, 2.0, 300.0)}])


@pytest.fixture
def market(random_panel):
    """Random candles with gaps, wicks, volumes that matter and some that are zero."""

    def make(seed: int, rows: int, symbols: int):
        panel = random_panel(seed, rows, symbols, gaps=0.1 * (seed % 3))
        generator = np.random.default_rng(seed)
        shape = panel.close.shape
        volume = np.exp(generator.normal(4.0, 1.5, shape)) * (generator.random(shape) > 0.05)
        return replace(
            panel,
            high=panel.high * np.exp(np.abs(generator.normal(0.0, 0.02, shape))),
            low=panel.low / np.exp(np.abs(generator.normal(0.0, 0.02, shape))),
            volume=np.where(np.isnan(panel.close), np.nan, volume),
        )

    return make


def assert_equal(ledger, expected: ReferenceAccount) -> None:
    assert (ledger.ruined_row, ledger.halted_row) == (expected.ruined_row, expected.halted_row)
    assert [KINDS[int(kind)] for kind in ledger.fills[:, 7]] == [fill[7] for fill in expected.fills]
    if expected.fills:
        numbers = [(*fill[:7], fill[8]) for fill in expected.fills]
        np.testing.assert_allclose(np.delete(ledger.fills, 7, axis=1), numbers, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(ledger.equity, expected.equity, rtol=1e-9, atol=1e-6)
    for name in ("funding", "borrow"):
        total = getattr(ledger, name).sum()
        assert total == pytest.approx(sum(sum(row.values()) for row in getattr(expected, name)), rel=1e-8, abs=1e-6)


@given(seed=st.integers(0, 10_000), costs=PLAIN_COSTS, account=PLAIN)
@settings(max_examples=40, **RELAXED)
def test_the_plain_account_equals_its_specification(market, random_weights, seed, costs, account):
    rows, symbols = 60, 1 + seed % 5
    panel, weights = market(seed, rows, symbols), random_weights(seed, rows, symbols)
    expected = ReferenceAccount(panel, costs, account).run(weights)
    ledger = account_ledger(panel, weights, costs, account)
    assert_equal(ledger, expected)
    summary = summarise(panel, weights, costs, account)
    assert (summary.fills, summary.final_equity) == (len(ledger.fills), ledger.equity[-1])
    assert summary.notional == pytest.approx(ledger.notional)
    assert summary.max_drawdown == pytest.approx(performance.max_drawdown(ledger.equity, 10_000.0))


@given(seed=st.integers(0, 10_000), costs=COSTS, account=SPOT, instruments=INSTRUMENTS)
@settings(max_examples=100, **RELAXED)
def test_a_spot_account_with_every_rule_equals_its_specification(
    market, random_weights, seed, costs, account, instruments
):
    rows, symbols = 60, 2 + seed % 3
    panel, weights = market(seed, rows, symbols), random_weights(seed, rows, symbols)
    data = MarketData(instruments)
    assert_equal(
        account_ledger(panel, weights, costs, account, data), ReferenceAccount(panel, costs, account, data).run(weights)
    )


@given(seed=st.integers(0, 10_000), costs=COSTS, account=PERPETUAL, instruments=INSTRUMENTS)
@settings(max_examples=100, **RELAXED)
def test_a_perpetual_account_with_every_rule_equals_its_specification(
    market, random_weights, seed, costs, account, instruments
):
    rows, symbols = 60, 2 + seed % 3
    panel = market(seed, rows, symbols)
    weights = account.leverage * random_weights(seed, rows, symbols, short=True)
    rates = np.random.default_rng(seed).normal(0.0, 1e-3, weights.shape) * (np.arange(rows)[:, None] % 8 == 0)
    data = MarketData(instruments, rates)
    assert_equal(
        account_ledger(panel, weights, costs, account, data), ReferenceAccount(panel, costs, account, data).run(weights)
    )


@given(seed=st.integers(0, 10_000), costs=PLAIN_COSTS, account=PLAIN)
@settings(max_examples=40, **RELAXED)
def test_the_plain_account_equals_the_one_with_every_rule_off(market, random_weights, seed, costs, account):
    rows, symbols = 200, 1 + seed % 5
    panel, weights = market(seed, rows, symbols), random_weights(seed, rows, symbols)
    plain = account_ledger(panel, weights, costs, account)
    ruled = account_ledger(panel, weights, costs, replace(account, stop_loss=1.0))
    assert len(plain.fills) == len(ruled.fills)
    np.testing.assert_allclose(plain.fills, ruled.fills, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(plain.equity, ruled.equity, rtol=1e-10)


def test_the_same_input_gives_the_same_bytes(market, random_weights):
    panel, weights = market(3, 300, 4), random_weights(3, 300, 4, short=True)
    account = SimulationSettings(market="perpetual", leverage=2.0, stop_loss=0.05, trailing_stop=0.1)
    first, second = (account_ledger(panel[:], weights, Costs(impact=1.0, volume_cap=0.2), account) for _ in range(2))
    assert len(first.cash) == len(panel)
    for name in ("equity", "cash", "fills", "funding", "borrow"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()
