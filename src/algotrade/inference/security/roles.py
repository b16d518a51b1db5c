"""Who may do what: one table of roles, one of endpoints, and nothing is allowed that is in neither."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """What an endpoint asks of its caller."""

    PROBE = "probe"
    VIEW = "view"
    PREDICT = "predict"
    ADMINISTER = "administer"
    AUDIT = "audit"


class Role(StrEnum):
    """What a key or a token makes of its holder."""

    VIEWER = "viewer"
    TRADER = "trader"
    ADMIN = "admin"
    AUDITOR = "auditor"


ROLES: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.PROBE, Permission.VIEW}),
    Role.TRADER: frozenset({Permission.PROBE, Permission.VIEW, Permission.PREDICT}),
    Role.ADMIN: frozenset({Permission.PROBE, Permission.VIEW, Permission.PREDICT, Permission.ADMINISTER}),
    Role.AUDITOR: frozenset({Permission.PROBE, Permission.VIEW, Permission.AUDIT}),
}
"""The permissions of each role. Whoever changes models does not read the log of it, and the other way round."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the service and what it takes to ask it.

    Attributes
    ----------
    path : str
        As the contract writes it; ``{name}`` stands for one part of a path.
    permission : Permission
        ``probe`` needs no credential.
    """

    path: str
    permission: Permission


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("/livez", Permission.PROBE),
    Endpoint("/readyz", Permission.PROBE),
    Endpoint("/healthz", Permission.PROBE),
    Endpoint("/docs", Permission.PROBE),
    Endpoint("/docs/{name}", Permission.PROBE),
    Endpoint("/openapi.json", Permission.PROBE),
    Endpoint("/health", Permission.VIEW),
    Endpoint("/metrics", Permission.VIEW),
    Endpoint("/models", Permission.VIEW),
    Endpoint("/models/{name}", Permission.VIEW),
    Endpoint("/predict", Permission.PREDICT),
    Endpoint("/admin/reload", Permission.ADMINISTER),
    Endpoint("/admin/rollback", Permission.ADMINISTER),
    Endpoint("/audit", Permission.AUDIT),
)
"""Every path that is answered. One that is not here does not exist, whatever is mounted behind the guard."""

_VARIABLE = "/{name}"
_EXACT = {each.path: each for each in ENDPOINTS if not each.path.endswith(_VARIABLE)}
_PARENTS = {each.path.removesuffix(_VARIABLE): each for each in ENDPOINTS if each.path.endswith(_VARIABLE)}


def endpoint_of(path: str) -> Endpoint | None:
    """The endpoint that a path is of, None where there is none.

    >>> endpoint_of("/models/lightgbm").path
    '/models/{name}'
    >>> endpoint_of("/models/") is endpoint_of("/admin//reload") is None
    True
    """
    found = _EXACT.get(path)
    if found is not None:
        return found
    parent, _, name = path.rpartition("/")
    return _PARENTS.get(parent) if name else None


def roles_that_may(permission: Permission) -> tuple[Role, ...]:
    """The roles that have a permission, in the order of the table."""
    return tuple(role for role, permissions in ROLES.items() if permission in permissions)


def access_table() -> str:
    """Endpoints against roles, as a Markdown table.

    >>> print(access_table().splitlines()[-1])
    | `/audit` | audit | | | | | ✓ |
    """
    heading = ["endpoint", "permission", "nobody in particular", *ROLES]
    rows = [[f"`{each.path}`", each.permission, *_marks(each.permission)] for each in ENDPOINTS]
    return "\n".join(_line(cells) for cells in (heading, ["---"] * len(heading), *rows))


def _marks(permission: Permission) -> list[str]:
    allowed = [permission is Permission.PROBE, *(permission in permissions for permissions in ROLES.values())]
    return ["✓" if each else "" for each in allowed]


def _line(cells: list[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"
