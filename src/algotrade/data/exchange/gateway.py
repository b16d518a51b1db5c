"""The gateway to an exchange's public candles, through ccxt."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from algotrade.data.exchange.pager import Row, Span, fetch_all
from algotrade.data.exchange.venue_calls import VenueCalls
from algotrade.domain.candles import OPTIONAL_COLUMNS, SERIES_COLUMNS, VALUE_COLUMNS, from_milliseconds
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError

OnProgress = Callable[[str, int], None]
"""Told the symbol and how many of its candles have arrived, after each page."""

_ASSUMED_PAGE_ROWS = 500


def _silent(symbol: str, fetched: int) -> None:
    """Progress that nobody watches."""


class ExchangeGateway:
    """Public candles of one exchange; no keys are read or sent.

    Parameters
    ----------
    exchange_id : str
        ccxt's name of the exchange ("binance").
    client : ccxt.Exchange, optional
        A client that is set up already; by default one for the exchange's spot markets that keeps to its
        rate limit.
    attempts : int, default 5
        How often a call is tried before the exchange counts as unavailable.
    first_pause_seconds : float, default 1
        Pause before the second attempt; later ones double. A pause that the exchange asks for comes first.

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
        attempts: int = 5,
        first_pause_seconds: float = 1.0,
    ) -> None:
        self.exchange_id = exchange_id
        self._client = client if client is not None else _spot_client(exchange_id)
        self._calls = VenueCalls(self._client, attempts, first_pause_seconds)

    def fetch_candles(
        self,
        symbols: Sequence[str],
        timeframe: Timeframe,
        start: datetime,
        end: datetime | None = None,
        *,
        on_progress: OnProgress = _silent,
    ) -> pd.DataFrame:
        """Every closed candle of a span, as the exchange sends it.

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
            Raw long candle frame: exchange, symbol, timeframe, open_time, the value columns (NaN where ccxt
            does not tell), ordered by the symbols as given and open time. A candle is closed when its close
            time is not after the exchange's clock.

        Raises
        ------
        ConfigurationError
            If the exchange does not have a symbol or the timeframe, or a time is naive.
        VenueUnavailable
            If the exchange cannot be reached.
        VenueError
            If it refuses a request.
        """
        self._refuse_unknown_timeframe(timeframe)
        unified = [unified_symbol(symbol) for symbol in symbols]
        self._refuse_unknown_symbols(unified)
        span = self._closed_span(timeframe, start, end)
        series = [self._candles_of(symbol, timeframe, span, partial(on_progress, symbol)) for symbol in unified]
        return pd.concat(series, ignore_index=True)

    def _candles_of(
        self, symbol: str, timeframe: Timeframe, span: Span, on_page: Callable[[int], None]
    ) -> pd.DataFrame:
        page_rows = self._page_rows(symbol)

        def fetch_page(since: int) -> list[Row]:
            rows = self._calls.call(self._client.fetch_ohlcv, symbol, timeframe.name, since=since, limit=page_rows)
            return [row[:6] for row in rows]

        rows = fetch_all(fetch_page, span, page_rows, on_page)
        numbers = np.array([row[1:] for row in rows], dtype=np.float64).reshape(-1, 5)
        values = dict(zip(VALUE_COLUMNS[:5], numbers.T, strict=True)) | dict.fromkeys(OPTIONAL_COLUMNS, np.nan)
        frame = pd.DataFrame({"open_time": from_milliseconds([int(row[0]) for row in rows]), **values})
        keys = dict(zip(SERIES_COLUMNS, (self.exchange_id, symbol, timeframe.name), strict=True))
        return frame.assign(**keys)[[*SERIES_COLUMNS, "open_time", *VALUE_COLUMNS]]

    def _closed_span(self, timeframe: Timeframe, start: datetime, end: datetime | None) -> Span:
        """Open times from the first at or after ``start`` to the last whose candle has closed."""
        step = timeframe.milliseconds
        first = timeframe.floor(_milliseconds(start) + step - 1)
        running = timeframe.floor(self._server_time())
        return Span(first, running if end is None else min(running, _milliseconds(end)), step)

    def _server_time(self) -> int:
        if self._client.has.get("fetchTime"):
            return int(self._calls.call(self._client.fetch_time))
        return int(self._client.milliseconds())

    def _page_rows(self, symbol: str) -> int:
        """Most candles that the exchange sends at once, as far as ccxt knows."""
        return int(self._client.feature_value(symbol, "fetchOHLCV", "limit") or _ASSUMED_PAGE_ROWS)

    @cached_property
    def _markets(self) -> frozenset[str]:
        return frozenset(self._calls.call(self._client.load_markets))

    def _refuse_unknown_timeframe(self, timeframe: Timeframe) -> None:
        accepted = [name for name in self._client.timeframes or {} if self._client.timeframes[name]]
        if timeframe.name not in accepted:
            raise ConfigurationError(
                f"{self.exchange_id} has no {timeframe} candles. Accepted are {', '.join(accepted) or 'none at all'}."
            )

    def _refuse_unknown_symbols(self, symbols: Sequence[str]) -> None:
        if not symbols:
            raise ConfigurationError("No symbols to fetch. Name at least one, as in symbols=[BTC/USDT].")
        unknown = [symbol for symbol in symbols if symbol not in self._markets]
        if unknown:
            raise ConfigurationError(
                f"{self.exchange_id} does not list {', '.join(unknown)}. {_closest(unknown[0], self._markets)}"
            )


def _spot_client(exchange_id: str) -> Any:
    import ccxt  # noqa: PLC0415  # takes half a second, and only exchanges need it

    if exchange_id not in ccxt.exchanges:
        raise ConfigurationError(f"ccxt knows no exchange {exchange_id!r}. {_closest(exchange_id, ccxt.exchanges)}")
    # Retries are ours to make: ccxt's do not wait as long as the exchange asks.
    options = {"maxRetriesOnFailure": 0}
    client = getattr(ccxt, exchange_id)({"enableRateLimit": True, "options": options})
    markets = client.options.get("fetchMarkets")
    if isinstance(markets, dict) and "spot" in (markets.get("types") or ()):
        # One request instead of one for every kind of market: Binance's futures live on other hosts.
        markets["types"] = ["spot"]
    return client


def _closest(name: str, accepted: Iterable[str]) -> str:
    names = sorted(accepted)
    matches = get_close_matches(name, names, n=5, cutoff=0.5)
    if matches:
        return f"The closest of the {len(names)} accepted are {', '.join(matches)}."
    return f"Accepted are {len(names)}, among them {', '.join(names[:8])}."


def _milliseconds(time: datetime) -> int:
    if time.tzinfo is None:
        raise ConfigurationError(f"The time {time} has no time zone. Give aware times, as in 2024-01-31T00:00:00Z.")
    return round(time.timestamp() * 1_000)
