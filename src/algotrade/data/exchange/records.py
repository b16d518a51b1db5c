"""What an exchange tells of an instrument besides its candles: funding rates, trades, the top of the book."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from algotrade.data.exchange.circuit import Circuit
from algotrade.data.exchange.clients import closest, exchange_name, spot_client
from algotrade.data.exchange.pace import Pace
from algotrade.data.exchange.patience import Patience
from algotrade.data.exchange.trade_pages import PAGE_ROWS, TradeRow, pager_of, trade_count
from algotrade.data.exchange.venue_calls import VenueCalls
from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.domain.trade_candles import Trades, trade_candles
from algotrade.errors import ConfigurationError, VenueUnavailable

FUNDING_COLUMNS = ("exchange", "symbol", "time", "rate")
TRADE_COLUMNS = ("exchange", "symbol", "time", "trade_id", "price", "amount", "side")
BOOK_COLUMNS = ("exchange", "symbol", "time", "bid", "bid_size", "ask", "ask_size")

_HOUR_MS = 3_600_000
_FUNDING_ROWS = 100
_FUNDING_ROWS_OF = {"binance": 1_000, "binanceusdm": 1_000, "binancecoinm": 1_000, "bybit": 200}
_PRINTS_QUIET_CANDLES = ("binance", "binanceus", "binanceusdm", "binancecoinm")


class ExchangeRecords:
    """Public records of one exchange; no keys are read or sent. For one thread.

    Parameters
    ----------
    exchange_id : str
        ccxt's name of the exchange ("binance").
    client : ccxt.Exchange, optional
        A client that is set up already; by default one for the kind of market that is asked for.
    patience : Patience, optional

    Attributes
    ----------
    name : str
        What the records are filed under.

    Raises
    ------
    ConfigurationError
        If ccxt does not know the exchange.
    """

    def __init__(self, exchange_id: str, client: Any = None, patience: Patience | None = None) -> None:
        self.exchange_id = exchange_id
        self.name = exchange_name(exchange_id)
        self._given = client
        self._clients: dict[str, Any] = {}
        self._patience = patience or Patience()
        self._pace = Pace()
        self._circuit = Circuit(self.name, self._patience.failures_until_rest, self._patience.rest_seconds)

    def now(self, symbol: str) -> pd.Timestamp:
        """The time at the exchange that lists a symbol.

        Raises
        ------
        ConfigurationError
            If the exchange does not have the symbol.
        VenueUnavailable
            If it does not tell its time.
        """
        return from_milliseconds([self._now(self._client(symbol, "fetchTrades", "trades"))])[0]

    def funding_rates(self, symbol: str, start: datetime, end: datetime | None = None) -> Iterator[pd.DataFrame]:
        """Funding rates of a perpetual from ``start`` to before ``end`` (by default, now), page by page.

        Columns as of `CandleStore.add_funding_rates`; the rate is a fraction of the notional.

        Raises
        ------
        ConfigurationError
            If the exchange gives no funding rates, does not have the symbol, or the symbol is no perpetual.
        VenueError
            If it refuses; ``VenueUnavailable`` if it may answer later.
        """
        client = self._client(symbol, "fetchFundingRateHistory", "funding rates")
        if not client.market(symbol).get("swap"):
            raise ConfigurationError(
                f"{symbol} pays no funding. Name a perpetual and the currency in which it settles, as BTC/USDT:USDT."
            )
        span = self._span(client, start, end)
        limit = _FUNDING_ROWS_OF.get(self.exchange_id, _FUNDING_ROWS)
        # Funding is paid every hour at most, so a window never holds more rows than an answer.
        for since in range(span[0], span[1], limit * _HOUR_MS):
            until = min(since + limit * _HOUR_MS, span[1]) - 1
            rows = self._asked(client, _funding_rows, client, symbol, since, {"until": until, "limit": limit})
            yield self._frame(FUNDING_COLUMNS, symbol, [row for row in rows if since <= row[0] <= until])

    def refuse_unpaged_trades(self) -> None:
        """Return if the exchange gives all trades of a span.

        Raises
        ------
        ConfigurationError
            If it does not.
        """
        pager_of(self.exchange_id)

    def trades(self, symbol: str, start: datetime, end: datetime | None = None) -> Iterator[pd.DataFrame]:
        """All trades from ``start`` to before ``end`` (by default, now), page by page in the order of the exchange.

        Columns as of `CandleStore.add_trades`. Several trades that a taker made at one price may be one row; its id
        is then that of the first and the last of them (``101-104``).

        Raises
        ------
        ConfigurationError
            If the exchange does not give all trades of a span, or does not have the symbol.
        VenueError
            If it refuses; ``VenueUnavailable`` if it may answer later.
        """
        pages = pager_of(self.exchange_id)
        client = self._client(symbol, "fetchTrades", "trades")
        start_ms, stop_ms = self._span(client, start, end)

        def ask(since: int | None, parameters: dict[str, Any]) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = self._asked(client, client.fetch_trades, symbol, since, PAGE_ROWS, parameters)
            return found

        for page in pages(ask, start_ms, stop_ms):
            yield self._frame(TRADE_COLUMNS, symbol, [_trade_values(row) for row in page])

    def book_tops(self, symbols: Sequence[str]) -> pd.DataFrame:
        """The best bid and ask of each symbol now, by the exchange's clock; without a symbol whose book is empty.

        Columns as of `CandleStore.add_book_tops`.

        Raises
        ------
        ConfigurationError
            If the exchange does not have a symbol.
        VenueError
            If it refuses; ``VenueUnavailable`` if it may answer later.
        """
        frames = []
        for symbol in symbols:
            client = self._client(symbol, "fetchOrderBook", "order books")
            now = self._now(client)
            book = self._asked(client, client.fetch_order_book, symbol, 5)
            if book["bids"] and book["asks"]:
                time_ms = int(book.get("timestamp") or now)
                best = [float(number) for side in ("bids", "asks") for number in book[side][0][:2]]
                frames.append(self._frame(BOOK_COLUMNS, symbol, [(time_ms, *best)]))
        return pd.concat(frames, ignore_index=True) if frames else self._frame(BOOK_COLUMNS, "", [])

    def _client(self, symbol: str, capability: str, wanted: str) -> Any:
        """Client of the symbol's kind of market, with its markets."""
        kind = _kind_of(symbol)
        if kind not in self._clients:
            client = self._given if self._given is not None else _client_of(self.exchange_id, kind)
            self._pace.lead(client)
            self._clients[kind] = client
        client = self._clients[kind]
        if client.has.get(capability) is not True:
            raise ConfigurationError(f"{self.exchange_id} gives no {wanted} through ccxt. Name another exchange.")
        markets = client.markets or self._asked(client, client.load_markets)
        if symbol not in markets:
            raise ConfigurationError(f"{self.exchange_id} does not list {symbol}. {closest(symbol, markets)}")
        return client

    def _asked(self, client: Any, function: Any, *arguments: Any) -> Any:
        calls = VenueCalls(client, self._patience, self._pace, self._circuit, time.sleep)
        return calls.call(function, *arguments)

    def _now(self, client: Any) -> int:
        if not client.has.get("fetchTime"):
            return int(client.milliseconds())
        told = self._asked(client, client.fetch_time)
        if told is None:
            raise VenueUnavailable(f"{self.exchange_id} does not tell its time. Try again later.")
        return int(told)

    def _span(self, client: Any, start: datetime, end: datetime | None) -> tuple[int, int]:
        times = [start] if end is None else [start, end]
        if any(each.tzinfo is None for each in times):
            raise ConfigurationError("The times of a span need a time zone, as in 2024-01-31T00:00:00Z.")
        now = self._now(client)
        first = int(start.timestamp() * 1_000)
        return first, now if end is None else min(now, int(end.timestamp() * 1_000))

    def _frame(self, columns: Sequence[str], symbol: str, rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
        frame = pd.DataFrame(list(rows), columns=list(columns[2:]))
        frame["time"] = from_milliseconds(frame["time"].to_numpy(dtype=np.int64))
        return frame.assign(exchange=self.name, symbol=symbol)[list(columns)]


def candles_of_trades(trades: pd.DataFrame, exchange_id: str, timeframe: Timeframe) -> pd.DataFrame:
    """Long candle frame made of trades, equal to the exchange's own candles.

    Parameters
    ----------
    trades : DataFrame
        All trades of one instrument in a span of whole candles, in the columns of `CandleStore.add_trades`.
    exchange_id : str
        Whose; some also print candles in which nothing was traded.
    timeframe : Timeframe

    Raises
    ------
    BadCandles
        If a number is impossible.
    """
    first = trades["trade_id"].astype("str").str.partition("-")[0]
    # Numbers in their order: "10" comes after "9".
    ordered = trades.assign(_width=first.str.len(), _first=first).sort_values(["time", "_width", "_first"])
    candles = trade_candles(
        Trades(
            to_milliseconds(ordered["time"]),
            ordered["price"].to_numpy(np.float64),
            ordered["amount"].to_numpy(np.float64),
            (ordered["side"] == "buy").to_numpy(),
            np.array([trade_count(trade_id) for trade_id in ordered["trade_id"]], dtype=np.int64),
        ),
        timeframe,
        quiet_candles=exchange_id in _PRINTS_QUIET_CANDLES,
    )
    keys = {"exchange": trades["exchange"].iloc[0], "symbol": trades["symbol"].iloc[0], "timeframe": timeframe.name}
    values = {name: getattr(candles, name) for name in VALUE_COLUMNS}
    frame = pd.DataFrame({"open_time": from_milliseconds(candles.open_time), **values}).assign(**keys)
    return frame[[*SERIES_COLUMNS, "open_time", *VALUE_COLUMNS]]


def _kind_of(symbol: str) -> str:
    """Kind of market: ``spot``, or a contract that is ``linear`` (settled in its quote) or ``inverse``.

    >>> _kind_of("BTC/USDT"), _kind_of("BTC/USDT:USDT"), _kind_of("BTC/USD:BTC")
    ('spot', 'linear', 'inverse')
    """
    pair, _, settle = symbol.partition(":")
    return "spot" if not settle else "linear" if pair.endswith(f"/{settle}") else "inverse"


def _client_of(exchange_id: str, kind: str) -> Any:
    """A client that asks for the markets of one kind only, where the exchange lists each kind by itself."""
    client = spot_client(exchange_id)
    markets = client.options.get("fetchMarkets")
    if kind != "spot" and isinstance(markets, dict) and "types" in markets:
        every = type(client)().options["fetchMarkets"]["types"]
        markets["types"] = [each for each in every if each in {kind, "swap"}]
    return client


def _funding_rows(client: Any, symbol: str, since: int, parameters: dict[str, int]) -> list[tuple[int, float]]:
    rates = client.fetch_funding_rate_history(symbol, since, parameters["limit"], {"until": parameters["until"]})
    return sorted({(int(each["timestamp"]), float(each["fundingRate"])) for each in rates})


def _trade_values(row: TradeRow) -> tuple[Any, ...]:
    return row.time_ms, row.trade_id, row.price, row.amount, row.side
