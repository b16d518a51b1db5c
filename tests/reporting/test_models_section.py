"""The models on the page: each score with its interval, each gap with its reason."""

import numpy as np
import pandas as pd
import pytest

from algotrade.reporting import formats, model_tables
from algotrade.reporting.figures import trust


def cells(table, label: str) -> dict[str, str]:
    row = next(row for _, rows in table.groups for row in rows if row.label == label)
    return dict(zip(table.columns, row.cells, strict=True))


@pytest.mark.parametrize(
    ("write", "value", "low", "high", "text"),
    [
        (formats.score_interval, 0.6271, 0.6114, 0.6433, "0.627 [0.611, 0.643]"),
        (formats.fine_interval, 0.69314, 0.69, 0.7, "0.6931 [0.6900, 0.7000]"),
        (formats.percent_interval, 0.561, 0.549, 0.573, "56.1 % [54.9, 57.3]"),
        (formats.score_interval, 0.6271, None, None, "0.627"),
        (formats.score_interval, 0.6271, float("nan"), 0.7, "0.627"),
        (formats.score_interval, None, None, None, "not defined"),
    ],
)
def test_a_value_reads_with_its_interval_and_without_one_alone(write, value, low, high, text):
    assert write(value, low, high) == text


def test_each_score_stands_with_its_interval_and_the_champion_is_marked(metrics):
    table = model_tables.models_table(metrics["models"], "ensemble")
    own = cells(table, "ensemble")
    assert own["AUC"] == "0.561 [0.545, 0.577]"
    assert own["Brier"] == "0.2481", "without an interval the value alone"
    assert own["t of IC"] == "2.44"
    assert [row.label for _, rows in table.groups for row in rows if row.marked] == ["ensemble"]


def test_metrics_from_before_intervals_still_read(metrics):
    plain = {name: {"auc": own["auc"], "log_loss": own["log_loss"]} for name, own in metrics["models"].items()}
    assert cells(model_tables.models_table(plain, None), "lstm")["AUC"] == "0.537"
    assert model_tables.trust_table(plain, None) is None
    assert model_tables.reasons_of(plain) == []
    assert model_tables.models_table({}, None) is None


def test_trust_is_told_in_slope_error_and_coverage(metrics):
    own = cells(model_tables.trust_table(metrics["models"], None), "lightgbm")
    assert own["Calibration slope"] == "0.91 [0.75, 1.07]"
    assert own["Calibration error"] == "1.2 % [0.0, 3.0]"
    assert own["by chance alone"] == "1.5 %"
    assert own["Inside the interval"] == "89.7 % [88.0, 91.4]"


def test_what_is_not_defined_is_explained(metrics):
    assert model_tables.reasons_of({"lstm": metrics["models"]["lstm"]}) == [
        "lstm: brier, because 7 blocks of time are too few for an interval; 8 are needed."
    ]


def test_hit_rates_of_the_best_candidate_stand_by_group(make_context):
    table = model_tables.hit_rate_table(make_context().hit_rates, "ensemble")
    assert [title for title, _ in table.groups] == ["How sure it was", "Symbol", "The market then"]
    assert [row.label for row in table.groups[2][1]] == ["calm", "medium", "wild"]
    assert "[" in table.groups[1][1][0].cells[0]
    assert model_tables.hit_rate_table(pd.DataFrame(), "ensemble") is None
    assert model_tables.hit_rate_table(make_context().hit_rates, "no such model") is None


def test_only_the_best_candidate_has_whiskers(report_frames):
    figure = trust.hit_rate_by_confidence(report_frames.hit_rates, "ensemble")
    whiskers = {trace.name: trace.error_y.array is not None for trace in figure.data if trace.name != "its word"}
    assert whiskers == {"baseline": False, "ensemble": True, "lightgbm": False, "lstm": False}


def test_a_hit_rate_is_coloured_only_where_its_interval_leaves_out_one_half(report_frames):
    rates = report_frames.hit_rates
    figure = trust.hit_rates_by_group(rates)
    shown = rates[rates["by"] != "confidence"]
    certain = ((shown["low"] > 0.5) | (shown["high"] < 0.5)).sum()
    assert np.count_nonzero(figure.data[0].z) == certain
    assert 0 < certain < len(shown)
    assert figure.data[0].z.shape == (8, 4)


def test_the_explanation_is_that_of_the_best_candidate_with_whiskers(report_frames):
    figure = trust.explanation(report_frames.explanation, top=10)
    assert sum(len(trace.y) for trace in figure.data) == 10
    assert "ensemble" in figure.layout.xaxis.title.text
    assert "log loss" in figure.layout.xaxis.title.text
    best = report_frames.explanation.iloc[0]
    bar = next(trace for trace in figure.data if best["feature"] in trace.y)
    place = list(bar.y).index(best["feature"])
    assert bar.x[place] + bar.error_x.array[place] == pytest.approx(best["high"])


def test_the_page_shows_all_of_it(metrics, make_context, report_frames):
    from algotrade.reporting import render_report, report_figures

    html = render_report(metrics, report_figures(metrics, report_frames), make_context())
    for text in (
        '0.561</span> <span class="interval">[0.545, 0.577]',
        "Whether they mean what they say",
        "How often the best candidate was right",
    ):
        assert text in html
    assert "Not defined for lstm: brier, because 7 blocks" in html
    assert 'data-figure="explanation"' in html
