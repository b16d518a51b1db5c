"""Who asks, and on what terms."""

import math
from dataclasses import dataclass

from algotrade.inference.security.roles import ROLES, Permission, Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a request was admitted for.

    Attributes
    ----------
    name : str
        Of the key, or the subject of the token.
    role : Role
    key_id : str
        Public part of the key, or the ``kid`` that the token was signed with.
    """

    name: str
    role: Role
    key_id: str

    def may(self, permission: Permission) -> bool:
        """Whether the role has a permission."""
        return permission in ROLES[self.role]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a credential is good for.

    Attributes
    ----------
    caller : Caller
    expires : float
        Seconds since the epoch; infinity where it does not expire.
    rate : float
        Requests per second in the long run.
    burst : int
        Requests at once after a pause.
    quota : str
        Whose requests count together.
    """

    caller: Caller
    expires: float
    rate: float
    burst: int
    quota: str


LOCAL = Grant(Caller("local", Role.TRADER, "none"), math.inf, rate=10_000.0, burst=10_000, quota="local")
"""Everybody on this machine, as long as no keys are configured."""
