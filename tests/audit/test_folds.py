"""A leak planted at the edge of a fold is found there, whether purging is off or the labels say too early."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from algotrade.audit import ChainRecipe, ProbeSettings, probe_chain, probe_folds, probe_labels
from algotrade.errors import LookAheadFound
from algotrade.validation import build_label, training_rows
from algotrade.validation.folds import early_stopping_split
from tests.audit.test_chain import HORIZON, recipe

BARRIERS = build_label({"kind": "triple_barrier", "horizon": HORIZON, "window": 24})


class SaysTooEarly(ChainRecipe):
    """Labels that say to be known one candle after their row: the last ones of a training span read the test span."""

    def labels_of(self, panel):
        frame = super().labels_of(panel)
        return frame.assign(known_at=frame["open_time"] + 2 * pd.Timedelta(hours=1))


def purging_off(monkeypatch) -> None:
    """As a bug might have it: training rows are those that open before the test span does."""
    monkeypatch.setattr(
        training_rows,
        "train_rows",
        lambda fold, open_time, known_at: (open_time >= fold.train_start) & (open_time < fold.test_start),
    )


@pytest.mark.parametrize("label", [None, BARRIERS])
def test_the_platforms_own_folds_learn_from_nothing_later(panel, label):
    assert probe_folds(recipe(label=label), panel) == []


def test_rows_that_are_not_purged_are_found_at_each_fold(panel, monkeypatch):
    purging_off(monkeypatch)
    findings = probe_folds(recipe(), panel)
    assert [(finding.name, finding.law, finding.severity) for finding in findings] == [
        ("fold 0", "fold_edge", "leak"),
        ("fold 1", "fold_edge", "leak"),
    ]
    for finding in findings:
        # The last of the horizon's rows before the test span, of each symbol.
        assert finding.rows == HORIZON * len(panel.symbols)
        assert finding.reach == HORIZON
        assert "prices of the span that it is tested on change" in finding.detail


def test_rows_that_are_not_purged_before_early_stopping_are_found(panel, monkeypatch):
    def unpurged(rows, open_time, known_at, share, embargo):
        return early_stopping_split(rows, open_time, open_time, share, embargo)

    monkeypatch.setattr(training_rows, "early_stopping_split", unpurged)
    findings = probe_folds(recipe(), panel)
    assert {finding.name for finding in findings} == {"fold 0", "fold 1"}
    assert all("stops early on" in finding.detail for finding in findings)


def test_labels_that_say_too_early_are_found_by_their_prices(panel):
    """Purged by what they say, they look right; what they read is of the test span."""
    findings = probe_folds(recipe(SaysTooEarly), panel)
    assert {finding.name for finding in findings} == {"fold 0", "fold 1"}
    assert all(finding.rows > 0 for finding in findings)
    named = probe_labels(recipe(SaysTooEarly).labels_of, panel, ProbeSettings(names=("prices",), moments=1))
    assert [finding.law for finding in named if finding.refused] == ["known_at"]


def test_a_chain_whose_purging_is_off_refuses_to_walk(panel, monkeypatch):
    purging_off(monkeypatch)
    with pytest.raises(LookAheadFound, match=rf"Fold 0 would .* {HORIZON * 4} of .* rows whose labels are known only"):
        probe_chain(recipe(), panel, ProbeSettings(names=("prices",), moments=1))


def test_a_purged_chain_of_barriers_sees_nothing_of_the_future(panel):
    findings = probe_chain(recipe(label=BARRIERS), panel, ProbeSettings(names=("prices",), moments=2), tail=HORIZON + 1)
    assert [finding for finding in findings if finding.refused] == []


def test_a_fold_that_is_embargoed_leaves_its_embargo_out(panel):
    chain = recipe()
    wide = replace(chain, folds=replace(chain.folds, embargo=12))
    assert probe_folds(wide, panel) == []
    data = wide.samples_of(wide.features_of(panel), wide.labels_of(panel), panel)
    for fold in wide.folds_of(data):
        fit, stop = training_rows.fitting_masks(data, fold, wide.training)
        assert (data.known_at[fit | stop] <= fold.test_start - 12 * 3_600_000).all()
        assert np.min(data.open_time[stop]) - np.max(data.known_at[fit]) >= 12 * 3_600_000
