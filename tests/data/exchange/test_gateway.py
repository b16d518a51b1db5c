"""The gateway brings every closed candle once, through whatever an exchange does on the way."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise

import ccxt
import pandas as pd
import pytest
from tests.data.exchange.conftest import kline

from algotrade.data.exchange import ExchangeGateway, Patience
from algotrade.data.quality import inspect_candles
from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, VenueError, VenueUnavailable

HOUR = Timeframe("1h")
HOUR_MS = HOUR.milliseconds
QUICK = Patience(first_pause_seconds=0.01)
FIRST_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS


def moment(hours: float) -> datetime:
    """So many hours after the venue's first candle."""
    return from_milliseconds([int(FIRST_MS + hours * HOUR_MS)])[0].to_pydatetime()


@pytest.fixture
def gateway(client) -> ExchangeGateway:
    return ExchangeGateway("binance", client, patience=QUICK)


def hours(frame: pd.DataFrame) -> list[int]:
    return ((to_milliseconds(frame["open_time"]) - FIRST_MS) // HOUR_MS).tolist()


class TestCandles:
    def test_the_frame_is_a_raw_candle_frame(self, gateway):
        candles = gateway.fetch_candles(["BTCUSDT"], HOUR, moment(0), moment(3))

        assert list(candles) == [*SERIES_COLUMNS, "open_time", *VALUE_COLUMNS]
        assert candles.loc[0, ["exchange", "symbol", "timeframe"]].tolist() == ["binance", "BTC/USDT", "1h"]
        assert candles[["open", "high", "low", "close", "volume"]].to_numpy().tolist() == [
            [100.0 + hour, 100.5 + hour, 99.5 + hour, 100.25 + hour, 12.5] for hour in range(3)
        ]
        assert candles[["quote_volume", "trades", "taker_buy_volume"]].to_numpy().tolist() == [[1_250.0, 42.0, 6.0]] * 3
        assert inspect_candles(candles, HOUR).totals["quarantined"] == 0

    def test_more_than_a_page(self, gateway, venue):
        candles = gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0))

        assert hours(candles) == list(range(2_500))
        assert [int(query["limit"]) for query in venue.klines_asked()] == [1_000] * 3

    def test_pages_shorter_than_the_limit(self, gateway, venue):
        venue.most_rows = 300

        assert hours(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0))) == list(range(2_500))

    def test_the_open_candle_is_left_out(self, gateway, venue):
        venue.clock_ms = FIRST_MS + 10 * HOUR_MS + HOUR_MS // 2

        assert hours(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(7))) == [7, 8, 9]

    def test_a_candle_is_closed_at_its_close_time(self, gateway, venue):
        venue.clock_ms = FIRST_MS + 10 * HOUR_MS

        assert hours(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(7))) == [7, 8, 9]

    def test_end_is_not_included_and_start_is_rounded_up(self, gateway):
        assert hours(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(2.5), moment(6))) == [3, 4, 5]

    def test_a_start_before_the_listing(self, gateway):
        assert hours(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(-3_000), moment(2))) == [0, 1]

    def test_a_span_without_candles(self, gateway):
        candles = gateway.fetch_candles(["BTC/USDT"], HOUR, moment(-10), moment(-5))

        assert candles.empty
        assert candles["open_time"].dtype == "datetime64[ms, UTC]"

    def test_several_symbols_and_their_progress(self, gateway):
        seen: list[tuple[str, int]] = []

        candles = gateway.fetch_candles(
            ["ETH/USDT", "BTC/USDT"],
            HOUR,
            moment(0),
            moment(1_200),
            on_progress=lambda symbol, count: seen.append((symbol, count)),
        )

        assert candles.groupby("symbol").size().to_dict() == {"BTC/USDT": 1_200, "ETH/USDT": 1_200}
        assert seen == [("ETH/USDT", 1_000), ("ETH/USDT", 1_200), ("BTC/USDT", 1_000), ("BTC/USDT", 1_200)]

    def test_markets_are_asked_for_once(self, gateway, venue):
        for _ in range(2):
            gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(1))

        assert [path for path, _ in venue.requests].count("exchangeInfo") == 1


