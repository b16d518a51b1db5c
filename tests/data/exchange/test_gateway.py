"""The gateway brings every closed candle once, through whatever an exchange does on the way."""

import time
from datetime import datetime

import ccxt
import pandas as pd
import pytest

from algotrade.data.exchange import ExchangeGateway
from algotrade.data.quality import inspect_candles
from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, VenueError, VenueUnavailable

HOUR = Timeframe("1h")
HOUR_MS = HOUR.milliseconds
FIRST_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS


def moment(hours: float) -> datetime:
    """So many hours after the venue's first candle."""
    return from_milliseconds([int(FIRST_MS + hours * HOUR_MS)])[0].to_pydatetime()


@pytest.fixture
def gateway(client) -> ExchangeGateway:
    return ExchangeGateway("binance", client, first_pause_seconds=0.01)


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
        assert candles[["quote_volume", "trades", "taker_buy_volume"]].isna().all(axis=None)
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
        gateway = ExchangeGateway("binance", client, attempts=3, first_pause_seconds=0.01)

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

    def test_nobody_there(self, client):
        # Port 1 of this machine: refused at once.
        client.urls["api"]["public"] = "http://127.0.0.1:1/api/v3"
        gateway = ExchangeGateway("binance", client, attempts=2, first_pause_seconds=0.01)

        with pytest.raises(VenueUnavailable, match="Check the network"):
            gateway.fetch_candles(["BTC/USDT"], HOUR, moment(0))


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
        client = ExchangeGateway("binance")._client

        assert isinstance(client, ccxt.binance)
        assert client.enableRateLimit
        assert client.options["fetchMarkets"]["types"] == ["spot"]
        assert not client.apiKey
