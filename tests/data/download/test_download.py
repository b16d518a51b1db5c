"""A download asks for what is missing, stores what comes, and remembers what there is not."""

import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.data.download.conftest import (
    MINUTE,
    START,
    SYMBOLS,
    assert_stored_is_true,
    gateway_at,
    klines,
    known_holes,
    minute,
    name_of,
    order_of,
    times_of,
)

from algotrade.data.download import DownloadOrder, Mode, download
from algotrade.data.download.status import series_status
from algotrade.data.exchange import ExchangeGateway, Patience
from algotrade.data.store import CandleStore, UpsertCount
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError, StoreError, VenueError, VenueUnavailable
from algotrade.simulation.venue import ClockSkew, JunkBody, MissingRows, ServerError

OUTAGES = (range(500, 520), range(3_000, 3_001))


@pytest.fixture
def with_outages(market):
    return market[~market.groupby("symbol").cumcount().isin([k for outage in OUTAGES for k in outage])]


def starts(queries):
    """Minutes from which was asked."""
    return [round((int(query["startTime"]) - START.timestamp() * 1_000) / 60_000) for query in queries]


class TestIncremental:
    def test_everything_once(self, fetch, store, venue):
        report = fetch()

        assert_stored_is_true(store, venue)
        assert report.count == UpsertCount(8_000, 0, 0)
        assert report.frame["asked"].tolist() == [4_000, 4_000]
        # The last page ends before the candle that is forming: whether its newest one had closed is asked twice.
        assert sorted(starts(klines(venue))) == [0, 0, 1_000, 1_000, 2_000, 2_000, 3_000, 3_000, 3_000, 3_000]

    def test_nothing_is_asked_for_twice(self, fetch, venue):
        fetch()
        before = len(klines(venue))

        report = fetch()

        assert len(klines(venue)) == before
        assert report.count == UpsertCount(0, 0, 0)

    def test_only_the_end_is_asked_for(self, fetch, store, venue):
        venue.clock.set(int(minute(3_900).timestamp() * 1_000))
        fetch()
        before = len(klines(venue))
        venue.clock.advance(60_000 * 50)

        report = fetch(start=None)

        assert_stored_is_true(store, venue)
        assert starts(klines(venue)[before:]) == [3_899, 3_899]
        assert report.count == UpsertCount(100, 0, 2)

    def test_only_the_beginning_is_asked_for(self, fetch, store, venue):
        fetch(start=minute(3_000))
        before = len(klines(venue))

        fetch()

        assert_stored_is_true(store, venue)
        assert sorted(starts(klines(venue)[before:])) == [0, 0, 1_000, 1_000, 2_000, 2_000]

    def test_the_span_can_end_early(self, fetch, store, venue):
        fetch(start=minute(100.5), end=minute(200.5))

        assert times_of(store, venue) == list(range(101, 201))

    def test_holes_inside_are_filled_and_those_close_together_by_one_request(self, fetch, store, venue):
        for first, last in ((0, 1_000), (1_010, 1_020), (1_030, 1_040), (3_990, 4_000)):
            fetch(start=minute(first), end=minute(last), symbols=["BTC/USDT"])
        assert len(times_of(store, venue)) == 1_030
        before = len(klines(venue))

        fetch(symbols=["BTC/USDT"])

        assert times_of(store, venue) == list(range(4_000))
        assert starts(klines(venue)[before:]) == [1_000, 2_000, 3_000, 3_000]

    def test_the_forming_candle_waits(self, fetch, store, venue):
        venue.clock.set(int(minute(100.5).timestamp() * 1_000))
        fetch()
        assert times_of(store, venue) == list(range(100))

        venue.clock.set(int(minute(101).timestamp() * 1_000))
        fetch()
        assert_stored_is_true(store, venue)

    def test_without_a_start_what_is_stored_goes_on(self, fetch, store, venue):
        with pytest.raises(ConfigurationError, match=r"Nothing is stored of binance@.* say from when on"):
            fetch(start=None)
        fetch(start=minute(3_000), end=minute(3_100))

        fetch(start=None)

        assert times_of(store, venue) == list(range(3_000, 4_000))


