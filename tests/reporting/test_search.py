"""The search is told as it was: how far it got, what it found, and how little that may be."""

import pandas as pd
import pytest

from algotrade.reporting.figures.search import search_history, search_importance
from algotrade.reporting.search_tables import search_metrics, search_sentences, settings_table

TRIALS = pd.DataFrame(
    {
        "family": "lightgbm",
        "number": [0, 1, 2, 3],
        "state": ["complete", "pruned", "complete", "complete"],
        "value": [0.690, 0.790, 0.686, 0.688],
    }
)
SEARCH = {
    "study": "lightgbm-5ad",
    "trials": 4,
    "pruned": 1,
    "best_trial": 2,
    "best_value": 0.686,
    "configured_value": 0.690,
    "best": {"num_leaves": 9, "lambda_l2": 0.25},
    "configured": {"num_leaves": 15, "lambda_l2": 10.0},
    "importance": {"lambda_l2": 0.8, "num_leaves": 0.2},
    "space": {},
}
NOISE = {"value": 0.0002, "low": -0.0011, "high": 0.0015, "p_value": 0.7, "blocks": 40, "reason": ""}


def metrics(effect=None, **changes):
    return {"search": search_metrics({"lightgbm": {**SEARCH, **changes}}, {"lightgbm": effect} if effect else {})}


def test_the_best_line_falls_only_and_pruned_trials_are_no_part_of_it():
    best, complete, pruned = search_history(TRIALS).data
    assert list(best.x) == list(complete.x) == [0, 2, 3]
    assert list(best.y) == [0.690, 0.686, 0.686]
    assert pruned.name == "lightgbm: pruned"
    assert pruned.customdata[0] == 0.790
    assert max(complete.y) < pruned.y[0] < search_history(TRIALS).layout.yaxis.range[1]


def test_the_configured_settings_are_a_line():
    (line,) = search_history(TRIALS).layout.shapes
    assert line.y0 == line.y1 == 0.690
    assert not search_history(TRIALS[TRIALS["number"] > 0]).layout.shapes


def test_every_family_has_its_own_history_and_bars():
    both = pd.concat([TRIALS, TRIALS.assign(family="ridge")])
    assert {trace.legendgroup for trace in search_history(both).data} == {"lightgbm", "ridge"}
    bars = search_importance({"lightgbm": SEARCH, "ridge": {"importance": {"penalty": 1.0}}}).data
    assert [list(bar.y) for bar in bars] == [["lambda_l2 (lightgbm)", "num_leaves (lightgbm)"], ["penalty (ridge)"]]


@pytest.mark.parametrize("trials", [TRIALS.iloc[:0], TRIALS.iloc[1:2]])
def test_without_a_complete_trial_the_figure_says_so(trials):
    assert "No trials to draw" in search_history(trials).layout.annotations[0].text
    assert "too few trials" in search_importance({"lightgbm": {**SEARCH, "importance": {}}}).layout.annotations[0].text


def test_what_the_search_brought_is_told_with_its_doubt():
    (unknown,) = search_sentences(metrics())
    assert "0.68600, 0.00400 less than the configured settings; the best of many tries looks better" in unknown
    assert "out of fold was not measured" in unknown
    (noise,) = search_sentences(metrics(NOISE))
    assert "it saves 0.00020 of log loss (saving -0.00110 to +0.00150): no more than noise brings" in noise
    assert "it costs 0.00020 of log loss (" in search_sentences(metrics({**NOISE, "value": -0.0002}))[0]
    (true,) = search_sentences(metrics({**NOISE, "low": 0.0001}))
    assert true.endswith(": more than noise brings.")
    (short,) = search_sentences(metrics({**NOISE, "low": None, "reason": "7 blocks are too few"}))
    assert "nothing can be told: 7 blocks are too few" in short


def test_a_search_that_found_nothing_says_so():
    assert "None was better" in search_sentences(metrics(best_trial=0, best_value=0.690))[0]
    assert "Too few are complete" in search_sentences(metrics(best_trial=None, best_value=None))[0]
    assert search_sentences({}) == []
    assert settings_table({}) is None


def test_best_settings_stand_beside_the_configured_ones():
    table = settings_table(metrics())
    ((family, rows),) = table.groups
    assert family == "lightgbm"
    assert [(row.label, row.cells) for row in rows] == [
        ("num_leaves", ("15", "9", "20.0 %")),
        ("lambda_l2", ("10.0", "0.250", "80.0 %")),
    ]


def test_metrics_carry_the_search_without_its_space():
    found = metrics(NOISE)["search"]["lightgbm"]
    assert found.keys() == SEARCH.keys() - {"space"} | {"out_of_fold"}
    assert found["out_of_fold"] == NOISE
