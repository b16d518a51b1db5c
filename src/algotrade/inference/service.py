"""The BentoML service: ``bentoml serve algotrade.inference.service:SignalService``.

BentoML supervises the worker; FastAPI owns the contract, mounted at ``/``. BentoML's own metrics,
tracing and access log are off: they cost more than the prediction, and its metrics have a series for
every path that anybody asks for.
"""

import sys

import bentoml

from algotrade.data.keys import BundleKeys
from algotrade.data.online_store import OnlineStore
from algotrade.errors import AlgotradeError
from algotrade.inference.features import OnlineFeatures
from algotrade.inference.predictor import Predictor
from algotrade.inference.routes import create_app
from algotrade.inference.schemas import ModelDescription
from algotrade.inference.settings import ServingSettings
from algotrade.models.bundle import ModelBundle
from algotrade.monitoring.metrics import ServiceMetrics

_metrics = ServiceMetrics()


class _Current:
    """The predictor that answers now; there is one from the start of the worker to its end."""

    predictor: Predictor

    def __call__(self) -> Predictor:
        return self.predictor


_current = _Current()


@bentoml.service(
    name="signal_service",
    workers=1,
    threads=1,
    traffic={"timeout": 10},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": [".*"]},
    http={"host": "127.0.0.1", "port": 3000},
)
@bentoml.asgi_app(create_app(_current, _metrics), path="/", name="rest")
class SignalService:
    """Serves one model bundle from the online features; see :class:`ServingSettings` for what it reads."""

    def __init__(self) -> None:
        settings = ServingSettings()
        bundle = ModelBundle.load(settings.bundle_folder, verify_key=BundleKeys().verifying)
        self._store = OnlineStore(settings.online_store_url)
        description = ModelDescription.of(bundle.manifest)
        exchange = settings.exchange or bundle.manifest.exchange
        features = OnlineFeatures(self._store, description, exchange, settings.max_age)
        _current.predictor = Predictor(bundle, description, features, _metrics, long_above=settings.long_above)

    @bentoml.on_deployment
    @staticmethod
    def refuse_to_start_without_model() -> None:
        """Exit before any worker starts: a worker that cannot load its model would be started again for ever."""
        settings = ServingSettings()
        if not settings.bundle_folder.is_dir():
            sys.exit(f"Nothing to serve: {settings.why_no_bundle}")
        try:
            ModelBundle.load(settings.bundle_folder, verify_key=BundleKeys().verifying)
        except AlgotradeError as error:
            sys.exit(f"Nothing to serve: {error}")

    @bentoml.on_shutdown
    def leave(self) -> None:
        """Disconnect from the online store."""
        self._store.close()
