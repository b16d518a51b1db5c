"""What one worker process of the service consists of, from its start to its end."""

import contextlib
from functools import cached_property
from typing import Literal

from starlette.types import ASGIApp

from algotrade.data.circuit import Breaker
from algotrade.data.keys import BundleKeys
from algotrade.data.online_store import OnlineStore
from algotrade.errors import StoreUnavailable
from algotrade.inference.audit_trail import AuditTrail
from algotrade.inference.bounded import Bounded
from algotrade.inference.catalogue import Catalogue
from algotrade.inference.feature_cache import CachedFeatures, CacheLimits
from algotrade.inference.features import OnlineFeatures
from algotrade.inference.lane import PredictLane
from algotrade.inference.models import ServedModels, Shelf, Watch
from algotrade.inference.observation import Observatory
from algotrade.inference.predictor import Predictor
from algotrade.inference.problems import NoModel
from algotrade.inference.routes import Backend
from algotrade.inference.schemas import Check, ModelDescription
from algotrade.inference.security import Gatekeeper, Guard, SecuritySettings
from algotrade.inference.settings import ServingSettings
from algotrade.inference.shadow import Shadow
from algotrade.models.bundle import ModelBundle
from algotrade.monitoring.metrics import ServiceMetrics

_FAILURES, _REST_SECONDS = 3, 5.0
"""Questions in a row that the online store fails to answer, and for how long it is then left alone."""


class Worker:
    """The models, the features, the guard and the log of one process.

    Nothing is loaded before :meth:`start`; until then every question is refused with ``no_model``.

    Parameters
    ----------
    metrics : ServiceMetrics
    """

    def __init__(self, metrics: ServiceMetrics) -> None:
        self._metrics = metrics
        self._backend: Backend | None = None
        # What is made comes to its end in the opposite order.
        self._at_the_end = contextlib.ExitStack()

    def backend(self) -> Backend:
        """What the routes answer from.

        Raises
        ------
        NoModel
            Before the start.
        """
        if self._backend is None:
            raise NoModel("The service has not loaded its model yet. Ask again in a moment.", {"Retry-After": "1"})
        return self._backend

    def front(self, app: ASGIApp) -> ASGIApp:
        """An application behind all that a request has to pass: observer, guard, bound and fast lane."""
        self._observe()
        lane = PredictLane(app, self.backend, self._metrics)
        bounded = Bounded(lane, ServingSettings().most_in_flight, self._metrics)
        guard = Guard(bounded, self._gatekeeper, self._trail, self._security, self._count_refusal)
        return self.observatory.before(guard)

    def start(self, index: int = 1) -> None:
        """Load and warm the models, and begin to watch for others.

        Parameters
        ----------
        index : int
            Of this worker among those of the service.

        Raises
        ------
        BundleRejected
            If there is no champion that may be served.
        """
        settings, ends = ServingSettings(), self._at_the_end
        self._observe()
        store, shelf = OnlineStore(settings.online_store_url), shelf_of(settings)
        ends.callback(store.close)
        shadow = None
        if settings.shadow is not None:
            file = settings.data.absolute() / "08_reporting" / "shadow" / f"worker-{index}.jsonl"
            shadow = Shadow(lambda: models, settings.shadow, file, self._metrics)
        models = ServedModels(
            shelf, _Opener(settings, store, self._metrics, shadow), self._metrics, settings.side_by_side
        )
        self._backend = Backend(
            models=models,
            catalogue=Catalogue(shelf, models.all),
            audit=self._trail.log,
            access=self._access,
            checks=lambda: (_promotion(models), _log(self._trail)),
        )
        for helper in (shadow, Watch(models, settings.reload_seconds)):
            if helper is not None:
                helper.start()
                ends.callback(helper.stop)

    def stop(self) -> None:
        """End what runs in the background, write what is to be written, and disconnect."""
        self._at_the_end.close()

    def _observe(self) -> None:
        """Begin to write the log: first of all, so that nothing is said elsewhere, and to the very end."""
        if not self.observatory.started:
            self.observatory.start()
            self._at_the_end.callback(self.observatory.stop)

    @cached_property
    def observatory(self) -> Observatory:
        """Log, traces and numbers of this process."""
        return Observatory(self._metrics)

    @cached_property
    def _security(self) -> SecuritySettings:
        return SecuritySettings()

    @cached_property
    def _gatekeeper(self) -> Gatekeeper:
        gatekeeper = Gatekeeper(self._security)
        self._at_the_end.callback(gatekeeper.close)
        return gatekeeper

    @cached_property
    def _trail(self) -> AuditTrail:
        trail = AuditTrail(self._security.audit_folder)
        self._at_the_end.callback(trail.close)
        return trail

    def _access(self) -> Literal["keys", "loopback_only"]:
        return "loopback_only" if self._gatekeeper.open_to_loopback else "keys"

    def _count_refusal(self, code: str) -> None:
        self._metrics.refusals.labels(code).inc()


class _Opener:
    """Makes the predictor of a bundle, on the store that all predictors share."""

    def __init__(
        self, settings: ServingSettings, store: OnlineStore, metrics: ServiceMetrics, shadow: Shadow | None
    ) -> None:
        self._settings = settings
        self._store = store
        self._metrics = metrics
        self._witness = None if shadow is None else shadow.witness
        self._breaker = Breaker("online store", _FAILURES, _REST_SECONDS, StoreUnavailable)
        self._limits = CacheLimits(settings.feature_cache_ms / 1_000, settings.last_known_candles, settings.max_age)

    def __call__(self, bundle: ModelBundle) -> Predictor:
        description = ModelDescription.of(bundle.manifest)
        exchange = self._settings.exchange or bundle.manifest.exchange
        source = OnlineFeatures(self._store, description, exchange)
        features = CachedFeatures(source, description.timeframe, self._limits, self._breaker, self._metrics)
        return Predictor(
            bundle,
            description,
            features,
            self._metrics,
            long_above=self._settings.long_above,
            witness=self._witness,
        )


def _promotion(models: ServedModels) -> Check:
    """Whether the champion that was promoted last is the one that answers."""
    detail = models.trouble or f"{models.current().description.version} is the champion"
    return Check(name="promotion", ok=not models.trouble, detail=detail, needed=False)


def _log(trail: AuditTrail) -> Check:
    return Check(name="audit_log", ok=not trail.why_unwritable, detail=trail.why_unwritable or "is written")


def shelf_of(settings: ServingSettings) -> Shelf:
    """Where the bundles lie that these settings name."""
    return Shelf(settings.bundle_folder, BundleKeys().verifying)
