"""The stream, through the real ccxt.pro class: each closed candle once, in order, whatever the venue does."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from tests.data.stream.conftest import (
    HASTY,
    MINUTE_MS,
    SYMBOLS,
    Start,
    assert_true,
    minute,
    moment,
    run,
    stream_from,
    take,
)

from algotrade.data.stream import ClosedCandle
from algotrade.data.stream.messages import READERS
from algotrade.errors import ConfigurationError
from algotrade.simulation.venue import (
    ClockSkew,
    ConnectionReset,
    CutAnswer,
    DroppedSocket,
    DuplicatedEvent,
    DuplicatedRows,
    JunkBody,
    LateEvent,
    LocalVenue,
    MissingEvent,
    MissingRows,
    NoAnswer,
    Planned,
    RateLimited,
    ReorderedEvent,
    ServerError,
    ShuffledRows,
    SlowAnswer,
    TruncatedBody,
)

KLINES = "*@kline_1m"
KNOWN = dict.fromkeys(SYMBOLS, minute(99))


async def connected(venue: LocalVenue) -> None:
    """Return when the venue has a socket."""
    while not venue._streams or not len(venue._streams):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


def delivered(venue: LocalVenue, each: int, during: Callable[[], None] | None = None, **options: object) -> list:
    """So many candles of each symbol of a stream that began before the venue's clock did."""

    async def test() -> list[ClosedCandle]:
        async with stream_from(venue, **options) as stream:
            await connected(venue)
            venue.clock.run(1_500)
            if during is not None:
                during()
            return await take(stream, each)

    return run(test())


class TestInOrder:
    def test_what_the_socket_tells_is_delivered_with_everything_that_it_tells(self, venue: LocalVenue) -> None:
        candles = delivered(venue, 6)

        assert_true(candles, venue, first=100, count=6)
        assert {candle.origin for candle in candles} == {"stream"}

    @pytest.mark.parametrize(
        "fault",
        [DuplicatedEvent(), ReorderedEvent(), LateEvent(0.3), MissingEvent(), DroppedSocket(1001), DroppedSocket(None)],
        ids=lambda fault: type(fault).__name__,
    )
    def test_a_fault_of_the_socket_changes_nothing(self, venue: LocalVenue, fault) -> None:
        venue.inject(fault, on=KLINES, after=4, probability=0.1, times=6)

        candles = delivered(venue, 12)

        assert_true(candles, venue, first=100, count=12)
        assert venue.faults.struck()

    def test_it_begins_with_the_candle_that_forms(self, start: Start) -> None:
        venue = start(now=moment(100.5))

        assert_true(delivered(venue, 2), venue, first=100, count=2)

    def test_it_goes_on_after_the_last_known_candle(self, venue: LocalVenue) -> None:
        candles = delivered(venue, 4, after={"BTC/USDT": minute(49)})

        opened = {symbol: [each.open_time_ms for each in candles if each.symbol == symbol] for symbol in SYMBOLS}
        assert opened["BTC/USDT"] == [minute(50 + k) for k in range(len(opened["BTC/USDT"]))]
        assert opened["XRP/USDT"] == [minute(100 + k) for k in range(len(opened["XRP/USDT"]))]

    def test_it_fetches_no_more_history_than_it_is_told_to(self, venue: LocalVenue, caplog) -> None:
        settings = replace(HASTY, most_resumed=10)

        candles = delivered(venue, 2, after={"BTC/USDT": minute(20)}, settings=settings)

        assert min(candle.open_time_ms for candle in candles) == minute(90)
        assert "the last known candle is more than 10 candles ago" in caplog.text


class TestFilling:
    def test_what_a_disconnect_missed_is_fetched(self, venue: LocalVenue) -> None:
        async def test() -> list[ClosedCandle]:
            async with stream_from(venue) as stream:
                await connected(venue)
                venue.clock.advance(2 * MINUTE_MS)
                before = await take(stream, 2)
                venue.drop_sockets(None)
                venue.clock.advance(5 * MINUTE_MS)
                return before + await take(stream, 5)

        candles = run(test())

        assert_true(candles, venue, first=100, count=7)
        assert {candle.origin for candle in candles[4:]} == {"rest"}

    def test_the_exchange_may_end_the_connection_again_and_again(self, start: Start) -> None:
        venue = start(longest_connection_seconds=0.4)

        assert_true(delivered(venue, 20), venue, first=100, count=20)

    def test_a_socket_that_says_nothing_is_replaced_and_rest_does_its_work(self, venue: LocalVenue, caplog) -> None:
        venue.inject(MissingEvent(), on=KLINES)

        candles = delivered(venue, 10)

        assert_true(candles, venue, first=100, count=10)
        assert {candle.origin for candle in candles} == {"rest"}
        assert "nothing was heard for 1 s" in caplog.text

    def test_a_candle_that_never_came_is_fetched_when_it_is_due(self, start: Start) -> None:
        """In real time, by the exchange's clock; this machine's is years away from it."""
        venue = start(now=moment(101) - pd.Timedelta("2s"), speed=1)
        venue.inject(MissingEvent(), on=KLINES)

        async def test() -> list[ClosedCandle]:
            async with stream_from(venue, replace(HASTY, silence_seconds=60)) as stream:
                return await take(stream, 1)

        candles = run(test(), seconds=20)
        assert_true(candles, venue, first=100, count=1)
        assert {candle.origin for candle in candles} == {"rest"}

    def test_an_outage_of_the_exchange_is_passed_over(self, start: Start, live_market_candles, caplog) -> None:
        opened = live_market_candles["open_time"]
        outage = (opened >= moment(103)) & (opened < moment(106)) & (live_market_candles["symbol"] == "BTC/USDT")
        venue = start(live_market_candles[~outage])

        candles = delivered(venue, 8)

        bitcoin = [each.open_time_ms for each in candles if each.symbol == "BTC/USDT"]
        assert bitcoin == [minute(count) for count in (100, 101, 102, *range(106, 106 + len(bitcoin) - 3))]
        assert "the exchange has no candle of 2024-01-01 01:43" in caplog.text


