"""Which addresses are this machine's own, and that nobody else is served as long as there are no keys."""

import functools
import ipaddress
import os
from collections.abc import Sequence

from algotrade.errors import ConfigurationError
from algotrade.inference.security.key_file import KEY_FILE, read_keys
from algotrade.inference.security.settings import SecuritySettings
from algotrade.inference.security.token_keys import TOKEN_KEY_FILE, read_token_keys


@functools.lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host's name or address can only be this machine.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "example.org")]
    [True, True, True, False, False]
    """
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def host_of(authority: str) -> str:
    """The host in a ``Host`` header.

    >>> [host_of(each) for each in ("127.0.0.1:3000", "[::1]:3000", "localhost")]
    ['127.0.0.1', '::1', 'localhost']
    """
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.rpartition(":")[0] if authority.count(":") == 1 else authority


def keys_are_configured(settings: SecuritySettings) -> bool:
    """Whether there is a file of keys, even an empty one.

    Raises
    ------
    ConfigurationError
        If one of them cannot be understood: it is not to be taken for none.
    """
    folder = settings.access_folder
    read_keys(folder / KEY_FILE)
    read_token_keys(folder / TOKEN_KEY_FILE)
    return (folder / KEY_FILE).exists() or (folder / TOKEN_KEY_FILE).exists()


def refuse_open_host(settings: SecuritySettings, arguments: Sequence[str] = ()) -> None:
    """Go on only where keys are configured or nobody but this machine can reach the service.

    Parameters
    ----------
    settings : SecuritySettings
    arguments : sequence of str, optional
        Command line of ``bentoml serve``; its ``--host``, or else ``BENTOML_HOST``, counts instead of the settings'.

    Raises
    ------
    ConfigurationError
        If others could.
    """
    asked = _host_in(arguments) or os.environ.get("BENTOML_HOST") if arguments else None
    host = asked or settings.host
    if not keys_are_configured(settings) and not is_loopback(host):
        raise ConfigurationError(
            f"The service would listen on {host} with no keys configured: anybody could ask it. Make a key with "
            "`algotrade access create NAME --role trader`, or listen on 127.0.0.1."
        )


def _host_in(arguments: Sequence[str]) -> str | None:
    for place, argument in enumerate(arguments):
        if argument.startswith("--host="):
            return argument.partition("=")[2]
        if argument == "--host" and place + 1 < len(arguments):
            return arguments[place + 1]
    return None
