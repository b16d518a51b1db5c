"""The data section: its figures, its tables, and the numbers behind it."""

import numpy as np
import pandas as pd
import pytest

from algotrade.errors import DataError
from algotrade.reporting import ReportContext, data_metrics, quality_figures, render_report
from algotrade.reporting.data_tables import divergence_table, gaps_table, quality_table, quality_tiles
from algotrade.reporting.figures import quality as figures
from algotrade.reporting.formats import age, fine_percent

UNIVERSE = {
    "source": "files",
    "exchange": "binance",
    "exchanges": ["binance"],
    "symbols": ["BTC/USDT"],
    "timeframe": "1h",
    "data_digest": "d" * 64,
}
TIME = pd.Timestamp("2024-01-01", tz="UTC")


def series(exchange: str = "binance", symbol: str = "BTC/USDT", **figures: object) -> dict[str, object]:
    counts = dict.fromkeys(
        (
            "duplicates", "gaps", "missing_candles", "known_missing_candles", "longest_gap_candles", "quarantined",
            "zero_volume", "return_anomalies", "volume_anomalies", "stale_candles", "divergent_candles",
        ),
        0,
    )  # fmt: skip
    keys = {"exchange": exchange, "symbol": symbol, "timeframe": "1h", "start": TIME, "end": TIME, "rows": 100}
    return {**keys, **counts, "last_candle_age_seconds": np.nan, **figures}


class TestCoverage:
    def test_a_cell_tells_how_much_is_missing(self):
        shares = [100, 99, 91, 90, 50, 0]
        times = pd.date_range(TIME, periods=6, freq="D").as_unit("ms")
        cover = pd.DataFrame(
            {"exchange": "binance", "symbol": "BTC/USDT", "time": times, "candles": shares, "expected": 100}
        )

        heat = figures.coverage(cover).data[0]

        assert heat.z[0].tolist() == [0, 1, 2, 2, 3, 3]
        assert heat.customdata[0].tolist() == [0, 1, 9, 10, 50, 100]
        assert list(heat.y) == ["BTC/USDT"]

    def test_before_a_series_begins_there_is_nothing(self, report_frames):
        cover = report_frames.quality.coverage
        late = cover[(cover["symbol"] != "ETH/USDT") | (cover["time"] > cover["time"].iloc[50])]

        heat = figures.coverage(late).data[0]

        row = list(heat.y).index("ETH/USDT · binance")
        assert np.isnan(heat.z[row][:51]).all()
        assert not np.isnan(heat.z[row][51:]).any()

    def test_many_series_are_cut_to_those_that_miss_most(self):
        names = [f"S{place:03}/USDT" for place in range(100)]
        cover = pd.DataFrame(
            {"exchange": "x", "symbol": names, "time": TIME, "candles": np.arange(100), "expected": 100}
        )

        drawn = list(figures.coverage(cover).data[0].y)

        assert drawn == names[:40]


class TestQuarantined:
    def test_reasons_are_counted_and_the_most_frequent_comes_first(self, report_frames):
        reasons = report_frames.quality.quarantined

        figure = figures.quarantined(reasons)

        assert {trace.name for trace in figure.data} == {"binance", "kraken"}
        assert sum(sum(trace.x) for trace in figure.data) == reasons["rows"].sum()
        totals = reasons.groupby("reason")["rows"].sum()
        last = figure.layout.yaxis.categoryarray[-1].replace("<br>", " ")
        assert last == totals.idxmax()


class TestAnomalies:
    def test_each_kind_is_drawn_where_it_was(self, report_frames):
        found = report_frames.quality.anomalies

        figure = figures.anomalies(found)

        assert len(figure.data) == 4
        assert sum(len(trace.x) for trace in figure.data) == len(found)

    def test_of_very_many_the_most_extreme_are_drawn(self):
        scores = np.arange(20.0, 5_020.0)
        times = pd.date_range(TIME, periods=5_000, freq="h").as_unit("ms")
        found = pd.DataFrame({"exchange": "x", "symbol": "A/B", "kind": "return", "open_time": times, "score": -scores})

        drawn = figures.anomalies(found).data[0].customdata

        assert len(drawn) == 400
        assert drawn.min() == -5_019.0
        assert drawn.max() == -4_620.0


class TestDivergence:
    def test_the_mean_is_weighted_and_the_highest_is_kept(self):
        timeline = pd.DataFrame(
            {
                "exchange": "binance",
                "symbol": ["A/B", "C/D"],
                "time": TIME,
                "compared": [30, 10],
                "mean_deviation_bps": [1.0, 5.0],
                "max_deviation_bps": [9.0, 40.0],
                "left_out": [0, 1],
            }
        )

        mean, highest = figures.divergence(timeline).data

        assert mean.y.tolist() == [2.0]
        assert highest.y.tolist() == [40.0]
        assert highest.marker.size[0] > 0


@pytest.mark.parametrize("name", ["coverage", "quarantined", "anomalies", "divergence"])
def test_a_frame_without_its_columns_is_refused(name):
    with pytest.raises(DataError, match="frame lacks"):
        getattr(figures, name)(pd.DataFrame({"exchange": ["x"]}))


