"""The keys that tokens are signed with: a JSON Web Key Set in which each key has one algorithm."""

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from algotrade.errors import ConfigurationError

TOKEN_KEY_FILE = "jwt_keys.json"  # noqa: S105 - a file's name
ALGORITHMS = ("HS256", "EdDSA")
SHORTEST_SECRET = 32
_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class TokenKey:
    """What tokens of one ``kid`` are verified with.

    Attributes
    ----------
    kid : str
    algorithm : str
        The only one that is accepted with this key, whatever a token says.
    key : bytes or Ed25519PublicKey
    """

    kid: str
    algorithm: str
    key: bytes | Ed25519PublicKey


def read_token_keys(path: Path) -> Mapping[str, TokenKey]:
    """Keys by ``kid``; none where there is no file.

    Raises
    ------
    ConfigurationError
        If it cannot be read, is no set of keys, or holds one that is not accepted; no part of a key is told.
    """
    try:
        if path.stat().st_mode & _MAY_WRITE:
            raise ConfigurationError(f"{path} may be written by others than its owner. `chmod 600 {path}`.")
        entries = json.loads(path.read_bytes())["keys"]
        keys = [_token_key(entry) for entry in entries]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
        raise ConfigurationError(
            f"{path} is no JSON Web Key Set of Ed25519 (OKP) and HS256 (oct) keys: {type(error).__name__} in it."
        ) from error
    by_kid = {each.kid: each for each in keys}
    if len(by_kid) < len(keys):
        raise ConfigurationError(f"{path} has two keys of one kid. Each key needs its own.")
    return by_kid


def _token_key(entry: dict[str, Any]) -> TokenKey:
    kid, algorithm = entry["kid"], entry["alg"]
    if not isinstance(kid, str) or not kid or algorithm not in ALGORITHMS:
        raise ConfigurationError(f"Each key needs a kid and an alg of {', '.join(ALGORITHMS)}.")
    if "d" in entry:
        raise ConfigurationError(f"The key {kid} is a private one. The service needs the public half only: drop `d`.")
    key = jwt.PyJWK.from_dict(entry, algorithm=algorithm).key
    if algorithm == "EdDSA" and not isinstance(key, Ed25519PublicKey):
        raise ConfigurationError(f"The key {kid} is no Ed25519 key.")
    if algorithm == "HS256" and len(key) < SHORTEST_SECRET:
        raise ConfigurationError(f"The secret of {kid} has {len(key)} bytes; HS256 needs at least {SHORTEST_SECRET}.")
    return TokenKey(kid, algorithm, key)