class TestHoles:
    @pytest.fixture
    def venue(self, serve, with_outages):
        return serve(with_outages)

    def test_what_the_exchange_does_not_have_is_remembered_and_not_asked_for_again(self, fetch, store, venue):
        report = fetch(start=minute(-100))

        assert_stored_is_true(store, venue)
        assert known_holes(store, venue) == [(-100, 0), (500, 520), (3_000, 3_001)]
        reasons = set(store.holes(name_of(venue), MINUTE)["reason"])
        assert reasons == {"not among the candles that binance sends"}
        assert [outcome.holes for outcome in report.series] == [121, 121]
        before = len(klines(venue))
        fetch(start=minute(-100))
        assert len(klines(venue)) == before

    def test_a_forced_repair_asks_once_more(self, fetch, store, venue):
        fetch()
        before = len(klines(venue))
        fetch(mode=Mode.REPAIR)
        assert len(klines(venue)) == before

        fetch(mode=Mode.REPAIR, force=True)

        assert len(klines(venue)) > before
        assert known_holes(store, venue) == [(500, 520), (3_000, 3_001)]

    def test_candles_that_come_after_all_close_their_hole(self, fetch, store, venue, serve, market):
        """As when an exchange publishes candles of an outage later: the address stays, the market does not."""
        fetch()
        venue._venue.market = serve(market[market.groupby("symbol").cumcount() != 505])._venue.market

        report = fetch(mode=Mode.REPAIR, force=True)

        assert_stored_is_true(store, venue)
        assert report.count.new == 40
        assert known_holes(store, venue) == [(505, 506)]

    def test_a_refresh_closes_them_too(self, fetch, store, venue, serve, market):
        fetch()
        venue._venue.market = serve(market[market.groupby("symbol").cumcount() != 505])._venue.market

        fetch(mode=Mode.REFRESH, last=3_490)

        assert known_holes(store, venue) == [(500, 510)]
        assert times_of(store, venue) == [*range(500), *range(510, 4_000)]

    def test_an_answer_without_some_rows_makes_no_hole(self, fetch, store, venue):
        venue.inject(MissingRows(count=40), on="klines", times=3)

        fetch()

        assert_stored_is_true(store, venue)
        assert known_holes(store, venue) == [(500, 520), (3_000, 3_001)]

    def test_the_newest_may_still_come(self, fetch, store, venue, serve, with_outages):
        late = with_outages.groupby("symbol").head(3_970)
        fetch(at=serve(late, now=minute(4_000)))

        assert known_holes(store, venue) == []

    def test_a_young_hole_is_not_believed_yet(self, fetch, store, serve, market):
        """What opened in the last ten minutes may be on its way."""
        gone = market.groupby("symbol").cumcount().isin([3_980, 3_995])
        venue = serve(market[~gone])

        fetch(at=venue)

        assert known_holes(store, venue) == [(3_980, 3_981)]


class TestModes:
    def test_a_backfill_needs_a_start(self):
        with pytest.raises(ConfigurationError, match="first day"):
            order_of(mode=Mode.BACKFILL, start=None)

    def test_a_repair_stays_within_what_is_stored(self, fetch, store, venue):
        fetch(start=minute(1_000), end=minute(1_100))
        fetch(start=minute(1_500), end=minute(1_600))

        fetch(mode=Mode.REPAIR, start=None)

        assert times_of(store, venue) == list(range(1_000, 1_600))

    def test_a_repair_of_nothing_asks_nothing(self, fetch, venue):
        fetch(mode=Mode.REPAIR, start=None)

        assert klines(venue) == []

    def test_a_refresh_corrects(self, fetch, store, venue):
        fetch()
        wrong = store.read(name_of(venue), MINUTE, ["BTC/USDT"], start=minute(3_995))
        store.upsert(wrong.assign(volume=1.0, quote_volume=1.0))
        before = len(klines(venue))

        report = fetch(mode=Mode.REFRESH, last=10)

        assert_stored_is_true(store, venue)
        assert report.count == UpsertCount(0, 5, 15)
        assert len(klines(venue)) == before + 2


