"""What a report says, in which order, and for what it refuses."""

import json
import math

import pytest

from algotrade.audit import FINDING_COLUMNS, AuditReport, Finding, markdown, refusal, verdict

LEAK = Finding(
    *("feature", "smoothed", "look_ahead", ("truncation", "prices"), 1.5, 40, 0.03, 10),
    "uses up to 10 candles of the future",
)
FAULT = Finding("feature", "volume_sum", "memory", ("own lookback",), 2.0, 5, 0.5, detail="needs more")
SUSPECT = Finding("stored feature", "target", "label_in_inputs", ("correlation",), detail="has a rank correlation of 1")
NOTE = Finding("strategy", "idle", "silent", detail="never traded")
PROBED = {"features": 147, "strategies": 4, "labels": 1, "chain": 1, "moments": 6}
SPAN = {
    "symbols": ["BTC/USDT", "ETH/USDT"],
    "timeframe": "1h",
    "candles": 1440,
    "start": "2024-01-01 00:00",
    "end": "2024-03-01 00:00",
    "probes": ["truncation", "prices"],
}


def report(*findings: Finding) -> AuditReport:
    return AuditReport.of(findings, PROBED, SPAN)


def test_the_gravest_come_first_and_a_cause_before_what_follows():
    assert report(NOTE, SUSPECT, FAULT, LEAK).findings == (LEAK, FAULT, SUSPECT, NOTE)
    follows = Finding("chain", "features", "look_ahead", detail="uses the future")
    assert report(follows, LEAK).findings == (LEAK, follows)


@pytest.mark.parametrize(("finding", "refused"), [(LEAK, True), (FAULT, True), (SUSPECT, True), (NOTE, False)])
def test_only_notes_are_let_pass(finding, refused):
    assert bool(report(finding).refused) == refused
    assert report(finding).to_json()["passed"] == (not refused)


def test_the_verdict_of_a_clean_run_says_what_was_probed():
    assert verdict(report(NOTE)) == "147 features, 4 strategies, labels, chain: nothing sees the future"


def test_the_verdict_of_another_run_says_how_many():
    assert verdict(report(LEAK, FAULT)).endswith(": 1 sees the future, 1 breaks another law or is suspicious")


def test_a_refusal_names_what_by_which_probe_and_by_how_much():
    text = refusal(report(LEAK, NOTE), "audit.md")
    for part in (
        "feature smoothed",
        "up to 10 candles of the future",
        "truncation, prices",
        "40 values",
        "1.5 standard",
    ):
        assert part in text
    assert "idle" not in text
    assert "audit.md" in text


def test_a_refusal_stays_readable():
    many = [Finding("feature", f"leak_{number:02}", "look_ahead", detail="uses the future") for number in range(30)]
    text = refusal(report(*many), "audit.md")
    assert text.count("\n  - ") == 9
    assert "and 22 more" in text


def test_the_table_has_a_row_for_each_finding_and_the_same_columns_without_any():
    assert report().to_frame().columns.tolist() == list(FINDING_COLUMNS)
    table = report(LEAK, NOTE).to_frame()
    assert table["severity"].tolist() == ["leak", "note"]
    assert report().to_frame().dtypes.equals(table.dtypes)
    assert table["probes"].tolist() == ["truncation, prices", ""]


def test_json_survives_a_change_without_a_number():
    content = json.loads(json.dumps(report(SUSPECT).to_json(), allow_nan=False))
    assert content["findings"][0]["change"] is None
    assert math.isnan(report(SUSPECT).to_frame()["change"][0])


def test_the_page_has_a_section_for_each_severity_that_there_is():
    page = markdown(report(LEAK, NOTE))
    assert "## Sees the future" in page
    assert "| feature | `smoothed` |" in page
    assert "## Notes" in page
    assert "## Suspicious" not in page
