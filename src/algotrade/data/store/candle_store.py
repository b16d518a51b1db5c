"""The store's face: candles in, candles out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import sqlalchemy as sql

from algotrade.data.store.backend import backend_of
from algotrade.data.store.frames import CandleRows, long_frame
from algotrade.data.store.quarantine import quarantine_frame, quarantine_records
from algotrade.data.store.queries import candle_query, chosen_columns, count_candles, epoch_bounds, series_ids
from algotrade.data.store.tables import CANDLE, QUARANTINE, SERIES
from algotrade.domain.candles import SERIES_COLUMNS, from_milliseconds
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import NoCandles


@dataclass(frozen=True)
class UpsertCount:
    """How many candles of an upsert were new, differed from what was stored, or said the same."""

    new: int
    changed: int
    unchanged: int


class CandleStore:
    """Candles and quarantined rows in a database; no connection is made before the first use.

    Parameters
    ----------
    url : str
        ``sqlite:///path/to/candles.db``; the folder is created at the first use.
    lock_timeout_seconds : float, default 30
        How long to wait for another process that is writing.

    Raises
    ------
    StoreError
        Here if the URL is not accepted; in every method if the database cannot be used.

    Notes
    -----
    Storing is idempotent and atomic: storing the same candles again changes nothing, and a call that fails
    leaves the store as it was.
    """

    def __init__(self, url: str, *, lock_timeout_seconds: float = 30.0) -> None:
        self._backend = backend_of(url, lock_timeout_seconds)

    def upsert(self, candles: pd.DataFrame) -> UpsertCount:
        """Store candles; where a candle is there already, the new values win.

        Parameters
        ----------
        candles : DataFrame
            Long candle frame: exchange, symbol, timeframe, open_time, open, high, low, close, volume, and
            quote_volume, trades, taker_buy_volume where known. Unique; any order.

        Raises
        ------
        BadCandles
            If a candle is there twice, or a required number is missing.
        """
        if candles.empty:
            return UpsertCount(0, 0, 0)
        rows = CandleRows.of_frame(candles)
        with self._backend.writing() as connection:
            ids = series_ids(connection, rows.keys)
            before = count_candles(connection, ids, rows)
            written = self._backend.put_candles(connection, ids[rows.group], rows.time_ms, rows.numbers)
            new = count_candles(connection, ids, rows) - before
        return UpsertCount(new, written - new, len(candles) - written)

    def read(
        self,
        exchange: str,
        timeframe: Timeframe,
        symbols: Sequence[str] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Candles of one exchange and timeframe, sorted by symbol and open time.

        Parameters
        ----------
        exchange : str
        timeframe : Timeframe
        symbols : sequence of str, optional
            All that are stored by default.
        start, end : datetime, optional
            First open time, and the open time before which to stop; aware.
        columns : sequence of str, optional
            Which of the value columns to read; all by default. The keys and ``open_time`` always come along.

        Raises
        ------
        NoCandles
            If a series is not in the store; the error lists what is.
        ConfigurationError
            If a column is unknown or a time is naive.
        """
        chosen, bounds = chosen_columns(columns), epoch_bounds(start, end)
        stored = self._stored(exchange, timeframe, symbols)
        answers = self._backend.fetch([candle_query(series_id, bounds, chosen) for series_id in stored.values()])
        return long_frame((exchange, timeframe.name), list(stored), answers, chosen)

    def series(self) -> pd.DataFrame:
        """What is stored, one row a series: exchange, symbol, timeframe, rows, start, end (of open times)."""
        query = (
            sql.select(
                *(SERIES.c[name] for name in SERIES_COLUMNS),
                sql.func.count().label("rows"),
                sql.func.min(CANDLE.c.open_time).label("start"),
                sql.func.max(CANDLE.c.open_time).label("end"),
            )
            .join_from(SERIES, CANDLE)
            .group_by(SERIES.c.series_id)
            .order_by(*(SERIES.c[name] for name in SERIES_COLUMNS))
        )
        with self._backend.reading() as connection:
            rows = connection.execute(query).all()
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
        if rows.empty:
            return 0
        records = quarantine_records(rows)
        with self._backend.writing() as connection:
            known = set(connection.execute(sql.select(QUARANTINE.c.digest)).scalars())
            new = [record for digest, record in records.items() if digest not in known]
            if new:
                connection.execute(sql.insert(QUARANTINE), new)
        return len(new)

    def quarantine(self) -> pd.DataFrame:
        """Every row in quarantine, sorted by series and open time, with its origin and reason."""
        order = [QUARANTINE.c[name] for name in (*SERIES_COLUMNS, "open_time", "digest")]
        with self._backend.reading() as connection:
            return quarantine_frame(connection.execute(sql.select(QUARANTINE).order_by(*order)).all())

    def _stored(self, exchange: str, timeframe: Timeframe, symbols: Sequence[str] | None) -> dict[str, int]:
        """Number of each requested series, by symbol in alphabetical order."""
        query = sql.select(SERIES.c.symbol, SERIES.c.series_id).where(
            SERIES.c.exchange == exchange, SERIES.c.timeframe == timeframe.name
        )
        with self._backend.reading() as connection:
            stored = {str(symbol): int(series_id) for symbol, series_id in connection.execute(query)}
        wanted = set(stored) if symbols is None else {unified_symbol(symbol) for symbol in symbols}
        absent = sorted(wanted - set(stored))
        if absent or not stored:
            raise NoCandles(
                f"The store has no {timeframe} candles of {', '.join(absent) or 'any symbol'} from {exchange}. "
                f"Stored are: {self._inventory()}. Run the ingestion pipeline for what is missing."
            )
        return {symbol: stored[symbol] for symbol in sorted(wanted)}

    def _inventory(self) -> str:
        keys = self.series()[list(SERIES_COLUMNS)].itertuples(index=False)
        names = [f"{exchange} {symbol} {timeframe}" for exchange, symbol, timeframe in keys]
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        return ", ".join(names[:8]) + more or "none"
