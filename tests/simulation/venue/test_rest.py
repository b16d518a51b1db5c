"""The real ccxt class reads the market through the REST interface, and reads the truth."""

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import ccxt
import numpy as np
import pandas as pd
import pytest
import requests
from tests.simulation.venue.conftest import Start
from tests.simulation.venue.minutes import FIRST_MS, MINUTE_MS, minute

from algotrade.domain.candles import Candles
from algotrade.domain.resampling import candles_of, resample
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError
from algotrade.simulation.market import MarketSettings
from algotrade.simulation.venue import LocalVenue, VenueSettings


def numbers(candles: Candles, rows: slice) -> list[list[float]]:
    """Rows as ccxt gives them."""
    part = candles[rows]
    columns = (part.open_time, part.open, part.high, part.low, part.close, part.volume)
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


class TestMarkets:
    def test_symbols_with_their_tick_and_lot(self, client: Any) -> None:
        markets = client.load_markets()

        assert sorted(markets) == ["BTC/USDT", "XRP/USDT"]
        bitcoin = markets["BTC/USDT"]
        assert bitcoin["active"]
        assert bitcoin["spot"]
        assert (bitcoin["precision"]["price"], bitcoin["precision"]["amount"]) == (0.01, 0.00001)
        assert bitcoin["limits"]["cost"]["min"] == 5
        assert "LIMIT" in bitcoin["info"]["orderTypes"]

    def test_one_request_is_all_it_takes(self, client: Any, venue: LocalVenue) -> None:
        client.load_markets()

        assert [request.path for request in venue.requests] == ["/api/v3/exchangeInfo"]

    def test_one_symbol(self, client: Any) -> None:
        assert [rules["symbol"] for rules in client.publicGetExchangeInfo({"symbol": "XRPUSDT"})["symbols"]] == [
            "XRPUSDT"
        ]


class TestTime:
    def test_it_is_the_venues(self, client: Any, venue: LocalVenue) -> None:
        assert client.fetch_time() == minute(4_000)
        venue.clock.advance(1_234)
        assert client.fetch_time() == minute(4_000) + 1_234
        assert client.publicGetPing() == {}


