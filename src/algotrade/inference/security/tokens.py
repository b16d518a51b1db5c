"""Tokens are believed for what their key vouches for, and for no longer than they say."""

import hashlib
from collections.abc import Mapping
from typing import Any

import jwt

from algotrade.inference.problems import Unauthorized
from algotrade.inference.security.callers import Caller, Grant
from algotrade.inference.security.roles import Role
from algotrade.inference.security.settings import SecuritySettings
from algotrade.inference.security.token_keys import TokenKey

_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "role"]
_LONGEST_NAME = 128
# What two clocks may differ by.
_LEEWAY_SECONDS = 5
_MOST_REMEMBERED = 4096


class Tokens:
    """Verifies JSON Web Tokens, each of them once.

    The algorithm is that of the key that the token's ``kid`` names, never the one that the token names. Remembered is a
    token's digest, until it expires or the keys change.

    Parameters
    ----------
    settings : SecuritySettings
    """

    def __init__(self, settings: SecuritySettings) -> None:
        self._settings = settings
        self._keys: Mapping[str, TokenKey] = {}
        self._verified: dict[bytes, Grant] = {}

    def trust(self, keys: Mapping[str, TokenKey]) -> None:
        """Believe these keys from now on, and no token that was verified by others."""
        self._keys = keys
        self._verified = {}

    def grant(self, token: bytes, now: float) -> Grant:
        """What a token is good for.

        Parameters
        ----------
        token : bytes
        now : float
            Seconds since the epoch.

        Raises
        ------
        Unauthorized
            If it is none, not meant for this service, not yet or no longer valid, or not signed by a known key.
        """
        digest = hashlib.sha256(token).digest()
        known = self._verified.get(digest)
        if known is None:
            known = self._verify(token)
            while len(self._verified) >= _MOST_REMEMBERED:
                del self._verified[next(iter(self._verified))]
            self._verified[digest] = known
        if known.expires <= now:
            self._verified.pop(digest, None)
            raise Unauthorized("The token has expired.")
        return known

    def _verify(self, token: bytes) -> Grant:
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._settings.jwt_audience,
                issuer=self._settings.jwt_issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED, "enforce_minimum_key_length": True},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthorized("The token has expired.") from error
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            # Why is not told: it helps whoever tries tokens out.
            raise Unauthorized("The token is not accepted.") from error
        return self._grant(claims, key)

    def _grant(self, claims: dict[str, Any], key: TokenKey) -> Grant:
        name, role, issued, expires = (claims[name] for name in ("sub", "role", "iat", "exp"))
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            raise Unauthorized("The token's subject is not accepted.")
        if role not in [each.value for each in Role]:
            raise Unauthorized("The token's role is not accepted.")
        if float(expires) - float(issued) > 3600 * self._settings.jwt_max_hours:
            raise Unauthorized("The token is valid for too long.")
        rate = self._settings.rate_limit
        caller = Caller(name, Role(role), key.kid)
        return Grant(caller, float(expires), rate, max(1, round(rate)), f"token:{name}")
