"""Every kind of leak is caught by name, with the probe that shows it and how far it looks; honest features pass."""

import numpy as np
import pytest

from algotrade.audit import ProbeSettings, probe_feature, probe_features
from algotrade.domain.candles import Candles, FloatArray
from algotrade.features import FEATURES, Feature, FeatureSet
from algotrade.features.derived import log_returns
from tests.audit import planted
from tests.audit.conftest import market
from tests.audit.planted import of_panel, of_symbol

LEAKS = {
    "a centred window": (of_symbol(planted.centred_window), 10, {"truncation", "prices"}),
    "a slower candle that has not closed": (of_symbol(planted.unclosed_slower_candle), 3, {"truncation", "prices"}),
    "the next return": (of_symbol(planted.next_return), 1, {"truncation", "prices", "gaps"}),
    "the range of the next candle": (of_symbol(planted.next_range), 1, {"truncation", "prices"}),
    "the next funding rate": (of_symbol(planted.next_funding), 1, {"truncation", "prices"}),
    "the others' next return": (of_panel(planted.next_market_return), 1, {"others", "prices"}),
}
WHOLE_SAMPLE = {
    "scaling by the whole sample": (of_symbol(planted.whole_sample_scaling), {"truncation", "prices"}),
    "ranks among survivors": (of_panel(planted.rank_among_survivors), {"delisting"}),
    "a share of those ever listed": (of_panel(planted.share_of_ever_listed), {"listing"}),
    "the largest of the whole sample": (of_panel(planted.top_by_total_volume), {"listing"}),
}


@pytest.mark.parametrize(("leak", "reach", "probes"), LEAKS.values(), ids=LEAKS)
def test_a_leak_is_caught_with_its_reach(leak, reach, probes, panel):
    (finding,) = [each for each in probe_feature(leak, panel) if each.law == "look_ahead"]
    assert (finding.subject, finding.name, finding.severity) == ("feature", leak.name, "leak")
    assert finding.reach == reach
    assert f"{reach} candle" in finding.detail
    assert probes <= set(finding.probes)
    assert finding.rows >= 1
    assert 0 < finding.share < 0.5
    assert finding.change > 0.1


@pytest.mark.parametrize(("leak", "probes"), WHOLE_SAMPLE.values(), ids=WHOLE_SAMPLE)
def test_what_uses_the_whole_sample_is_told_so(leak, probes, panel):
    (finding,) = [each for each in probe_feature(leak, panel) if each.law == "look_ahead"]
    assert "whole sample" in finding.detail
    assert probes <= set(finding.probes)
    assert finding.share > 0.2


def test_survivors_are_caught_by_nothing_but_the_delisting(panel):
    """The universe of today is no price: other futures of the same symbols do not show it."""
    settings = ProbeSettings(names=("prices", "others"))
    leak = of_panel(planted.rank_among_survivors)
    assert [each for each in probe_feature(leak, panel, settings) if each.law == "look_ahead"] == []


def test_a_gap_filled_from_behind_is_caught_inside_the_gap(panel):
    (finding,) = [each for each in probe_feature(of_panel(planted.filled_backwards), panel) if each.law == "look_ahead"]
    assert finding.reach >= 1


def test_the_change_is_counted_in_the_features_own_deviations(panel):
    def scaled(candles: Candles) -> FloatArray:
        return 1e6 * planted.next_return(candles)

    (small,) = probe_feature(of_symbol(planted.next_return), panel)
    (large,) = probe_feature(of_symbol(scaled), panel)
    assert large.change == pytest.approx(small.change, rel=1e-9)


def test_several_are_told_apart_by_name(panel):
    mixed = (planted.honest_range, planted.centred_window, planted.next_return)
    findings = probe_features(FeatureSet(tuple(of_symbol(function) for function in mixed)), panel)
    assert {finding.name: finding.reach for finding in findings} == {"centred_window": 10, "next_return": 1}


@pytest.mark.parametrize("honest", [of_symbol(planted.honest_range, 1), of_panel(planted.honest_rank, 2)])
def test_an_honest_feature_has_nothing_against_it(honest, panel):
    assert probe_feature(honest, panel) == []


@pytest.mark.parametrize("symbols", [("BTC/USDT",), ("BTC/USDT", "ETH/USDT")])
def test_few_symbols_are_enough(symbols):
    few = market(400, symbols)
    assert probe_feature(of_symbol(planted.honest_range, 1), few) == []
    assert [each.law for each in probe_feature(of_symbol(planted.next_return), few)] == ["look_ahead"]


def test_a_memory_longer_than_declared_is_a_fault(panel):
    findings = {each.law: each for each in probe_feature(of_symbol(planted.on_balance_volume), panel)}
    assert set(findings) == {"memory", "latest"}
    assert findings["memory"].severity == "fault"
    assert "30 candles" in findings["memory"].detail
    assert findings["memory"].change > 1e-6


def test_a_feature_that_writes_into_its_candles_is_a_fault(panel):
    def doubled(candles: Candles) -> FloatArray:
        candles.close[:] *= 2
        return candles.close.copy()

    before = panel.close.copy()
    (finding,) = probe_feature(of_symbol(doubled), panel)
    assert (finding.law, finding.severity) == ("input", "fault")
    assert "close" in finding.detail
    np.testing.assert_array_equal(panel.close, before)


def test_a_feature_that_writes_into_a_shared_series_is_a_fault(panel):
    def halved(candles: Candles) -> FloatArray:
        shared = log_returns(candles)
        shared *= 0.5
        return shared.copy()

    def innocent(candles: Candles) -> FloatArray:
        return log_returns(candles).copy()

    findings = probe_features(FeatureSet((of_symbol(halved), of_symbol(innocent))), panel)
    assert [(each.name, each.law) for each in findings] == [("halved", "input")]


def test_a_feature_that_rolls_dice_is_a_fault(panel):
    generator = np.random.default_rng(0)

    def noise(candles: Candles) -> FloatArray:
        return generator.normal(size=len(candles))

    assert "determinism" in {each.law for each in probe_feature(of_symbol(noise), panel)}


def test_what_has_no_value_is_noted_not_passed_over(panel):
    needy = Feature("needy", "planted", 5_000, "symbol", "any", None, planted.honest_range)
    (finding,) = probe_feature(needy, panel)
    assert (finding.law, finding.severity, finding.refused) == ("silent", "note", False)
    assert "5000" in finding.detail


def test_the_whole_registry_sees_nothing_of_the_future(long_panel):
    slower = ["log_return_8@4x", "relative_return_12@4x", "log_return_4@24x"]
    features = FeatureSet.of([*FEATURES, *slower], long_panel.timeframe)
    assert [str(finding) for finding in probe_features(features, long_panel)] == []


def test_the_same_seed_finds_the_same(panel):
    leak = of_symbol(planted.centred_window)
    assert probe_feature(leak, panel) == probe_feature(leak, panel)


def test_a_leak_of_rounding_is_one_and_told_so(panel):
    """An origin taken from the next candle cancels, but for the last digits."""

    def around_the_next(candles: Candles) -> FloatArray:
        origin = 1e4 * np.append(candles.close[1:], candles.close[-1:])
        return (candles.close - origin) - (candles.open - origin)

    (finding,) = probe_feature(of_symbol(around_the_next), panel)
    assert "last digits" in finding.detail
    assert finding.refused
