"""The inspection keeps every candle, loses no row, and names each fault."""

import numpy as np
import pandas as pd
import pytest

from algotrade.data.quality import inspect_candles
from algotrade.data.quality.conformity import CANDLE_COLUMNS
from algotrade.data.quality.report import REPORT_COLUMNS
from algotrade.data.schema import CandleSchema
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConflictingCandles, NoCandles

HOUR = Timeframe("1h")


@pytest.fixture
def raw(make_candles) -> pd.DataFrame:
    return make_candles(rows=200).assign(origin="BTCUSDT-1h.csv")


class TestGoodCandles:
    def test_they_pass_untouched(self, raw):
        inspected = inspect_candles(raw, HOUR)

        pd.testing.assert_frame_equal(inspected.candles, raw[list(CANDLE_COLUMNS)])
        assert inspected.quarantine.empty
        assert list(inspected.quarantine) == [*CANDLE_COLUMNS, "origin", "reason"]
        CandleSchema.validate(inspected.candles)

    def test_the_input_is_not_changed(self, raw):
        shuffled = raw.sample(frac=1, random_state=1)
        before = shuffled.copy()

        inspect_candles(shuffled, HOUR)

        pd.testing.assert_frame_equal(shuffled, before)

    def test_only_what_is_required_is_needed(self, raw):
        bare = raw.drop(columns=["quote_volume", "trades", "taker_buy_volume", "origin"])

        candles = inspect_candles(bare, HOUR).candles

        assert list(candles) == list(CANDLE_COLUMNS)
        assert candles[["quote_volume", "trades", "taker_buy_volume"]].isna().all(axis=None)

    def test_whole_numbers_and_nullable_integers_become_floats(self, raw):
        candles = inspect_candles(raw.assign(volume=5, trades=pd.array([1, None] * 100, dtype="Int64")), HOUR).candles

        assert candles["volume"].dtype == candles["trades"].dtype == np.float64
        assert candles["trades"].isna().sum() == 100

    def test_unsorted_rows_are_sorted_and_counted(self, raw):
        inspected = inspect_candles(raw.iloc[::-1], HOUR)

        pd.testing.assert_frame_equal(inspected.candles, raw[list(CANDLE_COLUMNS)])
        assert inspected.totals["unsorted"] == len(raw) - 1

    def test_series_are_told_apart_and_sorted_by_symbol(self, make_candles):
        raw = pd.concat([make_candles("ETH/USDT", rows=30, seed=1), make_candles("BTC/USDT", rows=20)])

        inspected = inspect_candles(raw, HOUR)

        assert inspected.report["symbol"].tolist() == ["BTC/USDT", "ETH/USDT"]
        assert inspected.report["rows"].tolist() == [20, 30]
        assert inspected.totals["unsorted"] == 0
        CandleSchema.validate(inspected.candles)


class TestReport:
    def test_its_columns(self, raw):
        report = inspect_candles(raw, HOUR).report

        assert list(report) == list(REPORT_COLUMNS)
        assert report.loc[0, ["exchange", "symbol", "timeframe"]].tolist() == ["binance", "BTC/USDT", "1h"]
        assert report.loc[0, "start"] == raw["open_time"].iloc[0]
        assert report.loc[0, "end"] == raw["open_time"].iloc[-1]

    def test_gaps_are_counted_and_left_open(self, raw):
        inspected = inspect_candles(raw.drop(index=[50, 51, 52, 100]), HOUR)

        assert len(inspected.candles) == 196
        totals = inspected.totals
        assert (totals["gaps"], totals["missing_candles"], totals["longest_gap_candles"]) == (2, 4, 3)

    def test_totals_sum_the_series_but_take_the_longest_gap(self, make_candles):
        one = make_candles("BTC/USDT", rows=30).drop(index=[3, 4])
        other = make_candles("ETH/USDT", rows=30).drop(index=[7])

        totals = inspect_candles(pd.concat([one, other]), HOUR).totals

        assert totals["series"] == 2
        assert totals["rows"] == 57
        assert totals["missing_candles"] == 3
        assert totals["longest_gap_candles"] == 2

    def test_zero_volume_is_counted_and_kept(self, raw):
        raw.loc[[5, 9], "volume"] = 0.0

        inspected = inspect_candles(raw, HOUR)

        assert inspected.totals["zero_volume"] == 2
        assert len(inspected.candles) == len(raw)


BAD_ROWS = {
    "off the grid": ({"open_time": pd.Timestamp("2023-11-15 10:00:01", tz="UTC")}, "not a multiple of the timeframe"),
    "no time": ({"open_time": pd.NaT}, "open_time is missing"),
    "NaN price": ({"close": np.nan}, "missing or not finite"),
    "infinite price": ({"high": np.inf}, "missing or not finite"),
    "no volume": ({"volume": np.nan}, "missing or not finite"),
    "zero price": ({"low": 0.0}, "not positive"),
    "negative price": ({"open": -1.0}, "not positive"),
    "negative volume": ({"volume": -0.1}, "the volume is negative"),
    "negative trades": ({"trades": -1.0}, "quote_volume, trades or taker_buy_volume"),
    "infinite quote volume": ({"quote_volume": np.inf}, "quote_volume, trades or taker_buy_volume"),
    "low above close": ({"low": 29_999_000.0, "high": 29_999_001.0}, "low is above"),
    "high below open": ({"high": 1.0, "low": 1.0}, "high is below"),
}


