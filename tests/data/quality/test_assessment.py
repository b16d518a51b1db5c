"""What is said of valid candles: what is missing and why, what is odd, how complete they are over time."""

import numpy as np
import pandas as pd
import pytest

from algotrade.data.quality import AnomalySettings, Assessment, assess_candles, inspect_candles
from algotrade.data.quality.anomalies import anomalies, robust_z
from algotrade.data.quality.assessment import (
    QUALITY_COLUMNS,
    reason_counts,
    with_age,
    with_anomalies,
    with_quarantined,
)
from algotrade.data.quality.coverage import coverage
from algotrade.data.quality.faults import Fault, fault_name
from algotrade.data.quality.gaps import gaps
from algotrade.data.quality.series import SeriesRows
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError

HOUR = Timeframe("1h")
NO_HOLES = pd.DataFrame(columns=["exchange", "symbol", "timeframe", "start", "end", "reason"])


@pytest.fixture
def candles(make_candles) -> pd.DataFrame:
    """Two series; the volume of neither is extreme."""
    return pd.concat([make_candles(rows=400), make_candles("ETH/USDT", rows=300, seed=3)], ignore_index=True)


def rows_of(candles: pd.DataFrame) -> SeriesRows:
    return SeriesRows.of_frame(candles.reset_index(drop=True), HOUR)


def hole(candles: pd.DataFrame, first: int, stop: int, reason: str = "maintenance", **keys: str) -> pd.DataFrame:
    series = {"exchange": "binance", "symbol": "BTC/USDT", "timeframe": "1h"} | keys
    span = {"start": candles["open_time"][first], "end": candles["open_time"][stop]}
    return pd.DataFrame([{**series, **span, "reason": reason}])


class TestGaps:
    def test_each_has_its_span_and_size(self, candles):
        found = gaps(rows_of(candles.drop(index=[10, 50, 51, 52, 450])), NO_HOLES)

        assert found["symbol"].tolist() == ["BTC/USDT", "BTC/USDT", "ETH/USDT"]
        assert found["candles"].tolist() == [1, 3, 1]
        assert found["start"].tolist() == [candles["open_time"][place] for place in (10, 50, 450)]
        assert found["end"].tolist() == [candles["open_time"][place] for place in (11, 53, 451)]
        assert (found["reason"] == "").all()

    def test_where_one_series_ends_and_the_next_begins_is_no_gap(self, candles):
        assert gaps(rows_of(candles.drop(index=range(380, 420))), NO_HOLES).empty

    def test_a_known_hole_gives_the_reason(self, candles):
        cut = candles.drop(index=[10, 50, 51, 52, 410])
        known = pd.concat([hole(candles, 50, 53), hole(candles, 10, 11, exchange="kraken"), hole(candles, 20, 30)])

        found = gaps(rows_of(cut), known)

        assert found["reason"].tolist() == ["", "maintenance", ""]