class TestPatience:
    def test_a_429_is_waited_out_as_long_as_the_exchange_asks(self, gateway, venue):
        venue.refusals = [(429, {"Retry-After": "1"}, '{"code": -1003, "msg": "Too many requests."}')]

        start = time.monotonic()
        candles = gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))

        assert hours(candles) == list(range(5))
        assert time.monotonic() - start >= 1.0
        assert len(venue.klines_asked()) == 2

    def test_an_overloaded_exchange_is_asked_again(self, gateway, venue):
        venue.refusals = [(503, {}, "<html>busy</html>")] * 2

        assert len(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))) == 5

    def test_patience_ends(self, client, venue):
        venue.refusals = [(503, {}, "<html>busy</html>")] * 9
        gateway = ExchangeGateway("binance", client, patience=Patience(3, 0.01))

        with pytest.raises(VenueUnavailable, match=r"binance does not answer as it should: .*503.*try again later"):
            gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))
        assert len(venue.klines_asked()) == 3

    def test_a_ban_is_not_waited_out(self, gateway, venue):
        venue.refusals = [(418, {"Retry-After": "7200"}, '{"code": -1003, "msg": "IP banned."}')]

        with pytest.raises(VenueUnavailable, match="asks to wait 7200 s"):
            gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))
        assert len(venue.klines_asked()) == 1

    def test_a_refusal_is_not_repeated(self, gateway, venue):
        venue.refusals = [(400, {}, '{"code": -1100, "msg": "Illegal characters found in parameter."}')]

        with pytest.raises(VenueError, match=r"binance refused the call: .*Illegal characters") as caught:
            gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))
        assert not isinstance(caught.value, VenueUnavailable)
        assert len(venue.klines_asked()) == 1

    def test_nobody_there(self):
        # Port 1 of this machine: refused at once.
        gateway = ExchangeGateway("binance", base_url="http://127.0.0.1:1", patience=Patience(2, 0.01))

        with pytest.raises(VenueUnavailable, match="Check the network"):
            gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0))

    def test_an_exchange_that_keeps_failing_is_left_alone(self, client, venue):
        venue.refusals = [(503, {}, "<html>busy</html>")] * 9
        gateway = ExchangeGateway("binance", client, patience=Patience(2, 0.0, failures_until_rest=4, rest_seconds=0.2))

        for _ in range(2):
            with pytest.raises(VenueUnavailable, match="does not answer"):
                gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))
        asked = len(venue.requests)
        with pytest.raises(
            VenueUnavailable, match=r"failed 4 times in a row and is left alone until \d\d:\d\d:\d\d UTC"
        ):
            gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))
        assert len(venue.requests) == asked

        venue.refusals.clear()
        time.sleep(0.25)
        assert len(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))) == 5

    def test_while_it_is_banned_nothing_is_sent(self, gateway, venue):
        venue.refusals = [(418, {"Retry-After": "600"}, "{}")]
        for _ in range(2):
            with pytest.raises(VenueUnavailable, match=r"asks to wait (600|599) s"):
                gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))
        assert len(venue.klines_asked()) == 1


JUNK = "<!doctype html><title>Just a moment...</title>"
UNREADABLE = [
    JUNK,
    "",
    "null",
    '"?"',
    "[[1700000000000,",
    "{}",
    '{"symbols": []}',
    "[[1]]",
    '[["a","b","c","d","e","f"]]',
]


class TestUnreadable:
    """An answer of status 200 that makes no sense is asked for again, and then refused; never an end of the data."""

    @pytest.mark.parametrize("body", UNREADABLE)
    def test_candles(self, gateway, venue, body):
        venue.refusals = [(200, {}, body)] * 3

        assert hours(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(1_200))) == list(range(1_200))

    @pytest.mark.parametrize("body", UNREADABLE)
    def test_candles_for_good(self, client, venue, body):
        venue.refusals = [(200, {}, body)] * 100
        gateway = ExchangeGateway("binance", client, patience=Patience(3, 0.0))

        with pytest.raises(VenueUnavailable, match=r"no JSON|cannot be read"):
            gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))

    @pytest.mark.parametrize("path", ["time", "exchangeInfo"])
    @pytest.mark.parametrize("body", UNREADABLE)
    def test_the_time_and_the_markets(self, gateway, venue, path, body):
        venue.instead = {path: [body] * 2}

        assert hours(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))) == list(range(5))

    def test_markets_that_could_not_be_had_are_asked_for_again(self, client, venue):
        gateway = ExchangeGateway("binance", client, patience=Patience(2, 0.0))
        venue.instead = {"exchangeInfo": ["{}"] * 2}

        with pytest.raises(VenueUnavailable, match="lists no markets"):
            gateway.accepted(["BTC/USDT"], HOUR)
        assert gateway.accepted(["BTCUSDT"], HOUR) == ["BTC/USDT"]

    def test_rows_in_disorder(self, gateway, venue):
        rows = [kline(FIRST_MS + hour * HOUR_MS) for hour in (3, 1, 1, 0, 4, 2, 3)]
        venue.refusals = [(200, {}, json.dumps(rows))]

        assert hours(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(5))) == list(range(5))
        assert len(venue.klines_asked()) == 1

    def test_rows_that_cannot_be_candles_come_last_and_are_quarantined(self, gateway, venue):
        def spoilt(row):
            hour = (row[0] - FIRST_MS) // HOUR_MS
            return row if hour % 100 else [row[0], "1", "0.5", "2", "1", *row[5:]]

        venue.change = spoilt
        inspected = inspect_candles(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(50), moment(950)), HOUR)

        assert len(inspected.candles) == 891
        assert inspected.quarantine["reason"].tolist() == ["low is above open or close"] * 9


