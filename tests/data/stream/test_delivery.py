"""A sink that fails loses nothing, delays nobody, and gets everything in order when it is back."""

import asyncio
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.data.stream.conftest import FIRST_MS, HASTY, MINUTE, MINUTE_MS, minute, run, stream_from
from tests.data.stream.test_stream import Unsocketed, connected
from tests.postgres import new_database, wheel_server

from algotrade.data.quality.faults import Fault
from algotrade.data.store import CandleStore
from algotrade.data.stream import LiveCandles, StoreSink
from algotrade.domain.candles import VALUE_COLUMNS, to_milliseconds
from algotrade.errors import BadCandles, StoreError, StoreUnavailable
from algotrade.simulation.venue import LocalVenue


class Sink:
    """Keeps what it takes; fails as long as it is told to."""

    def __init__(self, name: str = "sink") -> None:
        self.name = name
        self.error: StoreError | None = None
        self.attempts = 0
        self.taken: list[pd.DataFrame] = []
        self.rejected: list[pd.DataFrame] = []

    def write(self, candles: pd.DataFrame) -> None:
        self.attempts += 1
        if self.error is not None:
            raise self.error
        self.taken.append(candles)

    def reject(self, rows: pd.DataFrame) -> None:
        self.rejected.append(rows)

    def minutes(self, symbol: str) -> list[int]:
        frames = [frame[frame["symbol"] == symbol] for frame in self.taken]
        return [int(time - FIRST_MS) // MINUTE_MS for frame in frames for time in to_milliseconds(frame["open_time"])]


async def live(venue: LocalVenue, sinks: list, most: int, meanwhile=None, settings=HASTY):
    """Summary of that many candles delivered to the sinks while the venue runs."""
    stream = stream_from(venue, settings)
    delivering = asyncio.create_task(LiveCandles(stream, sinks, "binance", settings).run(asyncio.Event(), most))
    await connected(venue)
    venue.clock.run(1_500)
    if meanwhile is not None:
        await meanwhile()
    return await delivering


def test_each_sink_gets_each_candle_once_and_in_order(venue: LocalVenue) -> None:
    sinks = [Sink("one"), Sink("two")]

    summary = run(live(venue, sinks, 20))

    for sink in sinks:
        assert sink.minutes("BTC/USDT") == list(range(100, 110))
        assert sink.minutes("XRP/USDT") == list(range(100, 110))
    assert (summary.delivered, summary.untaken) == (20, {"one": 0, "two": 0})
    assert summary.freshness["one"].count == 18


def test_a_sink_that_is_away_gets_everything_when_it_is_back(venue: LocalVenue, caplog) -> None:
    away, there = Sink("away"), Sink("there")
    away.error = StoreUnavailable("The database does not answer.")
    caplog.set_level("INFO")

    async def come_back() -> None:
        while len(there.minutes("BTC/USDT")) < 10:
            assert not away.taken
            await asyncio.sleep(0.02)
        away.error = None

    run(live(venue, [away, there], 30, come_back))

    assert away.attempts > 1
    assert away.minutes("BTC/USDT") == there.minutes("BTC/USDT") == list(range(100, 115))
    assert "away takes no candles" in caplog.text
    assert "nothing is lost: The database does not answer. Trying again." in caplog.text
    assert "away takes candles again" in caplog.text


def test_where_memory_ends_the_stream_stands_still_and_fetches_later(venue: LocalVenue) -> None:
    sink = Sink()
    sink.error = StoreUnavailable("The database does not answer.")

    async def come_back() -> None:
        while venue.clock.now() < minute(120):
            await asyncio.sleep(0.02)
        sink.error = None

    run(live(venue, [sink], 60, come_back, replace(HASTY, most_waiting=4)))

    assert sink.minutes("BTC/USDT") == list(range(100, 100 + len(sink.minutes("BTC/USDT"))))
    assert len(sink.minutes("BTC/USDT")) + len(sink.minutes("XRP/USDT")) == 60


def test_what_a_sink_has_not_taken_at_the_end_is_said(venue: LocalVenue, caplog) -> None:
    sink = Sink()
    sink.error = StoreUnavailable("The database does not answer.")

    summary = run(live(venue, [sink], 6, settings=replace(HASTY, drain_seconds=0.2)))

    assert summary.untaken == {"sink": 6}
    assert "has not taken the last 6 candles; the next stream begins with them" in caplog.text


def test_a_sink_that_cannot_work_with_candles_ends_the_stream(venue: LocalVenue) -> None:
    class Broken(Sink):
        def write(self, candles: pd.DataFrame) -> None:
            raise BadCandles("These are none.")

    with pytest.raises(BadCandles, match="These are none"):
        run(live(venue, [Broken()], 6))


def test_a_candle_that_is_impossible_again_and_again_goes_to_quarantine(tmp_path, start, live_market_candles) -> None:
    store = CandleStore(f"sqlite:///{tmp_path / 'candles.db'}")
    venue = start()
    stream = stream_from(venue)
    fetch = stream._rest.fetch
    stream._socket._make_client = Unsocketed

    def spoiled(symbols, start_ms):
        answer = fetch(symbols, start_ms)
        for symbol, candles in answer.items():
            answer[symbol] = [
                replace(each, fault=Fault.LOW_ABOVE_BODY) if each.open_time_ms == minute(102) else each
                for each in candles
            ]
        return answer

    stream._rest.fetch = spoiled

    async def test() -> None:
        delivering = asyncio.create_task(LiveCandles(stream, [StoreSink(store)], "binance").run(asyncio.Event(), 12))
        await asyncio.sleep(0.3)
        venue.clock.advance(6 * MINUTE_MS)
        stream.on_connection()
        await delivering

    run(test())

    stored = store.read("binance", MINUTE, ["BTC/USDT"])
    minutes = (to_milliseconds(stored["open_time"]) - FIRST_MS) // MINUTE_MS
    assert minutes.tolist() == [100, 101, 103, 104, 105]
    aside = store.quarantine("binance", MINUTE)
    assert aside["reason"].unique().tolist() == ["low is above open or close"]
    assert len(aside) == 2


@pytest.mark.slow
def test_a_real_database_may_go_away_and_come_back(venue: LocalVenue) -> None:
    with wheel_server(safe=True) as server, new_database(server.url) as url:
        store = CandleStore(url)
        store.migrate()

        async def power_cut() -> None:
            while not len(store.series()):
                await asyncio.sleep(0.05)
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(2)
            await asyncio.to_thread(server.start)

        run(live(venue, [StoreSink(store)], 100, power_cut), seconds=90)

        stored = store.read("binance", MINUTE, ["BTC/USDT"])
        truth = venue.candles("BTC/USDT", "1m")[100 : 100 + len(stored)]
        np.testing.assert_array_equal(to_milliseconds(stored["open_time"]), truth.open_time)
        for name in VALUE_COLUMNS:
            np.testing.assert_allclose(stored[name], getattr(truth, name), rtol=1e-12)
        assert len(store.read("binance", MINUTE)) == 100
        store.close()
