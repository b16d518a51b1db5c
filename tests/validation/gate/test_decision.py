"""Who reigns after the gate, in every case."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from tests.models.provenance import PROVENANCE
from tests.validation.gate.predictions import predictions, truth

from algotrade.models.manifest import Manifest
from algotrade.validation.gate import (
    Check,
    Comparison,
    Contender,
    decide,
    features_check,
    known_until,
    rival_forecasts,
)

MANIFEST = Manifest(
    **PROVENANCE,
    model="lightgbm",
    version="new",
    history=1,
    settings={},
    libraries={"numpy": "2"},
    created_time=datetime(2025, 1, 2, tzinfo=UTC),
    files={},
)
NEW = Contender.of(MANIFEST)
OLD = replace(NEW, name="ensemble", version="old")
WON = Comparison("majority", "baseline", 900, 30, 0.68, 0.69, 0.01, 0.005, 0.015, 0.001, 0.05)
LOST = replace(WON, improvement=0.001, low=-0.004, p_value=0.3)
CHAMPION = replace(WON, rival="ensemble", role="champion")
STRANGER = replace(CHAMPION, rows=0, reason="there is no candle that both forecast and that came out the same")
FINE = Check("calibrated", True, "error 0.01", "≤ 0.05", "probabilities mean what they say")
FAULTY = replace(FINE, passed=False, reason="it is surer than it should be")


class TestFirst:
    def test_it_has_to_beat_every_baseline(self):
        found = decide(NEW, None, [WON, WON], None, [FINE])
        assert (found.outcome, found.passed, found.champion) == ("promoted", True, NEW)
        assert found.reasons == ()

    @pytest.mark.parametrize(("baselines", "checks"), [([WON, LOST], [FINE]), ([WON, WON], [FAULTY])])
    def test_or_there_is_no_champion(self, baselines, checks):
        found = decide(NEW, None, baselines, None, checks)
        assert (found.outcome, found.passed, found.champion) == ("no champion", False, None)
        assert found.sentence.startswith("There is no champion")
        assert len(found.reasons) == 1

    def test_the_sentence_tells_why(self):
        assert "better than majority, but not by more than noise" in decide(NEW, None, [LOST], None, []).sentence
        worse = replace(LOST, improvement=-0.1)
        assert "not better than majority" in decide(NEW, None, [worse], None, []).sentence
        assert "surer than it should be" in decide(NEW, None, [WON], None, [FAULTY]).sentence


class TestChallenger:
    def test_beating_champion_and_baselines_wins(self):
        found = decide(NEW, OLD, [WON], CHAMPION, [FINE])
        assert (found.outcome, found.champion, found.champion_before) == ("promoted", NEW, OLD)
        assert "the champion ensemble old" in found.sentence

    @pytest.mark.parametrize(
        ("baselines", "rivalry", "checks"),
        [
            ([LOST], CHAMPION, [FINE]),
            ([WON], replace(LOST, role="champion"), [FINE]),
            ([WON], CHAMPION, [FAULTY]),
            ([LOST], STRANGER, [FINE]),
            ([WON], STRANGER, [FAULTY]),
        ],
    )
    def test_anything_less_keeps_the_champion(self, baselines, rivalry, checks):
        found = decide(NEW, OLD, baselines, rivalry, checks)
        assert (found.outcome, found.passed, found.champion) == ("kept", False, OLD)
        assert found.sentence.startswith("ensemble old stays the champion")

    def test_where_nothing_can_be_compared_somebody_has_to_decide(self):
        found = decide(NEW, OLD, [WON], STRANGER, [FINE])
        assert (found.outcome, found.passed, found.champion) == ("by hand", False, OLD)
        assert "algotrade models promote new" in found.sentence

    def test_the_champion_itself_is_nothing_to_decide_about(self):
        found = decide(NEW, replace(NEW, git_commit="older"), [LOST], LOST, [FAULTY])
        assert (found.outcome, found.passed) == ("kept", True)
        assert found.sentence.startswith("Nothing to decide")
        assert [comparison.role for comparison in found.comparisons] == ["baseline"]


def test_json_has_everything():
    told = decide(NEW, OLD, [WON], CHAMPION, [FINE]).to_json()
    assert told["champion"]["version"] == told["challenger"]["version"] == "new"
    assert told["champion_before"]["version"] == "old"
    assert [check["name"] for check in told["checks"]] == ["beats majority", "beats the champion", "calibrated"]
    assert told["comparisons"][1]["p_value"] == 0.001
    assert decide(NEW, None, [LOST], None, []).to_json()["champion"] is None


class TestRival:
    def test_it_is_asked_about_candles_after_all_that_it_knew(self):
        assert known_until(MANIFEST) == pd.Timestamp("2025-01-01T05:00", tz="UTC"), "horizon 4, filled at the next open"
        told = MANIFEST.model_copy(update={"labels_known_until": datetime(2025, 2, 1, tzinfo=UTC)})
        assert known_until(told) == pd.Timestamp("2025-02-01", tz="UTC")

    def test_what_it_said_out_of_fold_counts_before_what_its_bundle_says(self):
        frame = predictions("model", *truth(100, 0))
        later = frame.assign(probability=0.5)
        found = rival_forecasts(frame.iloc[:30], later)
        assert len(found) == len(frame)
        assert (found["probability"] == 0.5).sum() == len(frame) - 30

    def test_without_either_there_is_none(self):
        assert len(rival_forecasts(pd.DataFrame(), predictions("model", *truth(10, 0)).iloc[:0])) == 0


def test_a_bundle_of_other_features_is_found():
    spec = {"fingerprint": MANIFEST.feature_fingerprint, "names": list(MANIFEST.feature_names)}
    assert features_check(MANIFEST, spec).passed
    assert not features_check(MANIFEST, {**spec, "fingerprint": "other"}).passed
    assert not features_check(MANIFEST, {**spec, "names": spec["names"][::-1]}).passed
