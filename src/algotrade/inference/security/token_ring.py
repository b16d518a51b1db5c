"""Keys that tokens are signed with are trusted and distrusted; two at a time are how one follows another."""

import base64
import json
import re
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import SecretStr

from algotrade.errors import ConfigurationError
from algotrade.inference.security.key_file import changing, replace_file
from algotrade.inference.security.token_keys import SHORTEST_SECRET, TOKEN_KEY_FILE, TokenKey, read_token_keys

_KID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class TokenRing:
    """The token keys of a folder; each change replaces the file in one step and is seen by running services.

    Parameters
    ----------
    folder : Path
        Such as ``data/access``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / TOKEN_KEY_FILE

    def keys(self) -> tuple[TokenKey, ...]:
        """All keys that are trusted."""
        return tuple(read_token_keys(self.path).values())

    def trust(self, kid: str, pem: bytes) -> None:
        """Believe tokens that are signed (EdDSA) with the private half of an Ed25519 key.

        Raises
        ------
        ConfigurationError
            If the name is taken or not accepted, or this is no public Ed25519 key.
        """
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _no_public_key() from error
        if not isinstance(key, Ed25519PublicKey):
            raise _no_public_key()
        self._add({"kid": kid, "alg": "EdDSA", "kty": "OKP", "crv": "Ed25519", "x": _text(key.public_bytes_raw())})

    def share(self, kid: str) -> SecretStr:
        """A new secret that tokens are to be signed with (HS256), in base64url; the issuer needs it, too.

        Raises
        ------
        ConfigurationError
            If the name is taken or not accepted.
        """
        secret = secrets.token_bytes(SHORTEST_SECRET)
        self._add({"kid": kid, "alg": "HS256", "kty": "oct", "k": _text(secret)})
        return SecretStr(_text(secret))

    def distrust(self, kid: str) -> None:
        """Believe no token of a key any more.

        Raises
        ------
        ConfigurationError
            If there is no such key.
        """
        with changing(self.folder):
            if kid not in read_token_keys(self.path):
                raise ConfigurationError("There is no token key of this name. `algotrade access list` shows them.")
            self._replace([entry for entry in self._entries() if entry["kid"] != kid])

    def _add(self, entry: dict[str, Any]) -> None:
        if not _KID.fullmatch(entry["kid"]):
            raise ConfigurationError("A token key's name takes letters, digits and . _ -, at most 64, as in '2026-a'.")
        with changing(self.folder):
            if entry["kid"] in read_token_keys(self.path):
                raise ConfigurationError(f"There is a token key {entry['kid']} already. Name the new one differently.")
            self._replace([*self._entries(), entry])

    def _entries(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = json.loads(self.path.read_bytes())["keys"] if self.path.exists() else []
        return entries

    def _replace(self, entries: list[dict[str, Any]]) -> None:
        replace_file(self.path, json.dumps({"keys": entries}, indent=1).encode() + b"\n")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _no_public_key() -> ConfigurationError:
    return ConfigurationError(
        "This is no public Ed25519 key in PEM. `openssl pkey -in private.pem -pubout` prints that of a private key."
    )
