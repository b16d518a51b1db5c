"""Report and scorecard say who reigns, what the gate asked and what it found."""

import pytest

from algotrade.reporting import gate_metrics, judge, render_report, scorecard_markdown
from algotrade.reporting.gate_tables import checks_table, rivals_table
from algotrade.reporting.model_tables import models_table
from algotrade.reporting.scorecard import candidate_of, crowned_of, model_of

COMPARISON = {
    "rival": "majority", "role": "baseline", "rows": 34_112, "blocks": 48, "challenger_loss": 0.6664,
    "rival_loss": 0.6932, "improvement": 0.0268, "low": 0.0164, "high": 0.0372, "p_value": 0.0001, "level": 0.01,
    "reason": "", "beaten": True,
}  # fmt: skip
NOTHING = {
    **COMPARISON, "rival": "ridge", "role": "champion", "rows": 0, "blocks": 0, "beaten": False,
    "reason": "there is no candle that both forecast", "p_value": None, "low": None, "high": None,
    "improvement": None, "rival_loss": None,
}  # fmt: skip
CHECKS = [
    {"name": "beats majority", "passed": True, "found": "+0.0268", "required": "p ≤ 0.01", "reason": "better"},
    {"name": "beats the champion", "passed": False, "found": "0 candles", "required": "p ≤ 0.01", "reason": "none"},
    {"name": "calibrated", "passed": False, "found": "slope 0.2", "required": "0.5 to 2", "reason": "it is surer <b>"},
]


def decision(outcome: str, champion: str | None) -> dict:
    """A decision about the ensemble, version 7."""
    who = {"name": "ensemble", "version": "7", "feature_fingerprint": "f00d"}
    return {
        "outcome": outcome, "passed": outcome == "promoted", "reasons": [], "comparisons": [COMPARISON, NOTHING],
        "sentence": f"It was {outcome}.", "checks": CHECKS, "challenger": who,
        "champion": None if champion is None else {**who, "version": champion},
    }  # fmt: skip


@pytest.fixture
def metrics(make_metrics) -> dict:
    without = make_metrics()
    del without["champion"]
    return without


def test_metrics_name_candidate_champion_and_gate():
    found = gate_metrics(decision("kept", "5"))
    assert found["candidate"] == {"name": "ensemble", "version": "7"}
    assert found["champion"] == {"name": "ensemble", "version": "5", "fingerprint": "f00d"}
    assert found["gate"]["outcome"] == "kept"
    assert gate_metrics(decision("no champion", None))["champion"] is None


@pytest.mark.parametrize(
    ("outcome", "champion", "crowned"),
    [("promoted", "7", "ensemble"), ("kept", "5", None), ("no champion", None, None)],
)
def test_a_model_of_the_run_is_called_champion_only_if_it_is(metrics, outcome, champion, crowned):
    metrics |= gate_metrics(decision(outcome, champion))
    assert crowned_of(metrics) == crowned
    assert candidate_of(metrics) == "ensemble"
    assert model_of(metrics) == metrics["models"]["ensemble"], "strategies trade on the best candidate all the same"
    rows = models_table(metrics["models"], crowned_of(metrics)).groups[0][1]
    assert [row.label for row in rows if row.marked] == ([crowned] if crowned else [])


def test_page_and_scorecard_say_that_there_is_no_champion(metrics, make_context, report_frames):
    metrics |= gate_metrics(decision("no champion", None))
    metrics["targets"] = judge(metrics["strategies"]["ml_signal"], model_of(metrics))
    text, page = scorecard_markdown(metrics), render_report(metrics, {}, make_context())
    assert "Gate: It was no champion." in text
    assert "It was no champion." in page
    assert '<h2 id="gate">Gate</h2>' in page
    assert "it is surer &lt;b&gt;" in page
    assert "<dd>none</dd>" in page


def test_each_rival_has_a_line_with_numbers_or_a_reason(metrics):
    metrics |= gate_metrics(decision("kept", "5"))
    first, second = rivals_table(metrics).groups[0][1]
    assert (first.label, first.cells[0], first.cells[2], first.cells[6]) == ("majority", "✓ yes", "+0.02680", "34,112")
    assert (second.cells[0], second.cells[2], second.hint) == ("✗ no", "not defined", NOTHING["reason"])


def test_checks_do_not_repeat_the_rivals(metrics):
    metrics |= gate_metrics(decision("kept", "5"))
    (only,) = checks_table(metrics).groups[0][1]
    assert (only.label, only.cells) == ("calibrated", ("✗ no", "slope 0.2", "0.5 to 2"))


def test_without_a_gate_there_is_no_section(metrics, make_context):
    assert rivals_table(metrics) is None
    assert checks_table(metrics) is None
    assert 'id="gate"' not in render_report(metrics, {}, make_context())
