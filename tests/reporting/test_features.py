"""The features section: its figures, tiles and tables say what the frames say."""

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import DataError
from algotrade.models import LabelledSamples, Preparation, PreparationSettings, Samples, Targets
from algotrade.reporting import ReportContext, feature_metrics, render_report
from algotrade.reporting.feature_tables import factors_table, feature_tiles, leading_features, unstable_features
from algotrade.reporting.figures import features as figures
from algotrade.validation.feature_stability import feature_stability, importance_agreement
from algotrade.validation.hygiene import feature_hygiene


@pytest.fixture(scope="module")
def planted() -> tuple[pd.DataFrame, Preparation]:
    """A feature frame with one flat, one absent and two equal features, and what a fit made of it."""
    random = np.random.default_rng(0)
    values = random.standard_normal((500, 7))
    values[:, 1], values[:, 2], values[:, 4] = 1.0, np.nan, values[:, 3]
    values[200, 5] = np.nan
    names = ("a", "flat", "absent", "told", "copy", "holes", "b")
    frame = pd.DataFrame(values, columns=list(names))
    frame.insert(0, "symbol", "BTC/USDT")
    frame.insert(1, "open_time", pd.date_range("2024-01-01", periods=500, freq="h", tz="UTC"))
    labelled = LabelledSamples(Samples(values, np.arange(500)), Targets.of_returns(values[:, 0]))
    settings = PreparationSettings(drop_constant=True, drop_duplicates=True, factors={"kind": "pca", "count": 2})
    return frame, Preparation.fit(labelled, names, settings)


@pytest.fixture(scope="module")
def summary(planted, report_frames) -> dict:
    frame, preparation = planted
    by_fold = report_frames.features
    return feature_metrics(
        feature_hygiene(frame, {}), feature_stability(by_fold, top=5), importance_agreement(by_fold, 5), preparation
    )


class TestMetrics:
    def test_they_count_what_was_planted(self, summary, planted):
        counted = ("count", "absent", "constant", "duplicates", "near_copies", "clusters", "scattered_rows", "kept")
        assert [summary[name] for name in counted] == [7, 1, 2, 1, 1, 1, 1, 4]
        assert summary["dropped"] == {"constant": 2, "duplicate": 1}
        assert summary["factors"] == {"kind": "pca", "count": 2, "explained": planted[1].extractor.explained}
        assert -1 <= summary["rank_correlation"] <= 1

    def test_without_factors_there_are_none(self, planted, report_frames):
        by_fold = report_frames.features
        plain = Preparation.nothing(planted[1].feature_names)
        found = feature_metrics(
            feature_hygiene(planted[0], {}), feature_stability(by_fold), importance_agreement(by_fold), plain
        )
        assert found["factors"] is None
        assert (found["kept"], found["dropped"]) == (7, {})


class TestTiles:
    def test_they_say_what_the_metrics_say(self, summary):
        tiles = {tile.label: tile for tile in feature_tiles({"features": summary})}
        assert (tiles["Features"].value, tiles["Features"].hint) == ("7", "4 in the final fit")
        assert (tiles["Dropped"].value, tiles["Dropped"].hint) == ("3", "2 constant, 1 duplicate")
        assert tiles["Constant or twice"].noted
        assert tiles["Rows lost to gaps"].value == "1"
        assert "unstable" in tiles["Agreement of folds"].hint

    def test_metrics_without_a_section_on_features_have_none(self):
        assert feature_tiles({}) == []

    def test_one_fold_agrees_with_nobody_and_says_nothing_of_it(self, summary):
        alone = {**summary, "rank_correlation": None, "kuncheva_index": None}
        assert "Agreement of folds" not in {tile.label for tile in feature_tiles({"features": alone})}


class TestTables:
    def test_the_most_important_come_first_and_unstable_ones_apart(self, report_frames):
        stability = feature_stability(report_frames.features, top=5)
        leading = leading_features(stability, shown=3)
        assert [row.label for row in leading.groups[0][1]] == stability["feature"].head(3).tolist()
        unstable = unstable_features(stability)
        assert {row.label for row in unstable.groups[0][1]} == set(stability.loc[stability["unstable"], "feature"])

    def test_where_all_are_stable_there_is_no_table(self, report_frames):
        stability = feature_stability(report_frames.features, top=5).assign(unstable=False)
        assert unstable_features(stability) is None
        assert leading_features(pd.DataFrame()) is None

    def test_a_factor_names_the_features_that_move_it(self, planted):
        rows = factors_table(planted[1]).groups[0][1]
        assert [row.label for row in rows] == ["pca_1", "pca_2"]
        loadings = planted[1].extractor.loadings()
        assert f"+ {planted[1].kept_names[int(np.abs(loadings[:, 0]).argmax())]}" in rows[0].cells[0]
        assert factors_table(None) is None
        assert factors_table(Preparation.nothing(("a",))) is None


class TestFigures:
    def test_bars_are_means_and_every_fold_has_its_mark(self, report_frames):
        by_fold = report_frames.features
        figure = figures.importance_by_fold(by_fold, top=5)
        best = by_fold.groupby("feature")["importance"].mean().nlargest(5)
        assert list(figure.layout.yaxis.categoryarray)[::-1] == best.index.tolist()
        bars = {y: x for trace in figure.data if trace.type == "bar" for y, x in zip(trace.y, trace.x, strict=True)}
        assert bars == pytest.approx(best.to_dict())
        (marks,) = (trace for trace in figure.data if trace.type == "scatter")
        assert len(marks.x) == 5 * by_fold["fold"].nunique()

    def test_a_coefficient_is_in_the_cell_of_its_feature_and_fold(self, report_frames):
        by_fold = report_frames.features
        heat = figures.information_by_fold(by_fold, top=4).data[0]
        for row, name in enumerate(heat.y):
            for column, fold in enumerate(heat.x):
                of = by_fold[(by_fold["feature"] == name) & (by_fold["fold"] == int(fold))]
                assert heat.z[row][column] == of["information_coefficient"].item()
        assert heat.zmax == -heat.zmin

    def test_a_feature_without_a_coefficient_is_an_empty_cell(self, report_frames):
        heat = figures.information_by_fold(report_frames.features.assign(information_coefficient=np.nan)).data[0]
        assert {text for row in heat.text for text in row} == {""}

    def test_a_frame_without_its_columns_is_refused_by_name(self, report_frames):
        with pytest.raises(DataError, match="features_by_fold frame lacks importance"):
            figures.importance_by_fold(report_frames.features.drop(columns="importance"))


def test_a_page_of_a_run_without_features_has_no_empty_tables():
    page = render_report({}, {}, ReportContext(run_id="r"))
    section = page[page.index('id="features"') : page.index('id="data"')]
    assert "<table" not in section
    assert '<ul class="tiles"' not in section