class TestAnomalies:
    def test_an_ordinary_market_has_none(self, candles):
        assert anomalies(rows_of(candles)).empty

    def test_an_extreme_return_and_its_way_back(self, candles):
        candles.loc[100, ["high", "close"]] *= 1.3

        found = anomalies(rows_of(candles))

        assert found["kind"].tolist() == ["return", "return"]
        assert found["open_time"].tolist() == [candles["open_time"][100], candles["open_time"][101]]
        assert found["score"][0] > 20
        assert found["score"][1] < -20

    def test_the_move_across_a_gap_is_not_one_candles(self, candles):
        candles.loc[100:399, ["open", "high", "low", "close"]] *= 1.3

        assert len(anomalies(rows_of(candles))) == 1
        assert anomalies(rows_of(candles.drop(index=[99]))).empty

    @pytest.mark.parametrize("factor", [1e3, 1e-3])
    def test_an_extreme_volume(self, candles, factor):
        candles.loc[450, "volume"] *= factor

        found = anomalies(rows_of(candles))

        assert found[["symbol", "kind"]].to_numpy().tolist() == [["ETH/USDT", "volume"]]
        assert np.sign(found["score"][0]) == np.sign(np.log(factor))

    @pytest.mark.parametrize(("candles_still", "runs"), [(2, []), (3, [3]), (9, [9])])
    def test_a_price_that_stands_still_without_a_trade(self, candles, candles_still, runs):
        still = slice(200, 200 + candles_still - 1)
        candles.loc[still, ["open", "high", "low", "close"]] = candles["close"][199]
        candles.loc[still, "volume"] = 0.0

        found = anomalies(rows_of(candles))

        assert found["kind"].tolist() == ["stale"] * len(runs)
        assert found["candles"].tolist() == runs
        assert found["open_time"].tolist() == [candles["open_time"][200]] * len(runs)

    def test_a_price_that_stands_still_while_it_trades_is_none(self, candles):
        candles.loc[200:220, ["open", "high", "low", "close"]] = candles["close"][199]

        assert anomalies(rows_of(candles)).empty

    def test_the_bounds_are_the_users(self, candles):
        loose = anomalies(rows_of(candles), AnomalySettings(return_z=2.0, volume_z=2.0))

        assert set(loose["kind"]) == {"return", "volume"}
        assert (loose["score"].abs() > 2.0).all()

    def test_values_that_are_mostly_the_same_still_have_a_scale(self):
        z = robust_z(np.array([0.0] * 60 + [1.0] * 3 + [50.0]))

        assert z[:60].tolist() == [0.0] * 60
        assert z[-1] > 20

    @pytest.mark.parametrize("values", [[], [np.nan], [3.0, 3.0, np.nan]])
    def test_values_without_a_scale_have_no_score(self, values):
        z = robust_z(np.array(values))

        assert np.nan_to_num(z).tolist() == [0.0] * len(values)

    @pytest.mark.parametrize("name", ["return_z", "volume_z", "stale_candles"])
    def test_settings_out_of_range_are_refused_by_name(self, name):
        with pytest.raises(ConfigurationError, match=rf"ingestion\.anomalies\.{name} is 0"):
            AnomalySettings(**{name: 0})


class TestCoverage:
    def test_it_accounts_for_every_candle(self, candles):
        cut = candles.drop(index=[10, 50, 51, 52, 450])

        found = coverage(rows_of(cut))

        assert found["candles"].sum() == len(cut)
        assert (found["expected"] - found["candles"]).sum() == 5
        assert found.groupby("symbol").size().max() <= 160

    def test_a_series_has_stretches_only_from_its_first_to_its_last_candle(self, candles):
        late = candles.drop(index=range(200))

        found = coverage(rows_of(late)).set_index("symbol")

        assert found.loc["BTC/USDT", "time"].min() > found.loc["ETH/USDT", "time"].min()
        assert (found["candles"] == found["expected"]).all()

    def test_a_stretch_without_a_candle_is_there(self, candles):
        found = coverage(rows_of(candles.drop(index=range(100, 200))))

        assert ((found["candles"] == 0) & (found["expected"] > 0)).any()

    def test_one_candle(self, candles):
        assert coverage(rows_of(candles.head(1)))[["candles", "expected"]].to_numpy().tolist() == [[1, 1]]


@pytest.fixture
def assessed(candles) -> Assessment:
    broken = candles.iloc[[450]].assign(close=-1.0)
    raw = pd.concat([candles.drop(index=[10, 11, 12]), candles.iloc[[50]], broken])
    inspected = inspect_candles(raw, HOUR)
    return assess_candles(inspected.candles, HOUR, inspected.report, hole(candles, 10, 13))


