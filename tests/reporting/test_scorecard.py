"""The targets, their judgement and the verdict in words."""

import json
import math

import pytest

from algotrade.reporting import TARGETS, judge, scorecard_markdown, verdict
from algotrade.reporting.judgement import NOT_DISTINGUISHABLE, STANDS_OUT, evidence
from algotrade.reporting.scorecard import TARGET_BY_NAME
from algotrade.reporting.scorecard_text import SIMULATED_LINE, aligned_table

GOOD = {"sharpe": 1.8, "max_drawdown": 0.1, "win_rate": 0.58, "annual_return": 0.3, "deflated_sharpe": 0.97}


def by_name(judged):
    return {target["name"]: target for target in judged}


def test_a_run_that_reaches_everything_meets_all_six():
    judged = judge(GOOD, {"accuracy": 0.61})
    assert [target["name"] for target in judged] == [target.name for target in TARGETS]
    assert len(judged) == 6
    assert all(target["met"] for target in judged)
    assert set(judged[0]) == {"name", "goal", "value", "met"}
    assert by_name(judged)["max_drawdown"] == {"name": "max_drawdown", "goal": "< 0.15", "value": 0.1, "met": True}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_bound_itself_misses_and_only_the_right_side_meets(target):
    better = 1e-6 if target.direction == ">" else -1e-6
    for value, met in ((target.bound, False), (target.bound + better, True), (target.bound - better, False)):
        judged = by_name(judge({**GOOD, target.name: value}, {"accuracy": value}))
        assert judged[target.name]["met"] is met


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf])
def test_a_missing_value_is_none_and_never_met(missing):
    judged = judge(dict.fromkeys(GOOD, missing), {"accuracy": missing})
    assert [target["value"] for target in judged] == [None] * 6
    assert not any(target["met"] for target in judged)
    json.dumps(judged, allow_nan=False)


def test_a_drawdown_given_as_a_negative_return_counts_by_its_size():
    deep = by_name(judge({"max_drawdown": -0.4}, {}))["max_drawdown"]
    assert deep["value"] == 0.4
    assert deep["met"] is False
    assert by_name(judge({"max_drawdown": -0.1}, {}))["max_drawdown"]["met"] is True


def test_accuracy_is_the_models_and_not_the_strategys():
    assert by_name(judge({"accuracy": 0.9}, {"accuracy": 0.52}))["accuracy"]["value"] == 0.52


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("deflated_sharpe", 0.94996, "0.94996"),
        ("deflated_sharpe", 0.41, "0.41"),
        ("win_rate", 0.5499, "54.99 %"),
        ("win_rate", 0.55, "55.0 %"),
        ("max_drawdown", 0.1234, "12.3 %"),
        ("sharpe", None, "not defined"),
    ],
)
def test_a_written_value_never_looks_like_a_bound_that_it_is_not(name, value, written):
    assert TARGET_BY_NAME[name].written(value) == written


def test_the_verdict_follows_the_deflated_sharpe(metrics):
    assert verdict(metrics) == f"ml_signal {NOT_DISTINGUISHABLE}: deflated Sharpe 0.41 after 216 trials."
    metrics["strategies"]["ml_signal"]["deflated_sharpe"] = 0.973
    metrics["overfitting"]["trials"] = 1
    assert verdict(metrics) == f"ml_signal {STANDS_OUT}: deflated Sharpe 0.97 after 1 trial."


def test_the_verdict_is_honest_where_nothing_can_be_said(metrics):
    metrics["strategies"]["ml_signal"]["deflated_sharpe"] = None
    assert "cannot be told from luck" in verdict(metrics)
    assert "not defined" in verdict(metrics)
    del metrics["strategies"]["ml_signal"]
    assert verdict(metrics).startswith("No verdict")
    assert evidence(metrics) == []
    assert verdict({}).startswith("No verdict")


def test_the_evidence_names_the_market_and_warns_of_overfitting(metrics):
    assert "It meets 1 of 6 targets." in evidence(metrics)
    assert any("buying and holding returned 42.0 %" in sentence for sentence in evidence(metrics))
    assert not any("overfitting" in sentence for sentence in evidence(metrics))
    metrics["overfitting"]["probability_of_backtest_overfitting"] = 0.62
    assert any("overfitting is 62.0 %" in sentence for sentence in evidence(metrics))


def test_the_scorecard_is_an_aligned_table_under_the_verdict(metrics):
    text = scorecard_markdown(metrics)
    assert text.startswith(SIMULATED_LINE)
    assert verdict(metrics) in text
    table = text.split("\n\n")[3].splitlines()
    assert len(table) == 2 + 6
    assert len({len(line) for line in table}) == 1
    assert "| Maximum drawdown            | < 15 % | 17.5 % |  no |" in table


def test_the_scorecard_of_real_prices_does_not_speak_of_simulation(make_metrics):
    assert "imulated" not in scorecard_markdown(make_metrics("files"))


def test_the_scorecard_judges_when_no_targets_were_recorded(metrics):
    recorded = scorecard_markdown(metrics)
    del metrics["targets"]
    assert scorecard_markdown(metrics) == recorded


def test_the_scorecard_of_nothing_says_so():
    text = scorecard_markdown({})
    assert text.count("not defined") == 6
    assert "No verdict" in text


def test_a_bar_in_a_name_does_not_add_a_column():
    table = aligned_table(["name", "value"], [["a|b", "1"]])
    assert "a\\|b" in table
