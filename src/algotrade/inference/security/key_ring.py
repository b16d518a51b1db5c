"""API keys are made, rotated and revoked; the cleartext is handed out once."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from pydantic import SecretStr

from algotrade.errors import ConfigurationError
from algotrade.inference.security.key_file import (
    KEY_FILE,
    StoredKey,
    changing,
    digest_of,
    now,
    read_keys,
    write_keys,
)
from algotrade.inference.security.roles import Role

PREFIX = "alg"
ID_BYTES = 6
SECRET_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")


@dataclass(frozen=True)
class Terms:
    """What a new key is good for.

    Attributes
    ----------
    role : Role
    rate : float
        Requests per second in the long run.
    burst : int, optional
        Requests at once after a pause; those of one second by default.
    lifetime : timedelta, optional
        For ever by default.
    """

    role: Role
    rate: float = 100.0
    burst: int | None = None
    lifetime: timedelta | None = None


@dataclass(frozen=True)
class IssuedKey:
    """A key, the one time that it is known.

    Attributes
    ----------
    stored : StoredKey
        What is kept of it.
    cleartext : SecretStr
    """

    stored: StoredKey
    cleartext: SecretStr


class KeyRing:
    """The keys of a folder; each change replaces the file in one step and is seen by running services.

    Parameters
    ----------
    folder : Path
        Such as ``data/access``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / KEY_FILE

    def keys(self) -> tuple[StoredKey, ...]:
        """All keys, those that are no longer valid, too; the oldest first."""
        return read_keys(self.path)

    def create(self, name: str, terms: Terms) -> IssuedKey:
        """A new key.

        Raises
        ------
        ConfigurationError
            If the name is not accepted.
        """
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} is no name of a caller. It takes letters, digits, spaces and . _ @ -, at most 64, as in "
                "'trading-desk'."
            )
        made = now()
        expires = None if terms.lifetime is None else made + terms.lifetime
        issued = _issue(name, terms.role, terms.rate, terms.burst or max(1, round(terms.rate)), (made, expires))
        with changing(self.folder):
            write_keys(self.path, (*self.keys(), issued.stored))
        return issued

    def rotate(self, key_id: str, grace: timedelta) -> IssuedKey:
        """A new key on the terms of an old one, which stays valid for the time of grace.

        Raises
        ------
        ConfigurationError
            If there is no such key, or it is not valid any more.
        """
        with changing(self.folder):
            keys = self.keys()
            old = _valid(keys, key_id)
            lifetime = None if old.expires is None else old.expires - old.created
            made = now()
            until = made + grace if old.expires is None else min(made + grace, old.expires)
            expires = None if lifetime is None else made + lifetime
            issued = _issue(old.name, old.role, old.rate, old.burst, (made, expires))
            ended = msgspec.structs.replace(old, expires=until)
            write_keys(self.path, (*(ended if each is old else each for each in keys), issued.stored))
        return issued

    def revoke(self, key_id: str) -> StoredKey:
        """End a key now.

        Raises
        ------
        ConfigurationError
            If there is no such key, or it is not valid any more.
        """
        with changing(self.folder):
            keys = self.keys()
            old = _valid(keys, key_id)
            revoked = msgspec.structs.replace(old, revoked=now())
            write_keys(self.path, tuple(revoked if each is old else each for each in keys))
        return revoked


def _issue(name: str, role: Role, rate: float, burst: int, span: tuple[datetime, datetime | None]) -> IssuedKey:
    key_id = secrets.token_hex(ID_BYTES)
    cleartext = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    stored = StoredKey(key_id, name, role, digest_of(cleartext.encode()).hex(), rate, burst, *span)
    return IssuedKey(stored, SecretStr(cleartext))


def _valid(keys: tuple[StoredKey, ...], key_id: str) -> StoredKey:
    found = [each for each in keys if each.id == key_id]
    if not found:
        # Somebody may have pasted the key itself: it is not repeated.
        raise ConfigurationError("There is no key of this id. `algotrade access list` shows the ids; the key is none.")
    if found[0].state(now()) != "active":
        raise ConfigurationError(f"The key {key_id} is {found[0].state(now())} already. Make a new one.")
    return found[0]