class TestTheReport:
    def test_it_has_what_the_raw_rows_and_what_the_candles_tell(self, assessed):
        report = assessed.report.set_index("symbol")

        assert list(assessed.report) == list(QUALITY_COLUMNS)
        assert report.loc["BTC/USDT", ["duplicates", "missing_candles", "known_missing_candles"]].tolist() == [1, 3, 3]
        assert report.loc["ETH/USDT", ["quarantined", "rows", "gaps"]].tolist() == [1, 300, 0]
        assert report["last_candle_age_seconds"].isna().all()

    def test_a_series_that_the_inspection_did_not_see_has_no_raw_counts(self, candles):
        report = assess_candles(candles, HOUR, inspect_candles(candles.head(400), HOUR).report, NO_HOLES).report

        assert report["duplicates"].tolist() == [0, 0]
        assert report["rows"].tolist() == [400, 300]

    def test_anomalies_are_counted_in_candles(self, assessed, candles):
        keys = {"exchange": "binance", "symbol": "ETH/USDT", "timeframe": "1h"}
        found = pd.DataFrame([{**keys, "kind": "divergence", "candles": 5}, {**keys, "kind": "stale", "candles": 4}])

        report = with_anomalies(assessed.report, found).set_index("symbol")

        assert report.loc["ETH/USDT", ["divergent_candles", "stale_candles"]].tolist() == [5, 4]
        assert report.loc["BTC/USDT", ["divergent_candles", "stale_candles"]].tolist() == [0, 0]

    def test_the_age_counts_from_the_close_of_the_last_candle(self, assessed, candles):
        now = candles["open_time"][399] + pd.Timedelta(minutes=90)

        ages = with_age(assessed.report, HOUR, now)["last_candle_age_seconds"]

        assert ages.tolist() == [30 * 60, 30 * 60 + 100 * 3_600]

    def test_quarantined_rows_are_counted_by_series_and_reason(self, assessed, candles):
        rows = candles.iloc[[1, 2, 401]].assign(reason=["a", "b", "a"])

        reasons = reason_counts(rows)

        assert reasons[["symbol", "reason", "rows"]].to_numpy().tolist() == [
            ["BTC/USDT", "a", 1], ["BTC/USDT", "b", 1], ["ETH/USDT", "a", 1]
        ]  # fmt: skip
        assert with_quarantined(assessed.report, reasons)["quarantined"].tolist() == [2, 1]
        assert with_quarantined(assessed.report, reason_counts(rows.head(0)))["quarantined"].tolist() == [0, 0]


class TestSeveralExchanges:
    def test_their_stretches_of_coverage_are_the_same(self, make_candles):
        short, long = make_candles(rows=100), make_candles(rows=3_000).assign(exchange="kraken").drop(index=[70])
        parts = [
            assess_candles(part.reset_index(drop=True), HOUR, inspect_candles(part, HOUR).report, NO_HOLES)
            for part in (short, long)
        ]

        cover = Assessment.joined(parts).coverage

        assert len(set(cover["stretch_candles"])) == 1
        assert set(cover[cover["exchange"] == "binance"]["time"]) <= set(cover[cover["exchange"] == "kraken"]["time"])
        assert cover.groupby("exchange")["candles"].sum().to_dict() == {"binance": 100, "kraken": 2_999}
        assert (cover["expected"] - cover["candles"]).sum() == 1


def test_every_reason_has_a_short_name():
    names = [fault_name(fault.reason) for fault in Fault if fault > 0]

    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    assert fault_name("something else") == "other"


def test_real_outages_and_crashes_are_found(market_data):
    from algotrade.data.importers import read_folder

    raw = read_folder(market_data / "candles" / "binance", HOUR, ["BTC/USDT", "DOGE/USDT"]).frame
    inspected = inspect_candles(raw, HOUR)
    found = assess_candles(inspected.candles, HOUR, inspected.report, NO_HOLES)

    longest = found.gaps.sort_values("candles").iloc[-1]
    assert (longest["symbol"], longest["candles"]) == ("BTC/USDT", 33)
    times = found.anomalies.query("symbol == 'DOGE/USDT' and kind == 'return'")["open_time"].dt.floor("D")
    assert pd.Timestamp("2021-01-28", tz="UTC") in set(times)
    assert 0 < len(found.anomalies) < 0.002 * len(inspected.candles) + 100
