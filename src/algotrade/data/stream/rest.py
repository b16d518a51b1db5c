"""What the stream fetches because the socket has not told it: closed candles, and the exchange's time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd

from algotrade.data.exchange import ExchangeGateway, Patience
from algotrade.data.exchange.clients import spot_client
from algotrade.data.exchange.venue_calls import UNREADABLE
from algotrade.data.stream.closed_candle import REST, ClosedCandle, fault_of
from algotrade.domain.candles import VALUE_COLUMNS, from_milliseconds, to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import VenueUnavailable

# Little: the stream itself asks again, and nobody can interrupt what waits in a thread.
_PATIENCE = Patience(attempts=3, first_pause_seconds=0.2, rest_seconds=5.0)
_CLOCK_SECONDS = 0.25
_TIME_SECONDS = 5.0


@dataclass(frozen=True)
class ExchangeTime:
    """The exchange's time (ms since the epoch) at an instant of the monotonic clock (seconds)."""

    time_ms: float
    at_seconds: float


class RestCandles:
    """The REST side of one exchange; its methods wait for answers, so call them from a thread, one at a time.

    Parameters
    ----------
    gateway : ExchangeGateway
    client : ccxt.Exchange
        The client of the gateway.
    timeframe : Timeframe
    """

    def __init__(self, gateway: ExchangeGateway, client: Any, timeframe: Timeframe) -> None:
        self._gateway = gateway
        self._client = client
        self._timeframe = timeframe
        self._told: ExchangeTime | None = None

    @classmethod
    def of(cls, exchange_id: str, timeframe: Timeframe, client: Any = None) -> Self:
        """The REST side of an exchange that ccxt knows, or of a client that is set up already.

        Raises
        ------
        ConfigurationError
            If ccxt does not know it.
        """
        chosen = client if client is not None else spot_client(exchange_id)
        gateway = ExchangeGateway(exchange_id, chosen, patience=_PATIENCE, clock_seconds=_CLOCK_SECONDS)
        return cls(gateway, chosen, timeframe)

    def time(self) -> ExchangeTime:
        """The exchange's time, asked for a few seconds ago at most; one wrong answer does not put it forward.

        Raises
        ------
        VenueUnavailable
            If the exchange does not tell it.
        """
        if self._told is None or time.monotonic() - self._told.at_seconds > _TIME_SECONDS:
            answers = [self._ask_time() for _ in range(2)]
            # By an earlier answer it is later now: of two honest ones, either is right.
            self._told = min(answers, key=lambda told: told.time_ms - 1_000 * told.at_seconds)
        return self._told

    def _ask_time(self) -> ExchangeTime:
        import ccxt  # noqa: PLC0415 - takes half a second, and only exchanges need it

        before = time.monotonic()
        if not self._client.has.get("fetchTime"):
            return ExchangeTime(float(self._client.milliseconds()), before)
        try:
            told = float(self._client.fetch_time())
        except (ccxt.BaseError, *UNREADABLE) as error:
            raise VenueUnavailable(f"{self._client.id} does not tell its time ({error!r:.200}).") from error
        # It was right when the exchange wrote it: half-way, as far as anybody knows.
        return ExchangeTime(told, (before + time.monotonic()) / 2)

    def fetch(self, symbols: Sequence[str], start_ms: int) -> dict[str, list[ClosedCandle]]:
        """Every closed candle from the open time ``start_ms`` on, by symbol; a faulty one with its fault.

        Raises
        ------
        ConfigurationError
            If the exchange does not have a symbol or the timeframe.
        VenueError
            If it refuses; ``VenueUnavailable`` if it may answer later.
        """
        frame = self._gateway.fetch_candles(symbols, self._timeframe, from_milliseconds([start_ms])[0])
        return {symbol: self._candles(frame[frame["symbol"] == symbol], symbol) for symbol in symbols}

    def _candles(self, rows: pd.DataFrame, symbol: str) -> list[ClosedCandle]:
        times = to_milliseconds(rows["open_time"]).tolist()
        numbers = rows[list(VALUE_COLUMNS)].to_numpy(dtype=float).tolist()
        return [
            ClosedCandle(symbol, opened, tuple(values), REST, fault_of(opened, values, self._timeframe))
            for opened, values in zip(times, numbers, strict=True)
        ]
