"""What the service accepts and answers, as strict types; OpenAPI is printed from them, and the client reads by them."""

from algotrade.inference.schemas.audit import AuditEntry, AuditPage, AuditQuery
from algotrade.inference.schemas.health import Check, FeatureSets, Health
from algotrade.inference.schemas.models import (
    ListedModel,
    ModelDescription,
    ModelDetail,
    ModelsResponse,
    Role,
    SwitchResponse,
)
from algotrade.inference.schemas.predict import (
    MOST_SYMBOLS,
    Interval,
    ModelName,
    NamedRow,
    Prediction,
    PredictRequest,
    PredictResponse,
    Signal,
)

__all__ = [
    "MOST_SYMBOLS",
    "AuditEntry",
    "AuditPage",
    "AuditQuery",
    "Check",
    "FeatureSets",
    "Health",
    "Interval",
    "ListedModel",
    "ModelDescription",
    "ModelDetail",
    "ModelName",
    "ModelsResponse",
    "NamedRow",
    "PredictRequest",
    "PredictResponse",
    "Prediction",
    "Role",
    "Signal",
    "SwitchResponse",
]
