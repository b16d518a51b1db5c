"""Every request is let in by a credential whose role may do what it asks, or not at all."""

import hmac
import logging
import time
from collections.abc import Iterable, Mapping

from algotrade.inference.problems import Forbidden, NotFound, RateLimited, Unauthorized
from algotrade.inference.security.callers import LOCAL, Caller, Grant
from algotrade.inference.security.key_file import KEY_FILE, StoredKey, digest_of, read_keys
from algotrade.inference.security.key_ring import ID_BYTES, PREFIX
from algotrade.inference.security.loopback import host_of, is_loopback, keys_are_configured
from algotrade.inference.security.rate_limits import Allowance, RateLimits
from algotrade.inference.security.roles import Endpoint, roles_that_may
from algotrade.inference.security.settings import SecuritySettings
from algotrade.inference.security.token_keys import TOKEN_KEY_FILE, TokenKey, read_token_keys
from algotrade.inference.security.tokens import Tokens
from algotrade.inference.security.watched_file import LOOK_SECONDS, WatchedFile

logger = logging.getLogger(__name__)

Headers = Iterable[tuple[bytes, bytes]]

_KEY_START = f"{PREFIX}_".encode()
_ID = slice(len(_KEY_START), len(_KEY_START) + 2 * ID_BYTES)
_LONGEST_CREDENTIAL = 4096
# A digest that no key has, for the sake of the time that comparing takes.
_NOBODY = (bytes(32), LOCAL)
_CHALLENGE = {"www-authenticate": 'Bearer realm="algotrade"'}


class Gatekeeper:
    """Knows the keys as they are now, and what their holders may do.

    Without any configured key, everybody on this machine is :data:`LOCAL`, and nobody else is let in. A key that is
    made while the service runs ends that; it does not come back if the keys go away again.

    Parameters
    ----------
    settings : SecuritySettings

    Raises
    ------
    ConfigurationError
        If a file of keys cannot be understood.
    """

    def __init__(self, settings: SecuritySettings) -> None:
        folder = settings.access_folder
        self._locked = keys_are_configured(settings)
        nothing: tuple[StoredKey, ...] = ()
        no_token_keys: Mapping[str, TokenKey] = {}
        self._key_file = WatchedFile(folder / KEY_FILE, read_keys, nothing)
        self._token_key_file = WatchedFile(folder / TOKEN_KEY_FILE, read_token_keys, no_token_keys)
        self._keys: dict[bytes, tuple[bytes, Grant]] = {}
        self._tokens = Tokens(settings)
        self._limits = RateLimits(folder / "quotas")
        self._refresh(time.monotonic())
        if not self._locked:
            logger.warning("No keys are configured: only this machine is served. `algotrade access create` makes one.")

    @property
    def open_to_loopback(self) -> bool:
        """Whether no keys are configured, and this machine is served without any."""
        return not self._locked

    def identify(self, headers: Headers, client: str | None) -> Grant:
        """Who asks.

        Parameters
        ----------
        headers : iterable of (bytes, bytes)
            Of the request, with names in lower case.
        client : str, optional
            Address of the other end.

        Raises
        ------
        Unauthorized
            If there is no credential, more than one, or none that is valid.
        Forbidden
            If no keys are configured and this is not a request of this machine to itself.
        """
        now = time.monotonic()
        if now >= self._look_at:
            self._refresh(now)
        if not self._locked:
            return _local(headers, client)
        credential = _credential(headers)
        now = time.time()
        if credential.startswith(_KEY_START):
            return self._holder(credential, now)
        try:
            return self._tokens.grant(credential, now)
        except Unauthorized as error:
            raise Unauthorized(error.detail, _CHALLENGE) from error

    def allowance(self, grant: Grant) -> Allowance:
        """Count a request of a caller against its limit."""
        return self._limits.take(grant, time.monotonic())

    def admit(self, grant: Grant, endpoint: Endpoint | None, allowance: Allowance) -> Caller:
        """Let a request in.

        Raises
        ------
        RateLimited
            If its caller has asked too often.
        NotFound
            If there is no such endpoint.
        Forbidden
            If its role may not ask it.
        """
        if allowance.wait:
            raise RateLimited(
                f"More than {grant.rate:g} requests a second; try again in {allowance.wait} s.",
                {"retry-after": str(allowance.wait)},
            )
        if endpoint is None:
            raise NotFound("There is nothing at this path. /docs lists the paths.")
        if not grant.caller.may(endpoint.permission):
            roles = ", ".join(roles_that_may(endpoint.permission))
            raise Forbidden(f"The role {grant.caller.role} may not ask {endpoint.path}; these may: {roles}.")
        return grant.caller

    def close(self) -> None:
        """Let go of the shared limits."""
        self._limits.close()

    def _holder(self, key: bytes, now: float) -> Grant:
        """Whose key this is; takes as long for a wrong key as for a right one."""
        expected, grant = self._keys.get(key[_ID], _NOBODY)
        same = hmac.compare_digest(digest_of(key), expected)
        if not same or grant.expires <= now:
            raise Unauthorized("The key is not known, has expired or was revoked.", _CHALLENGE)
        return grant

    def _refresh(self, now: float) -> None:
        self._look_at = now + LOOK_SECONDS
        if self._key_file.changed():
            self._keys = {each.id.encode(): (bytes.fromhex(each.digest), each.grant) for each in self._key_file.value}
            self._locked |= self._key_file.present
        if self._token_key_file.changed():
            self._tokens.trust(self._token_key_file.value)
            self._locked |= self._token_key_file.present


def _credential(headers: Headers) -> bytes:
    """The only credential of a request."""
    found = b""
    for name, value in headers:
        if name == b"x-api-key":
            candidate = value
        elif name == b"authorization":
            scheme, _, candidate = value.partition(b" ")
            if scheme.lower() != b"bearer":
                raise Unauthorized("The scheme of Authorization has to be Bearer.", _CHALLENGE)
        else:
            continue
        if found:
            raise Unauthorized("Send one credential, not several.", _CHALLENGE)
        found = candidate.strip()
    if len(found) > _LONGEST_CREDENTIAL:
        raise Unauthorized(f"No credential is longer than {_LONGEST_CREDENTIAL} bytes.", _CHALLENGE)
    if not found:
        raise Unauthorized("Send a key as X-API-Key, or a key or token as Authorization: Bearer.", _CHALLENGE)
    return found


def _local(headers: Headers, client: str | None) -> Grant:
    """Whoever asks from here, by a name of this machine: a page from elsewhere in its browser uses another name."""
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if client is None or not is_loopback(client) or not all(is_loopback(host_of(host)) for host in hosts):
        raise Forbidden(
            "No keys are configured, so only this machine is served, as localhost. Make a key with `algotrade access "
            "create`."
        )
    return LOCAL
