"""What the figures draw, and that they say so in words where there is nothing to draw."""

import json

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import DataError
from algotrade.reporting import QualityFrames, ReportFrames, figures, report_figures
from algotrade.reporting.captions import CAPTIONS
from algotrade.reporting.figures.canvas import HIGHLIGHT, MUTED
from algotrade.reporting.figures.monthly import monthly_table
from algotrade.reporting.figures.sampling import MOST_POINTS, extreme_positions

LEARNING_FRAMES = ("fold_scores", "importance", "calibration", "folds", "features", "paths", "hit_rates", "explanation")
FRAMES = ("equity", *LEARNING_FRAMES)
QUALITY_FRAMES = ("coverage", "quarantined", "anomalies", "timeline")


def growth(values, start="2024-01-01", freq="D"):
    times = pd.date_range(start, periods=len(values), freq=freq, tz="UTC").as_unit("ms")
    return pd.DataFrame({"strategy": "ml_signal", "time": times, "equity": np.asarray(values, dtype=float)})


def words(figure):
    return " ".join(annotation.text for annotation in figure.layout.annotations)


def test_every_figure_has_a_caption_and_every_caption_a_figure(metrics, report_frames):
    assert set(report_figures(metrics, report_frames)) == set(CAPTIONS)


def test_no_series_has_more_points_than_a_screen_has_columns(metrics, report_frames):
    for name, figure in report_figures(metrics, report_frames).items():
        for trace in figure.data:
            assert trace.x is None or len(trace.x) <= MOST_POINTS, name


@pytest.mark.parametrize("n", [1, 2, 5, 1500, 1501, 40_001])
def test_thinning_keeps_both_ends_and_the_extremes(n):
    values = np.random.default_rng(n).normal(size=n).cumsum()
    kept = extreme_positions(values)
    assert len(kept) <= MOST_POINTS
    assert kept[0] == 0
    assert kept[-1] == n - 1
    assert (np.diff(kept) > 0).all()
    assert values[kept].min() == values.min()
    assert values[kept].max() == values.max()


def test_the_drawn_drawdown_is_as_deep_as_the_true_one(report_frames):
    figure = figures.drawdowns(report_frames.equity)
    for trace in figure.data:
        equity = report_frames.equity.query("strategy == @trace.name").sort_values("time")["equity"]
        assert trace.y.min() == pytest.approx((equity / equity.cummax() - 1).min())


def test_the_judged_strategy_is_on_top_and_the_market_is_grey(report_frames):
    figure = figures.equity_curves(report_frames.equity)
    assert figure.data[0].name == "buy_and_hold"
    assert figure.data[0].line.color == MUTED
    assert figure.data[-1].name == "ml_signal"
    assert figure.data[-1].line.color == HIGHLIGHT
    assert all(trace.y[0] == 1.0 for trace in figure.data)


def test_the_axis_is_logarithmic_only_where_the_span_asks_for_it():
    assert figures.equity_curves(growth([100, 110, 120])).layout.yaxis.type == "linear"
    assert figures.equity_curves(growth([100, 300, 900])).layout.yaxis.type == "log"


def test_bankruptcy_is_drawn_on_a_linear_axis_without_a_toggle():
    figure = figures.equity_curves(growth([100, 500, 0]))
    assert figure.layout.yaxis.type == "linear"
    assert len(figure.layout.updatemenus) == 0


def test_monthly_returns_compound_to_the_year():
    daily = growth([100.0] * 31 + [110.0] * 29 + [99.0] * 31)
    table = monthly_table(daily.set_index("time")["equity"] / 100.0)
    assert table.loc[2024, "Jan"] == pytest.approx(0.0)
    assert table.loc[2024, "Feb"] == pytest.approx(0.10)
    assert table.loc[2024, "Mar"] == pytest.approx(-0.10)
    assert np.isnan(table.loc[2024, "Apr"])
    assert table.loc[2024, "Year"] == pytest.approx(-0.01)


def test_a_month_counts_from_the_close_before_it_across_years():
    table = monthly_table(growth([100.0] * 31 + [120.0], start="2023-12-01").set_index("time")["equity"] / 100.0)
    assert table.loc[2023, "Year"] == pytest.approx(0.0)
    assert table.loc[2024, "Jan"] == pytest.approx(0.2)


def test_rolling_sharpe_matches_its_definition():
    steps = np.random.default_rng(3).normal(0.001, 0.02, 200)
    figure = figures.rolling_sharpe(growth(100 * np.cumprod(1 + np.r_[0.0, steps])), window=90)
    expected = steps[-90:].mean() / steps[-90:].std(ddof=1) * np.sqrt(365.25)
    assert figure.data[0].y[-1] == pytest.approx(expected)


def test_flat_equity_has_no_sharpe_rather_than_an_infinite_one():
    assert "Rolling Sharpe needs" in words(figures.rolling_sharpe(growth([100.0] * 200)))


