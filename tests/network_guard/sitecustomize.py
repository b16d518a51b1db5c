"""Refuses every connection that leaves this machine, in this process and in each Python it starts.

Python imports a module of this name at start-up when its folder is on ``PYTHONPATH``. What was
attempted is written down as well, since a library may swallow the refusal.
"""

import ipaddress
import os
import sys


class NetworkForbidden(RuntimeError):
    """Something tried to reach the network."""


def _is_local(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse_remote(event: str, arguments: tuple) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if _is_local(host):
        return
    log = os.environ.get("ALGOTRADE_NETWORK_ATTEMPTS")
    if log:
        with open(log, "a") as attempts:  # noqa: PTH123 - nothing may be imported this early
            attempts.write(f"{event} {host!r} by {sys.argv[:3]}\n")
    raise NetworkForbidden(f"{event} {host!r}: tests and runs stay on this machine")


sys.addaudithook(_refuse_remote)
