"""The calendar against pandas' own, at hours, days and months that are worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from algotrade.domain.candles import Candles, FloatArray, to_milliseconds
from algotrade.features import FEATURES, FeatureSet

CALENDAR = FeatureSet.of().families["calendar"]


def opening(times: pd.DatetimeIndex) -> Candles:
    ones = np.ones(len(times))
    return Candles(to_milliseconds(times), *[ones] * 8)


def hours(start: str, count: int, step: str = "1h") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq=step, tz="UTC")


def compute(name: str, times: pd.DatetimeIndex) -> FloatArray:
    return FEATURES[name].compute(opening(times))


def test_the_day_and_the_week_are_circles() -> None:
    monday = hours("2024-01-01", 2 * 7 * 24)
    assert compute("hour_cos", monday)[[0, 6, 12, 24]] == pytest.approx([1.0, 0.0, -1.0, 1.0])
    assert compute("hour_sin", monday)[[0, 6, 18]] == pytest.approx([0.0, 1.0, -1.0])
    for name in ("weekday_sin", "weekday_cos"):
        week = compute(name, monday)
        np.testing.assert_allclose(week[: 7 * 24], week[7 * 24 :], atol=1e-12)
        assert week[0] != pytest.approx(week[24])


@pytest.mark.parametrize("step", ["1min", "37min", "1h", "5h", "1D"])
def test_the_circles_agree_with_the_clock_of_pandas(step: str) -> None:
    times = hours("2023-12-30 13:00", 900, step)[np.random.default_rng(1).random(900) < 0.7]
    minutes = times.hour * 60 + times.minute
    day, week, funding = minutes / 1440, ((times.day_of_week - 3) % 7 * 1440 + minutes) / 10_080, minutes % 480 / 480
    for sine, cosine, part in (
        ("hour_sin", "hour_cos", day),
        ("weekday_sin", "weekday_cos", week),
        ("funding_sin", "funding_cos", funding),
    ):
        np.testing.assert_allclose(compute(sine, times), np.sin(2 * np.pi * part), atol=1e-12)
        np.testing.assert_allclose(compute(cosine, times), np.cos(2 * np.pi * part), atol=1e-12)


def test_funding_is_settled_every_eight_hours() -> None:
    day = hours("2024-05-05", 24 * 60, "1min")
    settled = np.flatnonzero(np.isclose(compute("funding_cos", day), 1.0, atol=1e-9)) / 60
    assert settled.tolist() == [0.0, 8.0, 16.0]
    assert compute("funding_cos", day)[4 * 60] == pytest.approx(-1.0)
    left = 480 - np.arange(24 * 60) % 480
    np.testing.assert_allclose(compute("funding_sin", day), -np.sin(2 * np.pi * left / 480), atol=1e-12)


@pytest.mark.parametrize(
    ("name", "first", "last"), [("asia_session", 0, 7), ("europe_session", 7, 15), ("us_session", 13, 20)]
)
def test_sessions_hold_their_hours(name: str, first: int, last: int) -> None:
    times = hours("2024-02-28", 24 * 4)
    inside = (times.hour >= first) & (times.hour <= last)
    assert (compute(name, times) == inside).all()
    assert f"{first:02d}:00" in FEATURES[name].doc


def test_a_session_ends_before_its_last_hour_strikes() -> None:
    around = pd.DatetimeIndex(["2024-03-01 07:59:59.999", "2024-03-01 08:00"], tz="UTC")
    assert compute("asia_session", around).tolist() == [1.0, 0.0]


def test_the_weekend_is_saturday_and_sunday() -> None:
    times = hours("2024-02-25", 24 * 21)
    assert (compute("weekend", times) == (times.day_of_week >= 5)).all()


def test_the_month_turns_on_the_first_whatever_its_length() -> None:
    times = hours("1999-12-01", 24 * 366 * 6)
    start = times.tz_localize(None).to_period("M").start_time.tz_localize("UTC")
    fraction = (times - start) / pd.to_timedelta(times.days_in_month, unit="D")
    np.testing.assert_allclose(compute("month_turn", times), np.cos(2 * np.pi * fraction), atol=1e-12)


@pytest.mark.parametrize("year", [1900, 1969, 1970, 2000, 2100, 2400])
def test_the_month_knows_the_leap_years(year: int) -> None:
    last = pd.DatetimeIndex([f"{year}-02-28 23:00", f"{year}-03-01 00:00"], tz="UTC")
    leap = pd.Timestamp(year, 1, 1).is_leap_year
    before = (27 + 23 / 24) / (29 if leap else 28)
    assert compute("month_turn", last) == pytest.approx([np.cos(2 * np.pi * before), 1.0])


@pytest.mark.parametrize("name", CALENDAR)
def test_needs_no_candle_but_the_newest(name: str) -> None:
    times = hours("2024-01-30 05:00", 400, "7h")
    whole = compute(name, times)
    assert FEATURES[name].lookback == 1
    np.testing.assert_allclose([compute(name, times[[t]])[0] for t in range(400)], whole, atol=1e-12)
