"""Performance figures against numbers worked out by hand, and laws they keep."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from algotrade.domain import performance

equities = arrays(np.float64, st.integers(2, 50), elements=st.floats(1.0, 1e6))


def hours(count: int, start: str = "2024-01-01 01:00") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq="1h", tz="UTC")


def test_midnight_closes_the_day_before():
    equity = pd.Series(np.arange(101.0, 149.0), index=hours(48))
    daily = performance.daily_returns(equity, 100.0)
    assert [str(day.date()) for day in daily.index] == ["2024-01-01", "2024-01-02"]
    assert daily.tolist() == pytest.approx([0.24, 148.0 / 124.0 - 1.0])


@given(equities)
def test_daily_returns_compound_to_the_total(values):
    equity = pd.Series(values, index=hours(len(values)))
    daily = performance.daily_returns(equity, 100.0)
    assert (1.0 + daily).prod() - 1.0 == pytest.approx(performance.total_return(values, 100.0))


@given(equities)
def test_drawdowns_lie_between_nothing_and_everything(values):
    depth = performance.drawdowns(values, 100.0)
    assert (depth >= 0.0).all()
    assert (depth < 1.0).all()
    span = performance.deepest_drawdown(values, 100.0)
    assert span.peak <= span.valley <= span.end
    assert span.depth == performance.max_drawdown(values, 100.0) == depth.max()


def test_a_loss_from_the_start_is_a_drawdown():
    assert performance.max_drawdown([80.0, 90.0], 100.0) == pytest.approx(0.2)
    assert performance.deepest_drawdown([80.0, 90.0], 100.0)[:3] == (-1, 0, 1)


def test_ruin_loses_everything_once():
    assert performance.simple_returns([50.0, -10.0, -10.0], 100.0).tolist() == [-0.5, -1.2, 0.0]
    assert performance.annual_return([-10.0], 100.0, years=1.0) == -1.0


def test_ratios_by_hand():
    returns = [0.02, -0.01, 0.03, 0.0]
    mean, deviation = 0.01, np.std(returns, ddof=1)
    assert performance.volatility(returns, 4.0) == pytest.approx(2.0 * deviation)
    assert performance.sharpe(returns, 4.0) == pytest.approx(2.0 * mean / deviation)
    assert performance.sortino(returns, 4.0) == pytest.approx(2.0 * mean / 0.005)
    assert performance.calmar([120.0, 90.0, 121.0], 100.0, years=2.0) == pytest.approx(0.1 / 0.25)


def test_trade_figures_by_hand():
    pnl = [2.0, -1.0, 4.0, 0.0]
    assert performance.win_rate(pnl) == 0.5
    assert performance.profit_factor(pnl) == 6.0
    assert performance.expectancy(pnl) == 1.25
    assert performance.turnover(400.0, 100.0, years=0.5) == 4.0
    assert performance.exposure([[0.5, -0.5], [0.0, 0.0]]) == 0.5


def test_tails_by_hand():
    returns = np.arange(-50, 51) / 1000.0
    assert performance.value_at_risk(returns, tail=0.1) == pytest.approx(0.04)
    # The worst tenth of 101 days are ten days and a tenth of the eleventh.
    worst = (np.arange(41, 51).sum() + 0.1 * 40) / 10.1 / 1000.0
    assert performance.expected_shortfall(returns, tail=0.1) == pytest.approx(worst)
    assert performance.tail_ratio(returns) == pytest.approx(1.0)
    assert performance.tail_ratio(np.append(returns, [0.2] * 10)) > 1.5
    assert performance.omega(returns) == pytest.approx(1.0)
    assert performance.omega([0.02, -0.01, 0.01], threshold=0.01) == pytest.approx(0.5)


@given(arrays(np.float64, st.integers(2, 60), elements=st.floats(-0.5, 0.5)), st.sampled_from([0.01, 0.05, 0.3]))
def test_a_heavier_tail_is_no_worse_on_average(returns, tail):
    shallow, deep = performance.expected_shortfall(returns, 2 * tail), performance.expected_shortfall(returns, tail)
    assert deep >= shallow - 1e-12
    assert deep <= max(-returns.min(), 0.0) + 1e-12
    assert 0.0 <= performance.value_at_risk(returns, tail) <= max(-returns.min(), 0.0) + 1e-12


@pytest.mark.parametrize(
    "undefined",
    [
        performance.sharpe([0.01]),
        performance.sharpe([0.01, 0.01, 0.01]),
        performance.sharpe([0.0, 0.0]),
        performance.sortino([0.01, 0.02]),
        performance.calmar([100.0, 101.0], 100.0, 1.0),
        performance.volatility([0.1]),
        performance.win_rate([]),
        performance.profit_factor([1.0]),
        performance.expectancy([]),
        performance.omega([0.01, 0.02]),
        performance.tail_ratio([0.01]),
        performance.tail_ratio([0.01, 0.02, 0.03]),
        performance.value_at_risk([-0.1]),
        performance.expected_shortfall([-0.1]),
        performance.turnover(1.0, 0.0, 1.0),
        performance.annual_return([110.0], 100.0, 0.0),
        performance.annual_return([1e200], 1.0, 1e-3),
    ],
)
def test_what_is_undefined_is_nan(undefined):
    assert math.isnan(undefined)


def test_monthly_table_compounds_days_and_leaves_absent_months_empty():
    days = pd.DatetimeIndex(["2023-12-30", "2023-12-31", "2024-02-01"], tz="UTC")
    table = performance.monthly_returns(pd.Series([0.1, 0.1, -0.05], index=days))
    assert (list(table.index), list(table.columns)) == ([2023, 2024], list(range(1, 13)))
    assert table.loc[2023, 12] == pytest.approx(0.21)
    assert table.loc[2024, 2] == pytest.approx(-0.05)
    assert table.count().sum() == 2
