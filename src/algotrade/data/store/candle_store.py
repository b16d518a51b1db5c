"""The store's face: candles in, candles out."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np
import pandas as pd
import sqlalchemy as sql

from algotrade.data.store.backend import backend_of
from algotrade.data.store.capabilities import Capabilities
from algotrade.data.store.frames import CandleRows
from algotrade.data.store.holes import add_holes, forget_holes, read_holes
from algotrade.data.store.quarantine import add_quarantine, read_quarantine
from algotrade.data.store.queries import StoredSeries, chosen_columns, span_of, stored_series
from algotrade.data.store.question import CandleQuestion
from algotrade.data.store.records import (
    BOOK_TOPS,
    FUNDING_RATES,
    TRADES,
    add_records,
    read_records,
)
from algotrade.data.store.release import explain_rows, release_rows
from algotrade.data.store.tables import CANDLE, QUARANTINE, SERIES
from algotrade.data.store.upsert_count import UpsertCount
from algotrade.data.store.upserting import upsert_rows
from algotrade.domain.candles import SERIES_COLUMNS, from_milliseconds
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import NoCandles


class CandleStore:
    """Candles and what belongs to them in a database; no connection is made before the first use.

    Parameters
    ----------
    url : str
        ``sqlite:///path/to/candles.db`` (the folder is created at the first use) or
        ``postgresql://user:password@host:5432/database`` with or without TimescaleDB.
    lock_timeout_seconds : float, default 30
        How long to wait for another process that is writing.

    Raises
    ------
    StoreError
        Here if the URL is not accepted; in every method if the database cannot be used
        (StoreUnavailable where trying again later may work).

    Notes
    -----
    Storing is idempotent and atomic: storing the same candles again changes nothing, and a call that fails
    leaves the store as it was. Both databases give the same answers.
    """

    def __init__(self, url: str, *, lock_timeout_seconds: float = 30.0) -> None:
        self._backend = backend_of(url, lock_timeout_seconds)

    @property
    def capabilities(self) -> Capabilities:
        """What the database can do, and what a user does without."""
        return self._backend.capabilities()

    def migrate(self) -> None:
        """Bring the schema up to date, as the first use does; hand the tables to TimescaleDB if it came later."""
        self._backend.migrate()

    def set_retention(self, days: int | None) -> None:
        """Let TimescaleDB drop candles that opened more than ``days`` days ago; None keeps them for good."""
        self._backend.set_retention(days)

    def close(self) -> None:
        """Close the connections that are kept for the next use; a later use opens new ones."""
        self._backend.close()

    def upsert(self, candles: pd.DataFrame) -> UpsertCount:
        """Store candles; where a candle is there already, the new values win.

        Parameters
        ----------
        candles : DataFrame
            Long candle frame: exchange, symbol, timeframe, open_time, open, high, low, close, volume, and
            quote_volume, trades, taker_buy_volume where known. Unique; any order. An optional number that
            is known stays known: a missing one does not overwrite it.

        Raises
        ------
        BadCandles
            If a candle is there twice, or a required number is missing.
        """
        if candles.empty:
            return UpsertCount(0, 0, 0)
        rows = CandleRows.of_frame(candles)
        with self._backend.writing() as connection:
            return upsert_rows(self._backend, connection, rows)

    def read(  # noqa: PLR0913 - one question, bounded in every way it can be
        self,
        exchange: str,
        timeframe: Timeframe,
        symbols: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        columns: Sequence[str] | None = None,
        *,
        resample: Timeframe | None = None,
    ) -> pd.DataFrame:
        """Candles of one exchange and timeframe, sorted by symbol and open time.

        Parameters
        ----------
        exchange : str
        timeframe : Timeframe
            Of the stored candles.
        symbols : sequence of str, optional
            All that are stored by default.
        start, end : datetime, optional
            First open time, and the open time before which to stop; aware.
        columns : sequence of str, optional
            Which of the value columns to read; all by default. The keys and ``open_time`` always come along.
        resample : Timeframe, optional
            Make longer candles of the stored ones, as `algotrade.domain.resampling` does: only those of which the
            store has every part.

        Raises
        ------
        NoCandles
            If a series is not in the store; the error lists what is.
        ConfigurationError
            If a column is unknown, a time is naive, or the candles do not add up to ``resample``.
        """
        question = CandleQuestion(timeframe, span_of(start, end), chosen_columns(columns), resample)
        stored = self._stored(exchange, timeframe, symbols)
        answers = self._backend.fetch([question.text(series, question.covered(series)) for series in stored])
        return question.frame(exchange, stored, answers)

    def stream(  # noqa: PLR0913 - as of read
        self,
        exchange: str,
        timeframe: Timeframe,
        symbols: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        columns: Sequence[str] | None = None,
        *,
        resample: Timeframe | None = None,
        rows: int = 100_000,
    ) -> Iterator[pd.DataFrame]:
        """What `read` gives, in frames of at most ``rows`` rows of one symbol each, so that memory stays flat.

        Each frame is a question of its own: candles stored meanwhile are seen by the frames that come after.
        """
        question = CandleQuestion(timeframe, span_of(start, end), chosen_columns(columns), resample)
        for series in self._stored(exchange, timeframe, symbols):
            for page in question.pages(series, rows):
                answers = self._backend.fetch([question.text(series, page)])
                if answers[0].num_rows:
                    yield question.frame(exchange, [series], answers)

    def series(self) -> pd.DataFrame:
        """What is stored, one row a series: exchange, symbol, timeframe, rows, start, end (of open times)."""
        query = (
            sql.select(
                *(SERIES.c[name] for name in SERIES_COLUMNS),
                sql.func.count().label("rows"),
                sql.func.min(CANDLE.c.open_time).label("start"),
                sql.func.max(CANDLE.c.open_time).label("end"),
            )
            .join_from(SERIES, CANDLE, SERIES.c.series_id == CANDLE.c.series_id)
            .group_by(SERIES.c.series_id)
        )
        with self._backend.reading() as connection:
            rows = sorted(map(tuple, connection.execute(query)))
        frame = pd.DataFrame(rows, columns=[*SERIES_COLUMNS, "rows", "start", "end"])
        frame = frame.astype(dict.fromkeys(SERIES_COLUMNS, "str") | {"rows": "int64"})
        return frame.assign(**{name: from_milliseconds(frame[name].to_numpy(np.int64)) for name in ("start", "end")})

    def add_quarantine(self, rows: pd.DataFrame) -> int:
        """File rows that are no candles, each once, and return how many of them are new.

        Parameters
        ----------
        rows : DataFrame
            Columns exchange, symbol, timeframe, open_time (may be missing), the value columns, origin, reason.
        """
        return add_quarantine(self._backend, rows)

    def quarantine(
        self,
        exchange: str | None = None,
        timeframe: Timeframe | None = None,
        symbols: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        reason: str | None = None,
    ) -> pd.DataFrame:
        """Rows in quarantine, sorted by series and open time, with origin, reason, ``row_id`` and ``released_at``.

        Each argument narrows the answer; rows without a time are outside of every span.
        """
        first, stop = span_of(start, end)
        table = QUARANTINE.c
        conditions = [
            (exchange, table.exchange == exchange),
            (timeframe, table.timeframe == str(timeframe)),
            (symbols, table.symbol.in_(_unified(symbols) or [])),
            (start, table.open_time >= first),
            (end, table.open_time < stop),
            (reason, table.reason == reason),
        ]
        return read_quarantine(self._backend, *(condition for given, condition in conditions if given is not None))

    def explain_quarantined(self, ids: Sequence[str] | None = None) -> pd.DataFrame:
        """Quarantined rows with what is stored beside them and what stands against their release.

        Adds ``obstacle`` (empty where the row can be released), ``previous_close``, ``stored_close`` and
        ``next_open`` to the columns of `quarantine`.
        """
        return explain_rows(self._backend, ids)

    def release_quarantined(self, ids: Sequence[str] | None = None, *, reason: str | None = None) -> UpsertCount:
        """Make candles of quarantined rows, by their ``row_id`` or their reason; all of them or none.

        A released row stays in the quarantine, marked by ``released_at``, and is not released twice.

        Raises
        ------
        BadCandles
            If a row breaks the contract of a candle, or two of them are the same candle.
        ConfigurationError
            If neither is given, or an id is unknown.
        """
        return release_rows(self._backend, ids, reason)

    def add_holes(self, holes: pd.DataFrame) -> int:
        """Remember spans that the exchange does not have; return how many were new or different.

        Parameters
        ----------
        holes : DataFrame
            Columns exchange, symbol, timeframe, start (first missing open time), end (open time of the candle
            after the hole), reason, and noticed_at (now by default). A hole is known by its start.
        """
        return add_holes(self._backend, holes)

    def holes(
        self,
        exchange: str,
        timeframe: Timeframe,
        symbols: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pd.DataFrame:
        """Known holes that touch a span, sorted by symbol and start, in the columns of `add_holes`."""
        return read_holes(self._backend, exchange, timeframe, _unified(symbols), span_of(start, end))

    def forget_holes(
        self,
        exchange: str,
        timeframe: Timeframe,
        symbols: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> int:
        """Forget known holes that touch a span, so that they are asked for again; return how many."""
        return forget_holes(self._backend, exchange, timeframe, _unified(symbols), span_of(start, end))

    def add_funding_rates(self, rates: pd.DataFrame) -> UpsertCount:
        """Store funding rates: columns exchange, symbol, time, rate (a fraction of the notional)."""
        return add_records(self._backend, FUNDING_RATES, rates)

    def funding_rates(
        self,
        exchange: str,
        symbols: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pd.DataFrame:
        """Funding rates of a span, sorted by symbol and time; empty where none are known."""
        return read_records(self._backend, FUNDING_RATES, exchange, symbols, span_of(start, end))

    def add_trades(self, trades: pd.DataFrame) -> UpsertCount:
        """Store trades: columns exchange, symbol, time, trade_id, price, amount, and side where known.

        The side is the taker's, ``buy`` or ``sell``. A trade is known by its time and id.
        """
        return add_records(self._backend, TRADES, trades)

    def trades(
        self,
        exchange: str,
        symbols: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pd.DataFrame:
        """Trades of a span, sorted by symbol, time and id."""
        return read_records(self._backend, TRADES, exchange, symbols, span_of(start, end))

    def add_book_tops(self, tops: pd.DataFrame) -> UpsertCount:
        """Store tops of the order book: columns exchange, symbol, time, bid, bid_size, ask, ask_size."""
        return add_records(self._backend, BOOK_TOPS, tops)

    def book_tops(
        self,
        exchange: str,
        symbols: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pd.DataFrame:
        """Tops of the order book of a span, sorted by symbol and time."""
        return read_records(self._backend, BOOK_TOPS, exchange, symbols, span_of(start, end))

    def _stored(self, exchange: str, timeframe: Timeframe, symbols: Sequence[str] | None) -> list[StoredSeries]:
        """The requested series in alphabetical order of their symbols."""
        with self._backend.reading() as connection:
            stored = stored_series(connection, exchange, timeframe)
        wanted = set(stored) if symbols is None else {unified_symbol(symbol) for symbol in symbols}
        absent = sorted(wanted - set(stored))
        if absent or not stored:
            raise NoCandles(
                f"The store has no {timeframe} candles of {', '.join(absent) or 'any symbol'} from {exchange}. "
                f"Stored are: {self._inventory()}. Run the ingestion pipeline for what is missing."
            )
        return [stored[symbol] for symbol in sorted(wanted)]

    def _inventory(self) -> str:
        keys = self.series()[list(SERIES_COLUMNS)].itertuples(index=False)
        names = [f"{exchange} {symbol} {timeframe}" for exchange, symbol, timeframe in keys]
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        return ", ".join(names[:8]) + more or "none"


def _unified(symbols: Sequence[str] | None) -> list[str] | None:
    return None if symbols is None else [unified_symbol(symbol) for symbol in symbols]
