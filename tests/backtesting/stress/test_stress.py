"""Hard times do what they say to a market, leave the past alone, and say so where they cannot be told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.backtesting.simulate import SimulationSettings, backtest, simulate
from algotrade.backtesting.stress import (
    STRESS_COLUMNS,
    WINDOWS,
    StressSettings,
    historical_stress,
    stress_test,
    with_flash_crash,
    without_candles,
)
from algotrade.domain.candles import PRICE_COLUMNS
from algotrade.domain.costs import Costs
from algotrade.errors import BacktestError, ConfigurationError
from algotrade.strategies import MarketView, build_strategy


def test_a_crash_changes_nothing_before_it_and_half_of_it_comes_back(random_panel):
    view = MarketView(random_panel(1, 300, 2), warmup=50)
    crashed = with_flash_crash(view, row=100, depth=0.4, candles=10)
    before, after = view.panel, crashed.panel
    for name in PRICE_COLUMNS:
        np.testing.assert_array_equal(getattr(after, name)[:150], getattr(before, name)[:150])
    np.testing.assert_allclose(after.close[150] / before.close[150], 0.6)
    np.testing.assert_allclose(after.open[150], before.open[150])
    np.testing.assert_allclose(after.close[160:] / before.close[160:], 0.8)
    assert (after.low <= np.minimum(after.open, after.close) * (1 + 1e-12)).all()
    assert (after.high >= np.maximum(after.open, after.close) * (1 - 1e-12)).all()
    with pytest.raises(BacktestError, match="decided rows"):
        with_flash_crash(view, row=250, depth=0.4, candles=10)


def test_lost_candles_are_lost_with_their_forecasts_and_ends_stay(random_panel):
    panel = random_panel(2, 1000, 3)
    view = MarketView(panel, probability=np.full(panel.close.shape, 0.6))
    damaged = without_candles(view, share=0.1, seed=3)
    lost = ~damaged.panel.present
    assert lost.mean() == pytest.approx(0.1, abs=0.02)
    assert not lost[[0, -1]].any()
    assert np.isnan(damaged.probability[lost]).all()
    assert np.isnan(damaged.panel.volume[lost]).all()
    np.testing.assert_array_equal(damaged.panel.close[~lost], panel.close[~lost])
    again = without_candles(view, share=0.1, seed=3)
    np.testing.assert_array_equal(again.panel.present, damaged.panel.present)
    assert (without_candles(view, share=0.1, seed=4).panel.present != damaged.panel.present).any()


class TestHistory:
    def result(self, panel_of, start: str, days: int):
        close = np.full((days, 1), 100.0)
        panel = panel_of(close, close, "1d")
        first = pd.Timestamp(start, tz="UTC")
        offset = int(first.timestamp() * 1000) - panel.open_time[0]
        panel = replace(panel, open_time=panel.open_time + offset)
        times = pd.DatetimeIndex(pd.to_datetime(panel.open_time, unit="ms", utc=True))
        falls = ((times >= "2020-03-07") & (times < "2020-03-17")).cumsum()
        prices = 100.0 * 0.95 ** falls[:, None].astype(float)
        opens = np.vstack([prices[:1], prices[:-1]])
        panel = replace(panel, open=opens, close=prices, high=np.maximum(opens, prices), low=np.minimum(opens, prices))
        return simulate(panel, np.ones((days, 1)), Costs(0.0, 0.0))

    def test_a_window_that_was_lived_through_shows_what_it_did(self, panel_of):
        rows = {row["scenario"]: row for row in historical_stress(self.result(panel_of, "2020-01-01", 200))}
        assert set(rows) == {window.name for window in WINDOWS}
        march = rows["March 2020"]
        assert march["total_return"] == pytest.approx(0.95**10 - 1)
        assert march["max_drawdown"] == pytest.approx(1 - 0.95**10)
        assert (march["note"], march["kind"]) == ("", "history")
        assert rows["FTX 2022"]["total_return"] is None
        assert "not covered" in rows["FTX 2022"]["note"]

    def test_a_window_that_was_only_begun_is_not_told(self, panel_of):
        rows = {row["scenario"]: row for row in historical_stress(self.result(panel_of, "2020-03-08", 100))}
        assert rows["March 2020"]["sharpe"] is None


@pytest.fixture
def table_of(random_panel):
    panel = random_panel(4, 1500, 3)
    view, costs, account = MarketView(panel, warmup=200), Costs(), SimulationSettings()

    def made(name: str, **settings: float) -> pd.DataFrame:
        strategy = build_strategy(name)
        result = backtest(strategy, view, costs, account)
        return stress_test(
            result,
            lambda other, dear, late: backtest(strategy, other, dear, late),
            view,
            (costs, account),
            StressSettings(**settings),
        )

    return made


def test_every_scenario_is_in_the_table_and_bites(table_of):
    table = table_of("buy_and_hold")
    assert list(table.columns) == list(STRESS_COLUMNS)
    assert set(table["kind"]) == {"history", "costs", "delay", "missing", "crash"}
    assert len(table) == len(WINDOWS) + 4
    calm = table_of("buy_and_hold", cost_multiple=1.0, delay=0, missing=0.0, crash_depth=1e-9)
    ours, base = (frame.set_index("kind")["total_return"] for frame in (table, calm))
    assert base["costs"] == pytest.approx(base["delay"]) == pytest.approx(base["missing"])
    assert ours["costs"] < base["costs"]
    assert ours["delay"] != base["delay"]
    # A buyer who holds keeps what half of a crash of 30 % leaves, had it come after the entry.
    assert 1 + ours["crash"] == pytest.approx((1 + base["crash"]) * 0.85, rel=0.02)
    assert table.set_index("kind").loc["crash", "note"].startswith("at 20")


def test_a_busy_strategy_pays_for_dear_trading(table_of):
    ours = table_of("mean_reversion", cost_multiple=4.0).set_index("kind")["total_return"]
    base = table_of("mean_reversion", cost_multiple=1.0).set_index("kind")["total_return"]
    assert ours["costs"] < base["costs"] - 0.02


def test_the_same_seed_tells_the_same_story(table_of):
    pd.testing.assert_frame_equal(table_of("momentum"), table_of("momentum"))
    first, second = (table_of("momentum", seed=seed).set_index("kind")["total_return"]["missing"] for seed in (1, 2))
    assert first != second


def test_a_scenario_that_cannot_be_simulated_says_why(random_panel):
    view = MarketView(random_panel(4, 300, 2))
    result = backtest(build_strategy("buy_and_hold"), view, Costs())

    def refuse(*_: object):
        raise BacktestError("not today")

    table = stress_test(result, refuse, view, (Costs(), SimulationSettings()))
    assert table.loc[table["kind"] == "crash", "note"].tolist() == ["not today"]
    assert table.loc[table["kind"] == "crash", "total_return"].isna().all()


@pytest.mark.parametrize("wrong", [{"missing": 1.0}, {"crash_depth": 0.0}, {"delay": -1}, {"crash_candles": 0}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        StressSettings(**wrong)
