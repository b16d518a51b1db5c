"""The sources of candles, and the store that keeps them, as catalog entries."""

import hashlib
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset

from algotrade.data.importers import read_folder
from algotrade.data.source import EXCHANGE, FILES, SIMULATED, SOURCES, SourceCandles, exchange_names
from algotrade.data.store import CandleStore
from algotrade.domain.moment import utc_moment
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, NoCandles
from algotrade.simulation.market import MarketSettings, simulate_market

_DEFAULT_TIMEFRAME = "1h"
_DEFAULT_EXCHANGE = "binance"
_DEFAULT_SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT")
_DEFAULT_HISTORY = pd.Timedelta(days=365)

logger = logging.getLogger(__name__)


class SourceCandlesDataset(AbstractDataset[NoReturn, SourceCandles]):
    """Candles from the simulated market, a folder of files or an exchange.

    Parameters
    ----------
    source : str
        ``simulated``, ``files`` or ``exchange``.
    selection : mapping
        ``path``, ``exchange``, ``symbols``, ``timeframe``, ``start``, ``end``; each may be None. Several exchanges
        and symbols are written as ``binance+kraken``.
    simulation : mapping
        Settings of the simulated market.
    database : str, optional
        URL of the candle store into which exchanges are downloaded.
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(
        self,
        source: str,
        selection: Mapping[str, Any],
        simulation: Mapping[str, Any],
        database: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self._source = source
        self._database = database
        self._selection = dict(selection)
        self._simulation = {key: value for key, value in simulation.items() if value is not None}
        self.metadata = metadata

    def load(self) -> SourceCandles:
        """Read the candles of the source named in the configuration."""
        readers = {SIMULATED: self._simulated, FILES: self._from_files, EXCHANGE: self._from_exchanges}
        if self._source not in readers:
            raise ConfigurationError(
                f"Unknown source {self._source!r}. Accepted are {', '.join(SOURCES)}, "
                'as in `kedro run --params "source=files,path=DIR,timeframe=1h"`.'
            )
        return readers[self._source]()

    def save(self, data: NoReturn) -> None:  # noqa: ARG002 - Kedro's signature
        """Refuse: a source is only read."""
        raise ConfigurationError("A source of candles cannot be written to; save to the candle store.")

    def _describe(self) -> dict[str, Any]:
        return {"source": self._source, **self._selection}

    @property
    def _symbols(self) -> list[str] | None:
        symbols = self._selection.get("symbols")
        if symbols is None:
            return None
        names = re.split(r"[+;\s]+", symbols) if isinstance(symbols, str) else symbols
        return [unified_symbol(name) for name in names if name]

    @property
    def _timeframe(self) -> Timeframe | None:
        name = self._selection.get("timeframe")
        return Timeframe(str(name)) if name is not None else None

    def _simulated(self) -> SourceCandles:
        timeframe = self._timeframe or Timeframe(_DEFAULT_TIMEFRAME)
        chosen = {"symbols": self._symbols, "timeframe": timeframe.name, "start": self._selection.get("start")}
        settings = MarketSettings.of(
            {**self._simulation, **{key: value for key, value in chosen.items() if value is not None}}
        )
        # One series a market: candles of two markets must never meet in the store.
        exchange = f"{SIMULATED}-{hashlib.sha256(repr(settings).encode()).hexdigest()[:8]}"
        return SourceCandles(
            source=SIMULATED,
            timeframe=timeframe,
            candles=simulate_market(settings).assign(exchange=exchange, origin=SIMULATED),
            notes=(f"Simulated market, not real prices: seed {settings.seed}, planted signal {settings.signal:g}.",),
            planted_signal=settings.signal,
        )

    def _from_files(self) -> SourceCandles:
        path = self._selection.get("path")
        if path is None:
            raise ConfigurationError(
                "source=files needs the folder of the candle files: "
                '`kedro run --params "source=files,path=DIR,timeframe=1h"`.'
            )
        imported = read_folder(Path(str(path)), self._timeframe, self._symbols, self._selection.get("exchange"))
        timeframe = Timeframe(str(imported.frame["timeframe"].iloc[0]))
        return SourceCandles(FILES, timeframe, imported.frame, imported.notes)

    def _from_exchanges(self) -> SourceCandles:
        from algotrade.data.download import DownloadOrder, download  # noqa: PLC0415 - ccxt is heavy, only used here
        from algotrade.data.exchange.clients import exchange_name  # noqa: PLC0415

        exchanges = exchange_names(self._selection.get("exchange")) or [_DEFAULT_EXCHANGE]
        symbols = self._symbols or list(_DEFAULT_SYMBOLS)
        timeframe = self._timeframe or Timeframe(_DEFAULT_TIMEFRAME)
        start = utc_moment(self._selection.get("start")) or pd.Timestamp.now("UTC").floor("D") - _DEFAULT_HISTORY
        end = utc_moment(self._selection.get("end"))
        if self._database is None:
            raise ConfigurationError("source=exchange downloads into a candle store; the catalog names no database.")
        store = CandleStore(self._database)
        report = download(store, DownloadOrder(exchanges, symbols, timeframe, start=start, end=end))
        names = [exchange_name(exchange) for exchange in exchanges]
        spans = [store.read(name, timeframe, report.symbols(name), start, end) for name in names]
        candles = pd.concat(spans, ignore_index=True)
        if candles.empty:
            raise NoCandles(
                f"{', '.join(names)}: no {timeframe} candles of {', '.join(symbols)} from {start:%Y-%m-%d %H:%M} on. "
                "Choose an earlier start, or other symbols."
            )
        return SourceCandles(EXCHANGE, timeframe, candles.assign(origin=candles["exchange"]))


class CandleStoreDataset(AbstractDataset[pd.DataFrame, CandleStore]):
    """The candle store: saving upserts a long candle frame, loading gives the store to read from.

    Parameters
    ----------
    url : str
        Of the database, as SQLAlchemy takes it.
    table : str
        ``candle`` or ``quarantine``: where a saved frame goes.
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(self, url: str, table: str = "candle", metadata: Mapping[str, Any] | None = None) -> None:
        self._url = url
        self._table = table
        self.metadata = metadata

    def load(self) -> CandleStore:
        """Open the store for bounded reads."""
        return CandleStore(self._url)

    def save(self, data: pd.DataFrame) -> None:
        """Write what the store does not have yet; the same frame twice changes nothing."""
        store = CandleStore(self._url)
        if self._table == "quarantine":
            store.add_quarantine(data)
            return
        if data.empty:
            return
        count = store.upsert(data)
        logger.info("Candle store: %d new, %d changed, %d unchanged", count.new, count.changed, count.unchanged)

    def _describe(self) -> dict[str, Any]:
        return {"url": re.sub(r"//[^@/]*@", "//***@", self._url), "table": self._table}
