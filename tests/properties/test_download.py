"""Whatever goes wrong at an exchange and whenever: no wrong candle is stored, and in the end none is missing."""

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.data.download.conftest import (
    MINUTE,
    SYMBOLS,
    assert_stored_is_true,
    known_holes,
    minute,
    name_of,
    order_of,
)

from algotrade.data.download import download
from algotrade.data.exchange import ExchangeGateway, Patience
from algotrade.data.store import CandleStore
from algotrade.domain.candles import VALUE_COLUMNS, to_milliseconds
from algotrade.errors import NoCandles, VenueError
from algotrade.simulation.market import MarketSettings
from algotrade.simulation.venue import (
    ClockSkew,
    ConnectionReset,
    CutAnswer,
    DuplicatedRows,
    JunkBody,
    LocalVenue,
    MissingRows,
    NoAnswer,
    Planned,
    RateLimited,
    ServerError,
    ShuffledRows,
    SlowAnswer,
    TruncatedBody,
    VenueSettings,
    WeightLimits,
)

ROWS = 2_300
OUTAGES = (range(700, 733), range(1_999, 2_000))
PATIENCE = Patience(attempts=3, first_pause_seconds=0.0, failures_until_rest=8, rest_seconds=0.05)
numbers = itertools.count()

paths = st.sampled_from(["klines", "klines", "klines", "time", "exchangeInfo", "*"])
shares = st.floats(0.0, 0.99)
counts = st.integers(1, 1_000)
anything = st.one_of(
    st.builds(RateLimited, st.sampled_from([429, 418]), st.sampled_from([None, 0, 600])),
    st.builds(ServerError, st.sampled_from([500, 502, 503, 504])),
    st.builds(
        JunkBody, st.sampled_from(["", "<html>", "null", "{}", "[]", "[[]]", '{"serverTime": null}', "[[1, 2, 3]]"])
    ),
    st.builds(TruncatedBody, shares),
    st.builds(CutAnswer, shares),
    st.just(ConnectionReset()),
    st.just(NoAnswer(0.6)),
    st.just(SlowAnswer(0.02)),
    st.builds(DuplicatedRows, counts),
    st.just(ShuffledRows()),
)
plans = st.builds(
    Planned,
    anything,
    on=paths,
    after=st.integers(0, 8),
    times=st.integers(1, 6),
    probability=st.sampled_from([1.0, 0.5]),
)
# Twice the very same rows left out, or as many wrong clocks as are asked, cannot be told from the truth.
lost_rows = st.builds(
    Planned,
    st.builds(MissingRows, st.integers(2, 300)),
    on=st.just("klines"),
    after=st.integers(0, 8),
    times=st.integers(1, 6),
)
skews = st.integers(-7_200_000, 7_200_000)
wrong_clocks = st.one_of(
    st.builds(
        Planned, st.builds(ClockSkew, skews), on=st.just("time"), after=st.integers(0, 4), times=st.integers(1, 2)
    ),
    st.builds(Planned, st.builds(ClockSkew, skews), on=st.just("klines"), after=st.integers(0, 8), times=st.just(1)),
)
Schedule = tuple[list[Planned], ...]
schedules = st.tuples(st.lists(plans, max_size=4), st.lists(lost_rows, max_size=1), st.lists(wrong_clocks, max_size=1))


@pytest.fixture(scope="module")
def venue() -> Iterator[LocalVenue]:
    market = MarketSettings(symbols=SYMBOLS, timeframe="1m", start="2024-01-01", candles=ROWS + 1)
    candles = VenueSettings.simulated(market).candles
    gone = candles.groupby("symbol").cumcount().isin([row for outage in OUTAGES for row in outage])
    with LocalVenue(VenueSettings(candles[~gone], now=minute(ROWS + 0.5), limits=WeightLimits(10**9))) as venue:
        yield venue


def gateway_at(venue: LocalVenue):
    class Hasty(ExchangeGateway):
        """Does not wait long for silence, nor for its turn."""

        def _connected(self, client):
            client.timeout = 400
            self._pace.take = lambda interval_seconds: None
            return super()._connected(client)

    return lambda exchange, sleep: Hasty(
        exchange, base_url=venue.url, patience=PATIENCE, clock_seconds=0.5, sleep=lambda seconds: sleep(0.0)
    )


def assert_nothing_stored_is_wrong(store: CandleStore, venue: LocalVenue) -> None:
    try:
        stored = store.read(name_of(venue), MINUTE)
    except NoCandles:
        return
    for symbol, rows in stored.groupby("symbol"):
        truth = venue.closed_candles(str(symbol), "1m")
        times = to_milliseconds(rows["open_time"])
        places = np.searchsorted(truth.open_time, times)
        assert np.array_equal(truth.open_time[np.minimum(places, len(truth) - 1)], times)
        for column in VALUE_COLUMNS:
            assert np.array_equal(rows[column].to_numpy(), getattr(truth, column)[places]), (symbol, column)


def check_convergence(venue: LocalVenue, folder: Path, schedule: Schedule, runs: int) -> None:
    """Runs under faults store nothing wrong, and one without faults makes the series complete."""
    store = CandleStore(f"sqlite:///{folder}/{next(numbers)}/candles.db")
    venue.faults.clear()
    for planned in itertools.chain(*schedule):
        venue.faults.add(planned)
    for _ in range(runs - 1):
        # The exchange may be told to be unreachable, never the program to be broken.
        with contextlib.suppress(VenueError):
            download(store, order_of(workers=2), gateway_at(venue))
        assert_nothing_stored_is_wrong(store, venue)

    venue.faults.clear()
    download(store, order_of(workers=2), gateway_at(venue))

    assert_stored_is_true(store, venue)
    for symbol in SYMBOLS:
        assert known_holes(store, venue, symbol) == [(700, 733), (1_999, 2_000)]


relaxed = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=15, deadline=None, suppress_health_check=relaxed)
@given(schedules, st.integers(2, 3))
def test_runs_converge_to_the_truth(venue, tmp_path, schedule, runs):
    check_convergence(venue, tmp_path, schedule, runs)


@pytest.mark.slow
@settings(max_examples=250, deadline=None, suppress_health_check=relaxed)
@given(schedules, st.integers(2, 4))
def test_many_runs_converge_to_the_truth(venue, tmp_path, schedule, runs):
    check_convergence(venue, tmp_path, schedule, runs)
