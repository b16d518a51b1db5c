"""Who may ask the prediction service, how often and for what; see :class:`Guard` for how it all comes together."""

from algotrade.inference.security.callers import LOCAL, Caller, Grant
from algotrade.inference.security.gatekeeper import Gatekeeper
from algotrade.inference.security.guard import Guard
from algotrade.inference.security.key_ring import IssuedKey, KeyRing, Terms
from algotrade.inference.security.loopback import refuse_open_host
from algotrade.inference.security.roles import ENDPOINTS, ROLES, Permission, Role, access_table, endpoint_of
from algotrade.inference.security.settings import SecuritySettings
from algotrade.inference.security.token_ring import TokenRing

__all__ = [
    "ENDPOINTS",
    "LOCAL",
    "ROLES",
    "Caller",
    "Gatekeeper",
    "Grant",
    "Guard",
    "IssuedKey",
    "KeyRing",
    "Permission",
    "Role",
    "SecuritySettings",
    "Terms",
    "TokenRing",
    "access_table",
    "endpoint_of",
    "refuse_open_host",
]
