"""A stream and its sinks, from the first candle until somebody stops them."""

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass

from algotrade.data.stream.closed_candle import ClosedCandle
from algotrade.data.stream.delivery import Delivery
from algotrade.data.stream.freshness import Freshness, Quantiles
from algotrade.data.stream.settings import StreamSettings
from algotrade.data.stream.sinks import CandleSink
from algotrade.data.stream.stream import CandleStream
from algotrade.domain.candles import from_milliseconds
from algotrade.monitoring.metrics import StreamMetrics

_REPORT_EVERY_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LiveSummary:
    """What a stream has done.

    Attributes
    ----------
    delivered : int
        Closed candles.
    freshness : mapping of str to Quantiles
        By sink, of the candles that have closed since the stream began; without the sinks that have taken none.
    untaken : mapping of str to int
        Candles that each sink had not taken at the end; the next stream begins with them.
    """

    delivered: int
    freshness: Mapping[str, Quantiles]
    untaken: Mapping[str, int]


class LiveCandles:
    """Delivers every candle of a stream to every sink; a sink that fails holds up no other.

    Parameters
    ----------
    stream : CandleStream
        Not yet entered.
    sinks : sequence of CandleSink
    exchange : str
        Name under which the candles are filed.
    settings : StreamSettings, optional
    """

    def __init__(
        self,
        stream: CandleStream,
        sinks: Sequence[CandleSink],
        exchange: str,
        settings: StreamSettings | None = None,
    ) -> None:
        self._stream = stream
        self._settings = settings or StreamSettings()
        self._metrics: StreamMetrics = stream.metrics
        self._freshness = {sink.name: Freshness() for sink in sinks}
        self._deliveries = [
            Delivery(sink, exchange, stream.timeframe, self._settings, on_taken=self._taken, on_failure=self._failed)
            for sink in sinks
        ]
        self._delivered = 0

    async def run(self, stop: asyncio.Event, most: int | None = None) -> LiveSummary:
        """Deliver until ``stop`` is set or so many candles were delivered; then let the sinks take what they have.

        Raises
        ------
        AlgotradeError
            If the exchange does not have what is asked for, or a sink cannot work with the candles at all.
        """
        workers = [asyncio.create_task(delivery.run()) for delivery in self._deliveries]
        workers.append(asyncio.create_task(self._report_for_ever()))
        try:
            async with self._stream:
                await _until_one_ends([self._deliver(most), _set(stop)], workers)
            await self._drain(workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return self._summary()

    async def _deliver(self, most: int | None) -> None:
        while most is None or self._delivered < most:
            candle = await anext(self._stream)
            for delivery in self._deliveries:
                await delivery.put(candle)
                self._metrics.waiting.labels(delivery.name).set(len(delivery))
            self._delivered += 1

    async def _drain(self, workers: "Sequence[asyncio.Task[None]]") -> None:
        async def emptied() -> None:
            await asyncio.gather(*(delivery.emptied() for delivery in self._deliveries))

        try:
            async with asyncio.timeout(self._settings.drain_seconds):
                await _until_one_ends([emptied()], workers)
        except TimeoutError:
            for delivery in self._deliveries:
                if len(delivery):
                    logger.warning(
                        "%s has not taken the last %d candles; the next stream begins with them.",
                        delivery.name,
                        len(delivery),
                    )

    def _taken(self, sink: str, candles: Sequence[ClosedCandle]) -> None:
        now, length_ms = time.monotonic(), self._stream.timeframe.milliseconds
        seconds = [now - each.closed_at for each in candles if each.open_time_ms > self._stream.live_from_ms]
        self._freshness[sink].note(seconds)
        for each in seconds:
            self._metrics.freshness_seconds.labels(sink).observe(each)
        newest = max(candle.open_time_ms for candle in candles)
        self._metrics.last_close_seconds.labels(sink).set((newest + length_ms) / 1_000)
        self._metrics.waiting.labels(sink).set(sum(len(each) for each in self._deliveries if each.name == sink))
        age = f", {max(seconds):.3f} s after the close" if seconds else ""
        opened = from_milliseconds([newest])[0]
        logger.info("%s: %d candles, the newest of %s%s", sink, len(candles), f"{opened:%Y-%m-%d %H:%M}", age)

    def _failed(self, sink: str) -> None:
        self._metrics.failures.labels(sink).inc()

    async def _report_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_REPORT_EVERY_SECONDS)
            self._report()

    def _report(self) -> dict[str, Quantiles]:
        """Log how fresh the candles were, and set the metrics that say so."""
        found = {sink: freshness.quantiles() for sink, freshness in self._freshness.items()}
        known = {sink: quantiles for sink, quantiles in found.items() if quantiles is not None}
        for sink, quantiles in known.items():
            logger.info("Freshness in %s: %s", sink, quantiles)
            for name, value in (("0.5", quantiles.median), ("0.95", quantiles.p95), ("1", quantiles.largest)):
                self._metrics.freshness_quantile_seconds.labels(sink, name).set(value)
        return known

    def _summary(self) -> LiveSummary:
        untaken = {delivery.name: len(delivery) for delivery in self._deliveries}
        return LiveSummary(self._delivered, self._report(), untaken)


async def _set(stop: asyncio.Event) -> None:
    await stop.wait()


async def _until_one_ends(
    main: Sequence[Coroutine[object, object, None]], workers: "Sequence[asyncio.Task[None]]"
) -> None:
    """Run until one of the main coroutines ends; a worker that ends has failed, and its error is raised."""
    tasks = [asyncio.create_task(each) for each in main]
    try:
        done, _ = await asyncio.wait([*tasks, *workers], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
