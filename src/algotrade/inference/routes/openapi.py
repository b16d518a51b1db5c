"""The OpenAPI document: what each operation refuses and with which codes, who may ask it, and how to show a key."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from algotrade.inference.problems import (
    MEDIA_TYPE,
    PROBLEMS,
    AuditUnavailable,
    BodyTooLarge,
    Forbidden,
    Internal,
    MethodNotAllowed,
    Overloaded,
    Problem,
    RateLimited,
    Refusal,
    RequestTimeout,
    Unauthorized,
)
from algotrade.inference.security.roles import Permission, endpoint_of, roles_that_may

_ANYWHERE = (
    Unauthorized,
    Forbidden,
    MethodNotAllowed,
    RequestTimeout,
    BodyTooLarge,
    RateLimited,
    Internal,
    AuditUnavailable,
    Overloaded,
)
_SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "Made by `algotrade access create`."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key, or a JWT."},
}
_PROBLEM = "#/components/schemas/Problem"
_DESCRIPTION = (
    "Probabilities, expected returns and signals for the next candles, by the model that passed the gate.\n\n"
    "Every answer that is not a success is a problem document (RFC 9457) with a `code` that never changes its meaning."
)


def problems(*kinds: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses of an operation that may refuse in these ways, beside those that every operation has."""
    answered = {*kinds, *_ANYWHERE}
    by_status: dict[HTTPStatus, list[type[Refusal]]] = {}
    for kind in PROBLEMS.values():
        if kind in answered:
            by_status.setdefault(kind.status, []).append(kind)
    return {int(status): _response(status, together) for status, together in by_status.items()}


def describe(app: FastAPI) -> None:
    """Give an application its document, made once, at ``/openapi.json``."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title, version="1", summary=app.summary, description=_DESCRIPTION, routes=app.routes
            )
            made["components"]["securitySchemes"] = _SCHEMES
            made["components"]["schemas"]["Problem"] = Problem.model_json_schema()
            for path, operations in made["paths"].items():
                for operation in operations.values():
                    _add_roles(operation, path)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]

    @app.get("/openapi.json", include_in_schema=False)
    def openapi_document() -> dict[str, Any]:
        """Show the contract, for programs."""
        return app.openapi()


def _response(status: HTTPStatus, kinds: list[type[Refusal]]) -> dict[str, Any]:
    narrowed = {"status": {"const": int(status)}, "code": {"enum": [kind.code for kind in kinds]}}
    schema = {"allOf": [{"$ref": _PROBLEM}, {"properties": narrowed}]}
    return {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": schema}}}


def _add_roles(operation: dict[str, Any], path: str) -> None:
    """Who may ask: any of the schemes, and the roles that the guard goes by."""
    endpoint = endpoint_of(path.replace("{name}", "name"))
    permission = endpoint.permission if endpoint is not None else Permission.PROBE
    if permission is not Permission.PROBE:
        operation["security"] = [{name: []} for name in _SCHEMES]
    operation["x-roles"] = list(roles_that_may(permission))
