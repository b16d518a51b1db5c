"""The file of API keys: it holds what tells a key from others, never the key."""

import contextlib
import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec

from algotrade.errors import ConfigurationError
from algotrade.inference.security.callers import Caller, Grant
from algotrade.inference.security.roles import Role

KEY_FILE = "keys.json"
_PURPOSE = b"algotrade api key\0"
_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class StoredKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of a key.

    Attributes
    ----------
    id : str
        The part that is no secret.
    name : str
        Whose key it is, as the audit log calls the caller.
    role : Role
    digest : str
        SHA-256 of the key, in hexadecimal digits. The key is 256 random bits, so a slow hash would add nothing.
    rate : float
        Requests per second in the long run.
    burst : int
        Requests at once after a pause.
    created : datetime
    expires : datetime, optional
    revoked : datetime, optional
    """

    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{12}$")]
    name: str
    role: Role
    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    rate: Annotated[float, msgspec.Meta(gt=0)]
    burst: Annotated[int, msgspec.Meta(ge=1)]
    created: _Moment
    expires: _Moment | None = None
    revoked: _Moment | None = None

    @property
    def grant(self) -> Grant:
        """What the key is good for."""
        ends = [end.timestamp() for end in (self.expires, self.revoked) if end is not None]
        caller = Caller(self.name, self.role, self.id)
        return Grant(caller, min(ends, default=float("inf")), self.rate, self.burst, f"key:{self.id}")

    def state(self, now: datetime) -> str:
        """``active``, ``revoked`` or ``expired``."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "active"


def digest_of(key: bytes) -> bytes:
    """What is kept of a key: 32 bytes that it cannot be found from."""
    return hashlib.sha256(_PURPOSE + key).digest()


def read_keys(path: Path) -> tuple[StoredKey, ...]:
    """The keys of a file; none where there is no file.

    Raises
    ------
    ConfigurationError
        If it cannot be read, is no file of keys, or others than its owner may write it.
    """
    try:
        if path.stat().st_mode & _MAY_WRITE:
            raise ConfigurationError(
                f"{path} may be written by others than its owner, who could let themselves in. `chmod 600 {path}`."
            )
        found = msgspec.json.decode(path.read_bytes(), type=tuple[StoredKey, ...])
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}).") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} is no file of keys ({_where(error)}). Restore it, or make keys anew."
        ) from error
    return found


def _where(error: ValueError | msgspec.DecodeError) -> str:
    """The place of a fault; what a decoder of text says shows what is there."""
    return "it is no text" if isinstance(error, UnicodeDecodeError) else str(error)


def write_keys(path: Path, keys: tuple[StoredKey, ...]) -> None:
    """Replace the file in one step; only its owner may read it."""
    replace_file(path, msgspec.json.format(msgspec.json.encode(keys), indent=1) + b"\n")


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in the place of another: whoever reads finds the old one or the new one, whole."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).replace(path)


@contextlib.contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Keep others from changing the keys meanwhile; the folder is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def now() -> datetime:
    """The time, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
