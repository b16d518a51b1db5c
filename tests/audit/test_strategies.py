"""Leaky strategies are caught; those that are shipped pass."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from algotrade.audit import probe_strategy, random_view
from algotrade.domain.candles import FloatArray
from algotrade.strategies import STRATEGIES, MarketView, Strategy, build_strategy
from algotrade.strategies.base import starting_weights
from algotrade.strategies.holding import Signals, hold_until_exit


@dataclass(frozen=True)
class _Planted(Strategy):
    name: ClassVar[str] = "planted"

    @property
    def lookback(self) -> int:
        return 0

    def score(self, view: MarketView) -> FloatArray:
        raise NotImplementedError

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        score = self.score(view)[view.warmup :]
        size = np.full(score.shape, 1.0 / len(view.panel.symbols))
        return hold_until_exit(Signals(score > 0, score < 0, size, score), starting_weights(view, initial_weights))


class NextClose(_Planted):
    def score(self, view: MarketView) -> FloatArray:
        close = view.panel.close
        return np.vstack([close[1:], close[-1:]]) - close


class NextPrediction(_Planted):
    def score(self, view: MarketView) -> FloatArray:
        expected = view.expected_return
        return np.vstack([expected[1:], expected[-1:]])


class WholeSampleVolatility(_Planted):
    def score(self, view: MarketView) -> FloatArray:
        bars = np.log(view.panel.close / view.panel.open)
        return np.abs(bars) - np.nanstd(bars)


class TradesSurvivors(_Planted):
    def score(self, view: MarketView) -> FloatArray:
        bars = np.log(view.panel.close / view.panel.open)
        return np.where(view.panel.present[-1], bars, -1.0)


class Writes(_Planted):
    def score(self, view: MarketView) -> FloatArray:
        view.panel.close[:] += 1.0
        return view.panel.close - view.panel.open


class Forgetful(_Planted):
    """Its scores need two rows more than its lookback declares."""

    def score(self, view: MarketView) -> FloatArray:
        close = view.panel.close
        return close - np.vstack([np.full((2, close.shape[1]), 0.0), close[:-2]])


class Idle(_Planted):
    def score(self, view: MarketView) -> FloatArray:
        return np.zeros_like(view.panel.close)


@pytest.fixture(scope="module")
def view(panel):
    return random_view(panel, seed=3)


@pytest.mark.parametrize(
    ("leak", "probe", "told"),
    [
        (NextClose(), "truncation", "at least 1 candle of"),
        (NextPrediction(), "prices", "at least 1 candle of"),
        (WholeSampleVolatility(), "prices", "whole sample"),
        (TradesSurvivors(), "delisting", "whole sample"),
    ],
)
def test_a_leaky_strategy_is_caught(leak, probe, told, view):
    (finding,) = [each for each in probe_strategy(leak, view) if each.law == "look_ahead"]
    assert (finding.subject, finding.name, finding.severity) == ("strategy", "planted", "leak")
    assert probe in finding.probes
    assert told in finding.detail


def test_a_strategy_that_writes_into_its_view_is_a_fault(view):
    (finding,) = probe_strategy(Writes(), view)
    assert (finding.law, finding.severity) == ("input", "fault")
    assert "close" in finding.detail


def test_a_strategy_that_needs_more_than_its_lookback_is_a_fault(view):
    (finding,) = probe_strategy(Forgetful(), view)
    assert (finding.law, finding.severity) == ("memory", "fault")


def test_a_strategy_that_never_trades_is_noted(view):
    (finding,) = probe_strategy(Idle(), view)
    assert (finding.law, finding.refused) == ("silent", False)


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_what_is_shipped_has_nothing_against_it(name, view):
    assert [str(each) for each in probe_strategy(build_strategy(name), view)] == []


def test_a_view_with_context_rows_is_probed_where_it_decides(view):
    assert probe_strategy(build_strategy("momentum"), replace(view, warmup=200)) == []
    assert probe_strategy(NextClose(), replace(view, warmup=200)) != []