def test_costs_are_what_the_metrics_say(metrics):
    figure = figures.costs_by_strategy(metrics["strategies"], "USDT")
    paid = {trace.name: dict(zip(trace.y, trace.x, strict=True)) for trace in figure.data}
    assert paid["fees"]["momentum"] == metrics["strategies"]["momentum"]["fees_paid"]
    assert paid["slippage"]["ml_signal"] == metrics["strategies"]["ml_signal"]["slippage_paid"]
    assert "USDT" in figure.layout.xaxis.title.text


def test_importance_shows_the_largest_first_and_no_more_than_asked(report_frames):
    figure = figures.feature_importance(report_frames.importance, top=5)
    best = report_frames.importance.nlargest(5, "importance")["feature"].tolist()
    assert list(figure.layout.yaxis.categoryarray)[::-1] == best
    assert sum(len(trace.y) for trace in figure.data) == 5


def test_calibration_leaves_empty_bins_out(report_frames):
    bins = report_frames.calibration.copy()
    bins.loc[bins["bin"] == 0, "count"] = 0
    figure = figures.calibration(bins)
    assert {len(trace.x) for trace in figure.data if trace.name != "perfect"} == {9}


def test_folds_keep_train_and_test_apart(report_frames):
    drawn = {trace.name: trace for trace in figures.fold_spans(report_frames.folds).data if trace.name}
    assert list(drawn) == ["training", "early stopping", "purged", "embargo", "test"]
    starts, ends = ({part: trace.x[edge::3] for part, trace in drawn.items()} for edge in (0, 1))
    assert len(starts["test"]) == report_frames.folds["fold"].nunique()
    for fold in range(8):
        assert ends["training"][fold] < ends["early stopping"][fold] <= ends["embargo"][fold] <= starts["test"][fold]
    # Twice a fold: before early stopping and before the test.
    assert len(starts["purged"]) == 16
    assert all(trace.mode == "lines+markers" for part, trace in drawn.items() if part in ("purged", "embargo"))


def test_a_symbol_that_is_listed_late_has_a_lane_of_its_own(report_frames):
    layout = report_frames.folds
    figure = figures.fold_spans(layout)
    assert list(figure.layout.yaxis.ticktext)[8:] == ["LATE/USDT"]
    lane = figure.layout.yaxis.tickvals[8]
    life, tested = [trace for trace in figure.data if trace.y[0] == lane]
    assert life.x[0] == "2024-02-05 00:00"
    assert "tested from fold 5 on" in life.hovertemplate
    assert tested.x[0] == str(layout.loc[(layout["fold"] == 5) & (layout["part"] == "test"), "start"].min())[:16]
    whole = figures.fold_spans(layout[layout["symbol"] != "LATE/USDT"])
    assert len(whole.layout.yaxis.ticktext) == 8


def test_each_path_is_a_dot_and_the_best_model_comes_last(report_frames):
    paths = report_frames.paths
    figure = figures.path_scores(paths)
    assert list(figure.layout.yaxis.categoryarray)[-1] == "trees of 4 leaves"
    dots = {(trace.xaxis, trace.y[0]): list(trace.x) for trace in figure.data if len(trace.x) == 5}
    for name, own in paths.groupby("model"):
        assert dots["x", name] == own["auc"].tolist()
        assert dots["x2", name] == own["gain"].tolist()


def test_nothing_to_draw_is_said_in_words():
    for name, figure in report_figures({}, ReportFrames()).items():
        assert words(figure), name
        assert len(figure.data) == 0, name


def test_one_row_of_everything_can_be_drawn(metrics, report_frames):
    quality = {name: getattr(report_frames.quality, name).head(1) for name in QUALITY_FRAMES}
    single = ReportFrames(
        **{name: getattr(report_frames, name).head(1) for name in FRAMES}, quality=QualityFrames(**quality)
    )
    for figure in report_figures(metrics, single).values():
        json.loads(figure.to_json())


def test_a_frame_without_its_columns_is_refused_by_name(report_frames):
    with pytest.raises(DataError, match=r"equity frame lacks equity"):
        figures.equity_curves(report_frames.equity.drop(columns="equity"))


def test_missing_equity_is_left_out_rather_than_drawn_as_zero():
    figure = figures.equity_curves(growth([100, np.nan, 120]))
    assert list(figure.data[0].y) == [1.0, 1.2]


def test_names_are_drawn_literally(report_frames):
    equity = report_frames.equity.assign(strategy="<b>x</b>")
    assert figures.equity_curves(equity).data[0].name == "&lt;b&gt;x&lt;/b&gt;"


def test_figures_are_transparent_and_carry_no_title(metrics, report_frames):
    for figure in report_figures(metrics, report_frames).values():
        assert figure.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
        assert figure.layout.title.text is None
