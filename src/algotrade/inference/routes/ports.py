"""What the routes need of the rest of the service, and nothing more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from algotrade.inference.audit_trail.record import AuditRecord
from algotrade.inference.predictor import Predictor
from algotrade.inference.schemas import Check, ListedModel, ModelDetail


class Models(Protocol):
    """The models that answer, the champion among them."""

    def current(self) -> Predictor:
        """The champion's predictor."""

    def of(self, version: str | None) -> Predictor:
        """Predictor of a version, the champion's for None; or ``UnknownModel``."""

    def reload(self) -> Predictor:
        """Serve the champion that is on disk now, or refuse with ``ModelRefused``."""

    def rollback(self, who: str) -> Predictor:
        """Serve the champion before the present one, or refuse with ``NoPreviousModel``."""


class Listing(Protocol):
    """What is known of the models."""

    def listed(self) -> tuple[ListedModel, ...]:
        """Each version once, the champion first."""

    def detail(self, name: str) -> ModelDetail:
        """All about a model, or ``UnknownModel``."""


class AuditPages(Protocol):
    """The audit log as it is read."""

    def page(self, limit: int, before: int | None = None) -> tuple[AuditRecord, ...]:
        """The newest records, or the newest before one of them."""


@dataclass(frozen=True)
class Backend:
    """What the routes answer from.

    Attributes
    ----------
    models : Models
    catalogue : Listing
    audit : AuditPages
    access : callable
        Whether callers show keys, or only this machine is answered.
    checks : callable
        Dependencies of the service beside those of the model.
    """

    models: Models
    catalogue: Listing
    audit: AuditPages
    access: Callable[[], Literal["keys", "loopback_only"]]
    checks: Callable[[], tuple[Check, ...]] = tuple