@pytest.mark.parametrize(("change", "reason"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_goes_to_quarantine_as_it_came(change, reason, raw):
    for name, value in change.items():
        raw.loc[20, name] = value

    inspected = inspect_candles(raw, HOUR)

    assert len(inspected.candles) == len(raw) - 1
    (row,) = inspected.quarantine.to_dict("records")
    assert reason in row["reason"]
    assert row["origin"] == "BTCUSDT-1h.csv"
    pd.testing.assert_series_equal(
        inspected.quarantine.loc[0, ["open_time", "open", "high", "low", "close", "volume", "trades"]],
        raw.loc[20, ["open_time", "open", "high", "low", "close", "volume", "trades"]],
        check_names=False,
    )
    assert inspected.totals["quarantined"] == 1


class TestDuplicates:
    def test_copies_are_merged_and_counted(self, raw):
        inspected = inspect_candles(pd.concat([raw, raw.tail(30).assign(origin="other.csv")]), HOUR)

        pd.testing.assert_frame_equal(inspected.candles, raw[list(CANDLE_COLUMNS)])
        assert inspected.totals["duplicates"] == 30
        assert inspected.quarantine.empty

    def test_a_copy_supplies_what_the_first_row_does_not_know(self, raw):
        poor = raw.assign(quote_volume=np.nan, trades=np.nan, taker_buy_volume=np.nan, origin="api.csv")

        candles = inspect_candles(pd.concat([poor, raw]), HOUR).candles

        pd.testing.assert_frame_equal(candles, raw[list(CANDLE_COLUMNS)])

    def test_a_rounded_quote_volume_is_no_disagreement(self, raw):
        rounded = raw.assign(quote_volume=raw["quote_volume"].round(1), origin="rounded.csv")

        assert inspect_candles(pd.concat([raw, rounded]), HOUR).totals["duplicates"] == len(raw)

    def test_two_origins_that_disagree_are_both_named_with_candle_and_values(self, raw):
        other = raw.assign(origin="other.csv")
        other.loc[7, "high"] += 5.0

        with pytest.raises(ConflictingCandles) as caught:
            inspect_candles(pd.concat([raw, other]), HOUR)

        message = str(caught.value)
        for part in ("BTCUSDT-1h.csv", "other.csv", "BTC/USDT", f"{raw.loc[7, 'open_time']:%Y-%m-%d %H:%M}"):
            assert part in message
        assert f"high {float(raw.loc[7, 'high'])!r}" in message
        assert f"high {float(other.loc[7, 'high'])!r}" in message
        assert "close" not in message

    def test_rows_of_one_origin_that_disagree_are_all_set_aside(self, raw):
        twin = raw.loc[[7]].copy()
        twin["high"] += 5.0

        inspected = inspect_candles(pd.concat([raw, twin]), HOUR)

        assert len(inspected.candles) == len(raw) - 1
        assert inspected.quarantine["high"].tolist() == [raw.loc[7, "high"], twin["high"].item()]
        assert inspected.quarantine["reason"].str.contains("same origin").all()

    def test_a_row_that_is_no_candle_contradicts_nobody(self, raw):
        broken = raw.loc[[7]].assign(low=-1.0, origin="broken.csv")

        inspected = inspect_candles(pd.concat([raw, broken]), HOUR)

        assert len(inspected.candles) == len(raw)
        assert inspected.quarantine["origin"].tolist() == ["broken.csv"]


class TestRefusals:
    def test_missing_columns(self, raw):
        with pytest.raises(BadCandles, match="lack volume"):
            inspect_candles(raw.drop(columns="volume"), HOUR)

    def test_no_rows(self, raw):
        with pytest.raises(NoCandles, match="no rows"):
            inspect_candles(raw.head(0), HOUR)

    def test_prices_as_text(self, raw):
        with pytest.raises(BadCandles, match="Column close is str"):
            inspect_candles(raw.assign(close=raw["close"].astype("str")), HOUR)

    def test_naive_times(self, raw):
        with pytest.raises(BadCandles, match="accepted are aware times"):
            inspect_candles(raw.assign(open_time=raw["open_time"].dt.tz_localize(None)), HOUR)

    def test_rows_without_a_symbol(self, raw):
        raw.loc[3, "symbol"] = None

        with pytest.raises(BadCandles, match="Some rows have no symbol"):
            inspect_candles(raw, HOUR)

    def test_another_timeframe(self, raw):
        with pytest.raises(BadCandles, match="Candles of 1h among those of 4h"):
            inspect_candles(raw, Timeframe("4h"))

    def test_a_series_with_too_many_bad_rows(self, raw):
        raw.loc[:19, "low"] = -1.0

        with pytest.raises(
            BadCandles, match=r"BTC/USDT 1h \(BTCUSDT-1h.csv\) .* 20 of 200 rows \(10%\).*20 rows: a price"
        ):
            inspect_candles(raw, HOUR)
        assert len(inspect_candles(raw, HOUR, max_bad_share=0.1).quarantine) == 20

    def test_a_few_bad_rows_of_a_short_series_are_tolerated(self, raw):
        short = raw.head(30).copy()
        short.loc[:9, "low"] = -1.0

        assert len(inspect_candles(short, HOUR).candles) == 20

    def test_a_series_with_nothing_else(self, raw):
        with pytest.raises(BadCandles, match=r"3 of 3 rows \(100%\)"):
            inspect_candles(raw.head(3).assign(volume=-1.0), HOUR)