class TestSeveral:
    def test_exchanges_side_by_side(self, fetch, store, venue):
        report = fetch(exchanges=["binance", "binanceus"])

        for exchange in ("binance", "binanceus"):
            assert_stored_is_true(store, venue, exchange)
        assert len(report.series) == 4

    def test_each_is_asked_for_what_it_lists(self, serve, store, venue, market):
        smaller = serve(market[market["symbol"] == "BTC/USDT"])

        def gateway(exchange, sleep):
            return gateway_at(smaller if exchange == "binanceus" else venue)(exchange, sleep)

        report = download(store, order_of(exchanges=["binance", "binanceus"]), gateway)

        assert_stored_is_true(store, venue)
        assert_stored_is_true(store, smaller, "binanceus", symbols=("BTC/USDT",))
        assert report.symbols(name_of(smaller, "binanceus")) == ["BTC/USDT"]

    def test_what_none_or_one_of_them_can_give_is_refused(self, serve, store, venue, market):
        other = serve(market[market["symbol"] == "BTC/USDT"])

        def gateway(exchange, sleep):
            return gateway_at(other if exchange == "binanceus" else venue)(exchange, sleep)

        both = ["binance", "binanceus"]
        with pytest.raises(ConfigurationError, match=r"DOGE/USDT is listed by none of binance, binanceus\."):
            download(store, order_of(exchanges=both, symbols=["BTC/USDT", "DOGE/USDT"]), gateway)
        with pytest.raises(ConfigurationError, match=r"binanceus lists none of XRP/USDT\."):
            download(store, order_of(exchanges=both, symbols=["XRP/USDT"]), gateway)
        assert store.series().empty

    def test_many_symbols_by_several_workers(self, serve, store, market):
        one = market[market["symbol"] == "BTC/USDT"].head(1_500)
        names = tuple(f"C{number:02d}/USDT" for number in range(12))
        venue = serve(pd.concat([one.assign(symbol=name) for name in names], ignore_index=True))

        report = download(store, order_of(symbols=names, workers=6), gateway_at(venue))

        assert_stored_is_true(store, venue, symbols=names)
        assert report.count == UpsertCount(18_000, 0, 0)
        assert [request.path for request in venue.requests].count("/api/v3/exchangeInfo") == 1

    def test_one_that_fails_does_not_stop_the_others(self, store, venue):
        calls = threading.Lock()
        made = gateway_at(venue, Patience(1, 0.0))

        class Choosy(ExchangeGateway):
            def _answer(self, symbol, *rest):
                if symbol == "XRP/USDT":
                    with calls:
                        raise VenueUnavailable("no XRP today.")
                return super()._answer(symbol, *rest)

        def choosy(exchange, sleep):
            gateway = made(exchange, sleep)
            gateway.__class__ = Choosy
            return gateway

        with pytest.raises(
            VenueUnavailable, match=r"no XRP today\. 1 of 2 series are not complete \(binance@.* XRP/USDT\)"
        ):
            download(store, order_of(), choosy)
        assert_stored_is_true(store, venue, symbols=("BTC/USDT",))