class TestKlines:
    def test_from_a_start_on(self, client: Any, venue: LocalVenue) -> None:
        truth = venue.candles("BTC/USDT", "1m")

        assert client.fetch_ohlcv("BTC/USDT", "1m", since=minute(10.5), limit=20) == numbers(truth, slice(11, 31))

    def test_the_latest(self, client: Any, venue: LocalVenue) -> None:
        truth = venue.candles("XRP/USDT", "1m")

        assert client.fetch_ohlcv("XRP/USDT", "1m") == numbers(truth, slice(3_500, 4_000))

    def test_up_to_an_end(self, client: Any, venue: LocalVenue) -> None:
        truth = venue.candles("BTC/USDT", "1m")
        rows = client.fetch_ohlcv("BTC/USDT", "1m", limit=3, params={"until": minute(100)})

        assert rows == numbers(truth, slice(98, 101))
        both = client.fetch_ohlcv("BTC/USDT", "1m", since=minute(90), params={"until": minute(100) - 1})
        assert both == numbers(truth, slice(90, 100))

    def test_never_more_than_a_thousand(self, client: Any) -> None:
        rows = client.publicGetKlines({"symbol": "BTCUSDT", "interval": "1m", "startTime": minute(0), "limit": 5_000})

        assert len(rows) == 1_000

    def test_nothing_before_the_first_or_between_an_end_and_a_later_start(self, client: Any) -> None:
        ask = {"symbol": "BTCUSDT", "interval": "1m"}

        assert client.publicGetKlines(ask | {"endTime": minute(0) - 1}) == []
        assert client.publicGetKlines(ask | {"startTime": minute(20), "endTime": minute(10)}) == []
        assert client.publicGetKlines(ask | {"startTime": minute(9_000)}) == []

    def test_every_number_is_the_markets(self, client: Any, market: pd.DataFrame) -> None:
        rows = client.publicGetKlines({"symbol": "BTCUSDT", "interval": "1m", "startTime": minute(0), "limit": 1_000})
        truth = market[market["symbol"] == "BTC/USDT"].head(1_000)

        table = np.array(rows, dtype=np.float64)
        names = ["open", "high", "low", "close", "volume", "quote_volume", "trades", "taker_buy_volume"]
        assert table[:, [1, 2, 3, 4, 5, 7, 8, 9]] == pytest.approx(truth[names].to_numpy(), rel=1e-15)
        assert (table[:, 6] == table[:, 0] + MINUTE_MS - 1).all()
        assert all(len(number.split(".")[1]) == 8 for number in rows[0][1:6])

    @pytest.mark.parametrize("timeframe", ["3m", "1h", "4h", "1d", "1w"])
    def test_longer_candles_are_made_of_the_short_ones(
        self, client: Any, venue: LocalVenue, market: pd.DataFrame, timeframe: str
    ) -> None:
        base = candles_of(market[market["symbol"] == "BTC/USDT"])
        truth = resample(base, Timeframe("1m"), Timeframe(timeframe), incomplete=True)

        rows = np.array(client.fetch_ohlcv("BTC/USDT", timeframe, since=0, limit=1_000))

        # The last one is still forming, and already holds everything traded so far.
        columns = [truth.open_time, truth.open, truth.high, truth.low, truth.close, truth.volume]
        assert rows == pytest.approx(np.array(columns).T[:1_000], rel=1e-12)

    def test_the_forming_candle_is_made_of_the_trades_so_far(self, client: Any, venue: LocalVenue) -> None:
        venue.clock.set(minute(1_000) + 41_000)

        *before, forming = client.fetch_ohlcv("BTC/USDT", "5m", since=minute(990))

        assert [row[0] for row in before] == [minute(990), minute(995)]
        trades = client.fetch_trades("BTC/USDT", since=minute(1_000), limit=1_000)
        assert trades[-1]["timestamp"] <= minute(1_000) + 41_000
        prices = [trade["price"] for trade in trades]
        volume = sum(Decimal(trade["info"]["q"]) for trade in trades)
        assert forming == [minute(1_000), prices[0], max(prices), min(prices), prices[-1], float(volume)]
        assert volume < Decimal(str(venue.candles("BTC/USDT", "1m").volume[1_000]))

    def test_a_candle_closes_at_its_close_time(self, client: Any, venue: LocalVenue) -> None:
        whole = numbers(venue.candles("BTC/USDT", "1m"), slice(1_000, 1_001))

        venue.clock.set(minute(1_001) - 1)
        assert client.fetch_ohlcv("BTC/USDT", "1m", since=minute(1_000)) == whole
        venue.clock.set(minute(1_001))
        assert [row[0] for row in client.fetch_ohlcv("BTC/USDT", "1m", since=minute(1_000))] == [
            minute(1_000),
            minute(1_001),
        ]
        assert len(venue.closed_candles("BTC/USDT", "1m")) == 1_001

    def test_a_gap_stays_a_gap(self, start: Start, market: pd.DataFrame) -> None:
        one = market[market["symbol"] == "BTC/USDT"].reset_index(drop=True)
        venue = start(one.drop(index=range(100, 160)))
        client = venue.ccxt_client()

        rows = client.fetch_ohlcv("BTC/USDT", "1m", since=minute(98), limit=4)
        assert [(row[0] - FIRST_MS) // MINUTE_MS for row in rows] == [98, 99, 160, 161]
        hours = client.fetch_ohlcv("BTC/USDT", "30m", since=minute(60), limit=4)
        assert [(row[0] - FIRST_MS) // MINUTE_MS for row in hours] == [60, 90, 150, 180]
        venue.clock.set(minute(130))
        assert client.fetch_ohlcv("BTC/USDT", "1m")[-1][0] == minute(99)


class TestAggregatedTrades:
    def test_paged_by_number_they_add_up_to_the_candles(self, client: Any) -> None:
        trades = [page for first in range(0, 3_000, 1_000) for page in _trades(client, fromId=first, limit=1_000)]
        candles = client.publicGetKlines({"symbol": "BTCUSDT", "interval": "1m", "startTime": minute(0), "limit": 180})

        assert [trade["a"] for trade in trades] == list(range(3_000))
        assert all(later["f"] == earlier["l"] + 1 for earlier, later in pairwise(trades))
        for candle in candles:
            assert _candle(trades, int(candle[0])) == [*map(Decimal, candle[1:6]), *map(Decimal, candle[7:10])]

    def test_between_two_times_and_the_latest(self, client: Any) -> None:
        some = _trades(client, startTime=minute(50), endTime=minute(51) - 1, limit=1_000)
        assert {(trade["T"] - FIRST_MS) // MINUTE_MS for trade in some} == {50}
        assert some[0]["T"] == minute(50)
        latest = _trades(client, limit=7)
        assert len(latest) == 7
        assert latest[-1]["a"] == client.fetch_trades("BTC/USDT", limit=1_000)[-1]["info"]["a"] * 1
        until = _trades(client, endTime=minute(50) - 1, limit=5)
        assert until[-1]["a"] + 1 == some[0]["a"]

    def test_the_future_stays_hidden(self, client: Any, venue: LocalVenue) -> None:
        venue.clock.set(minute(10) + 30_000)

        assert max(trade["T"] for trade in _trades(client, fromId=0, limit=1_000)) <= minute(10) + 30_000

    def test_a_number_excludes_times(self, client: Any) -> None:
        with pytest.raises(ccxt.BadRequest, match="-1128"):
            _trades(client, fromId=0, startTime=minute(0))

    @pytest.mark.parametrize("decimals", [2, 8])
    def test_candles_as_files_have_them(self, start: Start, decimals: int) -> None:
        """Without quote volume, trades or taker volume, which are filled in; one of them without volume."""
        times = pd.date_range("2024-01-01", periods=3, freq="min", tz="UTC")
        prices = {
            "open": [10.0, 11.5, 11.0],
            "high": [12, 11.5, 12],
            "low": [9.5, 11.5, 9],
            "close": [11.5, 11.5, 9.25],
        }
        numbers = pd.DataFrame({**prices, "volume": [123.45678901, 0, 7]}).round(decimals)
        frame = numbers.assign(open_time=times, symbol="BTC/USDT", timeframe="1m")
        client = start(frame).ccxt_client()

        candles = client.publicGetKlines({"symbol": "BTCUSDT", "interval": "1m"})
        trades = _trades(client)

        assert [float(candle[4]) for candle in candles] == [11.5, 11.5, 9.25]
        for candle in (candles[0], candles[2]):
            assert _candle(trades, int(candle[0])) == [*map(Decimal, candle[1:6]), *map(Decimal, candle[7:10])]
        assert candles[1][5] == "0.00000000"
        assert not [trade for trade in trades if minute(1) <= trade["T"] < minute(2)]


def _trades(client: Any, **ask: int) -> list[dict[str, Any]]:
    """Raw rows; ccxt leaves numbers as strings."""
    rows = client.publicGetAggTrades({"symbol": "BTCUSDT"} | ask)
    return [row | {name: int(row[name]) for name in "aflT"} for row in rows]


def _candle(trades: list[dict[str, Any]], open_time: int) -> list[Decimal]:
    """Open, high, low, close, volume, quote volume, trades and taker volume of a minute's trades."""
    of_minute = [trade for trade in trades if open_time <= trade["T"] < open_time + MINUTE_MS]
    prices = [Decimal(trade["p"]) for trade in of_minute]
    quantities = [Decimal(trade["q"]) for trade in of_minute]
    return [
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        sum(quantities, Decimal()),
        sum((p * q for p, q in zip(prices, quantities, strict=True)), Decimal()),
        Decimal(sum(trade["l"] - trade["f"] + 1 for trade in of_minute)),
        sum((q for q, trade in zip(quantities, of_minute, strict=True) if not trade["m"]), Decimal()),
    ]


class TestQuotes:
    def test_the_book_surrounds_the_last_price(self, client: Any) -> None:
        book = client.fetch_order_book("BTC/USDT", 50)
        last = client.fetch_ticker("BTC/USDT")["last"]

        bids, asks = [price for price, _ in book["bids"]], [price for price, _ in book["asks"]]
        assert len(bids) == len(asks) == 50
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0] < last < asks[0]
        assert asks[0] / bids[0] - 1 == pytest.approx(1e-4, rel=0.1)
        assert book == client.fetch_order_book("BTC/USDT", 50)

    def test_the_best_of_the_book(self, client: Any) -> None:
        book, best = client.fetch_order_book("BTC/USDT", 5), client.fetch_bids_asks(["BTC/USDT"])["BTC/USDT"]

        assert (best["bid"], best["ask"]) == (book["bids"][0][0], book["asks"][0][0])

    def test_the_last_day(self, client: Any, venue: LocalVenue) -> None:
        day, ticker = venue.candles("BTC/USDT", "1m")[slice(-1_440, None)], client.fetch_ticker("BTC/USDT")

        assert ticker["open"] == day.open[0]
        assert (ticker["high"], ticker["low"]) == (day.high.max(), day.low.min())
        assert ticker["last"] == day.close[-1]
        assert ticker["baseVolume"] == pytest.approx(day.volume.sum())
        assert ticker["quoteVolume"] == pytest.approx(day.quote_volume.sum())
        assert int(ticker["info"]["count"]) == day.trades.sum()

    def test_several_at_once(self, client: Any) -> None:
        assert sorted(client.fetch_tickers()) == ["BTC/USDT", "XRP/USDT"]
        assert sorted(client.fetch_last_prices()) == ["BTC/USDT", "XRP/USDT"]
        small = client.publicGetTicker24hr({"symbols": '["XRPUSDT"]', "type": "MINI"})
        assert [set(small[0]) & {"symbol", "lastPrice", "bidPrice"}] == [{"symbol", "lastPrice"}]

    def test_before_the_first_trade_there_is_nothing(self, client: Any, venue: LocalVenue) -> None:
        venue.clock.set(minute(-10))

        assert client.fetch_ohlcv("BTC/USDT", "1m") == []
        assert client.fetch_trades("BTC/USDT") == []
        assert client.fetch_order_book("BTC/USDT")["bids"] == []
        assert client.fetch_ticker("BTC/USDT")["baseVolume"] == 0


class TestRefusals:
    @pytest.mark.parametrize(
        ("path", "query", "code"),
        [
            ("klines", {}, -1102),
            ("klines", {"symbol": "BTCUSDT"}, -1102),
            ("klines", {"symbol": "", "interval": "1m"}, -1105),
            ("klines", {"symbol": "NOPE", "interval": "1m"}, -1121),
            ("klines", {"symbol": "btcusdt", "interval": "1m"}, -1100),
            ("klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120),
            ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": "0"}, -1130),
            ("klines", {"symbol": "BTCUSDT", "interval": "1m", "startTime": "-5"}, -1100),
            ("klines", {"symbol": "BTCUSDT", "interval": "1m", "endTime": "soon"}, -1100),
            ("depth", {"symbol": "BTCUSDT", "limit": "x"}, -1100),
            ("ticker/price", {"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'}, -1128),
            ("ticker/price", {"symbols": "BTCUSDT"}, -1100),
            ("exchangeInfo", {"symbol": "NOPE"}, -1121),
        ],
    )
    def test_as_the_exchange_words_them(self, venue: LocalVenue, path: str, query: dict[str, str], code: int) -> None:
        answer = requests.get(f"{venue.url}/api/v3/{path}", params=query, timeout=30)

        assert answer.status_code == 400
        assert set(answer.json()) == {"code", "msg"}
        assert answer.json()["code"] == code

    @pytest.mark.parametrize(
        ("query", "kind"),
        [
            ({"symbol": "NOPE", "interval": "1m"}, ccxt.BadSymbol),
            ({"symbol": "BTCUSDT", "interval": "1x"}, ccxt.BadRequest),
            ({"interval": "1m"}, ccxt.BadRequest),
        ],
    )
    def test_as_ccxt_understands_them(self, client: Any, query: dict[str, str], kind: type[Exception]) -> None:
        with pytest.raises(kind):
            client.publicGetKlines(query)

    def test_a_path_that_there_is_not(self, venue: LocalVenue) -> None:
        answer = requests.get(f"{venue.url}/api/v3/order", timeout=30)

        assert answer.status_code == 404
        assert answer.json()["code"] == -1000

    def test_shorter_candles_than_there_are(self, start: Start) -> None:
        hours = VenueSettings.simulated(MarketSettings(symbols=("BTC/USDT",), candles=50)).candles
        client = start(hours).ccxt_client()

        assert len(client.fetch_ohlcv("BTC/USDT", "4h")) == 13
        with pytest.raises(ccxt.BadRequest, match="-1120"):
            client.fetch_ohlcv("BTC/USDT", "30m")


class TestTheMarketAtTheDoor:
    @pytest.mark.parametrize(
        ("change", "error", "message"),
        [
            ({"timeframe": ["1m", "1h"]}, ConfigurationError, "2 timeframes"),
            ({"exchange": ["a", "b"]}, ConfigurationError, "2 exchanges"),
            ({"close": [1.0, np.nan]}, BadCandles, "no market can have"),
            ({"high": [1.0, 0.5]}, BadCandles, "no market can have"),
            ({"open_time": pd.to_datetime(["2024-01-01", "2024-01-01"], utc=True)}, BadCandles, "twice"),
            ({"open_time": pd.date_range("2024-01-01", periods=2, freq="30s", tz="UTC")}, BadCandles, "grid"),
            ({"symbol": "BITCOIN"}, ConfigurationError, "no spot symbol"),
        ],
    )
    def test_candles_that_cannot_be_served(self, change: dict[str, Any], error: type[Exception], message: str) -> None:
        times = pd.date_range("2024-01-01", periods=2, freq="min", tz="UTC")
        frame = pd.DataFrame(
            {"open_time": times, **dict.fromkeys(["open", "high", "low", "close"], 1.0), "volume": 1.0}
        )
        frame = frame.assign(symbol="BTC/USDT", timeframe="1m", exchange="a").assign(**change)

        with pytest.raises(error, match=message):
            LocalVenue(VenueSettings(frame, now=pd.Timestamp("2024-01-02", tz="UTC")))

    def test_a_port_that_is_taken(self, venue: LocalVenue, market: pd.DataFrame) -> None:
        with pytest.raises(ConfigurationError, match="cannot be opened"):
            LocalVenue(VenueSettings(market, port=int(venue.url.rsplit(":", 1)[1]))).start()

    def test_stopping_twice_frees_the_port_once(self, market: pd.DataFrame) -> None:
        venue = LocalVenue(VenueSettings(market))
        venue.start()
        assert json.loads(requests.get(f"{venue.url}/api/v3/ping", timeout=30).text) == {}
        venue.stop()
        venue.stop()
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{venue.url}/api/v3/ping", timeout=30)