class Unsocketed:
    """A ccxt.pro client of an exchange that streams no candles."""

    id = "nowhere"

    def __init__(self) -> None:
        self.has: dict[str, bool] = {}

    async def close(self) -> None:
        """Nothing is open."""


class TestOtherExchanges:
    def test_a_socket_that_shows_forming_candles_only_says_when_to_fetch(self, venue: LocalVenue, monkeypatch) -> None:
        monkeypatch.delitem(READERS, "binance")

        candles = delivered(venue, 6)

        assert_true(candles, venue, first=100, count=6)
        assert {candle.origin for candle in candles} == {"rest"}

    def test_without_a_socket_each_candle_is_fetched_when_it_has_closed(self, start: Start, caplog) -> None:
        venue = start(now=moment(101) - pd.Timedelta("2s"), speed=1)
        caplog.set_level("INFO")

        async def test() -> list[ClosedCandle]:
            async with stream_from(venue, make_client=Unsocketed) as stream:
                return await take(stream, 1)

        assert_true(run(test()), venue, first=100, count=1)
        assert "nowhere streams no candles" in caplog.text

    def test_a_socket_that_fails_in_an_unknown_way_is_no_secret(self, venue: LocalVenue) -> None:
        def broken() -> None:
            raise ZeroDivisionError("something nobody thought of")

        async def test() -> None:
            async with stream_from(venue, make_client=broken) as stream:
                await anext(stream)

        with pytest.raises(ZeroDivisionError, match="nobody thought of"):
            run(test())


class TestTime:
    @pytest.mark.parametrize("skew_ms", [-90_000, 45_000])
    def test_the_exchanges_clock_counts(self, start: Start, skew_ms: int) -> None:
        venue = start(clock_skew_ms=skew_ms)
        first = (venue.clock.now() - minute(0)) // MINUTE_MS

        assert_true(delivered(venue, 4), venue, first=int(first), count=4)

    def test_one_server_whose_clock_is_ahead_makes_no_candle_of_a_forming_one(self, start: Start) -> None:
        venue = start(now=moment(100.5))
        venue.inject(MissingEvent(), on=KLINES)
        venue.inject(ClockSkew(60_000), on="time", probability=0.3)

        assert_true(delivered(venue, 10, after=KNOWN), venue, first=100, count=10)


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"symbols": ["NOPE/USDT"]}, "does not list NOPE/USDT"),
            ({"symbols": []}, "No symbols to stream"),
        ],
    )
    def test_what_the_exchange_does_not_have_is_refused(self, venue: LocalVenue, options, message: str) -> None:
        async def test() -> None:
            async with stream_from(venue, **options) as stream:
                await anext(stream)

        with pytest.raises(ConfigurationError, match=message):
            run(test())


EVENT_FAULTS = (
    DuplicatedEvent(),
    ReorderedEvent(),
    LateEvent(0.05),
    LateEvent(0.5),
    MissingEvent(),
    DroppedSocket(1001),
    DroppedSocket(None),
)
ANSWER_FAULTS = (
    RateLimited(retry_after_seconds=0),
    ServerError(502),
    JunkBody(),
    TruncatedBody(),
    CutAnswer(),
    ConnectionReset(),
    NoAnswer(0.3),
    SlowAnswer(0.2),
    ClockSkew(60_000),
    DuplicatedRows(2),
    ShuffledRows(),
    MissingRows(1),
)


def random_plan(seed: int) -> list[Planned]:
    """Some faults of the streams and of the answers, each a few times, at random moments."""
    draw = random.Random(seed)
    events = [
        Planned(draw.choice(EVENT_FAULTS), KLINES, draw.randrange(40), draw.randint(1, 6), draw.uniform(0.05, 1))
        for _ in range(draw.randint(1, 4))
    ]
    answers = [
        Planned(
            draw.choice(ANSWER_FAULTS), draw.choice(["klines", "time", "*"]), draw.randrange(12), draw.randint(1, 3)
        )
        for _ in range(draw.randint(0, 3))
    ]
    return events + answers


def obeys_the_law(start: Start, seed: int) -> None:
    venue = start(now=moment(100 + random.Random(seed).random()))
    for plan in random_plan(seed):
        venue.faults.add(plan)
    assert_true(delivered(venue, 15, after=KNOWN), venue, first=100, count=15)


@pytest.mark.parametrize("seed", range(5))
def test_any_schedule_of_faults_leaves_each_candle_once_and_in_order(start: Start, seed: int) -> None:
    obeys_the_law(start, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_schedules_of_faults(start: Start, seed: int) -> None:
    obeys_the_law(start, seed)


def test_candles_carry_the_instant_of_their_close(venue: LocalVenue) -> None:
    started = time.monotonic()
    candles = delivered(venue, 2)

    assert all(started < candle.closed_at <= time.monotonic() for candle in candles)
    assert candles[0].closed_at < candles[-1].closed_at
