"""The HTTP contract: routes, and one kind of answer for every error."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from algotrade.errors import ForeignFeatures, StoreError, StoreUnavailable
from algotrade.inference.predictor import Predictor
from algotrade.inference.problems import MEDIA_TYPE, Problem, Refusal, problem_response
from algotrade.inference.schemas import Health, ModelName, ModelsResponse, PredictRequest, PredictResponse
from algotrade.monitoring.metrics import CONTENT_TYPE, ServiceMetrics

ROUTES = ("/predict", "/health", "/metrics", "/models", "/openapi.json")
_PREDICT_PROBLEMS = (400, 404, 415, 422, 500, 503)
_MOST_COMPLAINTS = 3


def create_app(predictor: Callable[[], Predictor], metrics: ServiceMetrics) -> FastAPI:
    """Web application that answers from whatever ``predictor()`` is at the time of a request.

    Parameters
    ----------
    predictor : callable
        Gives the predictor to ask, so that another model can take over between two requests.
    metrics : ServiceMetrics
        Counted in, and shown at ``/metrics``.
    """
    # The interactive pages would load their scripts from a server elsewhere.
    app = FastAPI(title="algotrade", summary="Predictions of crypto returns.", docs_url=None, redoc_url=None)
    app.add_middleware(_Counting, metrics=metrics)
    _add_problems(app, metrics)

    @app.post("/predict", responses={status: _problem_document(status) for status in _PREDICT_PROBLEMS})
    def predict(request: PredictRequest) -> PredictResponse:
        """Predict for one symbol, several, every symbol of the model (an empty object), or given features."""
        current = predictor()
        if request.features is not None:
            predictions = current.of_features(request.features)
        elif request.symbol is not None or request.symbols is not None:
            predictions = current.of_symbols(request.symbols or [request.symbol or ""])
        else:
            predictions = current.of_every_symbol()
        return PredictResponse(predictions=predictions, model=_name(current))

    @app.get("/health")
    def health() -> Health:
        """Whether the service answers and what is degraded; 200 as long as it answers at all."""
        current = predictor()
        checks = current.checks()
        failed = tuple(check.name for check in checks if not check.ok)
        return Health(
            status="degraded" if failed else "ok",
            live=True,
            ready=not set(failed) - {"freshness"},
            degraded=failed,
            checks=checks,
            feature_fingerprint=current.feature_sets(),
        )

    @app.get("/models")
    def models() -> ModelsResponse:
        """The model that is served: whom it knows, what it looks at, how far it looks ahead."""
        return ModelsResponse(models=(predictor().description,))

    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def show_metrics() -> Response:
        """The service's metrics in Prometheus' text format."""
        return Response(metrics.render(), headers={"content-type": CONTENT_TYPE})

    return app


def _name(predictor: Predictor) -> ModelName:
    served = predictor.description
    return ModelName(name=served.name, version=served.version, feature_fingerprint=served.feature_fingerprint)


def _problem_document(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }


def _add_problems(app: FastAPI, metrics: ServiceMetrics) -> None:
    """Answer every error with a problem document, and count it."""

    def refuse(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> Response:
        metrics.refusals.labels(code).inc()
        return problem_response(status, code, detail, headers)

    @app.exception_handler(Refusal)
    def refused(_: Request, error: Refusal) -> Response:
        return refuse(error.status, error.code, str(error))

    @app.exception_handler(StoreError)
    def store_failed(_: Request, error: StoreError) -> Response:
        return refuse(HTTPStatus.SERVICE_UNAVAILABLE, _store_code(error), str(error))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        return refuse(*_explain(request, error))

    @app.exception_handler(HTTPException)
    def http_error(_: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        headers = dict(error.headers) if error.headers else None
        detail = "The body cannot be read as JSON." if error.status_code == HTTPStatus.BAD_REQUEST else error.detail
        return refuse(error.status_code, code, detail, headers)

    @app.exception_handler(Exception)
    def failed(_: Request, __: Exception) -> Response:
        return refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The service failed; its log says why.")


def _store_code(error: StoreError) -> str:
    if isinstance(error, ForeignFeatures):
        return "foreign_features"
    return "online_store_unavailable" if isinstance(error, StoreUnavailable) else "online_store_unusable"


def _explain(request: Request, error: RequestValidationError) -> tuple[HTTPStatus, str, str]:
    """Status, code and detail of a body that is not what the contract asks for."""
    complaints = error.errors()
    if complaints[0]["type"] == "json_invalid":
        reason = complaints[0].get("ctx", {}).get("error", "")
        return HTTPStatus.BAD_REQUEST, "invalid_json", f"The body is not JSON: {reason} at {complaints[0]['loc'][-1]}."
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json") and complaints[0]["loc"] == ("body",):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", "Send a JSON object as application/json."
    # What was sent is not repeated: it may be large, and NaN has no place in JSON.
    shown = [f"{_place(each['loc'])}: {each['msg']}" for each in complaints[:_MOST_COMPLAINTS]]
    rest = len(complaints) - len(shown)
    more = f"; and {rest} more" if rest else ""
    return HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", "; ".join(shown) + more


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:40] for part in location if part not in ("body", "named", "matrix")) or "body"


class _Counting:
    """Counts and times requests by route; what is no route of ours is ``other``, so labels stay few."""

    def __init__(self, app: ASGIApp, metrics: ServiceMetrics) -> None:
        self._app = app
        self._requests = metrics.requests
        self._seconds = {route: metrics.request_seconds.labels(route) for route in (*ROUTES, "other")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        route = scope["path"] if scope["path"] in ROUTES else "other"
        status = "500"
        started = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            self._requests.labels(route, status).inc()
            self._seconds[route].observe(time.perf_counter() - started)
