"""Labels that say too early, needlessly late, or that begin before their row; and features that are the label."""

import numpy as np
import pandas as pd
import pytest

from algotrade.audit import ProbeSettings, forward_targets, probe_inputs, probe_labels
from algotrade.domain.candles import Panel, to_milliseconds
from algotrade.features import FeatureSet
from algotrade.validation.labels import build_label, forward_returns
from tests.audit.planted import HONEST

HORIZON = 8


def honest(panel: Panel) -> pd.DataFrame:
    return forward_returns(panel, HORIZON)


def shifted(hours: int):
    def labels(panel: Panel) -> pd.DataFrame:
        frame = honest(panel)
        return frame.assign(known_at=frame["known_at"] + pd.Timedelta(hours=hours))

    return labels


def of_survivors(panel: Panel) -> pd.DataFrame:
    frame = honest(panel)
    return frame[frame["symbol"].isin(np.array(panel.symbols)[panel.present[-1]])]


def of_closes(panel: Panel) -> pd.DataFrame:
    frame = honest(panel)
    rows = (to_milliseconds(frame["open_time"]) - panel.open_time[0]) // panel.timeframe.milliseconds
    columns = pd.Index(panel.symbols).get_indexer(frame["symbol"])
    later, now = panel.close[rows + HORIZON, columns], panel.close[rows, columns]
    return frame.assign(forward_return=np.log(later / now))


@pytest.mark.parametrize("horizon", [1, 8, 24])
def test_the_labels_of_the_platform_have_nothing_against_them(horizon, panel):
    assert probe_labels(lambda changed: forward_returns(changed, horizon), panel) == []


@pytest.mark.parametrize("hours", [1, 4])
def test_a_label_known_later_than_it_says_is_a_leak(hours, panel):
    (finding,) = probe_labels(shifted(-hours), panel)
    assert (finding.subject, finding.law, finding.severity) == ("labels", "known_at", "leak")
    assert finding.reach == hours
    assert {"prices", "truncation"} <= set(finding.probes)
    assert finding.rows == hours * len(panel.symbols)


def test_a_label_known_before_it_says_is_noted(panel):
    (finding,) = probe_labels(shifted(3), panel)
    assert (finding.law, finding.refused) == ("known_late", False)
    assert "3 candles before" in finding.detail


def test_labels_of_todays_universe_are_a_leak(panel):
    (finding,) = probe_labels(of_survivors, panel)
    assert (finding.law, finding.probes) == ("known_at", ("delisting",))


def test_a_label_that_begins_at_the_close_of_its_own_row_is_noted(panel):
    (finding,) = probe_labels(of_closes, panel)
    assert (finding.law, finding.refused) == ("label_overlap", False)


def barriers(panel: Panel) -> pd.DataFrame:
    return build_label({"kind": "triple_barrier", "horizon": HORIZON, "window": 24}).of(panel)


def known_one_candle_early(panel: Panel) -> pd.DataFrame:
    frame = barriers(panel)
    return frame.assign(known_at=frame["known_at"] - pd.Timedelta(hours=1))


def scaled_by_all(panel: Panel) -> pd.DataFrame:
    frame = honest(panel)
    return frame.assign(target=frame["forward_return"] / np.nanstd(np.diff(np.log(panel.close), axis=0)))


def weighted_by_outcome(panel: Panel) -> pd.DataFrame:
    """As a weight by the size of the move would be, normalised over all rows."""
    frame = honest(panel)
    return frame.assign(weight=frame["forward_return"].abs() / frame["forward_return"].abs().mean())


def with_momentum(panel: Panel) -> pd.DataFrame:
    frame = honest(panel)
    rows = (to_milliseconds(frame["open_time"]) - panel.open_time[0]) // panel.timeframe.milliseconds
    columns = pd.Index(panel.symbols).get_indexer(frame["symbol"])
    past = np.log(panel.close[rows, columns] / panel.close[np.maximum(rows - 12, 0), columns])
    return frame.assign(target=frame["forward_return"] + past)


@pytest.mark.parametrize("label", [known_one_candle_early, scaled_by_all, weighted_by_outcome])
def test_a_label_of_another_kind_that_reads_what_comes_later_is_a_leak_by_its_name(label, panel):
    few = ProbeSettings(names=("prices",), moments=1)
    found = probe_labels(label, panel[:300], few, name=label.__name__, lookback=25)
    (finding,) = [each for each in found if each.refused]
    assert (finding.subject, finding.name, finding.law) == ("labels", label.__name__, "known_at")
    assert finding.reach >= 1


def test_a_scale_that_was_known_is_no_overlap_but_a_direction_is(panel):
    assert probe_labels(barriers, panel, lookback=25) == []
    for lookback in (0, 25):
        (finding,) = probe_labels(with_momentum, panel, lookback=lookback)
        assert finding.law == "label_overlap"
    # What the label says to read is what it reads: half of it is not enough.
    (finding,) = probe_labels(barriers, panel, lookback=12)
    assert finding.law == "label_overlap"


def test_no_label_is_noted(panel):
    (finding,) = probe_labels(lambda changed: honest(changed).iloc[:0], panel)
    assert finding.law == "silent"


@pytest.fixture(scope="module")
def targets(panel):
    return forward_targets(panel, HORIZON)


@pytest.fixture(scope="module")
def frame(panel) -> pd.DataFrame:
    return FeatureSet(HONEST).to_frame(panel)


def label_of(panel: Panel, frame: pd.DataFrame, horizon: int = HORIZON) -> pd.Series:
    return frame.merge(forward_returns(panel, horizon), how="left", on=["symbol", "open_time"])["forward_return"]


NEAR_THE_LABEL = {
    "the label": lambda label, noise: label,
    "its sign": lambda label, noise: np.sign(label),
    "its opposite, bent": lambda label, noise: -np.exp(label),
    "half of it noise": lambda label, noise: label + noise * label.std(),
}


@pytest.mark.parametrize("stored", NEAR_THE_LABEL.values(), ids=NEAR_THE_LABEL)
def test_a_stored_label_is_suspicious(stored, panel, frame, targets):
    noise = np.random.default_rng(0).normal(size=len(frame))
    (finding,) = probe_inputs(frame.assign(stored=stored(label_of(panel, frame), noise)), targets)
    assert (finding.subject, finding.name, finding.severity) == ("stored feature", "stored", "suspicious")
    assert "next 8 candles" in finding.detail
    assert finding.refused


def test_a_stored_return_of_the_next_candle_is_suspicious_though_the_label_is_longer(panel, frame, targets):
    (finding,) = probe_inputs(frame.assign(stored=label_of(panel, frame, 1)), targets)
    assert "next 1 candle " in finding.detail


def test_honest_features_are_not_suspicious_even_of_a_market_that_can_be_predicted(long_panel):
    frame = FeatureSet.of().to_frame(long_panel)
    assert probe_inputs(frame, forward_targets(long_panel, HORIZON)) == []


def test_chance_is_not_suspicious_where_labels_overlap_almost_wholly(panel):
    """A label of 300 candles in a history of 700: two independent ones, which anything slow correlates with."""
    targets = {"the label": forward_returns(panel, 300)}
    slow = FeatureSet(HONEST).to_frame(panel)
    slow["trend"] = slow.groupby("symbol").cumcount().astype(float)
    assert probe_inputs(slow, targets) == []