class TestErrors:
    def test_mistakes_are_told_before_anything_is_fetched(self, fetch, venue):
        with pytest.raises(ConfigurationError, match="does not list"):
            fetch(symbols=["BTC/USDT", "NO/SUCH"])
        with pytest.raises(ConfigurationError, match="has no 7m candles"):
            fetch(timeframe=Timeframe("7m"))
        with pytest.raises(ConfigurationError, match="ccxt knows no exchange"):
            fetch(exchanges=["binance", "binanse"])
        assert klines(venue) == []

    @pytest.mark.parametrize(
        ("order", "message"),
        [
            ({"exchanges": []}, "Which exchange"),
            ({"last": 0}, "1 or more"),
            ({"workers": 0}, "1 or more"),
            ({"end": START}, "not after its start"),
        ],
    )
    def test_orders_that_make_no_sense(self, order, message):
        with pytest.raises(ConfigurationError, match=message):
            order_of(**order)

    def test_what_arrived_before_the_exchange_failed_is_kept(self, store, venue):
        venue.inject(ServerError(), on="klines", after=3)

        with pytest.raises(VenueUnavailable, match=r"what has arrived is stored, and the next run goes on"):
            download(store, order_of(workers=1), gateway_at(venue))

        assert times_of(store, venue) == list(range(3_000))
        venue.faults.clear()
        before = len(klines(venue))
        download(store, order_of(), gateway_at(venue))
        assert_stored_is_true(store, venue)
        assert sorted(starts(klines(venue)[before:])) == [0, 1_000, 2_000, 3_000, 3_000, 3_000, 3_000]

    def test_junk_is_not_the_end_of_the_data(self, fetch, store, venue):
        venue.inject(JunkBody(), on="klines", after=2, times=2)

        fetch()

        assert_stored_is_true(store, venue)

    def test_a_series_that_cannot_be_a_market_is_refused(self, fetch, venue, monkeypatch):
        def spoilt(self, symbol, *rest):
            rows = original(self, symbol, *rest)
            rows.numbers[::3, 1] = 0.0
            return rows

        original = ExchangeGateway._answer
        monkeypatch.setattr(ExchangeGateway, "_answer", spoilt)
        with pytest.raises(BadCandles, match="cannot be a market"):
            fetch()

    def test_bad_rows_go_to_quarantine_and_are_not_asked_for_again(self, fetch, store, venue, monkeypatch):
        def spoilt(self, symbol, *rest):
            rows = original(self, symbol, *rest)
            rows.numbers[rows.time_ms == int(minute(77).timestamp() * 1_000), 1] = 1e-9
            return rows

        original = ExchangeGateway._answer
        monkeypatch.setattr(ExchangeGateway, "_answer", spoilt)

        report = fetch()

        assert report.frame["quarantined"].tolist() == [1, 1]
        assert len(times_of(store, venue)) == 3_999
        quarantined = store.quarantine(name_of(venue))
        assert quarantined["reason"].tolist() == ["high is below open or close"] * 2
        assert known_holes(store, venue) == [(77, 78)]
        (reason,) = set(store.holes(name_of(venue), MINUTE)["reason"])
        assert reason == "binance sent a row that went to quarantine: high is below open or close"
        before = len(klines(venue))
        fetch()
        assert len(klines(venue)) == before

    def test_a_store_that_cannot_be_used_ends_it_at_once(self, venue, tmp_path, fetch):
        (tmp_path / "file").write_text("no folder")
        with pytest.raises(StoreError, match="cannot be used"):
            fetch(into=CandleStore(f"sqlite:///{tmp_path}/file/candles.db"))

    def test_a_clock_that_is_ahead_now_and_then_closes_nothing_early(self, fetch, store, venue):
        venue.clock.set(int(minute(2_000.5).timestamp() * 1_000))
        venue.inject(ClockSkew(60_000), on="time", times=2)

        fetch()

        assert_stored_is_true(store, venue)


def test_the_newest_row_of_a_copy_that_lags_behind_is_not_taken_for_closed(fetch, store, venue):
    """By the time of the copy it was forming still, and its numbers are not the last."""
    venue.inject(ClockSkew(-90_000), on="klines", after=3, times=1)

    fetch(symbols=["BTC/USDT"])

    assert_stored_is_true(store, venue, symbols=("BTC/USDT",))


def test_status_counts_what_is_missing(fetch, store, venue):
    fetch(start=minute(1_000), end=minute(1_100))
    fetch(start=minute(1_500), end=minute(1_600), symbols=["BTC/USDT"])
    store.add_holes(
        pd.DataFrame(
            {"exchange": name_of(venue), "symbol": "BTC/USDT", "timeframe": "1m", "start": [minute(1_200)]}
            | {"end": [minute(1_210)], "reason": "an outage"}
        )
    )

    table = series_status(store).set_index("symbol")

    assert table.loc["BTC/USDT", ["rows", "missing", "holes"]].tolist() == [200, 390, 10]
    assert table.loc["XRP/USDT", ["rows", "missing", "holes"]].tolist() == [100, 0, 0]
    assert (table["behind"] > 400_000).all()
    assert series_status(store, timeframe="1h").empty


def test_an_order_is_a_value():
    order = order_of()

    assert replace(order, last=7) == DownloadOrder(["binance"], SYMBOLS, MINUTE, start=START, last=7)
    assert np.unique([order.mode]).tolist() == ["incremental"]
    assert issubclass(VenueUnavailable, VenueError)
