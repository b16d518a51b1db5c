"""The HTTP contract in this process: real routes over models and features whose answers can be told in advance."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from starlette.types import ASGIApp

from algotrade.inference.audit_trail import AuditRecord, AuditTrail
from algotrade.inference.catalogue import Catalogue
from algotrade.inference.lane import PredictLane
from algotrade.inference.models import Served, Shelf
from algotrade.inference.predictor import Predictor
from algotrade.inference.problems import ModelRefused, NoPreviousModel, UnknownModel
from algotrade.inference.routes import Backend, create_app
from algotrade.inference.schemas import Check, ModelDescription
from algotrade.inference.security import Gatekeeper, Guard, KeyRing, Role, SecuritySettings, Terms
from algotrade.models.manifest import Manifest
from algotrade.monitoring.metrics import ServiceMetrics

from .fakes import NOW_SECONDS, FakeFeatures, FakeModel, describe, vectors

MOMENT = datetime(2024, 1, 1, tzinfo=UTC)


def manifest_of(description: ModelDescription) -> Manifest:
    return Manifest(
        feature_names=description.feature_names,
        feature_fingerprint=description.feature_fingerprint,
        lookback=1,
        horizon=description.horizon,
        exchange="simulated",
        timeframe=description.timeframe,
        symbols=description.symbols,
        training_start=MOMENT,
        training_end=MOMENT,
        data_digest="beef",
        fold_scores=({"fold": 1, "auc": float("nan")},),
        model=description.name,
        version=description.version,
        history=description.history,
        settings={"penalty": 1.0},
        libraries={"numpy": "2"},
        created_time=MOMENT,
        files={},
    )


class FakeModels:
    """The champion 7, and the challenger 8 beside it, which reads another feature set."""

    def __init__(self, predictors: Mapping[str, Predictor]) -> None:
        self.predictors = dict(predictors)
        self.reigning = "7"
        self.asked_by: list[str] = []
        self.refusal: ModelRefused | None = None

    def current(self) -> Predictor:
        return self.predictors[self.reigning]

    def of(self, version: str | None) -> Predictor:
        if version is not None and version not in self.predictors:
            raise UnknownModel(f"No model {version!r} is served.")
        return self.predictors[version or self.reigning]

    def all(self) -> tuple[Served, ...]:
        order = sorted(self.predictors, key=lambda version: version != self.reigning)
        return tuple(
            Served(
                self.predictors[version],
                manifest_of(self.predictors[version].description),
                Path("bundle"),
                "champion" if version == self.reigning else "challenger",
            )
            for version in order
        )

    def reload(self) -> Predictor:
        if self.refusal is not None:
            raise self.refusal
        self.reigning = "8"
        return self.current()

    def rollback(self, who: str) -> Predictor:
        if self.reigning == "7":
            raise NoPreviousModel("There is no champion to go back to.")
        self.asked_by.append(who)
        self.reigning = "7"
        return self.current()


class FakeAudit:
    """A log of so many records."""

    def __init__(self, records: int) -> None:
        self.records = [record(number) for number in range(records, 0, -1)]

    def page(self, limit: int, before: int | None = None) -> tuple[AuditRecord, ...]:
        return tuple([each for each in self.records if before is None or each.seq < before][:limit])


def record(number: int) -> AuditRecord:
    return AuditRecord(
        number, "2024-01-01T00:00:00.000000Z", 1, "desk", "trader", "k1", "POST /predict", "200", "r", "", "0", "1"
    )


class Desk:
    """The application and what it answers from.

    Attributes
    ----------
    app : FastAPI
    features : FakeFeatures
        Those that are online.
    models : FakeModels
    checks : list of Check
        Dependencies of the service beside those of the model.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.metrics = ServiceMetrics()
        self.reset()
        self.app: FastAPI = create_app(lambda: self.backend, self.metrics)

    def reset(self) -> None:
        """Begin anew behind the same application, but for what it has counted."""
        self.features = FakeFeatures(*(vectors(symbol, seed=seed) for seed, symbol in enumerate(describe().symbols)))
        challenger = describe().model_copy(update={"name": "other", "version": "8", "feature_fingerprint": "b"})
        self.models = FakeModels({each.version: self.predictor(each) for each in (describe(), challenger)})
        self.checks: list[Check] = []
        self.backend = Backend(
            models=self.models,
            catalogue=Catalogue(Shelf(self._folder / "champion"), self.models.all),
            audit=FakeAudit(5),
            access=lambda: "loopback_only",
            checks=lambda: tuple(self.checks),
        )

    def predictor(self, description: ModelDescription) -> Predictor:
        return Predictor(FakeModel(), description, self.features, self.metrics, now=lambda: NOW_SECONDS)


class GuardedDesk(Desk):
    """The application behind all that a request has to pass, with a key for each role.

    Attributes
    ----------
    front : ASGIApp
    keys : dict
        In clear, by role.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        settings = SecuritySettings(data=folder)
        ring, terms = KeyRing(settings.access_folder), {role: Terms(role, rate=1e6) for role in Role}
        self.keys = {role: ring.create(role, terms[role]).cleartext.get_secret_value() for role in Role}
        lane = PredictLane(self.app, lambda: self.backend, self.metrics)
        self.trail = AuditTrail(settings.audit_folder)
        self.gatekeeper = Gatekeeper(settings)
        self.front: ASGIApp = Guard(
            lane, self.gatekeeper, self.trail, settings, lambda code: self.metrics.refusals.labels(code).inc()
        )

    def close(self) -> None:
        """Write the log and leave the threads."""
        self.trail.close()
        self.gatekeeper.close()
