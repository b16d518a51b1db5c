"""The gateway to an exchange's public candles, through ccxt."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd

from algotrade.data.exchange.circuit import Circuit
from algotrade.data.exchange.clients import closest, exchange_name, spot_client
from algotrade.data.exchange.clock import ExchangeClock
from algotrade.data.exchange.dialects import KEEPS_THE_LATEST, AskPage, asker
from algotrade.data.exchange.pace import Pace, Sleep
from algotrade.data.exchange.pager import Page, next_with_candles, pages
from algotrade.data.exchange.patience import Patience
from algotrade.data.exchange.rows import Rows, stacked
from algotrade.data.exchange.settling import Settler
from algotrade.data.exchange.venue_calls import VenueCalls
from algotrade.data.intervals import Interval
from algotrade.domain.candles import SERIES_COLUMNS, VALUE_COLUMNS, from_milliseconds
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, VenueUnavailable

OnProgress = Callable[[str, int], None]
"""Told the symbol and how many of its candles have arrived, after each page."""

_ASSUMED_PAGE_ROWS = 500
_DAY = Timeframe("1d")
_TOO_YOUNG_MS = 600_000
_WORTH_A_LEAP = 3
_MOST_REPETITIONS = 5


class _Connection(NamedTuple):
    """What one thread speaks to the exchange with."""

    client: Any
    calls: VenueCalls
    ask: AskPage


def _silent(symbol: str, fetched: int) -> None:
    """Progress that nobody watches."""


class ExchangeGateway:
    """Public candles of one exchange; no keys are read or sent. May be used from several threads.

    Each thread has a ccxt client of its own; all of them keep one pace, share one circuit breaker, and know the
    markets from one answer.

    Parameters
    ----------
    exchange_id : str
        ccxt's name of the exchange ("binance").
    client : ccxt.Exchange, optional
        A client that is set up already, for one thread; by default clients for the exchange's spot markets, sent to
        the address that ``ALGOTRADE_EXCHANGE_URL`` names, if it does.
    base_url : str, optional
        Another address of the exchange, as of :func:`spot_client`.
    patience : Patience
    clock_seconds : float, default 30
        For how long an answer about the exchange's time is used again.
    sleep : callable, optional
        How to wait.

    Attributes
    ----------
    name : str
        What the candles are filed under: the exchange, and its address if it is another one.

    Raises
    ------
    ConfigurationError
        If ccxt does not know the exchange.
    """

    def __init__(
        self,
        exchange_id: str,
        client: Any = None,
        *,
        base_url: str | None = None,
        patience: Patience | None = None,
        clock_seconds: float = 30.0,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.exchange_id = exchange_id
        self.name = exchange_name(exchange_id, base_url)
        self._base_url = base_url
        self._patience = patience or Patience()
        self._sleep = sleep
        self._pace = Pace(sleep)
        self._circuit = Circuit(self.name, self._patience.failures_until_rest, self._patience.rest_seconds)
        self._first = self._connected(client if client is not None else spot_client(exchange_id, base_url))
        self._of_thread = threading.local()
        self._of_thread.connection = self._first
        self._shared = client is not None
        self._loading = threading.Lock()
        self._clock = ExchangeClock(self.name, self._server_time, fresh_seconds=clock_seconds)

    def fetch_candles(
        self,
        symbols: Sequence[str],
        timeframe: Timeframe,
        start: datetime,
        end: datetime | None = None,
        *,
        on_progress: OnProgress = _silent,
    ) -> pd.DataFrame:
        """Every closed candle of a span.

        Parameters
        ----------
        symbols : sequence of str
            In any notation ("BTC/USDT", "BTCUSDT").
        timeframe : Timeframe
        start, end : datetime
            First open time, and the open time before which to stop (by default, now); aware.
        on_progress : callable, optional
            Told the symbol and how many of its candles have arrived, after each page.

        Returns
        -------
        DataFrame
            Raw long candle frame: exchange, symbol, timeframe, open_time, the value columns (NaN where the exchange
            does not tell), ordered by the symbols as given and open time. Rows that cannot be candles come last.

        Raises
        ------
        ConfigurationError
            If the exchange does not have a symbol or the timeframe, or a time is naive.
        VenueUnavailable
            If the exchange cannot be reached, or what it sends cannot be relied on.
        VenueError
            If it refuses a request.
        """
        unified = self.accepted(symbols, timeframe)
        span = self.closed_span(timeframe, start, end)
        frames = []
        for symbol in unified:
            parts, rejected = [Rows.none()], [Rows.none()]
            for page in self.pages(symbol, timeframe, span):
                parts.append(page.rows)
                rejected.append(page.rejected)
                on_progress(symbol, sum(map(len, parts)))
            frames.append(self.frame(symbol, timeframe, stacked([*parts, *rejected])))
        return pd.concat(frames, ignore_index=True)

    def accepted(self, symbols: Sequence[str], timeframe: Timeframe) -> list[str]:
        """The symbols in ccxt's notation.

        Raises
        ------
        ConfigurationError
            If the exchange does not have one of them, or candles of that timeframe.
        """
        client = self._connection.client
        offered = [name for name in client.timeframes or {} if client.timeframes[name]]
        if timeframe.name not in offered:
            raise ConfigurationError(
                f"{self.exchange_id} has no {timeframe} candles. Accepted are {', '.join(offered) or 'none at all'}."
            )
        if not symbols:
            raise ConfigurationError("No symbols to fetch. Name at least one, as in symbols=[BTC/USDT].")
        unified = [unified_symbol(symbol) for symbol in symbols]
        markets = self._markets(client)
        unknown = [symbol for symbol in unified if symbol not in markets]
        if unknown:
            raise ConfigurationError(
                f"{self.exchange_id} does not list {', '.join(unknown)}. {closest(unknown[0], markets)}"
            )
        return unified

    def listed(self, symbols: Sequence[str]) -> list[str]:
        """Those of the symbols that the exchange lists, in ccxt's notation."""
        markets = self._markets(self._connection.client)
        return [symbol for symbol in map(unified_symbol, symbols) if symbol in markets]

    def closed_span(self, timeframe: Timeframe, start: datetime, end: datetime | None = None) -> Interval:
        """Open times from the first at or after ``start`` to the last before ``end`` whose candle has closed."""
        step = timeframe.milliseconds
        first = timeframe.floor(_milliseconds(start) + step - 1)
        running = self.running(timeframe)
        last = running if end is None else min(running, timeframe.floor(_milliseconds(end) + step - 1))
        return first, max(first, last)

    def running(self, timeframe: Timeframe) -> int:
        """Open time of the candle that is still forming by the exchange's clock."""
        return timeframe.floor(self._clock.now())

    def page_rows(self, symbol: str) -> int:
        """Most candles that the exchange sends at once, as far as ccxt knows."""
        client = self._connection.client
        self._markets(client)
        return int(client.feature_value(symbol, "fetchOHLCV", "limit") or _ASSUMED_PAGE_ROWS)

    def pages(
        self, symbol: str, timeframe: Timeframe, span: Interval, absent: Sequence[Interval] = ()
    ) -> Iterator[Page]:
        """Settled pages of a span of closed candles.

        Parameters
        ----------
        symbol : str
            Accepted.
        timeframe : Timeframe
        span : (start, stop)
            Within what has closed.
        absent : sequence of intervals
            Holes that are known already.
        """
        rows, step = self.page_rows(symbol), timeframe.milliseconds
        settler = Settler(self.name, lambda since: self._ask(symbol, timeframe, since, rows), timeframe, rows, absent)
        days = step < _DAY.milliseconds and "1d" in (self._connection.client.timeframes or {})

        def leap(since: int) -> int:
            if not days or span[1] - since < _WORTH_A_LEAP * rows * step:
                return since
            return next_with_candles(lambda day: self._answer(symbol, _DAY, day, rows), since, span[1], rows)

        oldest_doubt = self._clock.now() - _TOO_YOUNG_MS
        for page in pages(settler, span, step, leap):
            believed = [hole for hole in page.holes if hole[1] <= oldest_doubt]
            yield Page(page.rows, page.rejected, believed, page.until)

    def reason_of_holes(self) -> str:
        """Why the exchange has no candles where it sends none."""
        latest = KEEPS_THE_LATEST.get(self.exchange_id)
        kept = f", which keeps its latest {latest} candles only" if latest else ""
        return f"not among the candles that {self.exchange_id} sends{kept}"

    def frame(self, symbol: str, timeframe: Timeframe, rows: Rows) -> pd.DataFrame:
        """Long candle frame of rows of one series."""
        frame = pd.DataFrame(rows.numbers, columns=list(VALUE_COLUMNS))
        frame.insert(0, "open_time", from_milliseconds(rows.time_ms))
        for place, (name, value) in enumerate(zip(SERIES_COLUMNS, (self.name, symbol, timeframe.name), strict=True)):
            frame.insert(place, name, pd.Series(value, index=frame.index, dtype="str"))
        return frame

    @property
    def _connection(self) -> _Connection:
        """The connection of this thread; a client that was given serves every thread that asks."""
        if self._shared:
            return self._first
        if not hasattr(self._of_thread, "connection"):
            self._of_thread.connection = self._connected(spot_client(self.exchange_id, self._base_url))
        connection: _Connection = self._of_thread.connection
        return connection

    def _connected(self, client: Any) -> _Connection:
        self._pace.lead(client)
        calls = VenueCalls(client, self._patience, self._pace, self._circuit, self._sleep)
        return _Connection(client, calls, asker(client))

    def _ask(self, symbol: str, timeframe: Timeframe, since: int, rows: int) -> Rows:
        """One answer, without candles that had not closed when it was asked for.

        Where it ends without the candle that is forming now, its newest row may be one that still was forming for
        whoever answered (a copy that lags behind): such a row has to come twice.
        """
        now = self._clock.now()
        running = timeframe.floor(now)
        answer = self._answer(symbol, timeframe, since, rows)
        for _ in range(_MOST_REPETITIONS):
            newest = answer.newest()
            if not len(newest) or newest.time_ms[0] >= running or since + rows * timeframe.milliseconds < running:
                return answer.closed(now).between(since, running)
            again = self._answer(symbol, timeframe, since, rows)
            if again.newest().says_the_same(newest):
                return again.closed(now).between(since, running)
            answer = again
        raise VenueUnavailable(
            f"{self.name} sent another newest {timeframe} candle of {symbol} each time. Try again later."
        )

    def _answer(self, symbol: str, timeframe: Timeframe, since: int, rows: int) -> Rows:
        client, calls, ask = self._connection
        self._markets(client)
        return calls.call(ask, client, symbol, timeframe, since, rows)

    def _markets(self, client: Any) -> dict[str, Any]:
        """Markets by symbol, asked for once for all threads."""
        if not client.markets:
            with self._loading:
                if not self._first.client.markets:
                    self._first.calls.call(_load_markets, self._first.client)
                if client is not self._first.client:
                    client.set_markets_from_exchange(self._first.client)
        markets: dict[str, Any] = client.markets
        return markets

    def _server_time(self) -> int:
        client, calls, _ = self._connection
        if client.has.get("fetchTime"):
            return calls.call(lambda: int(client.fetch_time()))
        # Without a clock of its own to ask, the exchange is taken to go by universal time.
        return int(client.milliseconds())


def _load_markets(client: Any) -> None:
    if not client.load_markets():
        raise ValueError("it lists no markets")


def _milliseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ConfigurationError(f"The time {moment} has no time zone. Give aware times, as in 2024-01-31T00:00:00Z.")
    return round(moment.timestamp() * 1_000)
