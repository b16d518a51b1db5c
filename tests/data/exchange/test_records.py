"""Trades, funding rates and the top of the book, through the real ccxt classes."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

import ccxt
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from algotrade.cli import cli
from algotrade.data.exchange.clients import URL_VARIABLE, exchange_name, spot_client
from algotrade.data.exchange.patience import Patience
from algotrade.data.exchange.records import ExchangeRecords, candles_of_trades
from algotrade.data.store import CandleStore
from algotrade.domain.candles import VALUE_COLUMNS, from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, VenueError
from algotrade.simulation.market import MarketSettings
from algotrade.simulation.venue import (
    DuplicatedRows,
    LocalVenue,
    MissingRows,
    RateLimited,
    ServerError,
    ShuffledRows,
    TruncatedBody,
    VenueSettings,
    WeightLimits,
)

HASTY = Patience(attempts=6, first_pause_seconds=0.01)
SYMBOLS = ("BTC/USDT", "XRP/USDT")


def moment(minutes: float) -> pd.Timestamp:
    return pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(minutes=minutes)


@pytest.fixture(scope="module")
def exchange() -> Iterator[LocalVenue]:
    market = MarketSettings(symbols=SYMBOLS, timeframe="1m", start="2024-01-01", candles=600)
    settings = VenueSettings.simulated(market, now=moment(500.5), limits=WeightLimits(weight=10**9))
    with LocalVenue(settings) as running:
        yield running


@pytest.fixture(autouse=True)
def _everything_goes_right_again(exchange: LocalVenue) -> Iterator[None]:
    yield
    exchange.faults.clear()


def trades_of(exchange: LocalVenue, symbol: str, first: float, stop: float) -> pd.DataFrame:
    records = ExchangeRecords("binance", exchange.ccxt_client(), HASTY)
    return pd.concat(records.trades(symbol, moment(first), moment(stop)), ignore_index=True)


class TestTrades:
    @pytest.mark.parametrize("symbol", SYMBOLS)
    @pytest.mark.parametrize(("name", "first", "stop"), [("1m", 90, 270), ("15m", 90, 270), ("1h", 60, 300)])
    def test_they_make_the_candles_of_the_exchange_to_the_last_digit(
        self, exchange: LocalVenue, symbol: str, name: str, first: int, stop: int
    ) -> None:
        made = candles_of_trades(trades_of(exchange, symbol, first, stop), "binance", Timeframe(name))

        client = exchange.ccxt_client()
        client.load_markets()
        begins, ends = (int(moment(minutes).timestamp() * 1_000) for minutes in (first, stop))
        span = {"startTime": begins, "endTime": ends - 1}
        sent = client.publicGetKlines({"symbol": client.market(symbol)["id"], "interval": name, "limit": 1_000, **span})
        assert [int(row[0]) for row in sent] == to_milliseconds(made["open_time"]).tolist()
        for column, place in zip(VALUE_COLUMNS, (1, 2, 3, 4, 5, 7, 8, 9), strict=True):
            assert [float(row[place]) for row in sent] == made[column].tolist(), column

    @pytest.mark.parametrize(
        "fault",
        [MissingRows(3), ShuffledRows(), DuplicatedRows(5), TruncatedBody(), ServerError(), RateLimited(429, 0)],
        ids=lambda fault: type(fault).__name__,
    )
    def test_faults_change_nothing(self, exchange: LocalVenue, fault) -> None:
        whole = trades_of(exchange, "BTC/USDT", 100, 200)
        exchange.inject(fault, on="aggTrades", probability=0.5)

        pd.testing.assert_frame_equal(trades_of(exchange, "BTC/USDT", 100, 200), whole)
        assert len(whole) == 1_600

    def test_a_span_without_trades_is_empty(self, exchange: LocalVenue) -> None:
        records = ExchangeRecords("binance", exchange.ccxt_client(), HASTY)
        assert sum(map(len, records.trades("BTC/USDT", moment(-300), moment(-100)))) == 0

    def test_stored_and_read_they_make_the_same_candles(self, exchange: LocalVenue, tmp_path) -> None:
        store = CandleStore(f"sqlite:///{tmp_path / 'candles.db'}")
        trades = trades_of(exchange, "XRP/USDT", 0, 60)
        store.add_trades(trades.sample(frac=1, random_state=1))

        for name in ("1m", "1h"):
            pd.testing.assert_frame_equal(
                candles_of_trades(store.trades("binance"), "binance", Timeframe(name)),
                candles_of_trades(trades, "binance", Timeframe(name)),
                check_dtype=False,
            )

    def test_an_exchange_that_keeps_its_latest_trades_only_is_named(self) -> None:
        with pytest.raises(ConfigurationError, match="bybit does not give all trades of a span through ccxt, only its"):
            next(ExchangeRecords("bybit", ccxt.bybit()).trades("BTC/USDT", moment(0)))

    def test_an_unknown_symbol_is_refused(self, exchange: LocalVenue) -> None:
        with pytest.raises(ConfigurationError, match="binance does not list BTC/USD"):
            trades_of(exchange, "BTC/USD", 0, 1)

    def test_kraken_is_paged_by_time_without_loss(self) -> None:
        client = Kraken()
        records = ExchangeRecords("kraken", client, HASTY)

        trades = pd.concat(records.trades("BTC/USD", moment(0), moment(10)), ignore_index=True)

        assert trades["trade_id"].tolist() == [str(number) for number in range(1, 2_401)]
        assert len(client.asked) == 3


class Kraken:
    """The part of ccxt's kraken that trades are asked of: four trades a second, several in one of them."""

    id = "kraken"

    def __init__(self) -> None:
        self.has = {"fetchTrades": True, "fetchTime": False}
        self.markets = {"BTC/USD": {"swap": False}}
        self.last_response_headers: dict[str, str] = {}
        self.rateLimit = 0
        self.asked: list[int] = []

    def milliseconds(self) -> int:
        return int(moment(60).timestamp() * 1_000)

    def fetch_trades(self, symbol: str, since: int, limit: int, parameters: dict) -> list[dict[str, Any]]:
        self.asked.append(since)
        start = int(moment(0).timestamp() * 1_000)
        terms = {"price": 1.0, "amount": 1.0}
        rows = [{"id": str(n), "timestamp": start + (n - 1) // 4 * 1_000, **terms} for n in range(1, 9_000)]
        return [row for row in rows if row["timestamp"] >= since // 1_000 * 1_000][:limit]


class TestBook:
    def test_the_best_bid_and_ask_by_the_exchanges_clock(self, exchange: LocalVenue, tmp_path) -> None:
        records = ExchangeRecords("binance", exchange.ccxt_client(), HASTY)

        tops = records.book_tops(SYMBOLS)

        assert tops["symbol"].tolist() == list(SYMBOLS)
        assert (tops["bid"] < tops["ask"]).all()
        assert (tops["time"] == from_milliseconds([exchange.clock.now()])[0]).all()
        for row in tops.itertuples():
            truth = exchange.ccxt_client().fetch_order_book(row.symbol, 5)
            assert [[row.bid, row.bid_size], [row.ask, row.ask_size]] == [truth["bids"][0][:2], truth["asks"][0][:2]]
        assert CandleStore(f"sqlite:///{tmp_path / 'candles.db'}").add_book_tops(tops).new == 2


HOUR_MS = 3_600_000
FIRST_MS = 1_700_000_000_000 // (8 * HOUR_MS) * 8 * HOUR_MS


class Futures:
    """As much of Binance's USD-M futures as funding rates need."""

    def __init__(self, rates: int) -> None:
        self.rates = [(FIRST_MS + 8 * HOUR_MS * n, f"{0.0001 * (-1) ** n * (1 + n % 7):.8f}") for n in range(rates)]
        self.queries: list[dict[str, str]] = []

    def answer(self, path: str, query: dict[str, str]) -> Any:
        if path in {"/fapi/v1/time", "/api/v3/time"}:
            return {"serverTime": self.rates[-1][0] + HOUR_MS}
        if path == "/fapi/v1/exchangeInfo":
            contract = {"contractType": "PERPETUAL", "status": "TRADING", "marginAsset": "USDT", "deliveryDate": 4e12}
            names = {"symbol": "BTCUSDT", "pair": "BTCUSDT", "baseAsset": "BTC", "quoteAsset": "USDT"}
            return {"symbols": [names | contract | {"filters": [], "orderTypes": ["LIMIT"]}]}
        if path == "/fapi/v1/fundingRate":
            self.queries.append(query)
            start, end, limit = (int(query[name]) for name in ("startTime", "endTime", "limit"))
            found = [(time, rate) for time, rate in self.rates if start <= time <= end][:limit]
            return [{"symbol": "BTCUSDT", "fundingTime": time, "fundingRate": rate} for time, rate in found]
        return None


@pytest.fixture
def futures() -> Iterator[tuple[Futures, str]]:
    state = Futures(rates=400)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlparse(self.path)
            found = state.answer(url.path, {name: values[0] for name, values in parse_qs(url.query).items()})
            body = json.dumps(found if found is not None else {"code": -1, "msg": "no such path"})
            head = f"HTTP/1.1 {200 if found is not None else 404} X\r\nContent-Type: application/json\r\n"
            self.wfile.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class TestFunding:
    @pytest.mark.parametrize("name", ["binance", "binanceusdm"])
    def test_every_rate_of_a_span(self, futures, name: str, monkeypatch, tmp_path) -> None:
        state, url = futures
        monkeypatch.setenv(URL_VARIABLE, url)
        records = ExchangeRecords(name, patience=HASTY)

        start, end = from_milliseconds([FIRST_MS + 3, FIRST_MS + 300 * 8 * HOUR_MS])
        rates = pd.concat(records.funding_rates("BTC/USDT:USDT", start, end), ignore_index=True)

        assert to_milliseconds(rates["time"]).tolist() == [time for time, _ in state.rates[1:300]]
        assert rates["rate"].tolist() == [float(rate) for _, rate in state.rates[1:300]]
        assert len(state.queries) == 3
        assert CandleStore(f"sqlite:///{tmp_path / 'c.db'}").add_funding_rates(rates).new == 299

    def test_the_command_goes_on_where_the_store_ends(self, futures, monkeypatch, tmp_path) -> None:
        state, url = futures
        monkeypatch.setenv(URL_VARIABLE, url)
        database = f"sqlite:///{tmp_path / 'candles.db'}"
        command = ["records", "funding", "--symbols", "BTC/USDT:USDT", "--database", database]

        first = CliRunner().invoke(cli, command)
        state.rates += [(state.rates[-1][0] + 8 * HOUR_MS, "0.00010000")]
        state.queries.clear()
        second = CliRunner().invoke(cli, command)

        name = exchange_name("binance", url)
        assert first.output == f"BTC/USDT:USDT: 400 new funding rates of {name}.\n"
        assert second.output == f"BTC/USDT:USDT: 1 new funding rates of {name}.\n"
        assert len(state.queries) == 1
        assert len(CandleStore(database).funding_rates(name)) == 401

    @pytest.mark.parametrize(
        ("name", "symbol", "message"),
        [
            ("coinbase", "BTC/USD:USD", "coinbase gives no funding rates through ccxt"),
            ("binanceusdm", "ETH/USDT:USDT", "does not list ETH/USDT:USDT"),
        ],
    )
    def test_what_there_is_not_is_said(self, futures, name: str, symbol: str, message: str, monkeypatch) -> None:
        monkeypatch.setenv(URL_VARIABLE, futures[1])

        with pytest.raises(ConfigurationError, match=message):
            next(ExchangeRecords(name, patience=HASTY).funding_rates(symbol, moment(0)))

    def test_a_spot_market_pays_none(self, exchange: LocalVenue) -> None:
        with pytest.raises(ConfigurationError, match="BTC/USDT pays no funding"):
            next(ExchangeRecords("binance", exchange.ccxt_client(), HASTY).funding_rates("BTC/USDT", moment(0)))

    def test_an_exchange_that_refuses_is_heard(self, futures, monkeypatch) -> None:
        monkeypatch.setenv(URL_VARIABLE, futures[1])
        client = spot_client("binanceusdm")
        client.load_markets()
        futures[0].answer = lambda path, query: None

        with pytest.raises(VenueError):
            next(ExchangeRecords("binanceusdm", client, HASTY).funding_rates("BTC/USDT:USDT", moment(0)))


class TestCommand:
    @pytest.fixture(autouse=True)
    def _sent_to_the_venue(self, exchange: LocalVenue, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(URL_VARIABLE, exchange.url)

    def test_trades_become_stored_candles(self, exchange: LocalVenue, tmp_path) -> None:
        database = f"sqlite:///{tmp_path / 'candles.db'}"
        command = ["records", "trades", "--symbols", "BTCUSDT,XRP/USDT", "--database", database, "--candles", "1m"]

        result = CliRunner().invoke(cli, [*command, "--start", "2024-01-01T05:00"])

        assert result.exit_code == 0, result.output
        assert "BTC/USDT: 200 new 1m candles of trades." in result.output
        store, name = CandleStore(database), exchange_name("binance", exchange.url)
        for symbol in SYMBOLS:
            stored, truth = store.read(name, Timeframe("1m"), [symbol]), exchange.candles(symbol, "1m")[300:500]
            for column in VALUE_COLUMNS:
                np.testing.assert_array_equal(stored[column], getattr(truth, column))

    def test_they_go_on_where_they_ended(self, exchange: LocalVenue, tmp_path) -> None:
        database = f"sqlite:///{tmp_path / 'candles.db'}"
        command = ["records", "trades", "--symbols", "BTCUSDT", "--database", database, "--candles", "5m"]

        first = CliRunner().invoke(cli, [*command, "--start", "2024-01-01T07:00", "--end", "2024-01-01T08:02"])
        second = CliRunner().invoke(cli, command)

        assert "12 new 5m candles" in first.output
        assert "4 new 5m candles" in second.output
        stored = CandleStore(database).read(exchange_name("binance", exchange.url), Timeframe("5m"))
        np.testing.assert_array_equal(stored["volume"], exchange.candles("BTC/USDT", "5m").volume[84:100])

    def test_tops_of_the_book_again_and_again(self, exchange: LocalVenue, tmp_path) -> None:
        database = f"sqlite:///{tmp_path / 'candles.db'}"
        exchange.clock.run(1)
        try:
            command = ["records", "book", "--symbols", "BTCUSDT", "--every", "0.1", "--count", "3"]
            result = CliRunner().invoke(cli, [*command, "--database", database])
        finally:
            exchange.clock.run(0)
            exchange.clock.set(int(moment(500.5).timestamp() * 1_000))

        assert "3 new tops of the book" in result.output
        assert len(CandleStore(database).book_tops(exchange_name("binance", exchange.url))) == 3

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["trades", "--symbols", "BTC/USDT", "--start", "soon"], "Error: 'soon' is no time"),
            (["trades", "--symbols", "BTC/USDT", "--exchange", "bybit"], "Error: bybit does not give all trades"),
            (["book", "--symbols", "NOPE/USDT", "--count", "1"], "Error: binance does not list NOPE/USDT"),
        ],
    )
    def test_mistakes_are_one_message(self, arguments: list[str], message: str, tmp_path) -> None:
        result = CliRunner().invoke(cli, ["records", *arguments, "--database", f"sqlite:///{tmp_path / 'c.db'}"])

        assert result.exit_code == 1
        assert message in result.output