class TestClosed:
    def test_the_earliest_of_three_answers_is_the_time(self, gateway, venue):
        venue.clock_ms = FIRST_MS + 10 * HOUR_MS + 1
        early = json.dumps({"serverTime": venue.clock_ms + HOUR_MS})
        venue.instead = {"time": [early] * 2}

        assert hours(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(7))) == [7, 8, 9]

    def test_a_candle_whose_close_time_has_not_come_is_left_out(self, gateway, venue):
        """Whatever the open time says: an exchange may have candles that are longer than their name."""
        venue.clock_ms = FIRST_MS + 10 * HOUR_MS + 1
        venue.change = lambda row: row if row[0] < FIRST_MS + 9 * HOUR_MS else [*row[:6], row[6] + HOUR_MS, *row[7:]]

        assert hours(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(7))) == [7, 8]

    def test_the_local_clock_decides_nothing(self, gateway, monkeypatch, caplog):
        monkeypatch.setattr(time, "time", lambda: 0.0)
        monkeypatch.setattr(time, "time_ns", lambda: 0)
        caplog.set_level("INFO")

        assert len(gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0))) == 2_500
        assert "ahead of this machine's" in caplog.text


class TestThreads:
    def test_each_has_a_client_and_all_keep_one_pace(self, venue):
        gateway = ExchangeGateway("binance", base_url=venue.url, patience=QUICK)
        gateway.accepted(["BTC/USDT"], HOUR)
        with ThreadPoolExecutor(4) as pool:
            frames = list(pool.map(lambda _: gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0)), range(8)))

        assert all(hours(frame) == list(range(2_500)) for frame in frames)
        assert [path for path, _ in venue.requests].count("exchangeInfo") == 1
        # Binance's price of a page is 0.4 of 50 ms: 24 pages cannot leave within less.
        moments = venue.moments_of("klines")
        assert len(moments) == 24
        assert moments[-1] - moments[0] >= 23 * 0.4 * 0.050 * 0.9

    def test_a_pause_is_for_everybody(self, venue):
        gateway = ExchangeGateway("binance", base_url=venue.url, patience=QUICK)
        gateway.running(HOUR)
        gateway.accepted(["BTC/USDT"], HOUR)
        venue.refusals = [(429, {"Retry-After": "1"}, "{}")]
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda _: gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0), moment(2_000)), range(3)))

        moments = venue.moments_of("klines")
        pauses = [after - before for before, after in pairwise(moments)]
        assert max(pauses) > 0.5
        assert len([moment for moment in moments if moment < moments[0] + 0.9]) <= 3


class TestConfiguration:
    def test_an_unknown_symbol(self, gateway, venue):
        with pytest.raises(
            ConfigurationError, match=r"binance does not list BTC/USDX\. The closest of the 3 .*BTC/USDT"
        ):
            gateway.fetch_candles(["BTC/USDT", "BTC/USDX"], HOUR, moment(0))
        assert not venue.klines_asked()

    def test_a_symbol_like_no_other(self, gateway):
        with pytest.raises(ConfigurationError, match=r"Accepted are 3, among them BTC/USDT"):
            gateway.fetch_candles(["ZZZZZZZZ"], HOUR, moment(0))

    def test_no_symbols(self, gateway):
        with pytest.raises(ConfigurationError, match="No symbols to fetch"):
            gateway.fetch_candles([], HOUR, moment(0))

    def test_an_unknown_timeframe(self, gateway):
        with pytest.raises(ConfigurationError, match=r"binance has no 7m candles\. Accepted are .*1h"):
            gateway.fetch_candles(["BTC/USDT"], Timeframe("7m"), moment(0))

    def test_an_unknown_exchange(self):
        with pytest.raises(ConfigurationError, match=r"ccxt knows no exchange 'binanse'\. The closest .*binance"):
            ExchangeGateway("binanse")

    def test_a_naive_time(self, gateway):
        with pytest.raises(ConfigurationError, match="no time zone"):
            gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0).replace(tzinfo=None))

    def test_the_default_client_keeps_to_the_rate_limit_and_asks_for_spot_only(self):
        client = ExchangeGateway("binance")._first.client

        assert isinstance(client, ccxt.binance)
        assert client.enableRateLimit
        assert client.options["fetchMarkets"]["types"] == ["spot"]
        assert not client.apiKey
