"""Live candles from the command line, until told to stop: into the candle store, and into the features served."""

import asyncio
import contextlib
import logging
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from prometheus_client import start_http_server

from algotrade.data.exchange.clients import exchange_name
from algotrade.data.online_store import OnlineStore
from algotrade.data.store import CandleStore
from algotrade.data.stream import CandleSink, CandleStream, LiveCandles, LiveSummary, StoreSink
from algotrade.domain.candles import to_milliseconds
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, ForeignFeatures
from algotrade.inference.live_features import OnlineFeatureSink, obstacle, symbols_to_stream
from algotrade.inference.settings import ServingSettings
from algotrade.models.manifest import Manifest
from algotrade.monitoring.metrics import StreamMetrics

_DEFAULT_TIMEFRAME = "1m"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StreamOptions:
    """What the command takes.

    Attributes
    ----------
    database : str
        URL of the candle store.
    exchange : str
        ccxt's name.
    symbols : str, optional
        Separated by commas, in any notation; those of the served model by default.
    timeframe : str, optional
        That of the served model by default, else 1m.
    candles : int, optional
        How many to deliver; without end by default.
    bundle : Path, optional
        Folder of the served model's bundle; the champion by default.
    online : bool
        Whether to update the online features, where there is a model that they fit.
    metrics_port : int, optional
        Where to show the metrics, on 127.0.0.1.
    """

    database: str
    exchange: str = "binance"
    symbols: str | None = None
    timeframe: str | None = None
    candles: int | None = None
    bundle: Path | None = None
    online: bool = True
    metrics_port: int | None = None

    @cached_property
    def manifest(self) -> Manifest | None:
        """Of the model whose features are to be updated; None where there is none.

        Raises
        ------
        BundleRejected
            If the folder that was named holds no bundle.
        """
        folder = self.bundle or ServingSettings().bundle_folder
        if not self.online or (self.bundle is None and not folder.is_dir()):
            return None
        return Manifest.read(folder)

    @property
    def chosen_timeframe(self) -> Timeframe:
        """Timeframe to stream."""
        of_model = self.manifest.timeframe if self.manifest is not None else _DEFAULT_TIMEFRAME
        return Timeframe(self.timeframe or of_model)

    @property
    def chosen_symbols(self) -> list[str]:
        """Symbols to stream, unified, each once."""
        named = [name for name in re.split(r"[,+;\s]+", self.symbols or "") if name]
        return list(dict.fromkeys(unified_symbol(name) for name in symbols_to_stream(named, self.manifest)))


def launch(options: StreamOptions, say: Callable[[str], None]) -> LiveSummary:
    """Stream until the process is interrupted or terminated, or so many candles are delivered.

    Raises
    ------
    AlgotradeError
        If a value is not accepted, the exchange does not have what is asked for, or a store cannot be used at the
        start.
    """
    exchange, timeframe, symbols = exchange_name(options.exchange), options.chosen_timeframe, options.chosen_symbols
    store, metrics = CandleStore(options.database), StreamMetrics()
    sinks: list[CandleSink] = [StoreSink(store), *_online_sinks(options, exchange, store, metrics)]
    stream = CandleStream(
        options.exchange, symbols, timeframe, after=_last_stored(store, exchange, timeframe), metrics=metrics
    )
    say(f"Streaming {timeframe} candles of {', '.join(symbols)} from {exchange}; Ctrl-C stops it.")
    with _shown(metrics, options.metrics_port):
        summary = asyncio.run(_until_stopped(LiveCandles(stream, sinks, exchange), options.candles))
    store.close()
    for sink, freshness in summary.freshness.items():
        say(f"Freshness in {sink}: {freshness}.")
    say(f"{summary.delivered} candles were delivered; the stream has stopped.")
    return summary


async def _until_stopped(live: LiveCandles, most: int | None) -> LiveSummary:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return await live.run(stop, most)


def _online_sinks(
    options: StreamOptions, exchange: str, store: CandleStore, metrics: StreamMetrics
) -> Sequence[CandleSink]:
    """The sink that feeds the served model, if there is one that these candles are for."""
    manifest = options.manifest
    if manifest is None:
        why = f" {ServingSettings().why_no_bundle}" if options.online else ""
        logger.info("Only the candle store is written: there is no model whose features could be updated.%s", why)
        return ()
    why_not = obstacle(manifest, exchange, options.chosen_timeframe, options.chosen_symbols)
    if why_not:
        logger.warning("Only the candle store is written: model %s is not fed, for %s.", manifest.version, why_not)
        return ()
    try:
        settings = ServingSettings()
        online = OnlineStore(settings.online_store_url, ttl_candles=settings.online_ttl)
        sink = OnlineFeatureSink(manifest, online, store, metrics)
    except (ConfigurationError, ForeignFeatures) as error:
        logger.warning("Only the candle store is written: %s", error)
        return ()
    logger.info("Online features of model %s begin with %d stored candles.", manifest.version, sink.warm_up())
    return (sink,)


def _last_stored(store: CandleStore, exchange: str, timeframe: Timeframe) -> dict[str, int]:
    """Open time of the last stored candle of each symbol."""
    stored = store.series()
    mine = stored[(stored["exchange"] == exchange) & (stored["timeframe"] == timeframe.name)]
    return dict(zip(mine["symbol"], to_milliseconds(mine["end"]).tolist(), strict=True))


@contextlib.contextmanager
def _shown(metrics: StreamMetrics, port: int | None) -> Iterator[None]:
    """Metrics over HTTP on this machine, if a port is named."""
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=metrics.registry)
    except OSError as error:
        raise ConfigurationError(f"Metrics cannot be shown at port {port} ({error}). Choose another.") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
