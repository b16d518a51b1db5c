"""The verdict in JSON, in words and in Prometheus' format says the same."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.monitoring.drift.conftest import HISTORY, WINDOW, draw_panel, observe, origin_of

from algotrade.monitoring.drift import compare, in_words, learn_reference, verdict
from algotrade.monitoring.drift.metrics import DriftMetrics

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module", params=[False, True], ids=["quiet", "drifted"])
def comparison(request, settings):
    panel = draw_panel(1, features=6)
    if request.param:
        panel[-WINDOW:, :, 3] = np.nan
    rows = observe(panel)
    return compare(learn_reference(rows.between(0, HISTORY - 1), origin_of(6), settings), rows)


def test_the_verdict_is_json_and_adds_up(comparison):
    found = json.loads(json.dumps(verdict(comparison, NOW), allow_nan=False))
    assert found["detected"] == comparison.detected == (found["p_value"] <= found["level"])
    assert found["detected"] == (found["extreme"] > found["bound"])
    assert found["features"] == {"watched": 6, "drifted": int(comparison.detected)}
    assert found["families"]["watched"] == 3
    assert found["current"]["candles"] == WINDOW
    assert found["reference"]["candles"] == HISTORY
    assert found["reference"]["start"] == "1970-01-01T00:00:00+00:00"
    assert found["checked_time"] == "2026-05-04T03:02:00+00:00"
    for worst in found["worst"]:
        assert worst["drifted"] == (worst["value"] > worst["threshold"]) == (worst["p_value"] <= found["level"])


def test_a_comparison_without_change_is_quiet_and_one_with_a_lost_feature_names_it(comparison):
    found = verdict(comparison, NOW)
    lines = in_words(found)
    if comparison.detected:
        assert lines[0].startswith("Drift: 1 of 6 features")
        assert found["worst"][0]["name"] == "x3"
        assert found["worst"][0]["measure"] == "missing"
        assert "x3 (missing share 1, threshold" in lines[2]
    else:
        assert lines[0].startswith("No drift: all 6 features")


def test_a_window_from_the_training_says_so(settings):
    rows = observe(draw_panel(1, features=6))
    known = compare(learn_reference(rows, origin_of(6), settings), rows)
    assert f"{WINDOW} of these candles were part of the training" in in_words(verdict(known, NOW))[-1]


def test_metrics_are_those_of_the_comparison_and_documented(comparison):
    text = DriftMetrics.of(comparison, NOW.timestamp()).render()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    described = DriftMetrics.__doc__ or ""
    for name, family in families.items():
        assert name.startswith("algotrade_drift_")
        assert family.documentation
        assert name in described or name.removeprefix("algotrade_drift_") in described
    assert families["algotrade_drift_detected"].samples[0].value == comparison.detected
    assert families["algotrade_drift_last_check_timestamp_seconds"].samples[0].value == NOW.timestamp()
    assert families["algotrade_drift_window_end_timestamp_seconds"].samples[0].value == (HISTORY + WINDOW) * 3600
    ks = {sample.labels["feature"]: sample.value for sample in families["algotrade_drift_ks"].samples}
    assert ks == dict(
        zip(comparison.reference.origin.names, comparison.by_feature(comparison.statistics)[1], strict=True)
    )
    together = {sample.labels["family"] for sample in families["algotrade_drift_family"].samples}
    assert together == {"family0", "family1", "family2", "all features"}
    excess = [sample.value for sample in families["algotrade_drift_excess"].samples]
    assert (max(excess) > 1) == comparison.detected
