"""Every error as one kind of answer: a refusal with its code, counted."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from algotrade.errors import ForeignFeatures, StoreError, StoreUnavailable
from algotrade.inference.problems import (
    MEDIA_TYPE,
    ForeignOnlineFeatures,
    Internal,
    InvalidJson,
    InvalidRequest,
    MethodNotAllowed,
    NotFinite,
    NotFound,
    NotJson,
    OnlineStoreUnavailable,
    OnlineStoreUnusable,
    Refusal,
    UnknownField,
)
from algotrade.monitoring.metrics import ServiceMetrics

_MOST_COMPLAINTS = 3


def response_of(refusal: Refusal) -> Response:
    """HTTP answer with the problem document of a refusal."""
    body = refusal.problem.to_bytes()
    return Response(body, status_code=refusal.status, media_type=MEDIA_TYPE, headers=refusal.headers)


def refusal_of_store(error: StoreError) -> Refusal:
    """The refusal that an error of the online store comes to."""
    if isinstance(error, ForeignFeatures):
        return ForeignOnlineFeatures(str(error))
    if isinstance(error, StoreUnavailable):
        return OnlineStoreUnavailable(str(error), {"Retry-After": "1"})
    return OnlineStoreUnusable(str(error))


def refusal_of_validation(error: RequestValidationError, content_type: str) -> Refusal:
    """The refusal of a request that is not what the contract asks for; the first complaint decides its code."""
    complaints = error.errors()
    first = complaints[0]
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "")
        return InvalidJson(f"The body is not JSON: {reason} at {first['loc'][-1]}.")
    media_type = content_type.partition(";")[0].strip().lower()
    if first["loc"] == ("body",) and media_type != "application/json" and not media_type.endswith("+json"):
        return NotJson("Send a JSON object as application/json.")
    return _kind_of(complaints)(_sentence(complaints))


def add_problems(app: FastAPI, metrics: ServiceMetrics) -> None:
    """Answer every error of an application with a problem document, and count it."""

    def refuse(refusal: Refusal) -> Response:
        metrics.refusals.labels(refusal.code).inc()
        return response_of(refusal)

    @app.exception_handler(Refusal)
    async def refused(_: Request, error: Refusal) -> Response:
        return refuse(error)

    @app.exception_handler(StoreError)
    async def store_failed(_: Request, error: StoreError) -> Response:
        return refuse(refusal_of_store(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return refuse(refusal_of_validation(error, request.headers.get("content-type", "")))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        return refuse(_refusal_of_http(request, error))

    @app.exception_handler(Exception)
    async def failed(_: Request, __: Exception) -> Response:
        return refuse(Internal("The service failed; its log says why."))


def _refusal_of_http(request: Request, error: HTTPException) -> Refusal:
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        accepted = headers.get("Allow", "none")
        return MethodNotAllowed(f"{request.method} is not for this path; accepted: {accepted}.", headers)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFound("There is nothing at this path. GET /docs lists those that are there.", headers)
    # FastAPI raises nothing else but for a body that cannot be decoded.
    return InvalidJson("The body cannot be read as JSON.", headers)


def _kind_of(complaints: Sequence[dict[str, Any]]) -> type[Refusal]:
    kinds = {"extra_forbidden": UnknownField, "finite_number": NotFinite}
    return kinds.get(complaints[0]["type"], InvalidRequest)


def _sentence(complaints: Sequence[dict[str, Any]]) -> str:
    """What is wrong and where; what was sent is not repeated: it may be large, and NaN has no place in JSON."""
    shown = [f"{_place(each['loc'])}: {each['msg']}" for each in complaints[:_MOST_COMPLAINTS]]
    rest = len(complaints) - len(shown)
    return "; ".join(shown) + (f"; and {rest} more" if rest else "")


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:40] for part in location if part not in ("body", "named", "matrix")) or "body"
