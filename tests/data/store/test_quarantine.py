"""A rejected row is filed once, can be explained, and becomes a candle only if it can be one."""

import numpy as np
import pandas as pd
import pytest

from algotrade.data.quality.faults import Fault
from algotrade.data.store import UpsertCount
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError

HOUR = Timeframe("1h")
SPIKE = Fault.SPIKE.reason


@pytest.fixture
def bad(candles) -> pd.DataFrame:
    rows = candles.head(3).assign(origin="file.csv", reason="low is above open or close")
    rows.loc[0, "open_time"] = pd.NaT
    rows.loc[1, "high"] = np.inf
    return rows


def filed(store, **bounds) -> pd.DataFrame:
    return store.quarantine(**bounds).drop(columns=["row_id", "released_at"])


class TestFiling:
    def test_rows_come_back_once_however_often_they_are_filed(self, store, bad):
        assert store.quarantine().empty
        assert store.add_quarantine(bad) == 3
        assert store.add_quarantine(bad) == 0
        assert store.add_quarantine(bad.assign(reason="another")) == 3

        first = filed(store, reason="low is above open or close")
        pd.testing.assert_frame_equal(first, bad, check_column_type=False)

    def test_one_frame_with_a_row_twice(self, store, bad):
        assert store.add_quarantine(pd.concat([bad, bad])) == 3

    def test_no_rows(self, store, bad):
        assert store.add_quarantine(bad.head(0)) == 0

    def test_the_dtypes_are_those_of_candles_even_if_empty(self, store, bad):
        assert filed(store).dtypes.to_dict() == bad.dtypes.to_dict()
        assert store.quarantine()["released_at"].dtype == bad["open_time"].dtype

    def test_bounds(self, store, bad, candles):
        store.add_quarantine(bad)
        store.add_quarantine(bad.assign(exchange="kraken", symbol="ETH/USDT", timeframe="4h"))
        times = candles["open_time"]

        assert len(store.quarantine(exchange="kraken")) == 3
        assert len(store.quarantine(timeframe=HOUR)) == 3
        assert store.quarantine(symbols=["ETHUSDT"])["exchange"].unique().tolist() == ["kraken"]
        assert len(store.quarantine(start=times[1], end=times[2])) == 2
        assert store.quarantine(reason="kraken").empty


class TestRelease:
    @pytest.fixture
    def spikes(self, store, candles) -> pd.DataFrame:
        """Two plausible rows in quarantine between stored candles, as the quarantine lists them."""
        rows = candles.iloc[[5, 9]]
        store.upsert(candles.drop(rows.index))
        store.add_quarantine(rows.assign(origin="file.csv", reason=SPIKE))
        return store.quarantine(reason=SPIKE)

    def test_a_released_row_is_a_candle_and_marked(self, store, spikes, candles):
        before = pd.Timestamp.now("UTC").floor("ms")

        assert store.release_quarantined([spikes["row_id"][0]]) == UpsertCount(1, 0, 0)

        expected = candles.drop(index=9).reset_index(drop=True)
        pd.testing.assert_frame_equal(store.read("binance", HOUR), expected)
        released = store.quarantine()["released_at"]
        assert before <= released[0] <= pd.Timestamp.now("UTC")
        assert pd.isna(released[1])

    def test_by_reason_and_not_twice(self, store, spikes, candles):
        assert store.release_quarantined(reason=SPIKE) == UpsertCount(2, 0, 0)
        assert store.release_quarantined(reason=SPIKE) == UpsertCount(0, 0, 0)

        pd.testing.assert_frame_equal(store.read("binance", HOUR), candles)

    def test_filing_a_released_row_again_does_not_imprison_it(self, store, spikes, candles):
        store.release_quarantined(reason=SPIKE)

        assert store.add_quarantine(candles.iloc[[5, 9]].assign(origin="file.csv", reason=SPIKE)) == 0
        assert store.quarantine()["released_at"].notna().all()

    def test_rows_that_cannot_be_candles_stay_and_keep_the_others(self, store, spikes, bad, candles):
        store.add_quarantine(bad.assign(reason=SPIKE))

        with pytest.raises(BadCandles, match=r"2 of 5 rows cannot be candles, first [0-9a-f]{64}: .*Nothing was"):
            store.release_quarantined(reason=SPIKE)
        assert store.quarantine()["released_at"].isna().all()
        assert len(store.read("binance", HOUR)) == len(candles) - 2

    def test_two_versions_of_one_candle(self, store, spikes):
        store.add_quarantine(spikes.assign(close=spikes["high"]))

        with pytest.raises(BadCandles, match="there twice"):
            store.release_quarantined(reason=SPIKE)

    def test_an_unknown_row_or_none_named(self, store, spikes):
        with pytest.raises(ConfigurationError, match="no row 12ab"):
            store.release_quarantined(["12ab"])
        with pytest.raises(ConfigurationError, match="which rows"):
            store.release_quarantined()


class TestExplanation:
    def test_each_row_has_its_neighbours_and_its_obstacle(self, store, candles, bad):
        store.upsert(candles.iloc[:5])
        store.add_quarantine(candles.iloc[[2, 7]].assign(origin="file.csv", reason=SPIKE))
        store.add_quarantine(bad.head(2).assign(timeframe=["1h", "1x"]))

        rows = store.explain_quarantined().set_index(["timeframe", "open_time"])

        spike, late = rows.loc[("1h", candles["open_time"][2])], rows.loc[("1h", candles["open_time"][7])]
        assert spike["obstacle"] == late["obstacle"] == ""
        assert spike["previous_close"] == candles["close"][1]
        assert spike["stored_close"] == candles["close"][2]
        assert spike["next_open"] == candles["open"][3]
        assert late["previous_close"] == candles["close"][4]
        assert late[["stored_close", "next_open"]].isna().all()
        assert rows.loc["1x", "obstacle"].str.contains("Unknown timeframe '1x'").all()
        assert Fault.NO_TIME.reason in rows["obstacle"].to_list()

    def test_an_empty_quarantine(self, store):
        assert store.explain_quarantined().empty

    def test_one_row(self, store, bad):
        store.add_quarantine(bad)
        row_id = store.quarantine()["row_id"][2]

        assert store.explain_quarantined([row_id])["row_id"].tolist() == [row_id]
