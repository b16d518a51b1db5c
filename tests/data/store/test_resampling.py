"""Longer candles are what an exchange would have made of the shorter ones; pages add up to the whole."""

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.resampling import resample_frame
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError

MINUTE, HOUR, DAY = Timeframe("1m"), Timeframe("1h"), Timeframe("1d")


@pytest.fixture
def minutes(make_candles) -> pd.DataFrame:
    """Two days and a bit, from 00:07 on, with a gap and some unknown numbers."""
    candles = make_candles(timeframe="1m", rows=3_000)
    candles.loc[700:720, "trades"] = np.nan
    return candles.drop(index=[*range(7), *range(200, 290), 1000]).reset_index(drop=True)


def reference(candles: pd.DataFrame, wanted: Timeframe) -> pd.DataFrame:
    return resample_frame(candles, Timeframe(candles["timeframe"].iloc[0]), wanted)


@pytest.mark.parametrize("wanted", [Timeframe("7m"), HOUR, Timeframe("3h"), DAY])
def test_the_database_resamples_as_the_domain_does(store, minutes, wanted):
    store.upsert(minutes)

    read = store.read("binance", MINUTE, resample=wanted)

    pd.testing.assert_frame_equal(read, reference(minutes, wanted))
    assert read["trades"].isna().any() == (wanted != DAY)


def test_only_whole_hours_are_hours(store, minutes):
    store.upsert(minutes)

    hours = store.read("binance", MINUTE, resample=HOUR)["open_time"].dt.hour

    # The first hour, those of the gap and that of the lone missing minute are not there.
    assert hours[:20].tolist() == [1, 2, *range(5, 16), *range(17, 24)]


def test_an_hour_is_there_when_its_last_minute_is(store, minutes):
    store.upsert(minutes.iloc[:-1])
    hours = store.read("binance", MINUTE, resample=HOUR)
    store.upsert(minutes.tail(1))
    assert len(store.read("binance", MINUTE, resample=HOUR)) == len(hours) + 1


def test_bounds_are_those_of_the_longer_candles(store, minutes):
    store.upsert(minutes)
    start = minutes["open_time"].dt.floor("D").iloc[0]

    read = store.read(
        "binance",
        MINUTE,
        start=start + pd.Timedelta("9h30min"),
        end=start + pd.Timedelta("12h30min"),
        columns=["close"],
        resample=HOUR,
    )

    assert list(read) == ["exchange", "symbol", "timeframe", "open_time", "close"]
    assert read["open_time"].tolist() == [start + pd.Timedelta(hours=hour) for hour in (10, 11, 12)]
    expected = reference(minutes, HOUR).set_index("open_time")["close"]
    assert read["close"].tolist() == expected[read["open_time"]].tolist()


def test_weeks_open_on_monday(store, make_candles):
    store.upsert(make_candles(timeframe="1d", rows=30))

    weeks = store.read("binance", DAY, resample=Timeframe("1w"))

    assert (weeks["open_time"].dt.day_of_week == 0).all()
    assert len(weeks) == 3


def test_less_than_one_bucket_is_none(store, minutes):
    store.upsert(minutes.head(30))

    assert store.read("binance", MINUTE, resample=HOUR).empty
    assert list(store.stream("binance", MINUTE, resample=HOUR)) == []


@pytest.mark.parametrize(("stored", "wanted"), [("1h", "90m"), ("1d", "1h"), ("3d", "6w")])
def test_timeframes_that_do_not_add_up(store, stored, wanted):
    with pytest.raises(ConfigurationError, match=f"Candles of {wanted} cannot be made of candles of {stored}"):
        store.read("binance", Timeframe(stored), resample=Timeframe(wanted))


@pytest.mark.parametrize("resample", [None, HOUR])
@pytest.mark.parametrize("rows", [3, 7, 100_000])
def test_a_stream_is_the_read_in_pages(store, make_candles, resample, rows):
    candles = pd.concat([make_candles("A/B", "1m", 150), make_candles("C/D", "1m", 250, seed=3)])
    store.upsert(candles.iloc[np.r_[0:20, 100:400]])

    pages = list(store.stream("binance", MINUTE, resample=resample, rows=rows))

    assert all(len(page) <= rows and len(set(page["symbol"])) == 1 for page in pages)
    whole = store.read("binance", MINUTE, resample=resample)
    pd.testing.assert_frame_equal(pd.concat(pages, ignore_index=True), whole)


def test_a_stream_is_bounded_like_a_read(store, minutes):
    store.upsert(minutes)
    times = minutes["open_time"]

    pages = list(store.stream("binance", MINUTE, None, times[50], times[150], ["close"], rows=40))

    assert [len(page) for page in pages] == [40, 40, 20]
    assert pages[0]["open_time"][0] == times[50]
    assert list(pages[0])[4:] == ["close"]
