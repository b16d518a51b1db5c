"""The drift report is one file that loads nothing, says the verdict first and shows every figure."""

import json
from datetime import UTC, datetime

import pandas as pd
import pytest
from tests.monitoring.drift.conftest import HISTORY, WINDOW, draw_panel, observe, origin_of
from tests.reporting.test_page import Page

from algotrade.monitoring.drift import ALL_FEATURES, DriftSettings, compare, learn_reference, verdict
from algotrade.reporting.drift import DRIFT_FIGURES, drift_figures, family_table, feature_table, render_drift_page

FEATURES = 30


@pytest.fixture(scope="module")
def comparison():
    panel = draw_panel(3, features=FEATURES)
    panel[-WINDOW:, :, 7] += 3
    panel[-WINDOW:, :, 8] = float("nan")
    rows = observe(panel)
    settings = DriftSettings(current_candles=WINDOW, embargo=65, draws=100)
    return compare(learn_reference(rows.between(0, HISTORY - 1), origin_of(FEATURES), settings), rows)


@pytest.fixture(scope="module")
def quiet(comparison):
    return compare(comparison.reference, observe(draw_panel(3, features=FEATURES)))


def rendered(comparison) -> str:
    found = verdict(comparison, datetime(2026, 5, 4, 3, 2, tzinfo=UTC))
    return render_drift_page(found, feature_table(comparison), family_table(comparison), drift_figures(comparison))


def test_the_page_loads_nothing_and_says_the_verdict_first(comparison):
    html = rendered(comparison)
    page = Page(html)
    assert not {"link", "img", "iframe", "object", "embed", "base"} & set(page.tags)
    assert [entry for entry in page.attributes if entry[1] in {"src", "href", "srcset", "action", "data"}] == []
    assert "default-src 'none'" in html
    assert len(html.encode()) < 5_000_000
    order = ("Simulated market", "Features have drifted", "Drift: 2 of 30 features", "At a glance",
             "How features go together", "What was compared", "How to read this")  # fmt: skip
    places = [page.text.index(words) for words in order]
    assert places == sorted(places)
    assert 'class="verdict doubt"' in html


def test_every_figure_has_a_place_and_its_data(comparison):
    page = Page(rendered(comparison))
    assert [value for _, name, value in page.attributes if name == "data-figure"] == [
        "drift_heat", "drift_timeline", "drift_distributions",
    ]  # fmt: skip
    assert set(json.loads(page.scripts["figures"])) == set(DRIFT_FIGURES)


def test_a_quiet_window_is_told_as_such(quiet):
    html = rendered(quiet)
    assert "Features look as they did in training" in html
    assert 'class="verdict good"' in html
    assert 'class="beyond"' not in html


def test_what_drifted_is_listed_first_and_the_rest_is_counted(comparison):
    page = Page(rendered(comparison))
    assert min(page.text.index("x7 family"), page.text.index("x8 family")) < page.text.index("x1")
    assert "5 more features, none of them drifted" in page.text


def test_the_feature_table_has_every_statistic_beside_its_threshold(comparison):
    table = feature_table(comparison)
    assert len(table) == FEATURES
    assert table["drifted"].tolist() == [True, True] + [False] * (FEATURES - 2)
    assert set(table["feature"].head(2)) == {"x7", "x8"}
    beyond = pd.concat(
        [table[name] > table[f"{name}_threshold"] for name in ("psi", "ks", "wasserstein", "missing")], axis=1
    )
    assert (beyond.any(axis=1) == table["drifted"]).all()
    assert ((table["p_value"] <= 0.05) == table["drifted"]).all()
    lost = table.set_index("feature").loc["x8"]
    assert (lost["missing_reference"], lost["missing_current"], lost["measure"]) == (0.0, 1.0, "missing")


def test_the_family_table_counts_its_features(comparison):
    table = family_table(comparison).set_index("family")
    assert table["features"].to_dict() == {"family0": 10, "family1": 10, "family2": 10, ALL_FEATURES: FEATURES}
    assert table["drifted_features"].to_dict() == {"family0": 2, "family1": 0, "family2": 0, ALL_FEATURES: 2}
    assert ((table["statistic"] > table["threshold"]) == table["drifted"]).all()


def test_the_heat_has_a_cell_for_each_feature(comparison):
    heat = drift_figures(comparison)["drift_heat"].data[0]
    told = [text for row in heat.text for text in row if text]
    assert len(told) == FEATURES
    assert "<b>x8</b>" in told[0] or "<b>x7</b>" in told[0]
    assert heat.z[0][0] >= 3


def test_the_timeline_marks_the_newest_window_over_the_threshold(comparison, quiet):
    for each in (comparison, quiet):
        known, newest = drift_figures(each)["drift_timeline"].data
        assert len(known.y) == len(each.reference.calibration.starts)
        assert (newest.y[0] > 1) == each.detected
    assert (known.y > 1).mean() < 0.05


def test_distributions_of_a_lost_feature_show_what_is_left(comparison):
    figure = drift_figures(comparison)["drift_distributions"]
    titles = [annotation.text for annotation in figure.layout.annotations]
    assert {"x7", "x8"} <= set(titles)
    now = figure.data[2 * titles.index("x8") + 1]
    assert not any(now.y)
    assert sum(figure.data[0].y) == pytest.approx(100, abs=0.1)
