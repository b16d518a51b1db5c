"""The HTTP contract: what can be asked, of whom, and what is answered."""

from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from msgspec.structs import asdict
from pydantic import BaseModel

from algotrade.inference.predictor import Predictor
from algotrade.inference.problems import (
    FeaturesNotOnline,
    ForeignOnlineFeatures,
    InvalidJson,
    InvalidRequest,
    ModelRefused,
    NoModel,
    NoPreviousModel,
    NotFinite,
    NotFound,
    NotJson,
    OnlineStoreUnavailable,
    OnlineStoreUnusable,
    StaleFeatures,
    UnfitFeatures,
    UnknownField,
    UnknownModel,
    UnknownSymbol,
    UnknownTimeframe,
    WrongFingerprint,
)
from algotrade.inference.routes.answering import answer
from algotrade.inference.routes.docs_page import add_docs
from algotrade.inference.routes.errors import add_problems
from algotrade.inference.routes.openapi import describe, problems
from algotrade.inference.routes.ports import Backend, Models
from algotrade.inference.schemas import (
    AuditEntry,
    AuditPage,
    AuditQuery,
    Health,
    ModelDetail,
    ModelsResponse,
    PredictRequest,
    PredictResponse,
    SwitchResponse,
)
from algotrade.monitoring.metrics import CONTENT_TYPE, ServiceMetrics

_NOT_READABLE = (InvalidJson, NotJson, InvalidRequest, UnknownField)
_PREDICTING = (
    *_NOT_READABLE,
    NotFinite,
    UnfitFeatures,
    UnknownSymbol,
    UnknownTimeframe,
    UnknownModel,
    WrongFingerprint,
    FeaturesNotOnline,
    StaleFeatures,
    ForeignOnlineFeatures,
    OnlineStoreUnavailable,
    OnlineStoreUnusable,
    ModelRefused,
    NoModel,
)


def create_app(backend: Callable[[], Backend], metrics: ServiceMetrics) -> FastAPI:
    """Web application that answers from whatever ``backend()`` is at the time of a request.

    Parameters
    ----------
    backend : callable
        Raises ``NoModel`` as long as there is none.
    metrics : ServiceMetrics
        Counted in, and shown at ``/metrics``.
    """
    # The pages that FastAPI has for it would load their scripts from a server elsewhere.
    app = FastAPI(
        title="algotrade", summary="Predictions of crypto returns.", docs_url=None, redoc_url=None, openapi_url=None
    )
    add_problems(app, metrics)
    _add_predict(app, backend)
    _add_models(app, backend)
    _add_state(app, backend, metrics)
    _add_admin(app, backend)
    describe(app)
    add_docs(app)
    return app


def _add_predict(app: FastAPI, backend: Callable[[], Backend]) -> None:
    @app.post("/predict", tags=["predictions"], response_model=PredictResponse, responses=problems(*_PREDICTING))
    def predict(request: PredictRequest) -> Response:
        """Predict for one symbol, several, every symbol of the model (an empty object), or given features."""
        return _document(answer(backend().models.of(request.version), request))


def _add_models(app: FastAPI, backend: Callable[[], Backend]) -> None:
    @app.get("/models", tags=["models"], response_model=ModelsResponse, responses=problems(NoModel))
    def models() -> Response:
        """Name the champion, its challengers and former champions: whom they know, what they look at."""
        return _document(ModelsResponse(models=backend().catalogue.listed()))

    @app.get(
        "/models/{name}",
        tags=["models"],
        response_model=ModelDetail,
        responses=problems(UnknownModel, NotFound, NoModel, InvalidRequest),
    )
    def model(name: str) -> Response:
        """Show all about a model, named by version or name or as ``champion``, with its card."""
        return _document(backend().catalogue.detail(name))


def _add_state(app: FastAPI, backend: Callable[[], Backend], metrics: ServiceMetrics) -> None:
    @app.get("/health", tags=["state"], response_model=Health, responses=problems(NoModel))
    def health() -> Response:
        """Tell whether the service answers and what is degraded; 200 as long as it answers at all."""
        return _document(_health_of(backend()))

    @app.get(
        "/metrics",
        tags=["state"],
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problems()},
    )
    def show_metrics() -> Response:
        """Show the service's metrics in Prometheus' text format."""
        return Response(metrics.render(), headers={"content-type": CONTENT_TYPE})


def _health_of(behind: Backend) -> Health:
    current = behind.models.current()
    checks = (*current.checks(), *behind.checks())
    failed = tuple(check.name for check in checks if not check.ok)
    return Health(
        status="degraded" if failed else "ok",
        live=True,
        ready=all(check.ok or not check.needed for check in checks),
        degraded=failed,
        dependencies=checks,
        feature_fingerprint=current.feature_sets(),
        access=behind.access(),
    )


def _add_admin(app: FastAPI, backend: Callable[[], Backend]) -> None:
    @app.post(
        "/admin/reload",
        tags=["administration"],
        response_model=SwitchResponse,
        responses=problems(ModelRefused, NoModel),
    )
    def reload(request: Request) -> Response:
        """Serve the champion that is on disk now; requests under way are answered by the one before."""
        models = backend().models
        return _switched(request, models, models.reload)

    @app.post(
        "/admin/rollback",
        tags=["administration"],
        response_model=SwitchResponse,
        responses=problems(NoPreviousModel, ModelRefused, NoModel),
    )
    def rollback(request: Request) -> Response:
        """Serve the champion before the present one again, and write into the book of decisions who asked for it."""
        models = backend().models
        return _switched(request, models, lambda: models.rollback(_who(request)))

    @app.get(
        "/audit",
        tags=["administration"],
        response_model=AuditPage,
        responses=problems(InvalidRequest, UnknownField),
    )
    def audit(query: Annotated[AuditQuery, Query()]) -> Response:
        """Page through the log of authenticated actions, the newest first."""
        entries = [AuditEntry(**asdict(record)) for record in backend().audit.page(query.limit, query.before)]
        is_last = len(entries) < query.limit or entries[-1].seq == 1
        return _document(AuditPage(entries=tuple(entries), next_before=None if is_last else entries[-1].seq))


def _who(request: Request) -> str:
    """Name of the caller that the guard has admitted."""
    caller = request.scope.get("state", {}).get("caller")
    return "somebody on this machine" if caller is None else str(caller.name)


def _switched(request: Request, models: Models, change: Callable[[], Predictor]) -> Response:
    before = models.current().description.version
    after = change().description.version
    # What the audit log says of the action.
    request.scope.setdefault("state", {})["audit_detail"] = f"{before} -> {after}"
    return _document(SwitchResponse(before=before, after=after, changed=before != after))


def _document(document: BaseModel) -> Response:
    return Response(document.model_dump_json().encode(), media_type="application/json")