class TestTables:
    def test_the_exchange_and_the_age_are_shown_where_they_tell_something(self):
        one = quality_table(pd.DataFrame([series(), series(symbol="ETH/USDT")]))
        two = quality_table(pd.DataFrame([series(), series("kraken", last_candle_age_seconds=120.0)]))

        assert "Exchange" not in one.columns
        assert "Last candle's age" not in one.columns
        assert {"Exchange", "Last candle's age"} <= set(two.columns)

    def test_all_that_is_odd_is_one_number(self):
        row = series(return_anomalies=3, volume_anomalies=4, stale_candles=5)

        table = quality_table(pd.DataFrame([row]))

        assert table.groups[0][1][0].cells[table.columns.index("Worth a look")] == "12"

    def test_a_gap_of_several_symbols_is_one_line_and_the_longest_comes_first(self):
        gap = {"exchange": "binance", "start": TIME, "end": TIME + pd.Timedelta(hours=3), "candles": 3, "reason": ""}
        longer = {**gap, "end": TIME + pd.Timedelta(hours=9), "candles": 9, "reason": "system upgrade"}
        gaps = pd.DataFrame([gap | {"symbol": "BTC/USDT"}, gap | {"symbol": "ETH/USDT"}, longer | {"symbol": "A/B"}])

        first, second = gaps_table(gaps).groups[0][1]

        assert first.cells == ("2024-01-01 09:00 UTC", "9", "binance", "A/B", "system upgrade")
        assert second.cells == ("2024-01-01 03:00 UTC", "3", "binance", "BTC/USDT, ETH/USDT", "not known")

    def test_exchanges_are_compared_where_there_are_several(self, metrics):
        rows = divergence_table(metrics).groups[0][1]

        assert [row.label for row in rows] == ["binance", "kraken"]
        assert rows[1].cells == ("3.40", "412", "0.01 %")
        assert divergence_table({"data": {"divergence": {}}}) is None

    def test_tiles_say_the_whole_in_a_few_numbers(self, metrics):
        tiles = {tile.label: tile for tile in quality_tiles(metrics)}

        assert tiles["Complete"].value == "99.99 %"
        assert tiles["Gaps"].hint == "longest 7 candles, 4 missing at the exchange"
        assert tiles["Set aside"].noted
        assert tiles["Worth a look"].value == "17"
        assert tiles["Last candle's age"].value == "62 min"
        assert tiles["Exchanges"].value == "412 bps"

    def test_what_the_metrics_do_not_have_has_no_tile(self):
        assert quality_tiles({}) == []
        assert quality_tiles({"data": {"rows": 5, "gaps": 0, "quarantined": 0}}) == []


class TestMetrics:
    def test_rows_are_those_traded_and_what_was_set_aside_is_everybodys(self):
        quality = pd.DataFrame(
            [
                series("consolidated(a+b)", rows=110, gaps=1, missing_candles=4, longest_gap_candles=4),
                series("a", quarantined=2, duplicates=1, divergent_candles=7, last_candle_age_seconds=5.0),
                series("b", quarantined=3, return_anomalies=9),
            ]
        )
        reasons = pd.DataFrame({"reason": ["the volume is negative", "what?"], "rows": [4, 1]})
        compared = pd.DataFrame(
            {
                "exchange": ["a", "a", "b"],
                "candles": [100, 100, 100],
                "compared": [90, 10, 0],
                "median_deviation_bps": [2.0, 50.0, np.nan],
                "max_deviation_bps": [9.0, 99.0, np.nan],
                "left_out": [1, 2, 0],
            }
        )
        universe = {**UNIVERSE, "exchange": "consolidated(a+b)", "exchanges": ["a", "b"]}

        found = data_metrics(universe, quality, reasons, compared)

        assert (found["rows"], found["gaps"], found["missing_candles"]) == (110, 1, 4)
        assert (found["quarantined"], found["duplicates"]) == (5, 1)
        assert found["quarantined_by_reason"] == {"negative_volume": 4, "other": 1}
        assert found["anomalies"] == {"returns": 0, "volumes": 0, "stale_candles": 0, "divergent_candles": 7}
        assert found["last_candle_age_seconds"] is None
        assert found["divergence"] == {
            "a": {"median_deviation_bps": 2.0, "max_deviation_bps": 99.0, "left_out_share": 0.015},
            "b": {"median_deviation_bps": None, "max_deviation_bps": None, "left_out_share": 0.0},
        }

    def test_one_clean_exchange(self):
        none = pd.DataFrame({"reason": [], "rows": []})

        found = data_metrics(UNIVERSE, pd.DataFrame([series()]), none, pd.DataFrame())

        assert found["quarantined_by_reason"] == found["divergence"] == {}
        assert found["digest"] == "d" * 64


def test_the_page_names_the_exchange_that_is_traded_and_the_data_digest(make_metrics, report_frames):
    metrics = make_metrics("files")
    metrics["data"]["exchange"] = "consolidated(binance+kraken)"

    page = render_report(metrics, quality_figures(report_frames.quality), ReportContext(run_id="r"))

    assert "Market data: files (consolidated(binance+kraken))." in page
    assert metrics["data"]["digest"] in page
    assert "99.99 %" in page


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1.0, "100 %"),
        (0.0, "0 %"),
        (0.99998, "99.998 %"),
        (0.9999999, "99.99999 %"),
        (0.5, "50.0 %"),
        (0.0004, "0.04 %"),
    ],
)
def test_a_share_is_not_rounded_to_all_or_nothing(value, written):
    assert fine_percent(value) == written


@pytest.mark.parametrize(
    ("seconds", "written"), [(0.4, "0 s"), (119, "119 s"), (7_300, "2 h"), (200_000, "2 d"), (None, "not defined")]
)
def test_an_age_has_one_unit(seconds, written):
    assert age(seconds) == written
