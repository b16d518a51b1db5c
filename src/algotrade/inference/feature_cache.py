"""Features that were read a moment ago, and the last ones known while the store does not answer."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from algotrade.data.circuit import Breaker, LeftAlone
from algotrade.data.online_store import Batch, FeatureVectors
from algotrade.data.online_store.batch import age_in_candles
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ForeignFeatures, StoreError, StoreUnavailable
from algotrade.inference.features import FeatureSource
from algotrade.monitoring.metrics import ServiceMetrics

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CacheLimits:
    """How long what was read may be used.

    Attributes
    ----------
    fresh_seconds : float
        Without asking the store again.
    last_known_candles : float
        While the store does not answer, in candles since it last did.
    max_age : float, optional
        Candles since the close of the newest candle, beyond which rows are not to be used, whoever answers.
    """

    fresh_seconds: float = 0.1
    last_known_candles: float = 2.0
    max_age: float | None = None


class LastKnown(Batch):
    """Vectors that were read before the store stopped to answer."""


@dataclass(frozen=True, slots=True)
class _Kept:
    vectors: FeatureVectors | None
    read_seconds: float


class CachedFeatures:
    """A feature source that asks another one at most once in a while for each symbol.

    Symbols that are asked about again and again are read again before their time is over, all at once and by a thread:
    as long as the store answers in time, no request waits for it. A symbol's vectors stay the same object for as long
    as their content does, so whoever keeps what follows from them can tell by identity that nothing is new. While the
    store does not answer, the last known vectors are given, marked by their batch being a :class:`LastKnown`; a breaker
    keeps requests from waiting for it.

    Parameters
    ----------
    source : FeatureSource
        Without a limit of age: that is counted here.
    timeframe : str
    limits : CacheLimits
    breaker : Breaker
        Of the store, shared by all that ask it; counts ``StoreUnavailable``.
    metrics : ServiceMetrics
    now : callable, optional
        Seconds since the epoch; the system's clock by default.
    """

    def __init__(
        self,
        source: FeatureSource,
        timeframe: str,
        limits: CacheLimits,
        breaker: Breaker,
        metrics: ServiceMetrics,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._timeframe = Timeframe(timeframe)
        self._limits = limits
        self._breaker = breaker
        self._metrics = metrics
        self._now = now
        self._last_known_seconds = limits.last_known_candles * self._timeframe.milliseconds / 1000
        self._kept: dict[str, _Kept] = {}
        self._made_by: str | None = None
        self._renew_after = limits.fresh_seconds / 2
        self._wanted: set[str] = set()
        self._renewing = False
        self._threads = ThreadPoolExecutor(1, "features")
        # One question at a time: who waits for it finds the answer to his own.
        self._asking = threading.Lock()
        self._cached, self._read, self._recalled = (
            metrics.feature_reads.labels(origin) for origin in ("cache", "store", "last_known")
        )

    def has_at_hand(self, symbols: Sequence[str]) -> bool:
        """Whether all were read so recently that the store is not asked."""
        return self._recent(self._kept, symbols)

    def at_hand(self, symbol: str) -> FeatureVectors | None:
        """Vectors of a symbol that were read recently and are not too old; None where there are none."""
        found, now = self._kept.get(symbol), self._now()
        if found is None or found.vectors is None or found.read_seconds < now - self._limits.fresh_seconds:
            return None
        if self._is_stale(found.vectors, round(1_000 * now)):
            return None
        if found.read_seconds < now - self._renew_after:
            self._renew((symbol,))
        self._cached.inc()
        return found.vectors

    def _is_stale(self, vectors: FeatureVectors, now_ms: int) -> bool:
        limit = self._limits.max_age
        return limit is not None and age_in_candles(vectors, self._timeframe, now_ms) > limit

    def _recent(self, kept: Mapping[str, _Kept], symbols: Sequence[str]) -> bool:
        oldest = self._now() - self._limits.fresh_seconds
        found = [kept.get(symbol) for symbol in symbols]
        return all(each is not None and each.read_seconds >= oldest for each in found)

    def read(self, symbols: Sequence[str]) -> Batch:
        """Vectors of ``symbols``: from here where they are recent, else from the store, else the last ones known.

        Raises
        ------
        StoreUnavailable
            If the store does not answer and the last known vectors are too old, or there are none.
        StoreError
            If the store answers what cannot be used.
        """
        kept = self._kept
        if self._recent(kept, symbols):
            if any(kept[symbol].read_seconds < self._now() - self._renew_after for symbol in symbols):
                self._renew(symbols)
            self._cached.inc()
            return self._batch(kept, symbols, Batch)
        with self._asking:
            if self._recent(self._kept, symbols):
                self._cached.inc()
                return self._batch(self._kept, symbols, Batch)
            try:
                self._refresh(symbols)
            except StoreUnavailable:
                if not self._may_recall(symbols):
                    raise
                self._recalled.inc()
                return self._batch(self._kept, symbols, LastKnown)
            self._read.inc()
            return self._batch(self._kept, symbols, Batch)

    def fingerprint(self) -> str | None:
        """Of the features that are online; None where there are none."""
        return self._source.fingerprint()

    def _renew(self, symbols: Sequence[str]) -> None:
        """Have symbols read again before their time is over, with all others that are wanted meanwhile."""
        self._wanted.update(symbols)
        if not self._renewing:
            self._renewing = True
            self._threads.submit(self._renew_wanted)

    def _renew_wanted(self) -> None:
        wanted, self._wanted = tuple(self._wanted), set()
        try:
            with self._asking:
                self._refresh(wanted)
        except StoreError:
            # The next request that has to wait for it is told.
            logger.debug("The features of %d symbols could not be read ahead.", len(wanted))
        finally:
            self._renewing = False

    def _refresh(self, symbols: Sequence[str]) -> None:
        asked = self._now()
        try:
            with self._breaker.attempt(), self._metrics.online_read_seconds.time():
                batch = self._source.read(symbols)
        except LeftAlone as rest:
            self._metrics.breaker_open.set(1)
            raise StoreUnavailable(
                f"The online store has failed several times in a row and is {rest}. Features in the request are "
                "answered all the same."
            ) from None
        except StoreUnavailable:
            self._metrics.online_store_up.set(0)
            raise
        except ForeignFeatures:
            # Those from before are no longer online, so they are not the last known ones either.
            self._kept = {}
            raise
        self._metrics.online_store_up.set(1)
        self._metrics.breaker_open.set(0)
        self._made_by = batch.fingerprint
        for symbol in symbols:
            found = batch.fresh.get(symbol) or batch.stale.get(symbol)
            self._count(batch, symbol, found)
            self._kept[symbol] = _Kept(self._same_object(symbol, found), asked)

    def _count(self, batch: Batch, symbol: str, found: FeatureVectors | None) -> None:
        if found is None:
            state = "absent"
        else:
            state = "stale" if self._is_stale(found, batch.read_time_ms) else "fresh"
            self._metrics.feature_age_candles.observe(batch.age(symbol))
        self._metrics.online_vectors.labels(state).inc()

    def _same_object(self, symbol: str, found: FeatureVectors | None) -> FeatureVectors | None:
        kept = self._kept.get(symbol)
        before = None if kept is None else kept.vectors
        return before if before is not None and found is not None and _equal(before, found) else found

    def _may_recall(self, symbols: Sequence[str]) -> bool:
        oldest = self._now() - self._last_known_seconds
        kept = [self._kept.get(symbol) for symbol in symbols]
        return all(each is not None and each.vectors is not None and each.read_seconds >= oldest for each in kept)

    def _batch(self, kept: Mapping[str, _Kept], symbols: Sequence[str], kind: type[Batch]) -> Batch:
        now_ms = round(1_000 * self._now())
        fresh: dict[str, FeatureVectors] = {}
        stale: dict[str, FeatureVectors] = {}
        absent: list[str] = []
        for symbol in symbols:
            vectors = kept[symbol].vectors
            if vectors is None:
                absent.append(symbol)
            elif self._is_stale(vectors, now_ms):
                stale[symbol] = vectors
            else:
                fresh[symbol] = vectors
        return kind(self._timeframe, fresh, stale, tuple(absent), self._made_by, now_ms, self._limits.max_age)


def _equal(one: FeatureVectors, other: FeatureVectors) -> bool:
    """Whether two vectors have the same bits; NaN equals itself."""
    return (
        one.values.shape == other.values.shape
        and one.open_time_ms.tobytes() == other.open_time_ms.tobytes()
        and one.values.tobytes() == other.values.tobytes()
    )
